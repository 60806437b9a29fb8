"""Networks as feature maps in columns, or below each other where columns would be too narrow or too empty."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from archgraph.figures.charts.sides import Side
from archgraph.figures.drawing.diagram import Diagram
from archgraph.figures.maps.maps_panel import maps_panel

_GAP, _GUTTER, _LEAST, _MOST_ABREAST = 9.0, 15.0, 210.0, 3
_EMPTY, _WITH_CAPTION = 0.15, 0.87


@dataclass(frozen=True)
class MapsColumns:
    """Panels that are placed.

    Attributes:
        drawn: all of them.
        own: the width of a column.
        lefts: where columns begin, and ``bottoms`` where they end.
    """

    drawn: Diagram
    own: float
    lefts: tuple[float, ...]
    bottoms: tuple[float, ...]

    @property
    def height(self) -> float:
        return max(self.bottoms)

    @property
    def lowest(self) -> int:
        """The column with the most room below it."""
        return self.bottoms.index(min(self.bottoms))

    def empty(self, below: float) -> float:
        """The share that is left empty below columns, with something so high in the lowest of them."""
        left = sum(self.height - bottom for bottom in self.bottoms)
        used = below if self.height - self.bottoms[self.lowest] >= below else 0.0
        return (left - used) / (self.height * len(self.bottoms))


def maps_columns(found: Sequence[Side], width: float, height: float, below: float) -> MapsColumns:
    """As many columns as there is room for, or fewer where they leave much empty and the page holds them.

    Args:
        found: the networks.
        width: of the page.
        height: of the page; with a caption it has to hold columns that are fewer than there is room for.
        below: how high the scale is, which stands below the lowest column.
    """
    most = min(len(found), _MOST_ABREAST, max(1, int((width + _GUTTER) // (_LEAST + _GUTTER))))
    trials = [_placed(found, width, count) for count in range(most, 0, -1)]
    full = (trial for trial in trials if trial.height <= _WITH_CAPTION * height and trial.empty(below) <= _EMPTY)
    return next(full, min(trials, key=lambda trial: trial.height))


def _placed(found: Sequence[Side], width: float, columns: int) -> MapsColumns:
    """Each in the column that is lowest so far; what is wider than a column stands across all."""
    own = (width - _GUTTER * (columns - 1)) / columns
    lefts = tuple((own + _GUTTER) * column for column in range(columns))
    drawn, bottoms = Diagram(width=width), [0.0] * columns
    for side, mark in zip(found, "abcdef", strict=False):
        one, column = maps_panel(side.facts, own), bottoms.index(min(bottoms))
        wide = one.width > own + 0.5 and columns > 1
        if wide:
            one, column, bottoms = maps_panel(side.facts, width), 0, [max(bottoms)] * columns
        gap = _GAP if bottoms[column] else 0.0
        drawn = drawn.plus(_marked(one, mark).moved(lefts[column], bottoms[column] + gap))
        bottoms[column] += gap + one.height
        bottoms = [max(bottoms)] * columns if wide else bottoms
    return MapsColumns(drawn, own, lefts, tuple(bottoms))


def _marked(drawn: Diagram, mark: str) -> Diagram:
    """A panel whose boxes and frames have names of their own among those of other networks."""
    place = "abcdef".index(mark)

    def named(name: str) -> str:
        return f"{mark}: {name}" if name else name

    edges = tuple(replace(edge, source=named(edge.source), target=named(edge.target)) for edge in drawn.edges)
    boxes = tuple(replace(box, name=named(box.name), place=place) for box in drawn.boxes)
    return replace(
        drawn, boxes=boxes, edges=edges, clusters=tuple(replace(c, name=named(c.name)) for c in drawn.clusters)
    )
