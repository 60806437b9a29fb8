"""A finished diagram as SVG text that we write ourselves: no renderer decides where a letter goes."""

import hashlib
from collections.abc import Callable, Iterator
from math import hypot

from archgraph.figures.drawing.decks import deck
from archgraph.figures.drawing.diagram import Box, BoxPart, Cluster, Diagram, Live, Path, Point, Rect, Text
from archgraph.figures.write.letters import PREFIX, Letters
from archgraph.figures.write.letters import coordinate as _n
from archgraph.figures.write.letters import xml_text as _safe

AttributeOf = Callable[[Live], str]
_SLENDER = 1.9 / 5.2
"""Half the width of an arrowhead, of its length."""


def to_svg(diagram: Diagram, *, mark: AttributeOf | None = None, fonts: str = "embed") -> str:
    """Write a diagram as a stand-alone SVG document of its true size.

    The same diagram always gives the same text. Ids, styles and fonts carry a prefix made from the content, so that
    two figures on one page leave each other alone.

    Args:
        mark: for a script: boxes and edges carry their numbers, and what follows the sizes the attribute made by it.
        fonts: whether letters are embedded, are outlines, or are left to the fonts of the system (see `Look`).

    >>> to_svg(Diagram(width=10, height=10, title="a < b")).splitlines()[1]
    '<title id="ag-a497b96a-title">a &lt; b</title>'
    """
    letters = Letters(fonts, _marking(mark))
    body = "\n".join(_Body(letters, _marking(mark)).of(diagram, marked=mark is not None))
    width, height = _n(diagram.width), _n(diagram.height)
    names = ' xmlns:xlink="http://www.w3.org/1999/xlink"' if "xlink:" in body else ""
    whole = (
        f'<svg xmlns="http://www.w3.org/2000/svg"{names} id="{PREFIX}" width="{width}pt" height="{height}pt" '
        f'viewBox="0 0 {width} {height}" role="img" aria-labelledby="{PREFIX}-title {PREFIX}-desc">',
        f'<title id="{PREFIX}-title">{_safe(diagram.title)}</title>',
        f'<desc id="{PREFIX}-desc">{_safe(diagram.description)}</desc>',
        *letters.head(),
        body,
        "</svg>\n",
    )
    text = "\n".join(whole)
    return text.replace(PREFIX, "ag-" + hashlib.sha256(text.encode(errors="replace")).hexdigest()[:8])


def _marking(mark: AttributeOf | None) -> Callable[[Live | None], str]:
    return lambda live: "" if mark is None or live is None else mark(live)


class _Body:
    """Writes what is drawn."""

    def __init__(self, letters: Letters, mark: Callable[[Live | None], str]) -> None:
        self._letters = letters
        self._mark = mark

    def of(self, diagram: Diagram, *, marked: bool) -> Iterator[str]:
        if diagram.background != "none":
            yield self._rect(Rect(0, 0, diagram.width, diagram.height, diagram.background, "none"))
        for part in diagram.under:
            yield from self._part(part)
        numbers = {box.name: index for index, box in enumerate(diagram.boxes)} if marked else {}
        for cluster in diagram.clusters:
            yield from self._cluster(cluster, f' data-frame="{_safe(cluster.name)}"' if marked else "")
        for edge in diagram.edges:
            pair = f"{numbers.get(edge.source, -1)} {numbers.get(edge.target, -1)}"
            drawn = list(self._path(edge.path)) if edge.path is not None else []
            yield from (f'<g data-edge="{pair}">', *drawn, "</g>") if marked and drawn else drawn
        for box in diagram.boxes:
            yield from self._box(box, f' data-box="{numbers[box.name]}"' if marked else "")
        for part in diagram.marks:
            yield from self._part(part)
        for edge in diagram.edges:
            for text in edge.label:
                yield from self._part(text)

    def _cluster(self, cluster: Cluster, mark: str) -> Iterator[str]:
        yield _group(cluster.tooltip, mark)
        for part in deck(cluster):
            yield from self._part(part)
        yield "</g>"

    def _box(self, box: Box, mark: str) -> Iterator[str]:
        yield _group(box.tooltip, mark)
        for part in box.parts:
            yield from self._part(part.moved(box.x, box.y))
        yield "</g>"

    def _part(self, part: BoxPart) -> Iterator[str]:
        if isinstance(part, Text):
            if part.backdrop:
                yield self._rect(part.behind)
            yield from self._letters.written(part)
        elif isinstance(part, Rect):
            yield self._rect(part)
        else:
            yield from self._path(part)

    def _rect(self, rect: Rect) -> str:
        corner = f' rx="{_n(rect.radius)}"' if rect.radius else ""
        return (
            f'<rect x="{_n(rect.x)}" y="{_n(rect.y)}" width="{_n(rect.width)}" height="{_n(rect.height)}"{corner} '
            f"{_paint(rect.fill, rect.stroke, rect.thickness, rect.dash)}{self._mark(rect.live)}/>"
        )

    def _path(self, path: Path) -> Iterator[str]:
        points = path.points
        if len(points) < 2:
            return
        if path.arrow:
            points = (*points[:-1], _back(points[-2], points[-1], 0.75 * path.head))
        data = _spline(points) if path.curve == "spline" else _rounded(points, path.radius)
        paint = _paint(path.fill, path.stroke, path.thickness, path.dash)
        yield f'<path d="{data}{"Z" if path.closed else ""}" {paint}{self._mark(path.live)}/>'
        if path.arrow:
            yield _arrowhead(path.points[-2], path.points[-1], path.stroke, path.head)


def _group(tooltip: str, mark: str = "") -> str:
    return f"<g{mark}><title>{_safe(tooltip)}</title>" if tooltip else f"<g{mark}>"


def _paint(fill: str, stroke: str, thickness: float, dash: tuple[float, ...]) -> str:
    out = f'fill="{_safe(fill)}"'
    if stroke != "none":
        out += f' stroke="{_safe(stroke)}" stroke-width="{_n(thickness)}"'
    if dash:
        out += f' stroke-dasharray="{" ".join(map(_n, dash))}"'
    return out


def _arrowhead(before: Point, tip: Point, color: str, head: float) -> str:
    base, notch = _back(before, tip, head), _back(before, tip, 0.75 * head)
    length, half = hypot(tip[0] - before[0], tip[1] - before[1]) or 1.0, _SLENDER * head
    across = -(tip[1] - before[1]) / length * half, (tip[0] - before[0]) / length * half
    corners = (tip, (base[0] + across[0], base[1] + across[1]), notch, (base[0] - across[0], base[1] - across[1]))
    data = "M" + "L".join(f"{_n(x)} {_n(y)}" for x, y in corners) + "Z"
    return f'<path d="{data}" fill="{color}"/>'


def _back(before: Point, tip: Point, distance: float) -> Point:
    """The point that lies ``distance`` before the tip."""
    dx, dy = tip[0] - before[0], tip[1] - before[1]
    length = hypot(dx, dy) or 1.0
    return tip[0] - dx / length * distance, tip[1] - dy / length * distance


def _spline(points: tuple[Point, ...]) -> str:
    start, *rest = (f"{_n(x)} {_n(y)}" for x, y in points)
    return f"M{start}C{' '.join(rest)}"


def _rounded(points: tuple[Point, ...], radius: float) -> str:
    data = f"M{_n(points[0][0])} {_n(points[0][1])}"
    for before, corner, after in zip(points, points[1:], points[2:], strict=False):
        reach = min(radius, _distance(before, corner) / 2, _distance(corner, after) / 2)
        if reach > 0.05:
            start, end = _back(before, corner, reach), _back(after, corner, reach)
            data += f"L{_n(start[0])} {_n(start[1])}Q{_n(corner[0])} {_n(corner[1])} {_n(end[0])} {_n(end[1])}"
        else:
            data += f"L{_n(corner[0])} {_n(corner[1])}"
    return data + f"L{_n(points[-1][0])} {_n(points[-1][1])}"


def _distance(first: Point, second: Point) -> float:
    return hypot(second[0] - first[0], second[1] - first[1])
