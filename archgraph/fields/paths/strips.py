"""Sets of coordinates whose ends move evenly with the number of an output: their unions and what a border leaves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import NamedTuple, TypeAlias

from archgraph.errors import QueryError
from archgraph.fields.sets.index_sets import plain
from archgraph.fields.sets.indices import Indices, interval, union
from archgraph.fields.sets.limits import MOST_PLACES

MOST_RUNS = 8
"""Intervals that one set is cut into; one with more of them stays a comb."""


class EvenEnd(NamedTuple):
    """A coordinate that moves evenly: `start + rate*j` for the j-th output."""

    start: int
    rate: int

    def at(self, j: int) -> int:
        """Return the coordinate of an output."""
        return self.start + self.rate * j

    def cuts(self, value: int) -> Iterator[int]:
        """Yield the outputs from which on it may lie on another side of a value."""
        if self.rate:
            before = (value - self.start) // self.rate
            yield from (before, before + 1)


@dataclass(frozen=True, slots=True)
class Strip:
    """An interval of coordinates, or a comb that keeps its shape, for the outputs of one piece.

    Attributes:
        lo: its first coordinate.
        hi: its last coordinate, both included.
        comb: the set at output 0 where it has holes; then both ends move alike.
    """

    lo: EvenEnd
    hi: EvenEnd
    comb: Indices | None = None

    def at(self, j: int) -> Indices:
        """Return the set of one output."""
        if self.comb is not None:
            return self.comb.shift(self.lo.rate * j)
        return interval(self.lo.at(j), self.hi.at(j))

    @property
    def rigid(self) -> bool:
        """Whether it keeps its length."""
        return self.lo.rate == self.hi.rate


Strips: TypeAlias = tuple[Strip, ...]


class Leg(NamedTuple):
    """The sets of the outputs `first` to `last`, by disjoint strips from the lowest on."""

    first: int
    last: int
    strips: Strips

    def at(self, j: int) -> Indices:
        """Return the set of one output."""
        return union(strip.at(j) for strip in self.strips)


class RaggedError(Exception):
    """Sets with holes meet others that move differently: they have no strips."""


def rigid(found: Indices, rate: int, j: int) -> Strips:
    """Return the strips of a set that moves as a whole, given where it is for one output.

    >>> [strip.at(3).lo for strip in rigid(interval(4, 5), 2, 1)]
    [8]
    """
    if not found.length:
        return ()
    start = found.shift(-rate * j)
    runs = list(start.runs()) if found.teeth is not None and found.step == 1 else []
    if plain(found) or 0 < len(runs) <= MOST_RUNS:
        runs = runs or [(start.lo, 1, start.length)]
        return tuple(Strip(EvenEnd(lo, rate), EvenEnd(lo + length - 1, rate)) for lo, _, length in runs)
    return (Strip(EvenEnd(start.lo, rate), EvenEnd(start.hi, rate), start),)


def between_cuts(first: int, last: int, cuts: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Yield the stretches between some cuts, each of which is where one begins."""
    starts = sorted({first, *(cut for cut in cuts if first < cut <= last), last + 1})
    for start, stop in pairwise(starts):
        yield start, stop - 1


def settled_strips(first: int, last: int, strips: Strips) -> list[Leg]:
    """Return the union of strips in pieces in which they are disjoint and in order."""
    if len(strips) < 2 and first < last:
        return [Leg(first, last, strips)]
    simple = _pair(first, last, *strips) if len(strips) == 2 else None
    if simple is not None:
        return [Leg(first, last, simple)]
    cuts = {
        cut
        for a, b in combinations(strips, 2)
        for one in (a.lo, a.hi)
        for other in (b.lo, b.hi)
        for value in (-1, 0, 1)
        for cut in EvenEnd(one.start - other.start, one.rate - other.rate).cuts(value)
    }
    found: list[Leg] = []
    for start, stop in between_cuts(first, last, cuts):
        found += _settled(start, stop, strips)
    return found


def _pair(first: int, last: int, a: Strip, b: Strip) -> Strips | None:
    """Return the union of two intervals that lie to each other at the last output as at the first, else None."""
    # What holds of ends that move evenly at both outputs holds between them.
    if a.comb is not None or b.comb is not None:
        return None
    below, above = _order(first, last, a.lo, b.lo), _order(first, last, a.hi, b.hi)
    if below is None or above is None:
        return None
    lower, upper = (a, b) if below <= 0 else (b, a)
    if lower.hi.start + lower.hi.rate * first + 1 >= upper.lo.start + upper.lo.rate * first:
        if lower.hi.start + lower.hi.rate * last + 1 >= upper.lo.start + upper.lo.rate * last:
            lo, hi = lower.lo, a.hi if above >= 0 else b.hi
            return (a if (lo, hi) == (a.lo, a.hi) else b if (lo, hi) == (b.lo, b.hi) else Strip(lo, hi),)
        return None
    return (lower, upper) if lower.hi.at(last) + 1 < upper.lo.at(last) else None


def _order(first: int, last: int, a: EvenEnd, b: EvenEnd) -> int | None:
    """Return -1, 0 or 1 where one is nowhere above, equal to, nowhere below another; None where they cross."""
    if a == b:
        return 0
    begin = a.start - b.start + (a.rate - b.rate) * first
    end = begin + (a.rate - b.rate) * (last - first)
    if begin <= 0 and end <= 0:
        return -1
    return 1 if begin >= 0 and end >= 0 else None


def _settled(first: int, last: int, strips: Strips) -> list[Leg]:
    if first < last:
        try:
            return [Leg(first, last, _merged(first, strips))]
        except RaggedError:
            check_listed(last - first + 1)
    return [single(j, union(strip.at(j) for strip in strips)) for j in range(first, last + 1)]


def check_listed(count: int) -> None:
    """Refuse to look at very many outputs one by one.

    Raises:
        QueryError: there are too many.
    """
    if count > MOST_PLACES:
        raise QueryError(
            f"what {count:,} positions read differs one by one: the limit is {MOST_PLACES:,}",
            hint="ask for single outputs, as at_distance and hops do, or bind a smaller size",
        )


def single(j: int, found: Indices) -> Leg:
    """Return the piece of one output."""
    return Leg(j, j, rigid(found, 0, j))


def _merged(j: int, strips: Strips) -> Strips:
    """Return disjoint strips, in an order that is the same for all outputs of a piece which begins at j."""
    by_rate: dict[int, list[Indices]] = {}
    for strip in strips:
        if strip.rigid:
            by_rate.setdefault(strip.lo.rate, []).append(strip.at(j))
    together = [strip for rate, sets in by_rate.items() for strip in rigid(union(sets), rate, j)]
    together += [strip for strip in strips if not strip.rigid]
    found: list[Strip] = []
    for strip in sorted(together, key=lambda strip: (strip.lo.at(j), -strip.hi.at(j))):
        if found and strip.lo.at(j) <= found[-1].hi.at(j) + 1:
            found[-1] = _joined(j, found[-1], strip)
        else:
            found.append(strip)
    return tuple(found)


def _joined(j: int, left: Strip, right: Strip) -> Strip:
    inside = right.hi.at(j) <= left.hi.at(j)
    if left.comb is None and (inside or right.comb is None):
        return left if inside else Strip(left.lo, right.hi)
    if left.lo.at(j) == right.lo.at(j) and right.comb is None and right.hi.at(j) >= left.hi.at(j):
        return right
    raise RaggedError


def border_cuts(strip: Strip, extent: int) -> list[int]:
    """Return the outputs from which on a strip may lie otherwise to the borders of an operand."""
    borders = (-1, 0, extent - 1, extent)
    return [cut for line in (strip.lo, strip.hi) for value in borders for cut in line.cuts(value)]


def clipped(first: int, last: int, strip: Strip, extent: int) -> list[Leg]:
    """Return what of a strip lies within an operand."""
    cuts = border_cuts(strip, extent)
    found: list[Leg] = []
    for start, stop in between_cuts(first, last, cuts):
        lo, hi = strip.lo.at(start), strip.hi.at(start)
        if hi < 0 or lo >= extent:
            found.append(Leg(start, stop, ()))
        elif strip.comb is not None and (lo < 0 or hi >= extent):
            check_listed(stop - start + 1)
            found += [single(j, strip.at(j).clip(0, extent - 1)) for j in range(start, stop + 1)]
        else:
            ends = (EvenEnd(0, 0) if lo < 0 else strip.lo, EvenEnd(extent - 1, 0) if hi >= extent else strip.hi)
            found.append(Leg(start, stop, (Strip(*ends, strip.comb),)))
    return found
