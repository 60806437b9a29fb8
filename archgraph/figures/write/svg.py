"""A finished diagram as SVG text that we write ourselves: no renderer decides where a letter goes."""

import hashlib
from collections.abc import Iterator
from html import escape
from math import hypot

from archgraph.errors import SPACES, printable
from archgraph.figures.drawing.decks import deck
from archgraph.figures.drawing.diagram import Box, BoxPart, Cluster, Diagram, Edge, Path, Point, Rect, Run, Text

_FACES = {
    "sans": ("s", 'font-family:Helvetica,Arial,"Liberation Sans",sans-serif;font-weight:400;font-style:normal'),
    "bold": ("b", 'font-family:Helvetica,Arial,"Liberation Sans",sans-serif;font-weight:700;font-style:normal'),
    "serif": ("r", 'font-family:"Times New Roman",Times,"Liberation Serif",serif;font-weight:400;font-style:normal'),
    "italic": ("i", 'font-family:"Times New Roman",Times,"Liberation Serif",serif;font-weight:400;font-style:italic'),
}
_HEAD, _HALF_HEAD = 5.2, 1.9


def to_svg(diagram: Diagram, *, marked: bool = False) -> str:
    """Write a diagram as a stand-alone SVG document of its true size.

    The same diagram always gives the same text. Ids and styles carry a prefix made from the content, so that
    two figures on one page leave each other alone. Where it is ``marked``, boxes and edges carry their numbers
    for a script.

    >>> to_svg(Diagram(width=10, height=10, title="a < b")).splitlines()[1]
    '<title id="ag-5bbaf596-title">a &lt; b</title>'
    """
    body = "\n".join(_body(diagram, marked=marked))
    seed = "\n".join((diagram.title, diagram.description, _n(diagram.width), _n(diagram.height), body))
    prefix = "ag-" + hashlib.sha256(seed.encode(errors="replace")).hexdigest()[:8]
    width, height = _n(diagram.width), _n(diagram.height)
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" id="{prefix}" width="{width}pt" height="{height}pt" '
        f'viewBox="0 0 {width} {height}" role="img" aria-labelledby="{prefix}-title {prefix}-desc">'
    )
    texts = (
        f'<title id="{prefix}-title">{_safe(diagram.title)}</title>',
        f'<desc id="{prefix}-desc">{_safe(diagram.description)}</desc>',
    )
    return "\n".join((head, *texts, _style(prefix), body, "</svg>")) + "\n"


def _style(prefix: str) -> str:
    rules = (f"#{prefix} .{letter}{{{css}}}" for letter, css in _FACES.values())
    return f"<style>{''.join(rules)}#{prefix} text{{white-space:pre;text-anchor:start}}</style>"


def _body(diagram: Diagram, *, marked: bool) -> Iterator[str]:
    numbers = {box.name: index for index, box in enumerate(diagram.boxes)} if marked else {}
    for cluster in diagram.clusters:
        yield from _cluster(cluster, f' data-frame="{_safe(cluster.name)}"' if marked else "")
    for edge in diagram.edges:
        pair = f"{numbers.get(edge.source, -1)} {numbers.get(edge.target, -1)}"
        drawn = list(_edge(edge))
        yield from (f'<g data-edge="{pair}">', *drawn, "</g>") if marked and drawn else drawn
    for box in diagram.boxes:
        yield from _box(box, f' data-box="{numbers[box.name]}"' if marked else "")
    for part in diagram.marks:
        yield from _part(part)
    for edge in diagram.edges:
        for text in edge.label:
            yield from _part(text)


def _cluster(cluster: Cluster, mark: str = "") -> Iterator[str]:
    yield _group(cluster.tooltip, mark)
    for part in deck(cluster):
        yield from _part(part)
    yield "</g>"


def _edge(edge: Edge) -> Iterator[str]:
    if edge.path is not None:
        yield from _part(edge.path)


def _box(box: Box, mark: str = "") -> Iterator[str]:
    yield _group(box.tooltip, mark)
    for part in box.parts:
        yield from _part(part.moved(box.x, box.y))
    yield "</g>"


def _group(tooltip: str, mark: str = "") -> str:
    return f"<g{mark}><title>{_safe(tooltip)}</title>" if tooltip else f"<g{mark}>"


def _part(part: BoxPart) -> Iterator[str]:
    if isinstance(part, Text):
        yield from _text(part)
    elif isinstance(part, Rect):
        yield _rect(part)
    else:
        yield from _path(part)


def _rect(rect: Rect) -> str:
    corner = f' rx="{_n(rect.radius)}"' if rect.radius else ""
    return (
        f'<rect x="{_n(rect.x)}" y="{_n(rect.y)}" width="{_n(rect.width)}" height="{_n(rect.height)}"{corner} '
        f"{_paint(rect.fill, rect.stroke, rect.thickness, rect.dash)}/>"
    )


def _paint(fill: str, stroke: str, thickness: float, dash: tuple[float, ...]) -> str:
    out = f'fill="{_safe(fill)}"'
    if stroke != "none":
        out += f' stroke="{_safe(stroke)}" stroke-width="{_n(thickness)}"'
    if dash:
        out += f' stroke-dasharray="{" ".join(map(_n, dash))}"'
    return out


def _path(path: Path) -> Iterator[str]:
    points = path.points
    if len(points) < 2:
        return
    if path.arrow:
        points = (*points[:-1], _back(points[-2], points[-1], 0.75 * _HEAD))
    data = _spline(points) if path.curve == "spline" else _rounded(points, path.radius)
    closing = "Z" if path.closed else ""
    yield f'<path d="{data}{closing}" {_paint(path.fill, path.stroke, path.thickness, path.dash)}/>'
    if path.arrow:
        yield _arrowhead(path.points[-2], path.points[-1], path.stroke)


def _arrowhead(before: Point, tip: Point, color: str) -> str:
    base, notch = _back(before, tip, _HEAD), _back(before, tip, 0.75 * _HEAD)
    length = hypot(tip[0] - before[0], tip[1] - before[1]) or 1.0
    across = -(tip[1] - before[1]) / length * _HALF_HEAD, (tip[0] - before[0]) / length * _HALF_HEAD
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


def _text(text: Text) -> Iterator[str]:
    if not text.runs:
        return
    if text.backdrop:
        extent = text.extent
        yield (
            f'<rect x="{_n(extent.left - 2)}" y="{_n(extent.top)}" width="{_n(text.width + 4)}" '
            f'height="{_n(extent.bottom - extent.top)}" fill="{_safe(text.backdrop)}"/>'
        )
    first = text.runs[0]
    spans = "".join(_spans(text.runs))
    yield (
        f'<text x="{_n(text.x + first.gap)}" y="{_n(text.y)}" fill="{_safe(text.color)}" '
        f'textLength="{_n(text.width - first.gap)}" lengthAdjust="spacingAndGlyphs">{spans}</text>'
    )


def _spans(runs: tuple[Run, ...]) -> Iterator[str]:
    rise = 0.0
    for index, run in enumerate(runs):
        attributes = f'class="{_FACES[run.face][0]}" font-size="{_n(run.size)}"'
        if index and run.gap:
            attributes += f' dx="{_n(run.gap)}"'
        if run.rise != rise:
            attributes += f' dy="{_n(rise - run.rise)}"'
        rise = run.rise
        yield f"<tspan {attributes}>{_safe(run.text)}</tspan>"


def _safe(text: str) -> str:
    """Escape for XML text and attributes; what cannot be printed, or XML forbids, is spelt by its number."""
    return escape(printable(text, kept=f"\n{SPACES}"), quote=True)


def _n(value: float) -> str:
    """Two decimals at most, no trailing zeros, no negative zero."""
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text
