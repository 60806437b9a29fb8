"""Grids of values: computed, and the points of them that no other beats."""

from __future__ import annotations

from typing import TypeAlias

from archgraph.laws.blocks import Array, is_lazy, numpy

Columns: TypeAlias = "list[Array]"
"""Arrays of one dimension, all of the same length."""


def computed(arrays: list[Array]) -> list[Array]:
    """Return arrays of numpy; those of dask are computed together."""
    np = numpy()
    if any(map(is_lazy, arrays)):
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


def ties_with(chosen: Columns, columns: Columns) -> int:
    """Return how many points are equal in every column to one of some others.

    >>> import numpy as np
    >>> ties_with([np.array([1]), np.array([5])], [np.array([1, 2, 1]), np.array([5, 4, 5])])
    2
    """
    np = numpy()
    first = len(chosen[0])
    names = np.zeros(first + len(columns[0]), dtype=int)
    for own, column in zip(chosen, columns, strict=True):
        kinds, ranks = np.unique(np.concatenate([own, column]), return_inverse=True)
        # Numbered anew after every column, so that no number is larger than the square of how many points there are.
        names = np.unique(names * len(kinds) + ranks, return_inverse=True)[1]
    return int(np.isin(names[first:], names[:first]).sum())
