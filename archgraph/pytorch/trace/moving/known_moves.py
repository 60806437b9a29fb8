"""Operators that move elements, with what is known of where these come from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from math import prod
from typing import TYPE_CHECKING, Any

from sympy import Expr

from archgraph.graph.ir import Value
from archgraph.ops.arguments import Named
from archgraph.ops.reach import SAME, All, Along, AtMost, AxisMap, Causal, Listed
from archgraph.ops.traced.moves import PAIRS, Move
from archgraph.ops.traced.values import Constant
from archgraph.pytorch.trace.builder import Tracked
from archgraph.pytorch.trace.layout import whole_axis
from archgraph.pytorch.trace.masking.listings import proved
from archgraph.pytorch.trace.moving.axis_reads import AxisReads, axis_reads, positions, unknown_reads, with_law
from archgraph.pytorch.trace.moving.naming import Names, named_by
from archgraph.pytorch.trace.moving.pairs import MovedPairs, itself, loses_written, moved_pairs
from archgraph.pytorch.trace.moving.rerun import NotKnownError, SizeNumber, run_again, shape_of
from archgraph.pytorch.trace.recording.node import RecordedNode
from archgraph.pytorch.trace.registry import aten
from archgraph.sizes.types import CHANNEL

if TYPE_CHECKING:
    from archgraph.pytorch.trace.interpret import ProgramInterpreter

RUNNING = frozenset(("cummax", "cummin"))
WRITTEN_INTO = frozenset(("scatter", "scatter_add", "scatter_reduce", "index_add", "index_copy", "index_reduce"))
ALONG = frozenset(("sort", "topk", "argsort", "gather", *WRITTEN_INTO, *RUNNING))
"""Moves along one dimension: all others stay as they are."""
OVERWRITING = frozenset(("scatter", "index_copy", "index_put", "put"))
DEPENDS = "which elements are moved depends on values that are not known"
OTHERWISE = "elements are not only moved"
ONE_OF_SEVERAL = "several elements are written to one place, and which of them stays is not defined"


@dataclass(frozen=True)
class Moved:
    """An operand of a move.

    Attributes:
        t: the tensor.
        pairs: in every recording the pairs of elements, or why they are not known; none where no element is moved, but
            the values decide about others.
        dim: of pairs that are not known, the only dimension along which elements move.
        beside: how it is read along that dimension, where more is known than that any position may be.
    """

    t: Tracked
    pairs: Sequence[MovedPairs | str]
    dim: int | None = None
    beside: AxisMap | None = None

    def otherwise(self, own: Sequence[str | None], names: Sequence[str | None], reason: str) -> AxisReads:
        """Return what may be read at most: all along the dimension that the values of others decide about."""
        if self.dim is None:
            return unknown_reads(own, reason)
        along = self.beside or AtMost(All(), reason)
        named = [(dim, name) for dim, name in enumerate(own) if name and name != CHANNEL]
        place = self.dim % len(own)
        return tuple((name, along if dim == place else _as_the_result(name, names[dim], reason)) for dim, name in named)


def _as_the_result(name: str, other: str | None, reason: str) -> AxisMap:
    """How an axis is read by the same dimension of the result, whatever its axis is called there."""
    if name == other:
        return SAME
    return AtMost(All(), reason) if other in (None, CHANNEL) else Along(str(other), SAME)


def move_followed(i: ProgramInterpreter, step: RecordedNode, result: int | None = None) -> Tracked:
    """Return one result of a step that moves elements."""
    name = step.target._schema.name.removeprefix("aten::").rstrip("_")
    dim = _dim(step) if name in ALONG else None
    operands = [node for node in step.all_input_nodes if 0 not in node.meta["val"].shape]
    moved = [
        Moved(i.fetch(node), _pairs_of(i, step, node, result), dim, _beside(name, node, step))
        if _is_live(i, step, node)
        else Moved(i.fetch(node), ())
        for node in operands
    ]
    shaped = step.meta["val"] if result is None else step.meta["val"][result]
    return emitted(i, name, moved, shaped)


def picked(i: ProgramInterpreter, step: RecordedNode, operand: RecordedNode, length: int | Expr) -> Tracked:
    """Return what a step takes of an operand by as many indices as it makes on its way, and keeps."""
    indices = i.pending((length,), partial(Constant, dtype="int"), "constant", "int")
    moved = [Moved(i.fetch(operand), _pairs_of(i, step, operand, None)), Moved(indices, ())]
    return emitted(i, "index_select", moved, step.meta["val"])


def _dim(step: RecordedNode) -> int:
    names = [argument.name for argument in step.target._schema.arguments]
    place = names.index("dim")
    usual = step.target._schema.arguments[place].default_value
    return int(step.args[place] if place < len(step.args) else step.kwargs.get("dim", usual))


def _beside(name: str, operand: RecordedNode, step: RecordedNode) -> AxisMap | None:
    """How an operand is read along the dimension whose order values decide about."""
    if name in RUNNING:
        return Causal()
    return SAME if name in WRITTEN_INTO and operand is step.args[0] else None


def _is_live(i: ProgramInterpreter, step: RecordedNode, node: RecordedNode) -> bool:
    return i.holds_live(node) and step.known_operand(node) is None


def _pairs_of(
    i: ProgramInterpreter, step: RecordedNode, node: RecordedNode, result: int | None
) -> list[MovedPairs | str]:
    found = []
    elsewhere = zip(step.elsewhere, node.elsewhere, strict=False)
    for again, operand in ((step, node), *elsewhere):
        number = i.sizes.number if again is step else int
        found.append(_pairs(again, operand, result, number))
    return found


def _pairs(step: RecordedNode, node: RecordedNode, result: int | None, number: SizeNumber) -> MovedPairs | str:
    def run(x: Any) -> Any:
        found = run_again(step, {node: x}, number)
        return found if result is None else found[result]

    name = step.target._schema.name.removeprefix("aten::").rstrip("_")
    if name in PAIRS and step.known_operand(step.args[1]) is None:
        # A grid says where to read, and by how much: it is read itself.
        return DEPENDS
    otherwise = DEPENDS if name in ALONG else OTHERWISE
    if "prod" in step.args or "prod" in step.kwargs.values():
        # What is multiplied into something is followed by no numbers that are put in its place.
        return otherwise
    try:
        found = moved_pairs(run, shape_of(node, number)) or otherwise
        written = name in OVERWRITING and node is not step.args[0] and isinstance(found, MovedPairs)
        return ONE_OF_SEVERAL if written and loses_written(run, found) else found
    except NotKnownError:
        return DEPENDS
    except Exception:
        return otherwise


@aten("written_into")
def written_into(i: ProgramInterpreter, base: RecordedNode, view: RecordedNode, part: Tracked) -> Tracked:
    """Return a tensor into a view of which something was written."""
    recorded = [
        (base, view, i.sizes.number),
        *((b, v, int) for b, v in zip(base.elsewhere, view.elsewhere, strict=False)),
    ]
    places = [_pairs_of_view(*one) for one in recorded]
    moved = [Moved(part, [p if isinstance(p, str) else MovedPairs(p.operand, p.result, p.of, p.into) for p in places])]
    if i.holds_live(base):
        own = [p if isinstance(p, str) else itself(p.operand).without(p.of) for p in places]
        if any(isinstance(p, str) or len(p.into) for p in own):
            moved.insert(0, Moved(i.fetch(base), own))
    return emitted(i, "copy", moved, base.meta["val"])


def _pairs_of_view(base: RecordedNode, view: RecordedNode, number: SizeNumber) -> MovedPairs | str:
    try:
        return moved_pairs(lambda x: run_again(view, {base: x}, number), shape_of(base, number)) or OTHERWISE
    except Exception:
        return OTHERWISE


def emitted(i: ProgramInterpreter, name: str, moved: Sequence[Moved], shaped: Any) -> Tracked:
    """Return the result of a move."""
    if not any(one.pairs for one in moved) or 0 in shaped.shape:
        return i.source_of(shaped)
    apart = [_apart(i, one) for one in moved]
    shape = tuple(map(i.sizes.number, shaped.shape))
    sizes = [i.sizes.expression(length) for length in shaped.shape]
    known = [(one.pairs[0], names) for one, names in apart if one.pairs and isinstance(one.pairs[0], MovedPairs)]
    # Without any known pairs the operands of the same shape lend their names.
    same = itself([min(size, 2) for size in shape])  # two places of a dimension tell as much as all of them
    alike = [(same, names) for one, names in apart if one.pairs and one.t.shape == tuple(sizes)]
    names = named_by([*known, *alike], shape)
    reads = [_reads(one, own, names) for one, own in apart]
    if any(isinstance(_inner(read), Listed) and _inner(read).over for found in reads for _, read in found or ()):
        # Along one axis alone, an operand that is read elsewhere would seem to be read here.
        reads = [_reads(one, own, names, apart=True) for one, own in apart]
    axes = tuple((axis, size) for axis, size in zip(names, sizes, strict=True) if axis)
    values = [one.t.value for one, _ in apart if isinstance(one.t.value, Value)]
    assert len(values) == len(apart)
    (value,) = i.builder.emit(
        Move(name, Named(axes), i.program.dtype(shaped), tuple(reads), _gathering(apart, names)), values
    )
    layout = tuple(whole_axis(axis, size) if axis else () for axis, size in zip(names, sizes, strict=True))
    return Tracked(value, layout)


def _gathering(apart: Sequence[tuple[Moved, Names]], names: Names) -> tuple[int, ...]:
    """The operands of which some channels of the result read other positions than the rest, or none."""
    if CHANNEL not in names:
        return ()
    dim = list(names).index(CHANNEL)
    return tuple(
        place
        for place, (one, own) in enumerate(apart)
        if one.pairs and isinstance(pairs := one.pairs[0], MovedPairs) and pairs.differ_along(dim, _place(own))
    )


def _place(names: Names) -> int | None:
    return list(names).index(CHANNEL) if CHANNEL in names else None


def _inner(read: AxisMap) -> Any:
    return read.map if isinstance(read, AtMost | Along) else read


def _apart(i: ProgramInterpreter, one: Moved) -> tuple[Moved, list[str | None]]:
    """Return an operand every dimension of which is an axis of its own, and their names."""
    t = i.builder.settled(one.t)
    split = [dim for dim, content in enumerate(t.layout) if len(content) > 1 or not all(map(t.is_whole, content))]
    if split:
        t = i.builder.grouped(t, [(None, (dim,)) for dim in split])[0]
    names = [content[0].axis if content else None for content in t.layout]
    if any(name and name != CHANNEL for name in names) or not one.pairs or not _is_partly_read(one.pairs[0]):
        return replace(one, t=t), names
    # Which outputs read it is said along an axis, and it has none.
    name = next(f"a{index}" for index in range(len(names) + 1) if f"a{index}" not in names)
    value = i.builder.arrange(t, [*((axis, whole_axis(axis, size)) for axis, size in t.axes.items()), (name, ())])
    return Moved(Tracked(value, (*t.layout, ())), [_with_one(pairs) for pairs in one.pairs]), [*names, name]


def _is_partly_read(pairs: MovedPairs | str) -> bool:
    return isinstance(pairs, MovedPairs) and len(pairs.into.unique()) < prod(pairs.result)


def _with_one(pairs: MovedPairs | str) -> MovedPairs | str:
    return pairs if isinstance(pairs, str) else replace(pairs, operand=(*pairs.operand, 1))


def _reads(
    one: Moved, own: Sequence[str | None], names: Sequence[str | None], *, apart: bool = False
) -> AxisReads | None:
    if not one.pairs:
        return None
    first = one.pairs[0]
    if isinstance(first, str):
        return one.otherwise(own, names, first)
    if not any(isinstance(pairs, str) or len(pairs.into) for pairs in one.pairs):
        # All of it was overwritten.
        return None
    # A result without elements says of no form that it is another.
    telling = [pairs for pairs in one.pairs if isinstance(pairs, str) or 0 not in pairs.result]
    known = [pairs for pairs in telling if isinstance(pairs, MovedPairs)]
    # The largest recording tells forms apart that others do not.
    largest = max(known, key=lambda pairs: len(pairs.into))
    form = _at(largest, own, names, apart=apart)
    found = [form if pairs is largest else _at(pairs, own, names, apart=apart, like=form) for pairs in known]
    found = _lawful(found, known, own, one.t.shape)
    if len(found) == len(telling) and all(other == found[0] for other in found):
        return proved(tuple(found[0].items()))
    # Another closed form at other sizes is none for all of them.
    listed = _at(first, own, names, closed=False, apart=apart)
    kept = {axis: proved(read) for axis, read in found[0].items() if all(other.get(axis) == read for other in found)}
    return tuple((axis, kept.get(axis, read)) for axis, read in listed.items())


def _lawful(
    found: Sequence[Mapping[str, AxisMap]],
    known: Sequence[MovedPairs],
    own: Sequence[str | None],
    shape: Sequence[Expr],
) -> list[Mapping[str, AxisMap]]:
    """Return how the axes are read in every recording, with laws where the numbers of a form differ."""
    made = [dict(reads) for reads in found]
    for axis in made[0]:
        if all(axis in reads for reads in made):
            dim = list(own).index(axis)
            ends = [pairs.operand[dim] - 1 for pairs in known]
            reads = with_law([reads[axis] for reads in made], ends, shape[dim] - 1)
            made = [{**one, axis: read} for one, read in zip(made, reads, strict=True)]
    return [*made]


def _at(
    pairs: MovedPairs,
    own: Sequence[str | None],
    names: Sequence[str | None],
    *,
    closed: bool = True,
    apart: bool,
    like: Mapping[str, AxisMap] | None = None,
) -> Mapping[str, AxisMap]:
    output, operand = positions(names, pairs.result), positions(own, pairs.operand)
    return dict(axis_reads(pairs, output, operand, closed=closed, apart=apart, like=like))
