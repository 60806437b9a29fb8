"""Sets of positions that are listed one by one, as a mask or a list of indices states them."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from itertools import pairwise

from archgraph.errors import QueryError

MOST_LISTED_BITS = 1 << 25
"""Outputs times positions of the operand: a bit each, 4 MiB."""


class PositionSets:
    """A set of positions for every output, with the length of the axis that they lie on.

    Equal ones are equal objects for all purposes, and are hashed once: an operation that holds one is looked up often.

    Attributes:
        masks: per output, bit j says whether position j is read.
        extent: how many positions the operand has.

    >>> position_sets([[0, 1], [1], []], 2)
    3 sets of 2 positions
    """

    __slots__ = ("__dict__", "extent", "masks")

    def __init__(self, masks: Iterable[int], extent: int) -> None:
        self.masks: tuple[int, ...] = tuple(masks)
        self.extent: int = extent

    def __len__(self) -> int:
        return len(self.masks)

    def __eq__(self, other: object) -> bool:
        same_kind = isinstance(other, PositionSets)
        return same_kind and self.extent == other.extent and self._key == other._key and self.masks == other.masks

    def __hash__(self) -> int:
        return self._key

    @cached_property
    def _key(self) -> int:
        return hash((self.masks, self.extent))

    @cached_property
    def stretches(self) -> tuple[tuple[int, int], ...]:
        """The runs of the first set, from where each begins to where it has ended.

        >>> position_sets([[0, 1, 4]], 6).stretches
        ((0, 2), (4, 5))
        """
        bits = [self.masks[0] >> place & 1 for place in range(self.extent)]
        ends = [place for place, pair in enumerate(pairwise([0, *bits, 0])) if pair[0] != pair[1]]
        return tuple(zip(ends[::2], ends[1::2], strict=True))

    def __repr__(self) -> str:
        return f"{len(self.masks)} sets of {self.extent} positions"


def position_sets(rows: Iterable[Iterable[int]], extent: int) -> PositionSets:
    """Return the sets of positions that every output reads.

    Raises:
        QueryError: a position lies outside of the axis, or there is more than can be kept.

    >>> position_sets([[2], [0, 1]], 3).masks
    (4, 3)
    """
    found = PositionSets(map(_mask, rows), extent)
    if any(mask >> extent for mask in found.masks):
        raise QueryError(f"a listed position lies outside of an axis of {extent}")
    if len(found) * extent > MOST_LISTED_BITS:
        raise QueryError(f"sets of {extent:,} positions for {len(found):,} outputs are too many to keep")
    return found


def _mask(row: Iterable[int]) -> int:
    mask = 0
    for position in row:
        if position < 0:
            raise QueryError(f"a listed position is {position}: positions count from 0")
        mask |= 1 << position
    return mask
