"""Masks along an axis: which keys a query weighs, in the words of a spec, and which scores count then."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeAlias

from sympy import Expr, Min

from archgraph.errors import ShapeError
from archgraph.ops.arguments import Named
from archgraph.ops.modules import functional
from archgraph.ops.reach import SAME, Along, AtMost, AxisMap, Blocks, Causal, Later, Window, Within, from_on, unless_cut
from archgraph.sizes.symbols import ONE, ZERO, require, same_size
from archgraph.sizes.types import TensorType

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

KeyMaps: TypeAlias = tuple[tuple[str, AxisMap], ...]
"""How keys are read along the axes that are named."""
ONE_KEY = "of a query with one key the score does not count"


def mask_of_words(words: Mapping[str, Expr], along: str | None = None) -> AxisMap:
    """Return what a spec says of one axis: offsets from the query's own position on an axis, or blocks.

    >>> from sympy import Integer
    >>> mask_of_words({"to": Integer(0)}, along="n")
    Along(axis='n', map=Causal(ahead=0))
    """
    read: Causal | Window | Blocks
    if "blocks" in words:
        read = Blocks(words["blocks"], words.get("shift", ZERO))
    elif "from" in words:
        read = Window(words["to"] - words["from"] + 1, before=-words["from"])
    else:
        read = Causal(words["to"])
    return read if along is None else Along(along, read)


def words_of_mask(read: AxisMap) -> Named | None:
    """Return what `mask_of_words` reads as a map; None where a spec has no words for it.

    >>> from sympy import Integer
    >>> words_of_mask(Window(Integer(3), before=Integer(2)))
    (('from', -2), ('to', 0))
    """
    if isinstance(read, Along):
        inner = words_of_mask(read.map)
        return None if inner is None else Named((("along", read.axis), *inner))
    if isinstance(read, Blocks):
        return Named({"blocks": read.size, **({"shift": read.shift} if read.shift != 0 else {})})
    if isinstance(read, Causal):
        return Named({"to": read.ahead})
    if isinstance(read, Window) and (read.stride, read.dilation, read.border) == (ONE, ONE, "drop") and read != SAME:
        return Named({"from": -read.before, "to": read.kernel - 1 - read.before})
    return None


def has_mask_words(mask: KeyMaps | None) -> bool:
    """Return whether a spec can say a mask."""
    return all(words_of_mask(read) is not None for _, read in mask or ())


def masked_by(read: AxisMap) -> AxisMap:
    """Return the mask of which a map says whose scores count."""
    if isinstance(read, Along) and isinstance(read.map, Later):
        return Along(read.axis, read.map.map)
    return read.map if isinstance(read, Later) else read


def queries_axis(axis: str, read: AxisMap) -> str:
    """Return the axis of queries along which an axis of keys is masked."""
    return read.axis if isinstance(read, Along) else axis


def check_weights(kind: str, mask: KeyMaps, axes: tuple[str, ...], weights: TensorType) -> None:
    """Check a mask of weights that have an axis of queries and one of keys, which are among the axes."""
    for axis, read in mask:
        other = queries_axis(axis, read)
        if other in axes:
            raise ShapeError(
                f"the mask of {kind} along axis {axis} needs another axis, along which queries stand",
                hint=f"mask: {{{axis}: {{along: n, to: 0}}}} reads up to the own place on axis n",
            )
    check_mask(kind, mask, axes, weights, weights)


def check_mask(kind: str, mask: KeyMaps, axes: tuple[str, ...], queries: TensorType, keys: TensorType) -> None:
    """Check that a mask is along axes that are read, and leaves every query a key.

    Args:
        kind: the operation.
        mask: how keys are read.
        axes: the axes of keys that a mask may be along.
        queries: has the axes along which it is.
        keys: has the axes of keys.
    """
    for axis, read in mask:
        if axis not in axes or axis == "c":
            told = ", ".join(name for name in axes if name != "c") or "none"
            raise ShapeError(f"{kind} has a mask along axis {axis}, and reads along {told}")
        other = queries_axis(axis, read)
        if not queries.has(other) or other == "c":
            raise ShapeError(
                f"the mask of {kind} is along axis {other}, which {queries} has not as positions",
                hint="along: n names the axis of queries",
            )
        _check_form(read.map if isinstance(read, Along) else read, axis, queries.size(other), keys.size(axis))


def _check_form(read: AxisMap, axis: str, queries: Expr, keys: Expr) -> None:
    if isinstance(read, Causal):
        rule = "a mask that ends before the query's own position leaves the first none: to is {}"
        require(read.ahead, ">=", ZERO, rule, read.ahead)
        return
    if same_size(queries, keys) is False:
        told = f"axis {axis} has {keys} for {queries}"
        raise ShapeError(f"a mask by offsets or blocks needs as many queries as keys, and {told}")
    if isinstance(read, Window):
        rule = "a mask reads the query's own position, and is from {} to {}"
        last = read.kernel - 1 - read.before
        for side in (read.before, last):
            require(side, ">=", ZERO, rule, -read.before, last)
    elif isinstance(read, Blocks):
        _check_blocks(read, axis, keys)


def _check_blocks(read: Blocks, axis: str, keys: Expr) -> None:
    require(read.size, ">=", ONE, "a block has at least one position, and blocks is {}", read.size)
    for side in (read.shift, read.size - 1 - read.shift):
        require(side, ">=", ZERO, "the shift of blocks of {} is less than that, and is {}", read.size, read.shift)
    if read.shift == 0:
        require(keys, "multiple of", read.size, "blocks of {} do not divide axis {} of size {}", read.size, axis, keys)


def scored(read: AxisMap, others: Expr = ONE) -> AxisMap:
    """Return whose scores count: all that are weighed, but for a query with one key, whose weight is 1.

    Args:
        read: how keys are weighed along an axis.
        others: how many keys stand at each position of it, along other axes.
    """
    found = _scored(read)
    if found == read or others == ONE:
        return found
    # Where several keys stand at a position, no query has one key.
    several = others.is_Integer and others > 1
    return read if several else AtMost(read, ONE_KEY, where=others)  # type: ignore[arg-type]


def _scored(read: AxisMap) -> AxisMap:
    if isinstance(read, Along):
        inner = _scored(read.map)
        if isinstance(inner, AtMost):
            return AtMost(Along(read.axis, inner.map), inner.reason, inner.where)  # type: ignore[arg-type]
        return Along(read.axis, inner)  # type: ignore[arg-type]
    if isinstance(read, Causal) and read.ahead == 0:
        return from_on(read, ONE)
    if isinstance(read, Window):
        return _scored_window(read)
    return unless_cut(read, {"": read.shift}, {"": read.size}) if isinstance(read, Blocks) else read


def _scored_window(read: Window) -> AxisMap:
    """Of a window that ends at the query itself, the first has one key; of others at most those at a border."""
    after = read.kernel - 1 - read.before
    if after == 0 and read.before != 0:
        return from_on(read, ONE)
    least = Min(read.before, after) + 1
    return read if least.is_Integer and least > 1 else AtMost(read, ONE_KEY, where=least)


def asked(read: AxisMap, count: Expr, others: Expr = ONE) -> AxisMap:
    """Return which of `count` queries count: not those with one key, whose weight is 1 whatever they ask."""
    found = scored(read, others)
    inner = found.map if isinstance(found, Along) else found
    if inner == (read.map if isinstance(read, Along) else read):
        return SAME
    if isinstance(inner, AtMost):
        return AtMost(SAME, inner.reason, inner.where)
    return Within(ONE, count)


def mask_tests(read: AxisMap, queries: int, keys: int, device: torch.device) -> Tensor:
    """Return which keys a query weighs along an axis, as a matrix of tests."""
    import torch

    read = read.map if isinstance(read, Along) else read
    own, key = (torch.arange(length, device=device) for length in (queries, keys))
    own, key = own[:, None], key[None, :]
    if isinstance(read, Causal):
        return key <= own + int(read.ahead)
    if isinstance(read, Window):
        first = own - int(read.before)
        return (key >= first) & (key < first + int(read.kernel))
    assert isinstance(read, Blocks)
    size, shift = int(read.size), int(read.shift)
    return (own - shift) // size == (key - shift) // size


def pairs_of_mask(mask: KeyMaps, queries: Mapping[str, int], keys: Mapping[str, int], device: torch.device) -> Tensor:
    """Return which keys queries weigh, as a matrix: both are given by the lengths of their axes, in order."""
    import torch

    tests = torch.ones(*queries.values(), *keys.values(), dtype=torch.bool, device=device)
    for axis, read in mask:
        other = queries_axis(axis, read)
        places = list(queries).index(other), len(queries) + list(keys).index(axis)
        shape = [length if place in places else 1 for place, length in enumerate(tests.shape)]
        tests = tests & mask_tests(read, queries[other], keys[axis], device).reshape(shape)
    return tests.flatten(0, len(queries) - 1).flatten(1)


def tests_along(axis: str, read: AxisMap, operand: TensorType, device: torch.device) -> Tensor:
    """Return which elements of an operand with both axes are weighed, of a shape that broadcasts to its own."""
    other = queries_axis(axis, read)
    tests = mask_tests(read, int(operand.size(other)), int(operand.size(axis)), device)
    places = {name: place for place, name in enumerate(operand.names)}
    shape = [int(length) if name in (axis, other) else 1 for name, length in operand.axes]
    return (tests if places[other] < places[axis] else tests.T).reshape(shape)


def masked_scores(softmax: nn.Module, axis: str, read: AxisMap, operand: TensorType) -> nn.Module:
    """Return a softmax of scores that are masked first."""
    import torch

    def weigh(x: Tensor) -> Tensor:
        tests = tests_along(axis, read, operand, x.device)
        return softmax(x + torch.where(tests, 0.0, float("-inf")).to(x.dtype))

    return functional(weigh)


def check_zeros(x: Tensor, mask: KeyMaps, operand: TensorType) -> None:
    """Check that a factor is zero where a mask says that it is.

    Raises:
        ShapeError: it is not.
    """
    import torch

    if x.is_meta or torch.compiler.is_compiling():
        return
    hidden = (~tests_along(axis, read, operand, x.device) for axis, read in mask)
    if any(bool((x.detach() * each).any()) for each in hidden):
        raise ShapeError(
            "the mask of einsum leaves out elements of its first operand that are not zero",
            hint="the softmax that makes them needs the same mask",
        )
