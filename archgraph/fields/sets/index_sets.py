"""Exact algebra of finite sets of indices: what some have together, in common, or alone; holes are never filled."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import reduce
from math import gcd

from archgraph.fields.sets.indices import EMPTY, Indices, interval, of_bits, one_run
from archgraph.fields.sets.limits import check_span


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
    if plain(left) and left.lo <= right.lo and right.hi <= left.hi:
        return right
    if plain(right) and right.lo <= left.lo and left.hi <= right.hi:
        return left
    lo, hi = max(left.lo, right.lo), min(left.hi, right.hi)
    if lo > hi:
        return EMPTY
    if plain(left) and plain(right):
        return interval(lo, hi)
    if left.teeth is None and right.teeth is None and (left.step % right.step == 0 or right.step % left.step == 0):
        return _common_comb(left, right, lo, hi)
    return of_bits(lo, bits_within(left, lo, hi) & bits_within(right, lo, hi))


def _common_comb(left: Indices, right: Indices, lo: int, hi: int) -> Indices:
    coarse, fine = (left, right) if left.step >= right.step else (right, left)
    if (coarse.start - fine.start) % fine.step:
        return EMPTY
    first = coarse.start + -((coarse.start - lo) // coarse.step) * coarse.step
    count = (hi - first) // coarse.step + 1
    return Indices(first, coarse.step if count > 1 else 1, count) if count > 0 else EMPTY


def without(left: Indices, right: Indices) -> Indices:
    """Return the indices of the first set that are not in the second.

    >>> list(without(interval(0, 5), interval(1, 4)))
    [0, 5]
    """
    if not left.length or not right.length or right.lo > left.hi or right.hi < left.lo:
        return left
    if plain(right):
        if plain(left):
            return united((interval(left.lo, right.lo - 1), interval(right.hi + 1, left.hi)))
        if right.lo <= left.lo and left.hi <= right.hi:
            return EMPTY
    lo, hi = left.lo, left.hi
    return of_bits(lo, bits_within(left, lo, hi) & ~bits_within(right, lo, hi))


def united(sets: Iterable[Indices]) -> Indices:
    """Return the union.

    >>> united((interval(0, 1), interval(4, 5))).touched
    4
    """
    parts = sorted({part for part in sets if part.length}, key=lambda part: part.start)
    if len(parts) < 2:
        return parts[0] if parts else EMPTY
    start = parts[0].start
    step = gcd(*(part.start - start for part in parts), *(part.step for part in parts if part.length > 1)) or 1
    found = one_run(parts, step, exact=True)
    if found is None:
        check_span((max(part.hi for part in parts) - start) // step + 1)
        shifted = (part.bits(step) << (part.start - start) // step for part in parts)
        found = of_bits(start, reduce(int.__or__, shifted), step)
    return found.from_(*parts)


def every_index(count: int) -> Indices:
    """Return all indices below a count."""
    return interval(0, count - 1)


def one_index(index: int) -> Indices:
    """Return the set of one index."""
    return Indices(index, 1, 1)


def taken(found: Indices) -> Indices:
    """Return a set with what is read at most taken as read: whether it is, is kept elsewhere."""
    return found if found.exact else replace(found, exact=True)


def bits_within(found: Indices, lo: int, hi: int) -> int:
    """Return the indices from lo to hi as bits, that of lo the lowest.

    Raises:
        QueryError: they are too many.
    """
    check_span(hi - lo + 1)
    if found.teeth is None:
        found = found.clip(lo, hi)
    if not found.length:
        return 0
    check_span(found.size)
    bits = found.bits(1)
    moved = bits << found.lo - lo if found.lo >= lo else bits >> lo - found.lo
    return moved & (1 << hi - lo + 1) - 1 if found.hi > hi else moved
