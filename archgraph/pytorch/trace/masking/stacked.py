"""Masks that differ between windows, or whatever else is stacked, in the words of the axes of their tokens."""

from __future__ import annotations

from collections.abc import Sequence
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
    stacked = [axis for dim in lead for axis in dim]
    within = [size for _, size in tokens]
    shape = [prod(size for _, size in dim) for dim in lead]
    full = allowed.expand(*shape, prod(within), prod(within))
    full = full.reshape(*(size for _, size in stacked), *within, *within)
    for place in reversed([place for place, (name, _) in enumerate(stacked) if not name]):
        # Any of several heads may read it.
        full = full.any(place)
    named = [axis for axis in stacked if axis[0]]
    parts = [_of_axis(full, len(named), len(tokens), place) for place in range(len(tokens))]
    if bool((reduce(lambda left, right: left & right, parts) != full).any()):
        reason = reason or MASK_CROSSED
    maps = (_listed(part, named, place, tokens) for place, part in enumerate(parts))
    return tuple((name, AtMost(read, reason) if reason else read) for (name, _), read in zip(tokens, maps, strict=True))


def _of_axis(full: Tensor, stacked: int, count: int, place: int) -> Tensor:
    """Return what is read along one token axis, whatever happens along the others."""
    others = [stacked + side * count + other for side in (0, 1) for other in range(count) if other != place]
    return full.any(dim=tuple(others), keepdim=True) if others else full


def _listed(part: Tensor, stacked: Sequence[NamedSize], place: int, tokens: Sequence[NamedSize]) -> Listed:
    name, size = tokens[place]
    table = part.reshape(*(length for _, length in stacked), size, size)
    over: list[NamedSize] = []
    dim = 0
    for axis in stacked:
        if bool((table == table.narrow(dim, 0, 1)).all()):
            table = table.select(dim, 0)
        else:
            over, dim = [*over, axis], dim + 1
    over.append((name, size))
    scales = [prod(length for _, length in over[k + 1 :]) for k in range(len(over))]
    rows = table.reshape(-1, size).tolist()
    masks = tuple(sum(1 << key for key, read in enumerate(row) if read) for row in rows)
    digits = tuple((axis, scale, length) for (axis, length), scale in zip(over, scales, strict=True))
    return Listed(PositionSets(masks, size), digits if len(over) > 1 else ())
