"""What lies under a drawing without a page: room in the page's colour around what would drown in a page of another one.

On a page of its own colour it is not to be seen. On the other kind of page, letters stand on labels and lines have a
rim, so that one file can be read on both.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from math import hypot

from archgraph.figures.drawing.diagram import Box, BoxPart, Diagram, Extent, Path, Point, Rect, Text
from archgraph.figures.drawing.style import luminance

_MARGIN, _RIM, _CORNER = 1.6, 1.3, 2.0
_LEAST = 2.0
"""The contrast from which a colour has been chosen for the page, and needs its colour around it."""


def rims(diagram: Diagram, page: str) -> tuple[BoxPart, ...]:
    """What lies under all that is drawn on nothing: boxes and frames that are filled need none.

    >>> from archgraph.figures.drawing.diagram import Run
    >>> lone = Diagram(marks=(Text((Run("x"),), 5, 10),))
    >>> [rect.fill for rect in rims(lone, "#ffffff")], [rect.fill for rect in rims(lone, "#0f1114")]
    (['#ffffff'], [])
    """
    plates = (_plate(box, page) for box in diagram.boxes if _is_panel(box))
    return (*plates, *(under for part in _bare(diagram) for under in _under(part, page)))


def _bare(diagram: Diagram) -> Iterator[BoxPart]:
    """All that may stand on the page itself; what a filled frame covers is none the worse for it."""
    for box in diagram.boxes:
        yield from () if _is_panel(box) or _is_covered(box) else _placed(box)
    for edge in diagram.edges:
        yield from () if edge.path is None else (edge.path,)
        yield from edge.label
    yield from diagram.marks


def _is_panel(box: Box) -> bool:
    return box.kind == "panel" and bool(box.parts)


def _plate(box: Box, page: str) -> Rect:
    """A legend or a chart has a page of its own."""
    return _filled(Diagram(marks=tuple(_placed(box))).extent.grown(_MARGIN), page, _CORNER)


def _is_covered(box: Box) -> bool:
    """Whether its frame is filled."""
    filled = (part for part in box.parts if not isinstance(part, Text) and part.fill != "none")
    return any(part.extent.grown(_CORNER).contains(Extent(0, 0, box.width, box.height)) for part in filled)


def _placed(box: Box) -> Iterator[BoxPart]:
    return (part.moved(box.x, box.y) for part in box.parts)


def _under(part: BoxPart, page: str) -> Iterator[BoxPart]:
    if isinstance(part, Text):
        if part.runs and _drowns(part.color, page):
            yield _label(part, page)
    elif isinstance(part, Rect):
        if _drowns(part.fill, page) or (part.thickness and _drowns(part.stroke, page)):
            yield _rim(part, page)
    elif len(part.points) > 1 and (_drowns(part.stroke, page) or _drowns(part.fill, page)):
        yield _ribbon(part, page)


def _drowns(color: str, page: str) -> bool:
    """Whether a colour stands out from the page, so that it does not from the opposite one."""
    if not color.startswith("#"):
        return False
    low, high = sorted((luminance(color), luminance(page)))
    return (high + 0.05) / (low + 0.05) > _LEAST


def _label(text: Text, page: str) -> Rect:
    return _filled(text.extent.grown(_MARGIN), page, _CORNER)


def _rim(rect: Rect, page: str) -> Rect:
    by = _RIM + (rect.thickness / 2 if rect.stroke != "none" else 0.0)
    return _filled(rect.extent.grown(by), page, rect.radius + by)


def _filled(extent: Extent, color: str, radius: float) -> Rect:
    width, height = extent.right - extent.left, extent.bottom - extent.top
    return Rect(extent.left, extent.top, width, height, color, "none", radius=radius)


def _ribbon(path: Path, page: str) -> Path:
    """A line that is as much wider as the rim; an arrow is longer too."""
    wide = (path.thickness if path.stroke != "none" else 0.0) + 2 * _RIM
    plain = replace(path, stroke=page, thickness=wide, dash=(), live=None)
    plain = replace(plain, fill=page if path.closed and path.fill != "none" else "none")
    if not path.arrow:
        return plain
    tip = _beyond(path.points[-2], path.points[-1], 1.4 * _RIM)
    return replace(plain, points=(*path.points[:-1], tip), head=path.head + 4 * _RIM)


def _beyond(before: Point, tip: Point, by: float) -> Point:
    length = hypot(tip[0] - before[0], tip[1] - before[1]) or 1.0
    return tip[0] + (tip[0] - before[0]) / length * by, tip[1] + (tip[1] - before[1]) / length * by
