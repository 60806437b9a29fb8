"""Lines between streams of maps: from a map to one that reads it in the next row, or past what stands between."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from archgraph.figures.drawing.diagram import INK, Box, Edge, Path, Point
from archgraph.figures.drawing.style import LINE
from archgraph.figures.maps.fragment import HEAD

LINK_GAP, BEFORE, ABOVE = 24.0, 19.0, 4.0
"""Between rows with lines between them, in front of a map that they lead to, and above a row that one leads past."""
_OUT, _IN, _APART = 4.0, 7.0, 3.0


def exchange_lines(
    links: Sequence[tuple[str, str]], boxes: Mapping[str, Box], rows: Mapping[str, int], tops: Sequence[float]
) -> Iterator[Edge]:
    """Yield the lines of links between boxes in the same row or in neighbouring ones.

    Args:
        links: the names of both boxes.
        boxes: as they stand.
        rows: the row of each box.
        tops: where the rows begin.
    """
    for source, target in links:
        down = rows[target] - rows[source]
        if abs(down) > 1:
            continue
        points = _way(boxes[source], boxes[target], down, tops, rows[source])
        yield Edge(source, target, Path(points, INK, LINE, radius=2.0, arrow=True, head=HEAD))


def _way(one: Box, other: Box, down: int, tops: Sequence[float], row: int) -> tuple[Point, ...]:
    start, end = one.extent.right, other.extent.left
    y, to = one.center[1], other.center[1]
    # Past what stands between, above its channels; or through the gap between both rows, down on the upper line.
    gap = tops[row] - ABOVE + 1.0
    if down:
        gap = tops[max(row, row + down)] - LINK_GAP / 2 - down * _APART
    out = start + _OUT
    return ((start, y), (out, y), (out, gap), (end - _IN, gap), (end - _IN, to), (end, to))
