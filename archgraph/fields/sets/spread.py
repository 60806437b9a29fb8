"""Distributions over input positions, and maps that give one to every output: what a random walk back ends on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate
from math import fsum, gcd, lcm, sqrt
from operator import add

from archgraph.errors import QueryError
from archgraph.fields.sets.setmap import MOST_PHASES

MOST_WEIGHTS = 1 << 13
"""Longer distributions keep their mass, mean and variance only."""
NORMAL = 3.919928
"""The width of the middle 95 % of a normal distribution, in standard deviations."""


@dataclass(frozen=True)
class Spread:
    """Weights on integers: their sum, mean and variance, and where they are few enough the weights themselves.

    >>> die = taps([(0, 0.5), (2, 0.5)])
    >>> die.mean, die.variance
    (1.0, 1.0)
    """

    mass: float
    mean: float
    variance: float
    start: int = 0
    weights: tuple[float, ...] | None = ()

    def moved(self, distance: int, factor: float = 1.0) -> Spread:
        """Return the distribution moved and scaled."""
        weights = self.weights if factor == 1 or not self.weights else tuple(w * factor for w in self.weights)
        return Spread(self.mass * factor, self.mean + distance, self.variance, self.start + distance, weights)

    @property
    def width(self) -> float:
        """How long the middle 95 % of the mass is; that of a normal distribution where weights are not kept."""
        if not self.mass:
            return 0.0
        if not self.weights:
            return NORMAL * sqrt(self.variance)
        sums = list(accumulate(self.weights))
        return _quantile(sums, 0.975 * sums[-1]) - _quantile(sums, 0.025 * sums[-1])


NOWHERE = Spread(0.0, 0.0, 0.0)


def _quantile(sums: Sequence[float], amount: float) -> float:
    """Return where a piecewise linear distribution function reaches an amount."""
    before = 0.0
    for index, total in enumerate(sums):
        if total >= amount:
            step = total - before
            return index + ((amount - before) / step if step else 0.0)
        before = total
    return float(len(sums))


def taps(pairs: Iterable[tuple[int, float]]) -> Spread:
    """Return the distribution of some weights at some places."""
    return blended([Spread(weight, float(place), 0.0, place, (weight,)) for place, weight in pairs])


def blended(parts: Sequence[Spread]) -> Spread:
    """Return the sum of distributions."""
    kept = [part for part in parts if part.mass > 0]
    mass = fsum(part.mass for part in kept)
    if not mass:
        return NOWHERE
    mean = fsum(part.mass * part.mean for part in kept) / mass
    variance = fsum(part.mass * (part.variance + (part.mean - mean) ** 2) for part in kept) / mass
    return Spread(mass, mean, variance, *_added(kept))


def _added(parts: Sequence[Spread]) -> tuple[int, tuple[float, ...] | None]:
    start = min(part.start for part in parts)
    if any(part.weights is None for part in parts):
        return start, None
    length = max(part.start + len(part.weights or ()) for part in parts) - start
    if length > MOST_WEIGHTS:
        return start, None
    total = [0.0] * length
    for part in parts:
        weights, first = part.weights or (), part.start - start
        last = first + len(weights)
        total[first:last] = map(add, total[first:last], weights)
    return start, tuple(total)


@dataclass(frozen=True)
class SpreadMap:
    """A distribution per output, with R(i + period) = R(i) moved by `advance`."""

    advance: int
    phases: tuple[Spread, ...]

    @property
    def period(self) -> int:
        """The number of phases."""
        return len(self.phases)

    @property
    def mass(self) -> float:
        """The mean mass of an output."""
        return fsum(phase.mass for phase in self.phases) / self.period

    def at(self, index: int) -> Spread:
        """Return the distribution of one output."""
        turns, phase = divmod(index, self.period)
        return self.phases[phase].moved(turns * self.advance)

    def through(self, read: SpreadMap) -> SpreadMap:
        """Return where the walk of an output ends that first goes by `read`, then by this map.

        >>> three = SpreadMap(1, (taps([(-1, 1 / 3), (0, 1 / 3), (1, 1 / 3)]),))
        >>> round(three.through(three).phases[0].variance, 6)
        1.333333
        """
        if read == STAY:
            return self
        factor = self.period // gcd(self.period, read.advance)
        period = _checked(read.period * factor)
        advance = self.advance * read.advance * factor // self.period
        return SpreadMap(advance, tuple(self._after(read.at(phase)) for phase in range(period)))

    def _after(self, first: Spread) -> Spread:
        if first.weights is None or not self.period:
            return self._after_long(first)
        steps = ((place, weight) for place, weight in enumerate(first.weights, first.start) if weight)
        return blended([self.at(place).moved(0, weight) for place, weight in steps])

    def _after_long(self, first: Spread) -> Spread:
        """Return the moments behind a long distribution, over which phases even out."""
        stride, mean = self.advance / self.period, blended(self.phases)
        offset = fsum(phase.mean - stride * r for r, phase in enumerate(self.phases)) / self.period
        within = fsum(phase.variance for phase in self.phases) / self.period
        place = round(stride * first.mean + offset)
        variance = stride**2 * first.variance + within
        return Spread(first.mass * mean.mass / self.period, stride * first.mean + offset, variance, place, None)

    def joined(self, other: SpreadMap) -> SpreadMap:
        """Return the sum of two maps.

        Raises:
            QueryError: their strides differ.
        """
        if Fraction(self.advance, self.period) != Fraction(other.advance, other.period):
            raise QueryError("misaligned branches: values of unequal stride are joined")
        period = _checked(lcm(self.period, other.period))
        phases = (blended([self.at(phase), other.at(phase)]) for phase in range(period))
        return SpreadMap(self.advance * period // self.period, tuple(phases))

    def scaled(self, factor: float) -> SpreadMap:
        """Return the map with all weights scaled."""
        return self if factor == 1 else SpreadMap(self.advance, tuple(phase.moved(0, factor) for phase in self.phases))


def _checked(period: int) -> int:
    if period > MOST_PHASES:
        raise QueryError(f"a walk with {period} phases; at most {MOST_PHASES} are kept")
    return period


STAY = SpreadMap(1, (Spread(1.0, 0.0, 0.0, 0, (1.0,)),))
