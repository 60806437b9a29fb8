"""A drawing as plain data: boxes we measured, lines, texts. It knows no graph and no SVG.

Lengths are in points (1/72 inch), y grows downwards. Parts of a box are in the coordinates of that box.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from math import fsum
from typing import Literal

from sympy import Expr

from archgraph.figures.drawing.metrics import ASCENT, DESCENT, text_width
from archgraph.figures.fonts.typeface import Face

Point = tuple[float, float]

INK, MUTED, COPY_OFFSET = "#1a1a1a", "#4d4d4d", 3.0  # the last from one outline of a deck of cards to the next


@dataclass(frozen=True)
class Claim:
    """What a line says a law of: the whole law of a metric, of which the line may show less."""

    metric: str
    law: Expr


Shows = Literal[
    "sign", "number", "form", "nothing", "size", "equal", "percent", "part", "length", "tint", "field", "high", "low"
]


@dataclass(frozen=True)
class Live:
    """What a run or a shape shows that is another at other sizes; only interactive pages look at it.

    Attributes:
        shows: ``sign``: whether a number is exact; ``number``: three digits of a law; ``form``: a part of a law,
            instead of which its number stands at other sizes, and ``nothing`` behind it; ``size``: a whole number;
            ``equal``: numbers that are one at the drawn sizes; ``percent``, ``part``: a share in words; ``length``,
            ``tint``: as long or as dark as a share; ``field``, ``high``, ``low``: the field of a path.
        of: laws, or a path.
        place: of which of several networks.
        full: how long the whole is, of a length.
    """

    shows: Shows
    of: tuple[Expr, ...] | str = ()
    place: int = 0
    full: float = 0.0


@dataclass(frozen=True)
class Run:
    """Characters of one face and size; ``rise`` lifts them (superscripts), ``gap`` is the space before them.

    The first run of a law has the `Claim` that its line makes, and that of a further line ``continues`` it.
    """

    text: str
    face: Face = "sans"
    size: float = 7.5
    rise: float = 0.0
    gap: float = 0.0
    claim: Claim | None = None
    live: Live | None = None
    continues: bool = False

    @cached_property
    def width(self) -> float:
        return self.gap + text_width(self.text, self.face, self.size)


Line = tuple[Run, ...]


def line_width(line: Iterable[Run]) -> float:
    """How wide runs are one after another; summed exactly, so that no version of Python rounds otherwise."""
    return fsum(run.width for run in line)


@dataclass(frozen=True)
class Text:
    """One line of text: its runs flow from ``x`` on the baseline ``y``."""

    runs: Line
    x: float = 0.0
    y: float = 0.0
    color: str = INK
    backdrop: str | None = None

    @cached_property
    def width(self) -> float:
        return line_width(self.runs)

    @cached_property
    def size(self) -> float:
        return max((run.size for run in self.runs), default=0.0)

    @property
    def string(self) -> str:
        return "".join((" " if run.gap > 0.2 * run.size else "") + run.text for run in self.runs)

    @cached_property
    def extent(self) -> Extent:
        """The rectangle of the ink, with room for super- and subscripts."""
        top = max((run.rise + ASCENT * run.size for run in self.runs), default=0.0)
        bottom = max((DESCENT * run.size - run.rise for run in self.runs), default=0.0)
        return Extent(self.x, self.y - top, self.x + self.width, self.y + bottom)

    @property
    def behind(self) -> Rect:
        """What the backdrop covers."""
        e = self.extent
        return Rect(e.left - 2, e.top, self.width + 4, e.bottom - e.top, self.backdrop or "none", "none")

    def moved(self, dx: float, dy: float) -> Text:
        return Text(self.runs, self.x + dx, self.y + dy, self.color, self.backdrop)

    def centered(self, x: float) -> Text:
        return replace(self, x=x - self.width / 2)

    def ending(self, x: float) -> Text:
        return replace(self, x=x - self.width)


@dataclass(frozen=True)
class Rect:
    """A rectangle, or a circle if the radius is half of its side."""

    x: float
    y: float
    width: float
    height: float
    fill: str = "none"
    stroke: str = INK
    thickness: float = 0.75
    radius: float = 0.0
    dash: tuple[float, ...] = ()
    live: Live | None = None

    @cached_property
    def extent(self) -> Extent:
        return Extent(self.x, self.y, self.x + self.width, self.y + self.height)

    def moved(self, dx: float, dy: float) -> Rect:
        return replace(self, x=self.x + dx, y=self.y + dy)


@dataclass(frozen=True)
class Path:
    """A polyline with rounded corners, or a Bézier spline (points 1 + 3n); filled if ``closed``.

    An ``arrow`` has a head of that length.
    """

    points: tuple[Point, ...]
    stroke: str = INK
    thickness: float = 0.75
    dash: tuple[float, ...] = ()
    radius: float = 0.0
    arrow: bool = False
    head: float = 5.2
    curve: Literal["line", "spline"] = "line"
    closed: bool = False
    fill: str = "none"
    live: Live | None = None

    @cached_property
    def extent(self) -> Extent:
        xs, ys = [p[0] for p in self.points], [p[1] for p in self.points]
        return Extent(min(xs), min(ys), max(xs), max(ys))

    def moved(self, dx: float, dy: float) -> Path:
        return replace(self, points=tuple((x + dx, y + dy) for x, y in self.points))


BoxPart = Text | Rect | Path


@dataclass(frozen=True)
class Extent:
    """An axis-parallel rectangle given by its edges."""

    left: float
    top: float
    right: float
    bottom: float

    def overlaps(self, other: Extent, slack: float = 0.0) -> bool:
        return (
            self.left < other.right - slack
            and other.left < self.right - slack
            and self.top < other.bottom - slack
            and other.top < self.bottom - slack
        )

    def contains(self, other: Extent, slack: float = 0.01) -> bool:
        return (
            self.left - slack <= other.left
            and self.top - slack <= other.top
            and other.right <= self.right + slack
            and other.bottom <= self.bottom + slack
        )

    def grown(self, by: float) -> Extent:
        """The same with a margin on all sides."""
        return Extent(self.left - by, self.top - by, self.right + by, self.bottom + by)

    def united(self, other: Extent) -> Extent:
        left, top = min(self.left, other.left), min(self.top, other.top)
        return Extent(left, top, max(self.right, other.right), max(self.bottom, other.bottom))


Outline = Literal["thin", "double", "thick"]


@dataclass(frozen=True)
class Box:
    """A drawn thing of known size.

    Attributes:
        kind: ``"node"`` (edges keep clear of it) or ``"panel"`` (legend, table).
        picture: the kind of small picture in it, for the legend.
        outline: by which it was drawn, for the legend.
        laws: (metric, law) of what it stands for.
        label: what the spec calls it, where it does.
        place: of which of several networks it is.
    """

    name: str
    width: float
    height: float
    parts: tuple[BoxPart, ...] = ()
    x: float = 0.0
    y: float = 0.0
    tooltip: str = ""
    kind: Literal["node", "panel"] = "node"
    picture: Literal["", "field", "connections"] = ""
    outline: Outline = "thin"
    laws: tuple[tuple[str, Expr], ...] = ()
    place: int = 0
    label: str = ""

    @cached_property
    def extent(self) -> Extent:
        return Extent(self.x, self.y, self.x + self.width, self.y + self.height)

    @property
    def center(self) -> Point:
        return self.x + self.width / 2, self.y + self.height / 2

    def at(self, x: float, y: float) -> Box:
        return replace(self, x=x, y=y)

    def moved(self, dx: float, dy: float) -> Box:
        return replace(self, x=self.x + dx, y=self.y + dy)

    def texts(self) -> tuple[Text, ...]:
        """The texts in the coordinates of the diagram."""
        return self._texts

    @cached_property
    def _texts(self) -> tuple[Text, ...]:
        return tuple(part.moved(self.x, self.y) for part in self.parts if isinstance(part, Text))


@dataclass(frozen=True)
class Edge:
    """A connection; ``path`` is empty until a layout has routed it."""

    source: str
    target: str
    path: Path | None = None
    label: tuple[Text, ...] = ()
    style: Literal["solid", "dashed"] = "solid"
    constraint: bool = True

    def moved(self, dx: float, dy: float) -> Edge:
        path = None if self.path is None else self.path.moved(dx, dy)
        return replace(self, path=path, label=tuple(text.moved(dx, dy) for text in self.label))


@dataclass(frozen=True)
class Cluster:
    """A frame around boxes; ``copies`` outlines behind it say that it is repeated.

    ``frames`` are outlines and frame as a theme changed them, from the back; without them those of a white page.
    """

    name: str
    extent: Extent
    parts: tuple[BoxPart, ...] = ()
    copies: int = 0
    tooltip: str = ""
    frames: tuple[Rect, ...] = ()

    @cached_property
    def outline(self) -> Extent:
        """The frame with the outlines behind it, which look out above and on the right."""
        shift = self.copies * COPY_OFFSET
        return replace(self.extent, top=self.extent.top - shift, right=self.extent.right + shift)

    def moved(self, dx: float, dy: float) -> Cluster:
        e = self.extent
        extent = Extent(e.left + dx, e.top + dy, e.right + dx, e.bottom + dy)
        parts, frames = (tuple(one.moved(dx, dy) for one in each) for each in (self.parts, self.frames))
        return replace(self, extent=extent, parts=parts, frames=frames)


@dataclass(frozen=True)
class Diagram:
    """Boxes, edges between them, frames behind them, and loose marks (labels of inputs, junctions, axes).

    ``undrawn`` is what it leaves out, in words for the legend; ``under`` lies on the bare page; ``view`` is what is
    drawn where the view that was asked for has no room.
    """

    boxes: tuple[Box, ...] = ()
    edges: tuple[Edge, ...] = ()
    clusters: tuple[Cluster, ...] = ()
    marks: tuple[BoxPart, ...] = ()
    width: float = 0.0
    height: float = 0.0
    title: str = ""
    description: str = ""
    notes: tuple[str, ...] = ()
    background: str = "none"
    undrawn: tuple[str, ...] = ()
    under: tuple[BoxPart, ...] = ()
    view: str = ""

    def moved(self, dx: float, dy: float) -> Diagram:
        return replace(
            self,
            boxes=tuple(box.moved(dx, dy) for box in self.boxes),
            edges=tuple(edge.moved(dx, dy) for edge in self.edges),
            clusters=tuple(cluster.moved(dx, dy) for cluster in self.clusters),
            marks=tuple(mark.moved(dx, dy) for mark in self.marks),
        )

    def plus(self, other: Diagram) -> Diagram:
        """Both drawings on one sheet."""
        return replace(
            self,
            boxes=self.boxes + other.boxes,
            edges=self.edges + other.edges,
            clusters=self.clusters + other.clusters,
            marks=self.marks + other.marks,
            width=max(self.width, other.width),
            height=max(self.height, other.height),
            notes=self.notes + other.notes,
        )

    def texts(self) -> tuple[Text, ...]:
        """Every text, in the coordinates of the diagram."""
        return self._texts

    @cached_property
    def _texts(self) -> tuple[Text, ...]:
        return tuple(self._every_text())

    def _every_text(self) -> Iterator[Text]:
        for box in self.boxes:
            yield from box.texts()
        for edge in self.edges:
            yield from edge.label
        for cluster in self.clusters:
            yield from (part for part in cluster.parts if isinstance(part, Text))
        yield from (mark for mark in self.marks if isinstance(mark, Text))

    @cached_property
    def extent(self) -> Extent:
        """The rectangle of all that is drawn."""
        return united(self._extents())

    def _extents(self) -> Iterator[Extent]:
        yield from (box.extent for box in self.boxes)
        yield from (edge.path.extent for edge in self.edges if edge.path is not None)
        yield from (cluster.outline for cluster in self.clusters)
        yield from (mark.extent for mark in self.marks)
        yield from (text.extent for text in self.texts())


def united(extents: Iterable[Extent]) -> Extent:
    """The smallest rectangle around all.

    >>> united([Extent(0, 0, 1, 1), Extent(2, -1, 3, 0)])
    Extent(left=0, top=-1, right=3, bottom=1)
    """
    iterator = iter(extents)
    total = next(iterator, Extent(0.0, 0.0, 0.0, 0.0))
    for extent in iterator:
        total = total.united(extent)
    return total
