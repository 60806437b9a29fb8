"""The lines between the rows of a U of maps, and where a row begins so that they are straight."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from archgraph.figures.drawing.diagram import INK, Box, Edge, Path, Text
from archgraph.figures.drawing.style import LINE
from archgraph.figures.maps.fragment import HEAD, Fragment

_LEAD, _PAD = 5.0, 5.0


@dataclass(frozen=True)
class RowStretch:
    """A stretch of a U: its row, its fragment, and where it begins."""

    row: int
    piece: Fragment
    x: float


def below_the_last(before: RowStretch, piece: Fragment, *, down: bool) -> float:
    """Where a stretch begins so that the line to it from the one before is straight."""
    last = _width_of(before.piece, before.piece.last)
    leaving = before.x + (before.piece.right - last / 2 if before.piece.joined is None else before.piece.joined)
    if piece.fork is not None:
        return leaving - (piece.fork - _LEAD)
    if before.piece.joined is not None:
        return leaving - piece.left - _width_of(piece, piece.first) / 2
    # Left edges in a row, as long as maps become wider downwards and narrower upwards.
    return leaving - last / 2 - piece.left + (0.0 if down else 2.0)


def _width_of(piece: Fragment, name: str) -> float:
    return next((box.width for box in piece.drawn.boxes if box.name == name), 0.0)


def ways(
    stretches: Sequence[RowStretch], boxes: dict[str, Box], texts: Sequence[Text], axes: Sequence[float]
) -> Iterator[Edge]:
    """Down to the first map of the row below, or up to the first of the row above."""
    for before, after in pairwise(stretches):
        down = after.row > before.row
        one, other = boxes[before.piece.last], boxes[after.piece.first if down else after.piece.low]
        if before.piece.joined is None and after.piece.fork is None:
            lone = not down and before.piece.first == before.piece.last
            path = (_around(one, other) if lone else None) or _straight(one, other, texts, down=down)
        else:
            path = _along_axes(one, other, before, after, axes, texts)
        yield Edge(one.name, other.name, path)


def _along_axes(
    one: Box, other: Box, before: RowStretch, after: RowStretch, axes: Sequence[float], texts: Sequence[Text]
) -> Path:
    """From behind what joins in one row to before what forks in the next."""
    down, start, end = after.row > before.row, axes[before.row], axes[after.row]
    points = [(one.center[0], _under(one.center[0], one.extent.bottom, texts) if down else one.y)]
    if before.piece.joined is not None:
        x = before.x + before.piece.joined
        # On the way up the line keeps clear of the one that joins from above.
        points = [(x, start)] if down else [(x, start), (x + _LEAD, start)]
    x, arrow = points[-1][0], True
    if after.piece.fork is None:
        to, last = other.center[0], [(other.center[0], other.y if down else other.extent.bottom)]
    else:
        to, arrow = after.x + after.piece.fork - _LEAD, after.piece.opens
        last = [(to, end), (after.x + after.piece.left, end)]
    if abs(to - x) > 0.5:
        edge = end + after.piece.top if down else end + after.piece.bottom
        points += [(x, edge - _PAD if down else edge + _PAD), (to, edge - _PAD if down else edge + _PAD)]
    return Path((*points, *last), INK, LINE + 0.15, radius=3.0, arrow=arrow, head=HEAD)


def _around(one: Box, other: Box) -> Path | None:
    """From the right side of the only map of a row, where another line comes in above, around a corner and up."""
    (_, y), (x, _) = one.center, other.center
    points = ((one.extent.right, y), (x, y), (x, other.extent.bottom))
    return Path(points, INK, LINE + 0.15, radius=3.0, arrow=True) if x > one.extent.right + _PAD else None


def _straight(one: Box, other: Box, texts: Sequence[Text], *, down: bool) -> Path:
    """From box to box, straight where one stands above the other."""
    start, end = (one.extent.bottom, other.y) if down else (one.y, other.extent.bottom)
    left, right = max(one.x, other.x), min(one.extent.right, other.extent.right)
    if left <= right:
        x = (left + right) / 2
        start, end = (_under(x, start, texts), end) if down else (start, _under(x, end, texts))
        return Path(((x, start), (x, end)), INK, LINE + 0.15, arrow=True)
    first, last = one.center[0], other.center[0]
    start, end = (_under(first, start, texts), end) if down else (start, _under(last, end, texts))
    middle = (start + end) / 2
    points = ((first, start), (first, middle), (last, middle), (last, end))
    return Path(points, INK, LINE + 0.15, radius=3.0, arrow=True)


def _under(x: float, y: float, texts: Sequence[Text]) -> float:
    """Where a line can begin or end below what is written under a box."""
    for text in sorted(texts, key=lambda text: text.extent.top):
        e = text.extent
        if e.left - 1 <= x <= e.right + 1 and y - 1 <= e.top <= y + 6:
            y = e.bottom + 0.5
    return y
