"""How the gradient's power spreads over the taps of an operation at initialisation."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from archgraph.fields.sets.setmap import SetMap
from archgraph.fields.sets.spread import SpreadMap, taps
from archgraph.ops.reach import Power


@dataclass(frozen=True)
class Global:
    """A step to any position alike, with the power that all of them have together."""

    mass: float


def everywhere(power: Power, extent: int) -> Global:
    """Return the step to all positions of an axis."""
    return Global(1 / extent if power == "mean" else 1.0)


# Equal layers have equal taps.
@lru_cache(maxsize=1 << 12)
def spread(reads: SetMap, power: Power, expected: float = 0.0) -> SpreadMap:
    """Spread the power over the taps of every phase.

    Random weights have one variance, so that a phase of fewer taps than others has less power; a mean over k
    taps has weights 1/k, and 1/k of the power.

    Args:
        reads: the taps.
        power: how the power spreads over them.
        expected: the power of one tap of random weights, where it is not 1 over the taps of a phase.
    """
    phases = []
    for phase in reads.phases:
        count = phase.touched
        each = 1 / count**2 if count and power == "mean" else expected or (1 / count if count else 0.0)
        phases.append(taps((place, each) for place in phase))
    return SpreadMap(reads.advance, tuple(phases))


def interpolated(factor: int) -> SpreadMap:
    """Spread the power over the neighbours of linear interpolation, by the squares of its weights."""
    phases = []
    for index in range(factor):
        source = (index + Fraction(1, 2)) / factor - Fraction(1, 2)
        low = source.__floor__()
        near = float(source - low)
        # An output on a centre has a neighbour of weight 0, which is no tap: it would widen the field.
        phases.append(taps((place, weight**2) for place, weight in ((low, 1 - near), (low + 1, near)) if weight))
    return SpreadMap(1, tuple(phases))
