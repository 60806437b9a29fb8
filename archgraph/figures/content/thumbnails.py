"""Small pictures of locality: the field as a square in the input, or which positions a box connects."""

from dataclasses import replace

from archgraph.fields.report.extent import ReadExtent
from archgraph.figures.drawing.diagram import BoxPart, Live, Path, Rect, Shows
from archgraph.figures.drawing.style import FRAME, GRID, HAIR, ramp

_LEAST = 1.3
_CELLS = 6


def field_square(
    reach: ReadExtent, x: float, y: float, side: float, color: str = "", field: Live | None = None
) -> list[BoxPart]:
    """The input as a frame and the largest field in it; the smallest one dashed, statistics hatched."""
    shares = reach.shares[-2:]
    color = color or ramp(reach.share)
    parts: list[BoxPart] = [Rect(x, y, side, side, "#ffffff", "#8a8a8a", HAIR)]
    if reach.everything:
        return [*parts, *_grid(x, y, side, side, color)]
    if reach.causal:
        return [*parts, _triangle(x, y, side, color)]
    if reach.statistics:
        parts += _hatching(x, y, side)
    largest = _centered(x, y, side, [high for _, high in shares])
    parts.append(Rect(*largest, color, FRAME, HAIR, live=_follows(field, "high", side)))
    if shares[0][0] < shares[0][1]:
        smallest = _centered(x, y, side, [low for low, _ in shares])
        if largest[2] - smallest[2] > 2.4 and smallest[2] > 2:
            light = "#ffffff" if reach.share > 0.12 else FRAME
            parts.append(Rect(*smallest, "none", light, HAIR, dash=(1.2, 0.9), live=_follows(field, "low", side)))
    return parts


def _follows(field: Live | None, shows: Shows, side: float) -> Live | None:
    return None if field is None else replace(field, shows=shows, full=side)


def _centered(x: float, y: float, side: float, shares: list[float]) -> tuple[float, float, float, float]:
    """Height and width of the field; on one axis it is a strip."""
    height, width = shares if len(shares) == 2 else (0.3, shares[0])
    w, h = max(_LEAST, width * side), max(_LEAST, height * side)
    return x + (side - w) / 2, y + (side - h) / 2, w, h


def _grid(x: float, y: float, width: float, height: float, color: str) -> list[BoxPart]:
    parts: list[BoxPart] = [Rect(x, y, width, height, color, FRAME, HAIR)]
    for cell in range(1, _CELLS):
        along, down = x + width * cell / _CELLS, y + height * cell / _CELLS
        parts.append(Path(((along, y), (along, y + height)), "#ffffff", HAIR))
        parts.append(Path(((x, down), (x + width, down)), "#ffffff", HAIR))
    return parts


def _hatching(x: float, y: float, side: float) -> list[BoxPart]:
    lines: list[BoxPart] = []
    step = 3.2
    count = int(2 * side / step)
    for index in range(1, count + 1):
        offset = index * step
        start = (x + max(0.0, offset - side), y + min(offset, side))
        end = (x + min(offset, side), y + max(0.0, offset - side))
        lines.append(Path((start, end), GRID, HAIR))
    return lines


def _triangle(x: float, y: float, side: float, color: str) -> Path:
    """Each output reads what is before it: the lower triangle of the matrix."""
    return Path(((x, y), (x + side, y + side), (x, y + side)), FRAME, HAIR, closed=True, fill=color)


def connectivity(reach: ReadExtent, x: float, y: float, side: float, color: str = "") -> list[BoxPart]:
    """Rows are output positions, columns input positions: a diagonal, a band, or the full square."""
    if reach.everything:
        return [Rect(x, y, side, side, "#ffffff", GRID, HAIR), *_grid(x, y, side, side, color or ramp(1.0))]
    parts: list[BoxPart] = [Rect(x, y, side, side, "#ffffff", "#8a8a8a", HAIR)]
    if reach.causal:
        return [*parts, _triangle(x, y, side, color or ramp(1.0))]
    cells = 8
    cell = side / cells
    half = min(cells, max(0, round(reach.share * cells))) if reach.sizes[1] > 1 else 0
    half = max(1, half) if reach.sizes[1] > 1 else 0
    for row in range(cells):
        first, last = max(0, row - half), min(cells - 1, row if reach.behind else row + half)
        shade = color or ramp(reach.share if half else 0.0)
        stroke = "none" if half else FRAME
        width = (last - first + 1) * cell
        parts.append(Rect(x + first * cell, y + row * cell, width, cell, shade, stroke, HAIR))
    parts.append(Rect(x, y, side, side, "none", "#8a8a8a", HAIR))
    return parts
