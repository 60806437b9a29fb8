"""What two sets of indices have in common, and what one of them has alone."""

from __future__ import annotations

from archgraph.fields.sets.indices import EMPTY, Indices, interval, of_mask, union


def plain(found: Indices) -> bool:
    """Say whether a set is an interval, without holes."""
    return found.teeth is None and found.step == 1


def common(left: Indices, right: Indices) -> Indices:
    """Return the indices that are in both sets.

    >>> list(common(interval(0, 9), interval(7, 12)))
    [7, 8, 9]
    """
    if not left.length or not right.length:
        return EMPTY
    if plain(left):
        return right.clip(left.lo, left.hi)
    if plain(right):
        return left.clip(right.lo, right.hi)
    base = min(left.lo, right.lo)
    return of_mask(_bits(left, base) & _bits(right, base)).shift(base)


def without(left: Indices, right: Indices) -> Indices:
    """Return the indices of the first set that are not in the second.

    >>> list(without(interval(0, 5), interval(1, 4)))
    [0, 5]
    """
    inside = common(left, right)
    if not inside.length:
        return left
    if plain(inside):
        return union((left.clip(left.lo, inside.lo - 1), left.clip(inside.hi + 1, left.hi)))
    return of_mask(_bits(left, left.lo) & ~_bits(inside, left.lo)).shift(left.lo)


def every_index(count: int) -> Indices:
    """Return all indices below a count."""
    return interval(0, count - 1)


def _bits(found: Indices, base: int) -> int:
    return found.bits(1) << found.lo - base
