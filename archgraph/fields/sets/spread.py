"""Distributions over input positions, and maps that give one to every output: what a random walk back ends on."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from math import fsum, gcd, lcm, sqrt

from archgraph.errors import QueryError
from archgraph.fields.sets.setmap import MOST_PHASES
from archgraph.fields.sets.weights import Addend, added, quantiles, scaled

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
    weights: array[float] | None = field(default_factory=lambda: array("d"))

    def moved(self, distance: int) -> Spread:
        """Return the distribution moved."""
        return Spread(self.mass, self.mean + distance, self.variance, self.start + distance, self.weights)

    def scaled(self, factor: float) -> Spread:
        """Return the distribution with all weights multiplied."""
        weights = self.weights if factor == 1 or not self.weights else scaled(self.weights, factor)
        return Spread(self.mass * factor, self.mean, self.variance, self.start, weights)

    @property
    def width(self) -> float:
        """How long the middle 95 % of the mass is; that of a normal distribution where weights are not kept."""
        if not self.mass:
            return 0.0
        if not self.weights:
            return NORMAL * sqrt(self.variance)
        first, last = quantiles(self.weights, (0.025, 0.975))
        return last - first


NOWHERE = Spread(0.0, 0.0, 0.0)


def taps(pairs: Iterable[tuple[int, float]]) -> Spread:
    """Return the distribution of some weights at some places."""
    return blended([Spread(weight, float(place), 0.0, place, array("d", (weight,))) for place, weight in pairs])


def blended(parts: Sequence[Spread], factors: Sequence[float] | None = None) -> Spread:
    """Return the sum of distributions, each multiplied by a factor if any are given."""
    pairs = zip(parts, factors or [1.0] * len(parts), strict=True)
    kept = [(part, factor, part.mass * factor) for part, factor in pairs if part.mass * factor > 0]
    mass = fsum(share for *_, share in kept)
    if not mass:
        return NOWHERE
    mean = fsum(share * part.mean for part, _, share in kept) / mass
    variance = fsum(share * (part.variance + (part.mean - mean) ** 2) for part, _, share in kept) / mass
    return Spread(mass, mean, variance, *_added([(part, factor) for part, factor, _ in kept]))


def _added(parts: Sequence[tuple[Spread, float]]) -> tuple[int, array[float] | None]:
    start = min(part.start for part, _ in parts)
    if any(part.weights is None for part, _ in parts):
        return start, None
    given = [Addend(part.start - start, factor, part.weights or array("d")) for part, factor in parts]
    length = max(addend.start + len(addend.weights) for addend in given)
    return start, added(given, length) if length <= MOST_WEIGHTS else None


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
        if STAY in (read, self):
            return self if read == STAY else read
        factor = self.period // gcd(self.period, read.advance)
        period = _checked(read.period * factor)
        advance = self.advance * read.advance * factor // self.period
        # Outputs that read alike, as those of a window do, have walks that end alike.
        known: dict[tuple[int, bytes], Spread] = {}
        return SpreadMap(advance, tuple(self._known_after(read.at(phase), known) for phase in range(period)))

    def _known_after(self, first: Spread, known: dict[tuple[int, bytes], Spread]) -> Spread:
        if first.weights is None:
            return self._after(first)
        key = first.start, first.weights.tobytes()
        if key not in known:
            known[key] = self._after(first)
        return known[key]

    def _after(self, first: Spread) -> Spread:
        if first.weights is None or not self.period:
            return self._after_long(first)
        steps = [(place, weight) for place, weight in enumerate(first.weights, first.start) if weight]
        return blended([self.at(place) for place, _ in steps], [weight for _, weight in steps])

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
        return self if factor == 1 else SpreadMap(self.advance, tuple(phase.scaled(factor) for phase in self.phases))


def _checked(period: int) -> int:
    if period > MOST_PHASES:
        raise QueryError(f"a walk with {period} phases; at most {MOST_PHASES} are kept")
    return period


STAY = SpreadMap(1, (taps([(0, 1.0)]),))
