"""Which elements of an operand a step takes, element by element, as constants beside it say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol

from archgraph.pytorch.trace.attention_patterns import CONTRACTIONS, name_of
from archgraph.pytorch.trace.masking.letting import Passage, passages_of
from archgraph.pytorch.trace.masking.product_forms import factors_of
from archgraph.pytorch.trace.masking.rules import CONSTANT_RULES, JOINS, PASSING, POOLING, REARRANGING
from archgraph.pytorch.trace.moving.rerun import SizeNumber
from archgraph.pytorch.trace.recording.node import RecordedNode

if TYPE_CHECKING:
    from torch import Tensor

GATHERING = {name for name in CONTRACTIONS if not name.startswith("conv")} | POOLING | {"softmax", "_softmax"}
"""Steps that know themselves which of the elements that they read are zero."""


class KnownZeros(Protocol):
    """What is known of the zeros of a recording."""

    def nonzero(self, step: RecordedNode, factor: RecordedNode) -> Tensor | None:
        """Return where a computed factor of a step may be other than zero."""
        ...

    def sides(self, step: RecordedNode) -> Mapping[int, Tensor]:
        """Return which places of a product's result read anything."""
        ...

    def is_put(self, step: RecordedNode) -> bool:
        """Whether a factor is zero where nothing was put, which steps that gather elements do not follow."""
        ...


class TakenElements(NamedTuple):
    """What a step takes of one operand.

    Attributes:
        operand: the operand.
        dim: the dimension of the result along which it differs, counted from the right; 0 where there are several.
        taken: whether it is taken, along that dimension.
    """

    operand: RecordedNode
    dim: int
    taken: Tensor


class TakenAnywhere(NamedTuple):
    """The same in every recording, the first of them the example's.

    Attributes:
        operand: the operand in the first.
        dim: the dimension of the result along which it differs, counted from the right; 0 where there are several, or
            not the same in all.
        tests: whether a place is taken, along that dimension, in every recording; none where there are several. Of no
            dimension, whether anything is taken: all of it, or nothing.
        nothing: whether nothing is taken anywhere.
    """

    operand: RecordedNode
    dim: int
    tests: tuple[Tensor, ...] = ()
    nothing: bool = False


def taken_of(step: RecordedNode, zeros: KnownZeros, number: SizeNumber) -> list[TakenAnywhere]:
    """Return what a step takes of its operands, where that is not all of them in every recording."""
    import torch

    same = (step, *step.elsewhere)
    each = [[*taken_by(one, zeros), *_taken_at(one, zeros.sides(one))] for one in same]
    found = []
    for place, operand in enumerate(operands_of(step)):
        rows = [[t for t in row if t.operand is operands_of(one)[place]] for row, one in zip(each, same, strict=True)]
        if not any(rows) or any(operand is before for before in operands_of(step)[:place]):
            continue
        assert isinstance(operand, RecordedNode)
        if all(map(_nothing, rows)):
            found.append(TakenAnywhere(operand, 0, nothing=True))
            continue
        # Of a recording so small that nothing is left, any dimension says so.
        dims = sorted({taken.dim for row in rows for taken in row if not _nothing(row)})
        if not dims:
            found.append(TakenAnywhere(operand, 0, tuple(torch.tensor(not _nothing(row)) for row in rows)))
            continue
        if 0 in dims:
            found.append(TakenAnywhere(operand, 0))
            continue
        found += [TakenAnywhere(operand, dim, tuple(_tests_along(dim, rows, same, number))) for dim in dims]
    return found


def operands_of(step: RecordedNode) -> Sequence[object]:
    """Return the arguments of a step, those of an einsum without its equation."""
    return factors_of(step) if name_of(step) == "einsum" else step.args


def _taken_at(step: RecordedNode, sides: Mapping[int, Tensor]) -> Iterator[TakenElements]:
    """Yield both factors of a product, where only some places of the result read anything."""
    for dim, side in sides.items():
        yield from (TakenElements(node, dim if bool(side.any()) else 0, side) for node in factors_of(step))


def _nothing(row: Sequence[TakenElements]) -> bool:
    return bool(row) and not bool(row[0].taken.any())


def _tests_along(
    dim: int, rows: Sequence[Sequence[TakenElements]], same: Sequence[RecordedNode], number: SizeNumber
) -> Iterator[Tensor]:
    import torch

    for row, step in zip(rows, same, strict=True):
        known = next((taken.taken for taken in row if taken.dim == dim), None)
        length = number(step.meta["val"].shape[dim])
        yield torch.full((length,), not _nothing(row)) if known is None else known


def taken_by(step: RecordedNode, zeros: KnownZeros) -> list[TakenElements]:
    """Return what a step takes of its operands, where that is not all of them."""
    found = []
    for operand, taken in _tests(step, zeros):
        if bool(taken.all()):
            continue
        if not bool(taken.any()):
            found.append(TakenElements(operand, 0, taken))
            continue
        sides = {dim: _side(taken, dim) for dim in range(-taken.ndim, 0) if _varies(taken, dim)}
        if _is_rectangle(taken, sides):
            found += [TakenElements(operand, dim, side) for dim, side in sides.items()]
        elif zeros.is_put(step) or _escapes(step):
            found.append(TakenElements(operand, 0, taken))
    return found


def _side(taken: Tensor, dim: int) -> Tensor:
    """Return which places along a dimension are taken anywhere."""
    return taken.movedim(dim, -1).reshape(-1, taken.shape[dim]).any(0)


def _is_rectangle(taken: Tensor, sides: Mapping[int, Tensor]) -> bool:
    """Whether an element is taken if all its places are: then one dimension at a time says it all."""
    whole = taken.new_ones(())
    for dim, side in sides.items():
        whole = whole & side.reshape((-1,) + (1,) * (-dim - 1))
    return bool((whole == taken).all())


def _tests(step: RecordedNode, zeros: KnownZeros) -> Iterator[tuple[RecordedNode, Tensor]]:
    """Yield operands with tests that say where they are taken."""
    name, args = name_of(step), step.args
    if name == "where" and len(args) == 3:
        test = _known(step, args[0])
        if test is not None:
            yield from ((node, taken) for node, taken in ((args[1], test), (args[2], ~test)) if _computed(step, node))
    elif name == "masked_fill":
        test = _known(step, args[1])
        if test is not None:
            yield args[0], ~test
    for passage in passages_of(step):
        operand = args[passage.operand] if passage.operand < len(args) else None
        if not isinstance(operand, RecordedNode) or not _computed(step, operand):
            continue
        taken = _let_through(step, passage, zeros)
        if taken is not None:
            yield operand, taken


def _let_through(step: RecordedNode, passage: Passage, zeros: KnownZeros) -> Tensor | None:
    """Return where a factor lets an operand through; None where it does everywhere, as far as is known."""
    import torch

    factor = passage.factor_of(step)
    if isinstance(factor, (int, float)):
        return passage.open(torch.tensor(float(factor)))
    if not isinstance(factor, RecordedNode):
        return None
    value = _known(step, factor)
    if value is None:
        computed = zeros.nonzero(step, factor)
        # Wherever something is computed, it is no number that could be told.
        value = None if computed is None else torch.where(computed, 2.0, 0.0)
    return None if value is None else passage.open(value)


def _known(step: RecordedNode, node: object) -> Tensor | None:
    value = step.known_operand(node) if isinstance(node, RecordedNode) else None
    return value.bool() if value is not None and name_of(step) in ("where", "masked_fill") else value


def _computed(step: RecordedNode, node: object) -> bool:
    return isinstance(node, RecordedNode) and step.known_operand(node) is None


def _varies(taken: Tensor, dim: int) -> bool:
    return taken.shape[dim] > 1 and not bool((taken == taken.narrow(dim, 0, 1)).all())


def is_taken_alone(step: RecordedNode) -> bool:
    """Whether elements of a result are read one by one, and by no step that adds them up."""
    return _escapes(step) and not any(name_of(user) in GATHERING for user in step.users)


def _escapes(step: RecordedNode) -> bool:
    """Whether what a step gives is read by anything that does not know which elements are zero."""
    seen, left = {step}, [step]
    while left:
        node = left.pop()
        if not node.users:
            return True
        for user in node.users:
            name = name_of(user)
            if user in seen or name in GATHERING:
                continue
            if name not in CONSTANT_RULES and name not in PASSING and name not in REARRANGING and name not in JOINS:
                return True
            seen.add(user)
            left.append(user)
    return False
