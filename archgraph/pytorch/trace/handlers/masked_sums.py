"""Sums over elements of which constants make some zero: what is left of what they read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import prod
from typing import TYPE_CHECKING, Any

from archgraph.ops.base import Op
from archgraph.ops.position_sets import PositionSets
from archgraph.ops.reach import SAME, AtMost, AxisMap, Listed
from archgraph.ops.traced.limited import Limited
from archgraph.pytorch.trace.attention_patterns import name_of
from archgraph.pytorch.trace.builder import Pending, Tracked
from archgraph.pytorch.trace.interpret import ProgramInterpreter
from archgraph.pytorch.trace.layout import COPIES, Dim
from archgraph.pytorch.trace.masking.attended import FAR_BELOW, KeyMask, along
from archgraph.pytorch.trace.masking.forms import mask_of
from archgraph.pytorch.trace.masking.listings import proved
from archgraph.pytorch.trace.masking.seen import UNKNOWN, SeenKeys
from archgraph.pytorch.trace.masking.stacked import LARGEST_MASK, read_by_axis
from archgraph.pytorch.trace.masking.vacancies import SOFTMAX
from archgraph.sizes.symbols import assume
from archgraph.sizes.types import CHANNEL

if TYPE_CHECKING:
    from torch import Tensor


def masked_operand(i: ProgramInterpreter, tensors: Sequence[Tracked]) -> int | None:
    """Return which of some tensors this step knows to be zero in part, None where none is."""
    if i.weighed is not None:
        weights = i.weighed[0].value
        return next((place for place, t in enumerate(tensors) if t.value is weights), None)
    seen = i.masks.of(i.step)[0] if i.step is not None else None
    if seen is None or seen.weights is None:
        return None
    given = i.env.get(seen.weights)
    if given is None:
        # A stored constant, which has no axes before its first use: it is known by that, if nothing else has none.
        sources = [place for place, t in enumerate(tensors) if isinstance(t.value, Pending)]
        return sources[0] if len(sources) == 1 else None
    if not isinstance(given, Tracked):
        return None
    return next((place for place, t in enumerate(tensors) if t.value is given.value), None)


def limited_sum(i: ProgramInterpreter, op: Op, dims: Sequence[Dim], summed: int, axes: Mapping[int, str]) -> Op:
    """Return an operation that sums over a dimension, with what of it is read.

    Args:
        op: the operation.
        dims: what the dimensions of the masked operand are made of, under the names of the operation's axes.
        summed: the dimension that is summed over.
        axes: the operands that have it, by number, and what they call it.
    """
    if CHANNEL in axes.values():
        return Limited(op, "", tuple((place, CHANNEL, SAME) for place in axes))
    found = _read(i, dims, summed)
    if not found or not axes:
        return op
    i.builder.limit = ""
    # An operand may call the one axis otherwise.
    alone = len(found) == 1
    reads = ((place, own if alone else axis, read) for place, own in axes.items() for axis, read in found)
    return Limited(op, "", tuple(reads))


def _read(i: ProgramInterpreter, dims: Sequence[Dim], summed: int) -> Sequence[tuple[str, AxisMap]]:
    """Return what of the axes that are summed over is read; nothing where that cannot be said."""
    if not dims[summed]:
        return ()
    found = _along_one(i, dims, summed) if len(dims[summed]) == 1 else None
    return _along_several(i, dims, summed) if found is None else ((dims[summed][0].axis, found),)


def _along_one(i: ProgramInterpreter, dims: Sequence[Dim], summed: int) -> AxisMap | None:
    """Return how one axis is read along at most one other."""
    if i.weighed is not None:
        return _weighed(i.weighed[1], dims, summed)
    assert i.step is not None
    seen = i.masks.of(i.step)
    first = seen[0]
    if first is None or any(len(dim) > 1 for dim in dims):
        return None
    varying = [dim for dim in range(len(dims)) if dim != summed and any(_varies(one, dim, len(dims)) for one in seen)]
    # Where channels differ, of their sum something is read wherever any of them does.
    varying = [dim for dim in varying if not dims[dim] or dims[dim][0].axis != CHANNEL]
    if not varying:
        return _alike(seen, dims, summed)
    if len(varying) != 1 or not dims[varying[0]]:
        return None
    (kept,) = varying
    mask = key_mask(i, seen, kept, summed, len(dims))
    mask.note()
    found = mask.map()
    return None if found is None else along(dims[summed][0].axis, dims[kept][0].axis, found)


def _along_several(i: ProgramInterpreter, dims: Sequence[Dim], summed: int) -> Sequence[tuple[str, AxisMap]]:
    """Return how some axes are read along any others, at the size of the example: windows have masks of their own."""
    digits = [digit for dim in dims for digit in dim]
    if any(d.stride != 1 or d.axis == COPIES for d in digits) or len({d.axis for d in digits}) < len(digits):
        return ()
    sizes = [[(digit.axis, i.sizes.number(digit.size)) for digit in dim] for dim in dims]
    shape = [prod(size for _, size in dim) for dim in sizes]
    known = _mask(i, shape) if prod(shape) <= LARGEST_MASK else None
    if known is None:
        return ()
    allowed, reason = known[0].expand(shape), known[1]
    heads = [place for place, dim in enumerate(sizes) if any(axis == CHANNEL for axis, _ in dim)]
    # Heads that lie among channels are no positions: that one of them reads more than another cannot be said.
    if summed in heads or any(not bool((allowed == allowed.narrow(place, 0, 1)).all()) for place in heads):
        return ()
    others = [[("", 1)] if place in heads else dim for place, dim in enumerate(sizes) if place != summed]
    one = tuple(slice(1) if place in heads else slice(None) for place in range(len(sizes)))
    return read_by_axis(allowed[one].movedim(summed, -1), others, sizes[summed], reason)


def _mask(i: ProgramInterpreter, shape: Sequence[int]) -> tuple[Tensor, str] | None:
    """Return which weights, of a shape, may be other than zero at this step, and why less may, if so."""
    if i.weighed is not None:
        mask = i.weighed[1]
        return None if mask.open else mask.allowed()
    seen = i.masks.of(i.step)[0] if i.step is not None else None
    if seen is None or seen.weights is None or list(map(i.sizes.number, seen.weights.meta["val"].shape)) != shape:
        return None
    if seen.counted:
        assume(FAR_BELOW)
    return seen.allowed, UNKNOWN if seen.doubtful else ""


def _weighed(mask: KeyMask, dims: Sequence[Dim], summed: int) -> AxisMap | None:
    """Return which keys are read, of the last dimension, by the queries of the one before."""
    if mask.open or summed != len(dims) - 1 or len(dims[summed]) != 1 or len(dims[summed - 1]) != 1:
        return None
    found = mask.map()
    return None if found is None else along(dims[summed][0].axis, dims[summed - 1][0].axis, found)


def _alike(seen: Sequence[Any], dims: Sequence[Dim], summed: int) -> AxisMap | None:
    """Return the positions that all outputs read."""
    first = seen[0]
    places = [_along(one, summed - len(dims)) for one in seen]
    read = places[0]
    if read is None:
        return None
    found = Listed(PositionSets([mask_of(read)], len(read)), alike=True)
    found = proved(found) if all(other is not None and other.equal(read) for other in places) else found
    return AtMost(found, UNKNOWN) if first.doubtful else found


def _along(one: SeenKeys | None, place: int) -> Tensor | None:
    """Return which positions along a dimension anything reads; None where that is not said."""
    if one is None or one.allowed.ndim < -place or one.allowed.shape[place] == 1:
        return None
    return one.allowed.movedim(place, -1).flatten(0, -2).any(0) if one.allowed.ndim > 1 else one.allowed


def _varies(one: Any, dim: int, rank: int) -> bool:
    if one is None:
        return False
    place = dim - rank
    if one.allowed.ndim < -place or one.allowed.shape[place] == 1:
        return False
    return not bool((one.allowed == one.allowed.narrow(place, 0, 1)).all())


def key_mask(i: ProgramInterpreter, seen: Sequence[Any], kept: int, summed: int, rank: int) -> KeyMask:
    """Return which positions along one dimension are read along another one."""
    node = seen[0].weights
    shapes = [tuple(map(i.sizes.number, node.meta["val"].shape))]
    shapes += [tuple(same.meta["val"].shape) for same in node.elsewhere]
    lengths = [(shape[kept], shape[summed]) for shape in shapes]
    turned = [
        None if one is None else replace(one, allowed=_turned(one.allowed.expand(shape), kept, summed), scored=None)
        for one, shape in zip(seen, shapes, strict=True)
    ]
    sizes = (i.sizes.expression(node.meta["val"].shape[kept]), i.sizes.expression(node.meta["val"].shape[summed]))
    weighs = i.step is not None and name_of(i.step) in SOFTMAX
    return KeyMask(turned, lengths, sizes, weighs=weighs)


def _turned(allowed: Tensor, kept: int, summed: int) -> Tensor:
    return allowed.movedim((kept, summed), (-2, -1))
