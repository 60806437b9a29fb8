"""Lanes that exchange values: what reads several of them, and which of them are stretches of one stream."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from archgraph.figures.maps.feature_map import FeatureMap, MapElement, MapLanes, MapLoose, maps_of
from archgraph.graph.ir import Value
from archgraph.outline.forms.form import Leaf, OutlinePart, leaves_of
from archgraph.outline.items import Item

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
    parts: Sequence[OutlinePart], lanes: Sequence[MapLane], sources: Callable[[Item], Sequence[FeatureMap]]
) -> MapLanes:
    """Lanes that go on from one another in one row, with an arrow only where one reads the last map before it alone.

    Args:
        parts: what the lanes show.
        lanes: what is drawn of each.
        sources: the maps that a member reads, also by way of what writes none.
    """
    rows: list[MapLane] = []
    links: list[tuple[FeatureMap, FeatureMap]] = []
    for stream in _streams(parts):
        row: MapLane = ()
        for index in stream:
            lane, first = _ending_apart(lanes[index]), next(leaves_of(parts[index])).item
            read = sources(first) if first is not None else ()
            follows = not row or list(read) == list(maps_of(row))[-1:]
            if not follows and isinstance(lane[0], FeatureMap):
                links += [(one, next(maps_of(lane))) for one in read]
            row += lane if follows else (MapLoose(lane),)
        rows.append(row)
    return MapLanes(tuple(rows), ("itself",) * len(rows), joins=False, links=tuple(links))


def undrawn(parts: Sequence[OutlinePart], lanes: MapLanes, sources: Callable[[Item], Sequence[FeatureMap]]) -> bool:
    """Whether something is read of another stream that no line says."""
    told = {one for one, _ in lanes.links}.union(*map(_followed, lanes.lanes))
    shown = {one for row in lanes.lanes for one in maps_of(row)}
    readers = (leaf.item for leaf in crossing(parts) if leaf.item is not None)
    return any(one not in told for item in readers for one in sources(item) if one in shown)


def _followed(row: MapLane) -> set[FeatureMap]:
    """The maps from which an arrow leads to the next one."""
    pairs = ((one, after) for one, after in pairwise(row) if not isinstance(after, MapLoose))
    inner = (_followed(one.inner) for one in row if isinstance(one, MapLoose))
    return {list(maps_of((one,)))[-1] for one, _ in pairs}.union(*inner)


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
