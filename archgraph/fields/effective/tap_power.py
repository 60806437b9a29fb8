"""The steps of the random walk: how the gradient's power spreads over the taps of an operation at initialisation."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from archgraph.fields.effective.spread import STAY, SpreadMap, taps
from archgraph.fields.rules.node_reads import Evaluate
from archgraph.fields.sets import windows
from archgraph.fields.sets.setmap import SetMap
from archgraph.ops.reach import (
    All,
    AxisMap,
    Blocks,
    Enlarge,
    Interpolated,
    Parts,
    Placed,
    Power,
    Resized,
    Transposed,
    Window,
)


@dataclass(frozen=True)
class Global:
    """A step to any position alike, with the power that all of them have together."""

    mass: float


def step(read: AxisMap, power: Power, extent: int, evaluate: Evaluate) -> SpreadMap | Global | None:
    """Return the step along one axis of an operand; None where the walk is not the same at every position.

    Args:
        read: how the axis is read.
        power: how the power spreads over the taps.
        extent: the size of the axis.
        evaluate: gives the value of a size.
    """
    value = evaluate
    match read:
        case All() | Resized(after=1, how="adaptive"):
            return Global(1 / extent if power == "mean" else 1.0)
        case Window(stride=stride) if stride == 0:
            return None
        case Window():
            return _spread(windows.window(*map(value, (read.kernel, read.stride, read.dilation, read.before))), power)
        case Transposed():
            sizes = tuple(map(value, (read.kernel, read.stride, read.dilation, read.before)))
            return _spread(windows.transposed(*sizes), power, sizes[1] / sizes[0])
        case Enlarge():
            return _spread(windows.enlarge(value(read.factor)), "one")
        case Blocks():
            return _spread(windows.blocks(value(read.size), value(read.shift)), power)
        case Interpolated():
            return _interpolated(Fraction(1, value(read.factor)), value(read.factor))
        case Resized(how="adaptive"):
            return _spread(windows.resized(value(read.before), value(read.after), "average"), "mean")
        case Placed() | Parts():
            return STAY
    return None


def _spread(reads: SetMap, power: Power, expected: float = 0.0) -> SpreadMap:
    """Spread the power over the taps of every phase.

    Random weights have one variance, so that a phase of fewer taps than others has less power; a mean over k
    taps has weights 1/k, and 1/k of the power.
    """
    phases = []
    for phase in reads.phases:
        count = phase.touched
        each = 1 / count**2 if count and power == "mean" else expected or (1 / count if count else 0.0)
        phases.append(taps((place, each) for place in phase))
    return SpreadMap(reads.advance, tuple(phases))


def _interpolated(ratio: Fraction, factor: int) -> SpreadMap:
    """Spread the power over the neighbours of linear interpolation, by the squares of its weights."""
    phases = []
    for index in range(factor):
        source = (index + Fraction(1, 2)) * ratio - Fraction(1, 2)
        low = source.__floor__()
        near = float(source - low)
        phases.append(taps((place, weight**2) for place, weight in ((low, 1 - near), (low + 1, near)) if weight))
    return SpreadMap(1, tuple(phases))


def share(step: SpreadMap | Global) -> float:
    """Return the power that a step keeps, for the other axes."""
    return step.mass
