"""A drawing that is a little too high, pulled together: the empty heights between its things give way, nothing else."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from math import fsum
from typing import TypeVar

from archgraph.figures.drawing.diagram import BoxPart, Diagram, Edge, Extent, Text

# What an arrow needs between two boxes: its head, and enough line to be seen.
LEAST_GAP = 5.8
_Part = TypeVar("_Part", Text, BoxPart)


def closer(drawn: Diagram, height: float) -> Diagram | None:
    """The same drawing within a height, if what is empty suffices for that.

    >>> from archgraph.figures.drawing.diagram import Box, Edge, Path
    >>> a, b = Box("a", 20, 10), Box("b", 20, 10, y=30)
    >>> tall = Diagram((a, b), (Edge("a", "b", Path(((10, 10), (10, 30)))),), width=20, height=40)
    >>> low = closer(tall, 34)
    >>> [box.y for box in low.boxes], low.edges[0].path.points, closer(tall, 25)
    ([0.0, 24.0], ((10, 10.0), (10, 24.0)), None)
    """
    gaps = [(top, bottom) for top, bottom in _gaps(drawn) if bottom - top > LEAST_GAP]
    free = fsum(bottom - top - LEAST_GAP for top, bottom in gaps)
    lacking = drawn.height - height
    if free < lacking or free <= 0:
        return None
    return _pulled(drawn, _Pull.of(gaps, lacking / free))


@dataclass(frozen=True)
class _Pull:
    """From a height to a height: gaps lose a share of what they can, and what is below moves up."""

    gaps: Sequence[tuple[float, float]]
    lost: Sequence[float]
    before: Sequence[float]

    @staticmethod
    def of(gaps: Sequence[tuple[float, float]], share: float) -> _Pull:
        lost = [share * (bottom - top - LEAST_GAP) for top, bottom in gaps]
        return _Pull(gaps, lost, list(accumulate(lost, initial=0.0)))

    def __call__(self, y: float) -> float:
        index = bisect_right(self.gaps, (y, float("inf")))
        if index == 0:
            return y - 0.0
        top, bottom = self.gaps[index - 1]
        inside = min(1.0, (y - top) / (bottom - top))
        return y - self.before[index - 1] - inside * self.lost[index - 1]

    def shift(self, y: float) -> float:
        return self(y) - y


def _gaps(drawn: Diagram) -> Iterator[tuple[float, float]]:
    bottom = None
    for extent in sorted(_things(drawn), key=lambda one: one.top):
        if bottom is not None and extent.top > bottom:
            yield bottom, extent.top
        bottom = extent.bottom if bottom is None else max(bottom, extent.bottom)


def _things(drawn: Diagram) -> Iterator[Extent]:
    """What keeps its height; of a frame, its two flat sides and what is written in it."""
    yield from (box.extent for box in drawn.boxes)
    yield from (part.extent for part in drawn.marks)
    yield from (text.extent for edge in drawn.edges for text in edge.label)
    for cluster in drawn.clusters:
        inner, outer = cluster.extent, cluster.outline
        yield replace(outer, bottom=inner.top)
        yield replace(outer, top=inner.bottom)
        yield from (part.extent for part in cluster.parts)


def _pulled(drawn: Diagram, pull: _Pull) -> Diagram:
    return replace(
        drawn,
        boxes=tuple(box.moved(0.0, pull.shift(box.y)) for box in drawn.boxes),
        edges=tuple(_edge(edge, pull) for edge in drawn.edges),
        clusters=tuple(
            replace(
                cluster,
                extent=replace(cluster.extent, top=pull(cluster.extent.top), bottom=pull(cluster.extent.bottom)),
                parts=tuple(_part(part, pull) for part in cluster.parts),
            )
            for cluster in drawn.clusters
        ),
        marks=tuple(_part(part, pull) for part in drawn.marks),
        height=pull(drawn.height),
    )


def _edge(edge: Edge, pull: _Pull) -> Edge:
    path = edge.path
    if path is not None:
        path = replace(path, points=tuple((x, pull(y)) for x, y in path.points))
    return replace(edge, path=path, label=tuple(_part(text, pull) for text in edge.label))


def _part(part: _Part, pull: _Pull) -> _Part:
    """Moved as a whole, by where its upper side is."""
    return part.moved(0.0, pull.shift(part.extent.top))
