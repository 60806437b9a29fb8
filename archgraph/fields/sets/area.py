"""Finite sets of positions on several axes, in a unique form that stays small for boxes and their unions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache, reduce
from itertools import product
from typing import TypeAlias

from archgraph.fields.sets.index_sets import common, every_index, united, without
from archgraph.fields.sets.indices import EMPTY, Indices

Mask: TypeAlias = Indices
"""A set of indices of one axis, exact: no holes are filled in."""
Masks: TypeAlias = tuple[Mask, ...]
"""A box: a mask per axis."""
Area: TypeAlias = "tuple[tuple[Mask, Area], ...]"
"""A set of positions. Of the first axis every index is in one mask at most; indices under one mask have the same
set on the remaining axes, those under different ones have different sets. Without axes `POINT` is the only
position there is."""

NO_AREA: Area = ()
POINT: Area = ((Indices(0, 1, 1), ()),)


def area_box(masks: Sequence[Mask]) -> Area:
    """Return the product of sets.

    >>> list(points(area_box((Indices(0, 1, 2), Indices(2, 1, 1)))))
    [(0, 2), (1, 2)]
    """
    if not all(mask.length for mask in masks):
        return NO_AREA
    area = POINT
    for mask in reversed(masks):
        area = ((mask, area),)
    return area


@lru_cache(maxsize=1 << 14)
def union(left: Area, right: Area) -> Area:
    """Return the union of two sets of positions on the same axes.

    >>> middle, all_three = Indices(1, 1, 1), Indices(0, 1, 3)
    >>> cross = union(area_box((middle, all_three)), area_box((all_three, middle)))
    >>> area_size(cross), len(list(boxes(cross)))
    (5, 2)
    """
    if left == right or not right:
        return left
    if not left or left == POINT:
        return right
    tails: dict[Area, list[Mask]] = {}
    rest_right = [mask for mask, _ in right]
    for mask, tail in left:
        for index, (other, second) in enumerate(right):
            both = common(mask, other)
            if both.length:
                tails.setdefault(union(tail, second), []).append(both)
                mask = without(mask, both)
                rest_right[index] = without(rest_right[index], both)
        tails.setdefault(tail, []).append(mask)
    for mask, (_, tail) in zip(rest_right, right, strict=True):
        tails.setdefault(tail, []).append(mask)
    entries = ((united(masks), tail) for tail, masks in tails.items())
    return tuple(sorted((entry for entry in entries if entry[0].length), key=lambda entry: entry[0].lo))


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
    return sum(mask.touched * area_size(tail) for mask, tail in area)


def points(area: Area) -> Iterator[tuple[int, ...]]:
    """Yield every position."""
    for masks in boxes(area):
        yield from product(*masks)


def complement(area: Area, extents: Sequence[int]) -> Area:
    """Return the positions that are not in the set.

    >>> area_size(complement(area_box((Indices(0, 1, 1), Indices(0, 1, 1))), (3, 3)))
    8
    """
    if not extents:
        return NO_AREA if area else POINT
    rest = every_index(extents[0])
    parts = []
    for mask, tail in area:
        rest = without(rest, mask)
        outside = complement(tail, extents[1:])
        parts += [((mask, outside),)] if outside else []
    whole = area_box([every_index(extent) for extent in extents[1:]])
    return unite([*parts, ((rest, whole),)] if rest.length else parts)


def projections(area: Area, rank: int) -> Masks:
    """Return, per axis, the indices that occur.

    >>> zero, two = Indices(0, 1, 1), Indices(2, 1, 1)
    >>> [list(mask) for mask in projections(union(area_box((zero, two)), area_box((two, zero))), 2)]
    [[0, 2], [0, 2]]
    """
    columns = zip(*boxes(area), strict=True) if area else [[EMPTY]] * rank
    return tuple(united(column) for column in columns)
