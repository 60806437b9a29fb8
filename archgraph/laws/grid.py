"""Grids of values: cut into blocks, computed, and the points of them that no other beats."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import accumulate
from math import prod
from typing import Any, TypeAlias

from archgraph.laws.compiled import numpy

Block: TypeAlias = "tuple[slice, ...]"
Columns: TypeAlias = "list[Any]"
"""Arrays of one dimension, all of the same length."""


def ranges(sizes: Sequence[int]) -> list[slice]:
    """Return the slices of chunks of these sizes.

    >>> ranges((2, 3))
    [slice(0, 2, None), slice(2, 5, None)]
    """
    ends = list(accumulate(sizes))
    return [slice(end - size, end) for size, end in zip(sizes, ends, strict=True)]


def slabs(shape: tuple[int, ...], limit: int) -> Iterator[Block]:
    """Cut a grid into blocks of at most so many points, in its order.

    >>> list(slabs((3, 4), 8))
    [(slice(0, 2, None), slice(0, 4, None)), (slice(2, 3, None), slice(0, 4, None))]
    """
    if not shape:
        yield ()
        return
    rest = prod(shape[1:])
    rows = max(1, limit // max(1, rest))
    for start in range(0, shape[0], rows):
        part = slice(start, min(start + rows, shape[0]))
        yield from ((part, *inner) for inner in slabs(shape[1:], limit if rest > limit else max(1, rest)))


def computed(arrays: list[Any]) -> list[Any]:
    """Return arrays of numpy; those of dask are computed together."""
    np = numpy()
    if any(hasattr(array, "dask") for array in arrays):
        from dask.base import compute

        arrays = list(compute(*arrays))
    return [np.asarray(array) for array in arrays]


def front(columns: Columns) -> list[int]:
    """Return which points no other beats, all columns being the better the smaller; of equal points the first.

    One or two columns take one sort; more take a pass over what is left for every point of the front.
    """
    np = numpy()
    # By their ranks: whole numbers beyond 53 bits beside rounded ones would lose digits in one array.
    ranks = [np.unique(column, return_inverse=True)[1] for column in columns]
    rest = np.lexsort(ranks[::-1])
    if len(ranks) < 3:
        least = np.minimum.accumulate(ranks[-1][rest])
        better = least[1:] < least[:-1] if len(ranks) == 2 else least[1:] < 0
        return rest[np.concatenate([np.ones(min(1, len(rest)), dtype=bool), better])].tolist()
    points = np.stack(ranks, axis=1)
    found: list[int] = []
    while len(rest):
        found.append(int(rest[0]))
        rest = rest[(points[rest] < points[rest[0]]).any(axis=1)]
    return found


def ties(columns: Columns, chosen: list[int]) -> int:
    """Return how many more points are equal in every column to one of those chosen.

    >>> import numpy as np
    >>> ties([np.array([1, 2, 1]), np.array([5, 4, 5])], [0, 1])
    1
    """
    np = numpy()
    if not columns:
        return 0
    names = np.zeros(len(columns[0]), dtype=int)
    for column in columns:
        kinds, ranks = np.unique(column, return_inverse=True)
        # Numbered anew after every column, so that no number is larger than the square of how many points there are.
        names = np.unique(names * len(kinds) + ranks, return_inverse=True)[1]
    return int(np.isin(names, names[chosen]).sum()) - len(chosen)
