"""What can be wrong with a finished drawing: overlapping texts, texts outside their box, edges through boxes."""

import itertools
from collections.abc import Iterator, Sequence
from math import fsum
from typing import NamedTuple

from archgraph.figures.drawing.diagram import Diagram, Edge, Extent, Path, Point, Rect, Text
from archgraph.figures.drawing.style import SMALLEST_TEXT, THINNEST_LINE

# Points: neighbours may touch, and the widths of letters are rounded.
_SLACK = 0.6
_SCRIPT_SHARE = 0.7


def faults(diagram: Diagram) -> list[str]:
    """Everything that must not be in a figure, in words; an empty list is a good figure.

    >>> from archgraph.figures.drawing.diagram import Box
    >>> faults(Diagram(boxes=(Box("a", 10, 10, x=95),), width=100, height=20))
    ["box 'a' leaves the page"]
    """
    return list(_faults(diagram))


def is_faulty(diagram: Diagram) -> bool:
    """Whether there is a fault: the first one is enough, where a layout is only tried.

    >>> from archgraph.figures.drawing.diagram import Box
    >>> is_faulty(Diagram(boxes=(Box("a", 10, 10, x=95),), width=100, height=20))
    True
    """
    return any(True for _ in _faults(diagram))


def _faults(diagram: Diagram) -> Iterator[str]:
    checks = (
        _outside,
        _overlapping_texts,
        _leaving_texts,
        _overlapping_boxes,
        _on_outlines,
        _crossing_edges,
        _struck_texts,
        _thin,
    )
    return (fault for check in checks for fault in check(diagram))


def _outside(diagram: Diagram) -> Iterator[str]:
    page = Extent(0, 0, diagram.width, diagram.height)
    for box in diagram.boxes:
        if not page.contains(box.extent, 0.51):
            yield f"box {box.name!r} leaves the page"
    for text in diagram.texts():
        if not page.contains(text.extent, 0.51):
            yield f"text {text.string!r} leaves the page"
    for edge in diagram.edges:
        if edge.path is not None and not all(page.contains(Extent(x, y, x, y), 0.51) for x, y in flattened(edge.path)):
            yield f"edge {edge.source!r} to {edge.target!r} leaves the page"


def _overlapping_texts(diagram: Diagram) -> Iterator[str]:
    # From top to bottom, so that a text is compared only until the next one begins below it.
    texts = sorted(diagram.texts(), key=lambda text: text.extent.top)
    for index, text in enumerate(texts):
        extent = _core(text)
        for other in texts[index + 1 :]:
            if other.extent.top > extent.bottom:
                break
            if extent.overlaps(_core(other), _SLACK):
                yield f"texts {text.string!r} and {other.string!r} overlap"


def _core(text: Text) -> Extent:
    """The extent without the last part of super- and subscripts, which may reach between lines."""
    size = text.size
    return Extent(text.x, text.y - 0.72 * size, text.x + text.width, text.y + 0.15 * size)


def _leaving_texts(diagram: Diagram) -> Iterator[str]:
    for box in diagram.boxes:
        for text in box.texts():
            if not box.extent.contains(text.extent, _SLACK):
                yield f"text {text.string!r} leaves the box {box.name!r}"
    for cluster in diagram.clusters:
        for part in cluster.parts:
            if isinstance(part, Text) and not cluster.extent.contains(part.extent, _SLACK):
                yield f"text {part.string!r} leaves the frame {cluster.name!r}"


def _overlapping_boxes(diagram: Diagram) -> Iterator[str]:
    boxes = diagram.boxes
    for index, box in enumerate(boxes):
        for other in boxes[index + 1 :]:
            if box.extent.overlaps(other.extent, _SLACK):
                yield f"boxes {box.name!r} and {other.name!r} overlap"
    for text in _loose_texts(diagram):
        for box in boxes:
            if text.extent.overlaps(box.extent, _SLACK):
                yield f"text {text.string!r} lies on the box {box.name!r}"


def _on_outlines(diagram: Diagram) -> Iterator[str]:
    for cluster in diagram.clusters:
        for text in diagram.texts():
            inside = cluster.extent.contains(text.extent, _SLACK)
            if text.extent.overlaps(cluster.outline, _SLACK) and not inside:
                yield f"text {text.string!r} lies on the outlines of {cluster.name!r}"


def _loose_texts(diagram: Diagram) -> Iterator[Text]:
    for edge in diagram.edges:
        yield from edge.label
    yield from (mark for mark in diagram.marks if isinstance(mark, Text))
    for cluster in diagram.clusters:
        yield from (part for part in cluster.parts if isinstance(part, Text))


def _crossing_edges(diagram: Diagram) -> Iterator[str]:
    # Touching its outline is how edges begin and end.
    inner = [(box, box.extent.grown(-1)) for box in diagram.boxes if box.kind == "node"]
    for course in _courses(diagram):
        for box, extent in inner:
            if course.strikes(extent):
                yield f"edge {course.edge.source!r} to {course.edge.target!r} crosses the box {box.name!r}"


def _struck_texts(diagram: Diagram) -> Iterator[str]:
    """A line through a text, unless the text brings its own background."""
    courses = _courses(diagram)
    for text in diagram.texts():
        # A backdrop is there to be crossed: the line is hidden behind the text, and not the other way round.
        if text.backdrop:
            continue
        extent = text.extent
        # An extent reaches to the highest and the lowest letter of the font; a line along its edge touches no ink.
        inner = Extent(extent.left, extent.top + 1.5, extent.right, extent.bottom - 1.5)
        for course in courses:
            if course.strikes(inner):
                yield f"edge {course.edge.source!r} to {course.edge.target!r} strikes the text {text.string!r}"


class _Course(NamedTuple):
    """An edge as straight pieces, and the rectangle around them."""

    edge: Edge
    around: Extent
    pieces: tuple[tuple[Point, Point], ...]

    def strikes(self, extent: Extent) -> bool:
        """Whether the line runs inside a rectangle."""
        return self.around.overlaps(extent) and any(_hits(a, b, extent) for a, b in self.pieces)


def run_inside(points: Sequence[Point], extent: Extent) -> bool:
    """Whether straight pieces run inside a rectangle.

    >>> run_inside([(0, 0), (10, 10)], Extent(4, 4, 6, 6)), run_inside([(0, 0), (10, 0)], Extent(4, 0, 6, 6))
    (True, False)
    """
    return any(_hits(a, b, extent) for a, b in itertools.pairwise(points))


def _courses(diagram: Diagram) -> list[_Course]:
    drawn = ((edge, edge.path) for edge in diagram.edges if edge.path is not None)
    return [_Course(edge, path.extent, tuple(itertools.pairwise(flattened(path)))) for edge, path in drawn]


def flattened(path: Path, steps: int = 8) -> tuple[Point, ...]:
    """The path as straight pieces."""
    if path.curve == "line":
        return path.points
    points = [path.points[0]]
    for index in range(0, len(path.points) - 3, 3):
        a, b, c, d = path.points[index : index + 4]
        points += [_bezier(a, b, c, d, step / steps) for step in range(1, steps + 1)]
    return tuple(points)


def _bezier(a: Point, b: Point, c: Point, d: Point, t: float) -> Point:
    u = 1 - t
    weights = (u**3, 3 * u * u * t, 3 * u * t * t, t**3)
    # `sum` of floats is compensated from Python 3.12 on: with `fsum` every version finds the same faults.
    return fsum(w * p[0] for w, p in zip(weights, (a, b, c, d), strict=True)), fsum(
        w * p[1] for w, p in zip(weights, (a, b, c, d), strict=True)
    )


def _hits(a: Point, b: Point, extent: Extent) -> bool:
    """Whether the segment meets the rectangle (Liang and Barsky 1984)."""
    dx, dy = b[0] - a[0], b[1] - a[1]
    low, high = 0.0, 1.0
    for delta, near, far in (
        (dx, extent.left - a[0], extent.right - a[0]),
        (dy, extent.top - a[1], extent.bottom - a[1]),
    ):
        if delta == 0:
            if near >= 0 or far <= 0:
                return False
            continue
        first, last = sorted((near / delta, far / delta))
        low, high = max(low, first), min(high, last)
    return low < high


def _thin(diagram: Diagram) -> Iterator[str]:
    for text in diagram.texts():
        if text.size < SMALLEST_TEXT - 0.001:
            yield f"text {text.string!r} is {text.size:g} pt"
        yield from _small_runs(text)
    for part in (part for box in diagram.boxes for part in box.parts):
        if isinstance(part, Rect | Path) and part.stroke != "none" and part.thickness < THINNEST_LINE:
            yield f"a line of {part.thickness:g} pt"


def _small_runs(text: Text) -> Iterator[str]:
    for run in text.runs:
        if run.size < SMALLEST_TEXT * _SCRIPT_SHARE - 0.001:
            yield f"run {run.text!r} is {run.size:g} pt"
