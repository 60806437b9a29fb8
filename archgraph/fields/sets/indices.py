"""Finite sets of integers as combs, so that sets of millions of positions stay small and exact."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import reduce
from math import gcd

MOST_TEETH = 1 << 22
MOST_WORK = 1 << 28
"""Missing teeth are kept in combs of at most `MOST_TEETH` teeth whose teeth * runs is at most `MOST_WORK`, so
that composing takes milliseconds; beyond, a comb is filled and marked inexact."""
_CLOSE = 1 << 12


@dataclass(frozen=True, slots=True)
class Indices:
    """The set {start + step*t : t < length, tooth t present}: an evenly spaced comb that may miss teeth.

    The form is unique: the first and the last tooth are present, the step is the greatest that fits, a single
    index has step 1. A comb without missing teeth costs the same whatever its length.

    Attributes:
        start: the smallest index.
        step: the distance between neighbouring teeth.
        length: the number of teeth, missing ones included; 0 for the empty set.
        teeth: bit t says whether tooth t is present; None where all are.
        exact: False where missing teeth were filled in, so that the set is an upper bound.

    >>> indices([0, 2, 4, 6])
    Indices(start=0, step=2, length=4, teeth=None, exact=True)
    """

    start: int = 0
    step: int = 1
    length: int = 0
    teeth: int | None = None
    exact: bool = True

    @property
    def lo(self) -> int:
        """The smallest index (0 for the empty set)."""
        return self.start

    @property
    def hi(self) -> int:
        """The largest index (-1 for the empty set)."""
        return self.start + self.step * (self.length - 1)

    @property
    def size(self) -> int:
        """The length of the hull, `hi - lo + 1`.

        >>> interval(3, 7).size, EMPTY.size
        (5, 0)
        """
        return self.hi - self.lo + 1

    @property
    def touched(self) -> int:
        """The number of indices in the set.

        >>> indices([0, 1, 5]).touched
        3
        """
        return self.length if self.teeth is None else self.teeth.bit_count()

    def __iter__(self) -> Iterator[int]:
        for start, step, length in self.runs():
            yield from range(start, start + step * length, step)

    def __contains__(self, index: object) -> bool:
        if not isinstance(index, int):
            return False
        tooth, rest = divmod(index - self.start, self.step)
        if rest or not 0 <= tooth < self.length:
            return False
        return self.teeth is None or bool(self.teeth >> tooth & 1)

    def shift(self, distance: int) -> Indices:
        """Return the set moved by a distance.

        >>> list(indices([0, 3]).shift(10))
        [10, 13]
        """
        if not distance or not self.length:
            return self
        return Indices(self.start + distance, self.step, self.length, self.teeth, self.exact)

    def mirrored(self, last: int) -> Indices:
        """Return the set turned round, so that `last` becomes 0.

        >>> list(indices([0, 1, 5]).mirrored(9))
        [4, 8, 9]
        """
        if not self.length:
            return self
        teeth = None if self.teeth is None else int(f"{self.teeth:0{self.length}b}"[::-1], 2)
        return Indices(last - self.hi, self.step, self.length, teeth, self.exact)

    def clip(self, lo: int, hi: int) -> Indices:
        """Return the members from lo to hi, both included.

        >>> list(indices([-2, 0, 3, 9]).clip(0, 5))
        [0, 3]
        """
        if lo <= self.lo and self.hi <= hi:
            return self
        # Rounded up at the near end, as -(-a // b) is in whole numbers, and down at the far one.
        first, last = max(0, -((self.start - lo) // self.step)), min(self.length - 1, (hi - self.start) // self.step)
        if first > last:
            return EMPTY
        if self.teeth is None:
            return comb(self.start + self.step * first, self.step, last - first + 1).from_(self)
        return of_bits(
            self.start + self.step * first, self.teeth >> first & (1 << last - first + 1) - 1, self.step
        ).from_(self)

    def from_(self, *sources: Indices) -> Indices:
        """Return the same set, as an upper bound where one of those that it is made of is one.

        >>> interval(0, 3).from_(replace(interval(0, 9), exact=False)).exact
        False
        """
        if not self.length or all(source.exact for source in sources):
            return self
        return replace(self, exact=False)

    def runs(self) -> Iterator[tuple[int, int, int]]:
        """Yield (start, step, length) of every run of neighbouring teeth, in order.

        >>> list(indices([0, 1, 2, 7]).runs())
        [(0, 1, 3), (7, 1, 1)]
        """
        if self.teeth is None:
            if self.length:
                yield self.start, self.step, self.length
            return
        runs = _few_runs(self.teeth) if self.runs_count <= FEW_RUNS else _many_runs(self.teeth)
        for start, end in runs:
            yield self.start + self.step * start, self.step, end - start

    @property
    def runs_count(self) -> int:
        """The number of runs of neighbouring teeth.

        >>> indices([0, 1, 2, 7]).runs_count
        2
        """
        return min(self.length, 1) if self.teeth is None else (self.teeth & ~(self.teeth << 1)).bit_count()

    def bits(self, step: int) -> int:
        """Return the set as bits of a comb of a finer step that begins at its start."""
        bits = (1 << self.length) - 1 if self.teeth is None else self.teeth
        if self.step == step or self.length < 2:
            return bits
        # As text, since a shift for every tooth would copy the whole number each time.
        return int(("0" * (self.step // step - 1)).join(f"{bits:b}"), 2)

    def spread(self, step: int, count: int) -> Indices:
        """Return the union of the sets shifted by 0, step, 2*step, ..., (count - 1)*step, for step >= 0.

        >>> spread = interval(0, 1).spread(5, 3)
        >>> list(spread)
        [0, 1, 5, 6, 10, 11]
        >>> interval(0, 4).spread(5, 10**9).size
        5000000000
        """
        if count < 2 or not step or not self.length:
            return self
        return self._long(step, count) or self._doubled(step, count)

    def _long(self, step: int, count: int) -> Indices | None:
        """Return the spread where it is a comb without missing teeth, else None."""
        if self.teeth is not None:
            return None
        if self.length == 1:
            return Indices(self.start, step, count, None, self.exact)
        # Every copy falls on the comb's own lattice, and starts at most one tooth behind the one before.
        if step % self.step == 0 and step <= self.step * self.length:
            return replace(self, length=self.length + (count - 1) * (step // self.step))
        # The other way round: the shifts are the finer comb, and reach from each tooth to the next.
        if self.step % step == 0 and self.step <= step * count:
            return replace(self, step=step, length=count + (self.length - 1) * (self.step // step))
        return None

    def _doubled(self, step: int, count: int) -> Indices:
        finest = gcd(self.step, step)
        length = (self.size - 1 + step * (count - 1)) // finest + 1
        if length > MOST_TEETH:
            return Indices(self.start, finest, length, None, exact=False)
        bits, done = self.bits(finest), 1
        # What is there is doubled, so that a million copies are twenty shifts.
        while done < count:
            more = min(done, count - done)
            bits |= bits << (more * step // finest)
            done += more
        return _comb(self.start, finest, bits, exact=self.exact)


FEW_RUNS = 64
"""Runs that are found, and mapped, one by one; many of them as bits or text at once."""


def _few_runs(bits: int) -> Iterator[tuple[int, int]]:
    place = 0
    while bits:
        # `x & -x` is the lowest bit that is set, `~x & (x + 1)` the lowest that is not.
        missing = (bits & -bits).bit_length() - 1
        bits >>= missing
        length = (~bits & (bits + 1)).bit_length() - 1
        bits >>= length
        yield place + missing, place + missing + length
        place += missing + length


def _many_runs(bits: int) -> Iterator[tuple[int, int]]:
    # Each shift copies what is left of the number, which is quadratic in the runs; its text is read once.
    return (run.span() for run in re.finditer("1+", f"{bits:b}"[::-1]))


EMPTY = Indices()
NOT_KNOWN = Indices(exact=False)
"""No positions that are known, of what is read at most."""


def interval(lo: int, hi: int) -> Indices:
    """Return all integers from lo to hi, both included.

    >>> list(interval(-1, 1))
    [-1, 0, 1]
    """
    return Indices(lo, 1, hi - lo + 1) if lo <= hi else EMPTY


def comb(start: int, step: int, length: int) -> Indices:
    """Return start, start + step, ...: `length` indices.

    >>> list(comb(-2, 2, 3))
    [-2, 0, 2]
    """
    return Indices(start, step if length > 1 else 1, length) if length > 0 else EMPTY


def indices(members: Iterable[int]) -> Indices:
    """Return any finite set of integers.

    >>> indices([4, 4, 1]).touched
    2
    """
    found = set(members)
    first = min(found, default=0)
    # Close to each other they are bits; far apart these would be long for nothing.
    if found and max(found) - first < _CLOSE:
        return of_mask(sum(1 << member - first for member in found)).shift(first)
    return union(interval(member, member) for member in found)


def of_mask(mask: int) -> Indices:
    """Return the set whose members are the bits of a mask.

    >>> list(of_mask(0b1101))
    [0, 2, 3]
    """
    if not mask:
        return EMPTY
    first = (mask & -mask).bit_length() - 1
    return _comb(first, 1, mask >> first, exact=True)


def union(sets: Iterable[Indices]) -> Indices:
    """Return the union; what is read at most adds no doubt where as much is read in any case.

    >>> union([interval(0, 2), interval(3, 5)]) == interval(0, 5)
    True
    >>> union([interval(0, 2), replace(interval(1, 1), exact=False)]).exact
    True
    """
    filled = [part for part in sets if part.length]
    if len(filled) < 2:
        return filled[0] if filled else EMPTY
    parts = sorted(set(filled), key=lambda part: part.start)
    if len(parts) < 2:
        return parts[0]
    start = parts[0].start
    # Equal single positions, one of them a bound, have no distance.
    step = gcd(*(part.start - start for part in parts), *(part.step for part in parts if part.length > 1)) or 1
    exact = all(part.exact for part in parts)
    found = one_run(parts, step, exact=exact) or _overlay(parts, step, exact=exact)
    if exact or not any(part.exact for part in parts):
        return found
    sure = union(part for part in parts if part.exact)
    return sure if sure == replace(found, exact=True) else found


def one_run(parts: list[Indices], step: int, *, exact: bool) -> Indices | None:
    """Return the union where it is a comb without missing teeth, found without looking at single teeth."""
    end = parts[0].start - step
    for part in parts:
        if part.teeth is not None or (part.step != step and part.length > 1) or part.start > end + step:
            return None
        end = max(end, part.hi)
    start = parts[0].start
    length = (end - start) // step + 1
    return Indices(start, step if length > 1 else 1, length, None, exact)


def _overlay(parts: list[Indices], step: int, *, exact: bool) -> Indices:
    start = parts[0].start
    length = (max(part.hi for part in parts) - start) // step + 1
    if length > MOST_TEETH:
        return Indices(start, step, length, None, exact=False)
    shifted = (part.bits(step) << ((part.start - start) // step) for part in parts)
    return _comb(start, step, reduce(int.__or__, shifted), exact=exact)


def of_bits(start: int, bits: int, step: int = 1) -> Indices:
    """Return the set of the bits of a comb that begins at `start`, in its unique form.

    >>> list(of_bits(10, 0b101000, 2))
    [16, 20]
    """
    if not bits:
        return EMPTY
    missing = (bits & -bits).bit_length() - 1
    return _packed(start + step * missing, step, bits >> missing)


def _packed(start: int, step: int, bits: int) -> Indices:
    """Return the set of a comb whose first tooth is present, in its unique form."""
    # Two neighbouring teeth settle the step: only without any may a wider one fit.
    if not bits & bits >> 1:
        text = f"{bits:b}"
        wider = gcd(*(len(gap) + 1 for gap in text.split("1")[1:-1]))
        if wider > 1:
            step, bits = step * wider, int(text[::wider], 2)
    length = bits.bit_length()
    return Indices(start, step if length > 1 else 1, length, None if bits.bit_count() == length else bits)


def _comb(start: int, step: int, bits: int, *, exact: bool) -> Indices:
    """Bring a comb whose first tooth is present into its unique form, filled where it is too much work to keep."""
    found = _packed(start, step, bits)
    if found.teeth is not None and found.runs_count * found.length > MOST_WORK:
        return replace(found, teeth=None, exact=False)
    return found if exact else replace(found, exact=False)
