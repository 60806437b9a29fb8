"""Finite sets of positions on several axes, in a unique form that stays small for boxes and their unions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache, reduce
from typing import TypeAlias

Mask: TypeAlias = int
"""A set of indices of one axis: bit i says whether i is in it."""
Masks: TypeAlias = tuple[Mask, ...]
"""A box: a mask per axis."""
Area: TypeAlias = "tuple[tuple[Mask, Area], ...]"
"""A set of positions. Of the first axis every index is in one mask at most; indices under one mask have the same
set on the remaining axes, those under different ones have different sets. Without axes `POINT` is the only
position there is."""

NO_AREA: Area = ()
POINT: Area = ((1, ()),)


def area_box(masks: Sequence[Mask]) -> Area:
    """Return the product of sets.

    >>> list(points(area_box((0b11, 0b100))))
    [(0, 2), (1, 2)]
    """
    if not all(masks):
        return NO_AREA
    area = POINT
    for mask in reversed(masks):
        area = ((mask, area),)
    return area


@lru_cache(maxsize=1 << 14)
def union(left: Area, right: Area) -> Area:
    """Return the union of two sets of positions on the same axes.

    >>> cross = union(area_box((0b010, 0b111)), area_box((0b111, 0b010)))
    >>> area_size(cross), len(list(boxes(cross)))
    (5, 2)
    """
    if left == right or not right:
        return left
    if not left or left == POINT:
        return right
    tails: dict[Area, Mask] = {}
    rest_right = [mask for mask, _ in right]
    for mask, tail in left:
        for index, (other, second) in enumerate(right):
            both = mask & other
            if both:
                joined = union(tail, second)
                tails[joined] = tails.get(joined, 0) | both
                mask &= ~both
                rest_right[index] &= ~both
        if mask:
            tails[tail] = tails.get(tail, 0) | mask
    for mask, (_, tail) in zip(rest_right, right, strict=True):
        if mask:
            tails[tail] = tails.get(tail, 0) | mask
    return tuple(sorted(((mask, tail) for tail, mask in tails.items()), key=lambda entry: entry[0] & -entry[0]))


def unite(areas: Iterable[Area]) -> Area:
    """Return the union of any number of sets."""
    return reduce(union, areas, NO_AREA)


def boxes(area: Area) -> Iterator[Masks]:
    """Yield disjoint boxes whose union is the set."""
    if area == POINT:
        yield ()
        return
    for mask, tail in area:
        for rest in boxes(tail):
            yield (mask, *rest)


def area_size(area: Area) -> int:
    """Return the number of positions."""
    if area == POINT:
        return 1
    return sum(mask.bit_count() * area_size(tail) for mask, tail in area)


def points(area: Area) -> Iterator[tuple[int, ...]]:
    """Yield every position."""
    for masks in boxes(area):
        yield from _product(masks)


def _product(masks: Masks) -> Iterator[tuple[int, ...]]:
    if not masks:
        yield ()
        return
    for index in bits(masks[0]):
        for rest in _product(masks[1:]):
            yield (index, *rest)


def bits(mask: Mask) -> Iterator[int]:
    """Yield the indices of a mask.

    >>> list(bits(0b1001))
    [0, 3]
    """
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


def full(extent: int) -> Mask:
    """Return all indices below an extent."""
    return (1 << extent) - 1


def complement(area: Area, extents: Sequence[int]) -> Area:
    """Return the positions that are not in the set.

    >>> area_size(complement(area_box((0b1, 0b1)), (3, 3)))
    8
    """
    if not extents:
        return NO_AREA if area else POINT
    rest = full(extents[0])
    parts = []
    for mask, tail in area:
        rest &= ~mask
        outside = complement(tail, extents[1:])
        parts += [((mask, outside),)] if outside else []
    whole = area_box([full(extent) for extent in extents[1:]])
    return unite([*parts, ((rest, whole),)] if rest else parts)


def projections(area: Area, rank: int) -> Masks:
    """Return, per axis, the indices that occur.

    >>> projections(union(area_box((0b1, 0b10)), area_box((0b100, 0b1))), 2)
    (5, 3)
    """
    found = [0] * rank
    for masks in boxes(area):
        found = [old | mask for old, mask in zip(found, masks, strict=True)]
    return tuple(found)
