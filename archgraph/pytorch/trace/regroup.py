"""The operation that regroups the digits of axes: one that specs have where it fits, else `rearrange`."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from archgraph.ops.arguments import Named
from archgraph.ops.base import Op
from archgraph.ops.rearrangement import PixelShuffle
from archgraph.ops.reshaping import Flatten, PixelUnshuffle, Rename, Unflatten
from archgraph.ops.traced.moves import MovedDigit, Rearrange
from archgraph.pytorch.trace.layout import AxisDigit, Dim, extent, whole_axis
from archgraph.sizes.symbols import ONE, same_size
from archgraph.sizes.types import CHANNEL, TensorType

RegroupTarget = Sequence[tuple[str, Dim]]


def regrouping(type_: TensorType, target: RegroupTarget) -> Op:
    """Return the operation from a type to axes that are made of its digits."""
    same = {name for name, dim in target if type_.has(name) and dim == whole_axis(name, type_.size(name))}
    changed = [(name, dim) for name, dim in target if name not in same]
    gone = [name for name in type_.names if name not in same]
    # Digits without an axis are copies, which only `rearrange` can make.
    plain = all(digit.axis for _, dim in target for digit in dim)
    op = _simple(type_, changed, gone) or _pixels(type_, target) if plain else None
    return op or Rearrange(tuple((name, tuple(map(_moved, dim))) for name, dim in target))


def _moved(digit: AxisDigit) -> MovedDigit:
    return digit.axis, digit.stride if digit.axis else ONE, digit.size


def _simple(type_: TensorType, changed: list, gone: list[str]) -> Op | None:
    used = [digit.axis for _, dim in changed for digit in dim]
    # An axis that is used twice, or dropped, is more than a flatten, rename or unflatten says.
    if sorted(used) != sorted(gone) and len(gone) != 1:
        return None
    if len(changed) == 1 and len(changed[0][1]) > 1 and _all_whole(type_, changed[0][1]):
        return Flatten(tuple(used), changed[0][0]) if sorted(used) == sorted(gone) else None
    if len(changed) == 1 and len(gone) == 1 and len(used) == 1:
        return Rename(gone[0], changed[0][0]) if _all_whole(type_, changed[0][1]) else None
    if len(gone) == 1 and set(used) == set(gone) and all(len(dim) == 1 for _, dim in changed):
        return _unflatten(gone[0], changed)
    return None


def _unflatten(axis: str, changed: list) -> Op:
    """Digits become axes, the outermost first; the one with the largest stride is the outermost."""
    order = sorted(changed, key=lambda item: _depth(item[1][0], changed))
    return Unflatten(axis, Named(tuple((name, extent(dim)) for name, dim in order)))


def _depth(digit, changed: list) -> int:
    """How many digits lie outside of this one: those whose stride is a multiple of its own span."""
    # Strides may hold symbols, so that they cannot be sorted: of two digits, one is outside if its stride is a
    # multiple.
    span = digit.stride * digit.size
    return sum((other.stride / span).is_integer is True for _, (other,) in changed if other is not digit)


def _all_whole(type_: TensorType, dim: Dim) -> bool:
    return all(same_size(digit.size, type_.size(digit.axis)) for digit in dim)


def _pixels(type_: TensorType, target: RegroupTarget) -> Op | None:
    axes = dict(target)
    if set(axes) != set(type_.names) or not type_.has(CHANNEL) or not type_.positions:
        return None
    return _shuffle(type_, axes) or _unshuffle(type_, axes)


def _shuffle(type_: TensorType, axes: dict[str, Dim]) -> Op | None:
    """Channels (c, r, r) become positions (h, r) and (w, r)."""
    inner = []
    for axis in type_.positions:
        dim = axes[axis]
        if len(dim) != 2 or dim[0] != whole_axis(axis, type_.size(axis))[0] or dim[1].axis != CHANNEL:
            return None
        inner.append(dim[1])
    # Torch takes the factors from the innermost channels, the last position innermost; another order is a permutation.
    if len(axes[CHANNEL]) != 1 or axes[CHANNEL][0].axis != CHANNEL or not _nested([*axes[CHANNEL], *inner]):
        return None
    return PixelShuffle(Named(tuple((axis, d.size) for axis, d in zip(type_.positions, inner, strict=True))))


def _unshuffle(type_: TensorType, axes: dict[str, Dim]) -> Op | None:
    """Blocks of positions become channels (c, r, r)."""
    channel = axes[CHANNEL]
    if [d.axis for d in channel] != [CHANNEL, *type_.positions] or channel[0].size != type_.channels:
        return None
    sizes = {d.size for d in channel[1:]}
    outer = all(len(axes[axis]) == 1 and axes[axis][0].axis == axis for axis in type_.positions)
    # A stride above 1 takes every r-th position far apart, which is no block of neighbours.
    if len(sizes) != 1 or not outer or any(d.stride != 1 for d in channel[1:]):
        return None
    return PixelUnshuffle(sizes.pop())


def _nested(digits: list) -> bool:
    """Whether digits of one axis are in row-major order, the last with stride 1."""
    pairs = pairwise(digits)
    return digits[-1].stride == 1 and all(same_size(a.stride, b.stride * b.size) for a, b in pairs)
