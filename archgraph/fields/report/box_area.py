"""How many positions a union of boxes holds: the true area behind branches that do not nest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from math import lcm

from archgraph.fields.sets.area import area_box, area_size, unite
from archgraph.fields.sets.boxes import ReadBox
from archgraph.fields.sets.index_sets import taken
from archgraph.fields.sets.indices import Indices, interval
from archgraph.fields.sets.readings import Moving, Reading, Whole

MOST_AREA_PHASES = 4096
MOST_POSITIONS = 1 << 16


def areas(boxes: Sequence[ReadBox], extents: Mapping[str, int]) -> tuple[int, int] | None:
    """Return the fewest and the most positions that one output reads, over the phases of all axes.

    Borders are ignored; where a box is as long as the input, the output is taken in its middle. None where sets
    have no such numbers, or are too long to count.
    """
    if any(not isinstance(reading, Moving | Whole) for each in boxes for reading in each.values()):
        return None
    # Some outputs overlap with positions that stand still, and others do not.
    if len(boxes) > 1 and any(_stands_in_part(each[axis], size) for each in boxes for axis, size in extents.items()):
        return None
    periods = [_period([each[axis] for each in boxes]) for axis in extents]
    if _count(periods) > MOST_AREA_PHASES:
        return None
    sizes = [_area(boxes, extents, phases) for phases in product(*map(range, periods))]
    known = [size for size in sizes if size is not None]
    return (min(known), max(known)) if len(known) == len(sizes) else None


def _stands_in_part(reading: Reading, extent: int) -> bool:
    if isinstance(reading, Moving):
        return not reading.form and not Whole(span=reading.map.phases[0]).covers(extent)
    return isinstance(reading, Whole) and bool(reading.span.length) and not reading.covers(extent)


def _count(periods: Sequence[int]) -> int:
    total = 1
    for period in periods:
        total *= period
    return total


def _period(readings: Sequence[Reading]) -> int:
    return lcm(*(reading.map.period for reading in readings if isinstance(reading, Moving)))


def _area(boxes: Sequence[ReadBox], extents: Mapping[str, int], phases: tuple[int, ...]) -> int | None:
    """Return the area at one output near the middle of the input."""
    places = dict(zip(extents, phases, strict=True))
    sets = [[_set(each[axis], places[axis], extents[axis]) for axis in extents] for each in boxes]
    starts = [min(row[axis].lo for row in sets) for axis in range(len(extents))]
    if any(row[axis].hi - starts[axis] > MOST_POSITIONS for row in sets for axis in range(len(extents))):
        return None
    masks = (list(map(taken, row)) for row in sets)
    return area_size(unite(map(area_box, masks)))


def _set(reading: Reading, phase: int, extent: int) -> Indices:
    if isinstance(reading, Whole):
        span = reading.within(extent).span
        return span.clip(0, extent - 1) if span.length else interval(0, extent - 1)
    assert isinstance(reading, Moving)
    if not reading.form:
        return reading.map.phases[0]
    turns = int(extent / 2 / reading.map.stride) // reading.map.period if reading.map.advance else 0
    return reading.map.at(phase + turns * reading.map.period)
