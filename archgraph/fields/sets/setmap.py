"""Quasi-affine set maps: which input indices an output index reads, exactly, with phases."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, lru_cache
from math import gcd, lcm

from archgraph.errors import QueryError
from archgraph.fields.sets.indices import EMPTY, Indices, interval, union
from archgraph.sizes.primes import prime_divisors

# U-Nets have 2**levels phases and windows as many as positions, 128 at most in practice. Beyond this it is an odd
# ratio of resampling, whose phases multiply from layer to layer.
MOST_PHASES = 1 << 10


@dataclass(frozen=True)
class SetMap:
    """A map from an output index to a finite set of input indices with R(i + period) = R(i) + advance.

    One interval is not enough: behind an up-sampling, outputs of different phase read sets of different size.
    Build maps with `archgraph.fields.sets.windows`; they are in lowest terms (the period is minimal).

    Attributes:
        advance: how far the set moves when the output index moves by one period.
        phases: the sets of the outputs 0 ... period - 1.

    >>> from archgraph.fields.sets.windows import transposed, window
    >>> encoder = window(3, stride=2, before=1)
    >>> decoder = encoder.through(transposed(4, 2, before=1)).through(window(3, before=1))
    >>> decoder.stride, decoder.period, decoder.size_max
    (Fraction(1, 1), 2, 7)
    """

    advance: int
    phases: tuple[Indices, ...]

    @property
    def period(self) -> int:
        """The number of phases."""
        return len(self.phases)

    @property
    def stride(self) -> Fraction:
        """How far the set moves per output index, on average."""
        return Fraction(self.advance, self.period)

    @property
    def exact(self) -> bool:
        """False where sets grew too long to keep their holes, so that they are upper bounds."""
        return all(phase.exact for phase in self.phases)

    def at(self, index: int) -> Indices:
        """Return the set that one output reads.

        >>> from archgraph.fields.sets.windows import window
        >>> list(window(3, stride=2, before=1).at(10))
        [19, 20, 21]
        """
        turns, phase = divmod(index, self.period)
        return self.phases[phase].shift(turns * self.advance)

    def image(self, outputs: Indices) -> Indices:
        """Return the union of the sets that several outputs read.

        >>> from archgraph.fields.sets.windows import window
        >>> window(4, stride=2, before=1).image(interval(0, 9)) == interval(-1, 20)
        True
        """
        found = union(self._pieces(outputs))
        return found if outputs.exact and self.exact else found.from_(outputs, *self.phases)

    def _pieces(self, outputs: Indices) -> Iterator[Indices]:
        for start, step, length in outputs.runs():
            if step == 1 and self.connected:
                yield interval(self.at(start).lo, self.at(start + length - 1).hi)
                continue
            # Every `classes`-th of these outputs has the same phase, and its set lies `advance` further: one spread per
            # phase, however many outputs there are.
            classes = self.period // gcd(self.period, step)
            advance = self.advance * step * classes // self.period
            for first in range(min(classes, length)):
                count = (length - first - 1) // classes + 1
                yield self.at(start + step * first).spread(advance, count)

    @cached_property
    def connected(self) -> bool:
        """Whether every set is an interval that the next one continues: then only the outermost matter."""
        following = (*self.phases[1:], self.phases[0].shift(self.advance))
        return all(map(_continues, self.phases, following))

    def interval(self, first: int, last: int) -> tuple[int, int] | None:
        """Return the hull of what the outputs first ... last read together, None where they read nothing.

        >>> from archgraph.fields.sets.windows import window
        >>> window(3, before=1).interval(0, 9)
        (-1, 10)
        """
        together = self.image(interval(first, last))
        return (together.lo, together.hi) if together.length else None

    def through(self, window: SetMap) -> SetMap:
        """Return what the outputs of an operation read that reads this value through `window`.

        The operand's index j stands for the set R(j), so that output i reads the union of R(j) over the
        window's j. Chains are written in the order of the network.

        >>> from archgraph.fields.sets.windows import window
        >>> stem = window(7, stride=2, before=3).through(window(3, stride=2, before=1))
        >>> stem.size_max, stem.stride, stem.at(0).lo
        (11, Fraction(4, 1), -5)
        """
        # Most operations read position by position.
        if _is_identity(self) or _is_identity(window):
            return window if _is_identity(self) else self
        return _through(self, window)

    def union(self, other: SetMap) -> SetMap:
        """Return what a sum or concatenation of two values reads.

        Raises:
            QueryError: the strides differ, so that the branches drift apart.

        >>> from archgraph.fields.sets.windows import window
        >>> window(1).union(window(3, dilation=2, before=2)).phases[0].touched
        3
        """
        return self if self == other else _united(self, other)

    @property
    def size_max(self) -> int:
        """The largest hull of a phase."""
        return max(phase.size for phase in self.phases)

    @property
    def size_min(self) -> int:
        """The smallest hull of a phase; 0 where a phase reads nothing."""
        return min(phase.size for phase in self.phases)

    @property
    def size_mean(self) -> Fraction:
        """The mean hull over the phases, exactly."""
        return Fraction(sum(phase.size for phase in self.phases), self.period)

    @property
    def centre(self) -> Fraction:
        """The middle of the hull of output 0, averaged over the phases; that of i is stride*i further.

        >>> from archgraph.fields.sets.windows import window
        >>> window(4, stride=4).centre
        Fraction(3, 2)
        """
        middles = [
            Fraction(phase.lo + phase.hi, 2) - self.stride * index
            for index, phase in enumerate(self.phases)
            if phase.length
        ]
        return sum(middles, Fraction(0)) / len(middles) if middles else Fraction(0)

    @property
    def offset(self) -> Fraction:
        """Where the cell of output 0 begins: the cell of i is [stride*i + offset, stride*(i + 1) + offset).

        Output i stands for its cell, which has the length of a stride and the centre of the hull. Centred
        padding gives offset 0.

        >>> from archgraph.fields.sets.windows import window
        >>> window(4, stride=4).offset, window(3).offset
        (Fraction(0, 1), Fraction(1, 1))
        """
        return self.centre - (self.stride - 1) / 2


def _is_identity(reads: SetMap) -> bool:
    return reads.advance == 1 and reads.phases == _SAME


_SAME = (interval(0, 0),)


def _continues(here: Indices, following: Indices) -> bool:
    whole = here.step == 1 and here.teeth is None and here.exact and here.length > 0 and following.length > 0
    return whole and here.lo <= following.lo <= here.hi + 1 and here.hi <= following.hi


def minimal(advance: int, phases: Iterable[Indices]) -> SetMap:
    """Return a set map in lowest terms.

    >>> minimal(2, [interval(0, 0), interval(1, 1)]).period
    1
    """
    # Equal maps must have one form: unions, caches and the end of a repeat's iterations compare them.
    phases = tuple(phases)
    for prime in prime_divisors(len(phases)):
        while len(phases) % prime == 0 and _repeats(phases, prime, advance):
            phases, advance = phases[: len(phases) // prime], advance // prime
    return SetMap(advance, phases)


def _repeats(phases: tuple[Indices, ...], parts: int, advance: int) -> bool:
    """Say whether the phases are `parts` copies of the first few, moved on evenly."""
    if advance % parts:
        return False
    period, step = len(phases) // parts, advance // parts
    return all(phases[r + period] == phases[r].shift(step) for r in range(len(phases) - period))


@lru_cache(maxsize=1 << 12)
def _through(inner: SetMap, window: SetMap) -> SetMap:
    # In one period of its own, `window` moves by its advance; only after `factor` of them is that a multiple of the
    # inner period, so that the inner phases come round.
    factor = inner.period // gcd(inner.period, window.advance)
    period = check_period(window.period * factor)
    advance = inner.advance * window.advance * factor // inner.period
    return minimal(advance, (inner.image(window.at(phase)) for phase in range(period)))


@lru_cache(maxsize=1 << 12)
def _united(left: SetMap, right: SetMap) -> SetMap:
    if left.stride != right.stride:
        less, more = sorted((left.stride, right.stride))
        raise QueryError(
            f"misaligned branches: values of stride {less} and {more} are joined, so that what an output "
            "reads grows with its index"
        )
    period = check_period(lcm(left.period, right.period))
    phases = (union((left.at(phase), right.at(phase))) for phase in range(period))
    return minimal(left.advance * period // left.period, phases)


def check_period(period: int) -> int:
    """Return the period of a map, or raise `QueryError` where it has too many phases to keep."""
    if period > MOST_PHASES:
        raise QueryError(f"a receptive field with {period} phases; at most {MOST_PHASES} are kept")
    return period


def swept(reads: SetMap) -> SetMap:
    """Return the same set for every output: what a map of stride 0 reads over all its phases."""
    return SetMap(0, (union(reads.phases),)) if reads.phases else SetMap(0, (EMPTY,))
