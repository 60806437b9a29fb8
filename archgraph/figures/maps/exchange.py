"""Lanes that exchange values: what reads several of them, and which of them are stretches of one stream."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from archgraph.figures.maps.feature_map import MapElement, MapLanes, MapLoose
from archgraph.graph.ir import Value
from archgraph.outline.forms.form import Leaf, OutlinePart, leaves_of

MapLane = tuple[MapElement, ...]


def crossing(lanes: Sequence[OutlinePart]) -> list[Leaf]:
    """The members of lanes that read what another lane writes."""
    writers = {value: index for index, lane in enumerate(lanes) for value in _written(lane)}
    return [
        leaf
        for index, lane in enumerate(lanes)
        for leaf in leaves_of(lane)
        if leaf.item is not None and any(writers.get(value, index) != index for value in leaf.item.inputs)
    ]


def stream_rows(
    parts: Sequence[OutlinePart], lanes: Sequence[MapLane], reads: Callable[[OutlinePart, MapLane], bool]
) -> list[MapLane]:
    """Lanes that go on from one another in one row, with an arrow only where one ``reads`` the last map before it."""
    rows: list[MapLane] = []
    for stream in _streams(parts):
        row: MapLane = ()
        for index in stream:
            lane = _ending_apart(lanes[index])
            row += lane if not row or reads(parts[index], row) else (MapLoose(lane),)
        rows.append(row)
    return rows


def _ending_apart(lane: MapLane) -> MapLane:
    """A lane that may end in several maps, each of which is read by another lane."""
    last = lane[-1]
    return (*lane[:-1], replace(last, joins=False)) if isinstance(last, MapLanes) else lane


def _streams(lanes: Sequence[OutlinePart]) -> list[list[int]]:
    """The numbers of lanes, those one after another that go on from what the one before writes."""
    streams: list[list[int]] = []
    for index, lane in enumerate(lanes):
        first = next(leaves_of(lane))
        read = set(first.item.inputs) if first.item is not None else set()
        going_on = (one for one in streams if not read.isdisjoint(_written(lanes[one[-1]])))
        before = next(going_on, None)
        if before is None:
            streams.append([index])
        else:
            before.append(index)
    return streams


def _written(lane: OutlinePart) -> Iterator[Value]:
    for leaf in leaves_of(lane):
        if leaf.item is not None:
            yield from leaf.item.outputs
        elif leaf.value is not None:
            yield leaf.value
