"""Masks that differ between windows, or whatever else is stacked, in the words of the axes of their tokens."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import reduce
from math import prod
from typing import TYPE_CHECKING

from archgraph.ops.position_sets import PositionSets
from archgraph.ops.reach import AtMost, AxisMap, Listed

if TYPE_CHECKING:
    from torch import Tensor

NamedSize = tuple[str, int]
"""An axis and its size; heads have no name."""
MASK_CROSSED = "a mask is no product of one mask per axis"
LARGEST_MASK = 1 << 22
"""A larger mask is not written out: what it lets through is a bound."""


def keys_by_axis(
    known: tuple[Tensor, str], lead: Sequence[Sequence[NamedSize]], tokens: Sequence[NamedSize]
) -> tuple[tuple[str, AxisMap], ...]:
    """Return how the keys of every token axis are read along it and the stacked axes.

    Args:
        known: which keys are read, and why less may be.
        lead: the axes that make up every dimension before queries and keys.
        tokens: the axes that queries, and keys, are made of.
    """
    allowed, reason = known
    return read_by_axis(allowed, [*lead, tokens], tokens, reason)


def read_by_axis(
    allowed: Tensor, drivers: Sequence[Sequence[NamedSize]], read: Sequence[NamedSize], reason: str = ""
) -> tuple[tuple[str, AxisMap], ...]:
    """Return how every axis of what is summed over is read along the axes of all else.

    Args:
        allowed: whether an element is read; what is summed over is its last dimension.
        drivers: the axes that make up every dimension before.
        read: the axes that make up the last one.
        reason: why less may be read, if so.

    >>> import torch
    >>> allowed = torch.eye(2, dtype=torch.bool).repeat_interleave(3, 1)
    >>> found = read_by_axis(allowed, [[("q", 2)]], [("i", 2), ("j", 3)])
    >>> [(axis, read.sets.masks, read.over) for axis, read in found]
    [('i', (1, 2), (('q', 1, 2),)), ('j', (7,), ())]
    """
    axes = [axis for dim in drivers for axis in dim]
    full = allowed.expand(*(prod(size for _, size in dim) for dim in (*drivers, read)))
    full = full.reshape(*(size for _, size in (*axes, *read)))
    for place in reversed([place for place, (name, _) in enumerate(axes) if not name]):
        # Any of several heads may read it.
        full = full.any(place)
    named = [axis for axis in axes if axis[0]]
    parts = [_of_axis(full, len(named), len(read), place) for place in range(len(read))]
    if bool((reduce(lambda left, right: left & right, parts) != full).any()):
        reason = reason or MASK_CROSSED
    maps = (_listed(part, named, axis) for part, axis in zip(parts, read, strict=True))
    return tuple(
        (name, AtMost(found, reason) if reason else found) for (name, _), found in zip(read, maps, strict=True)
    )


def _of_axis(full: Tensor, drivers: int, count: int, place: int) -> Tensor:
    """Return what is read along one axis, whatever is read along the others."""
    others = tuple(drivers + other for other in range(count) if other != place)
    return full.any(dim=others, keepdim=True) if others else full


def _listed(part: Tensor, drivers: Sequence[NamedSize], read: NamedSize) -> Listed:
    name, size = read
    table = part.reshape(*(length for _, length in drivers), size)
    over: list[NamedSize] = []
    for axis in drivers:
        dim = len(over)
        # The axis of its own, which a list stands along if nothing else is said, is always one of them.
        if axis[0] != name and bool((table == table.narrow(dim, 0, 1)).all()):
            table = table.select(dim, 0)
        else:
            over.append(axis)
    sets = PositionSets(tuple(_masks(table.reshape(-1, size))), size)
    if not over:
        return Listed(sets, alike=True)
    scales = [prod(length for _, length in over[k + 1 :]) for k in range(len(over))]
    digits = tuple((axis, scale, length) for (axis, length), scale in zip(over, scales, strict=True))
    return Listed(sets, digits if over != [read] else ())


def _masks(rows: Tensor) -> Iterator[int]:
    """Yield every row as the set of positions that it reads."""
    for row in rows.tolist():
        yield sum(1 << key for key, is_read in enumerate(row) if is_read)
