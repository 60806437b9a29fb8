"""Where two lines cross and do not meet, one goes over the other in a small arc, as in drawings of circuits."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise
from math import hypot

from archgraph.figures.drawing.diagram import Diagram, Edge, Extent, Path, Point
from archgraph.figures.drawing.geometry import flattened, run_inside

_HALF, _RISE, _ROUND = 3.0, 3.8, 2.4
# From a crossing to the ends of both lines: nearer, one line begins, ends or turns at the other.
_CLEAR = 4.5
_STRAIGHT = 0.98


def bridged(diagram: Diagram) -> Diagram:
    """The same drawing, in which the flatter of two lines that cross has an arc.

    Lines that end at each other meet there and do not cross. Where an arc has no room, or would run through a box,
    both lines stay as they are.

    >>> across, down = Path(((0, 10), (20, 10))), Path(((10, 0), (10, 20)))
    >>> drawn = bridged(Diagram(edges=(Edge("a", "b", down), Edge("c", "d", across))))
    >>> [len(edge.path.points) for edge in drawn.edges if edge.path]
    [2, 6]
    """
    lines = [_Line(flattened(edge.path)) if edge.path is not None else None for edge in diagram.edges]
    over: dict[int, list[float]] = {}
    for one, other in _close([piece for index, line in enumerate(lines) if line for piece in line.pieces(index)]):
        found = _crossing(one, other)
        first, second = lines[one.edge], lines[other.edge]
        if found is None or first is None or second is None:
            continue
        places = first.place(one, found), second.place(other, found)
        if first.clear(places[0]) and second.clear(places[1]):
            flatter = 0 if one.flatness >= other.flatness else 1
            over.setdefault((one, other)[flatter].edge, []).append(places[flatter])
    edges, boxes = list(diagram.edges), [box.extent for box in diagram.boxes if box.kind == "node"]
    for index, places in over.items():
        line = lines[index]
        assert line is not None
        edges[index] = _with_arcs(edges[index], line, sorted(places), boxes)
    return replace(diagram, edges=tuple(edges))


@dataclass(frozen=True)
class _Piece:
    """A straight piece of a line."""

    edge: int
    start: Point
    end: Point
    index: int

    @property
    def flatness(self) -> float:
        dx, dy = self.end[0] - self.start[0], self.end[1] - self.start[1]
        return abs(dx) / (hypot(dx, dy) or 1.0)


class _Line:
    """A line of straight pieces, whose places are told by the length of the way to them."""

    def __init__(self, points: Sequence[Point]) -> None:
        self.points = points
        self.ways = list(accumulate((_distance(a, b) for a, b in pairwise(points)), initial=0.0))

    def pieces(self, edge: int) -> Iterator[_Piece]:
        return (_Piece(edge, a, b, index) for index, (a, b) in enumerate(pairwise(self.points)) if a != b)

    def place(self, piece: _Piece, at: Point) -> float:
        return self.ways[piece.index] + _distance(piece.start, at)

    def clear(self, place: float) -> bool:
        return _CLEAR <= place <= self.ways[-1] - _CLEAR

    def at(self, place: float) -> Point:
        index = min(bisect_right(self.ways, place), len(self.points) - 1)
        (x, y), (to_x, to_y) = self.points[index - 1], self.points[index]
        share = (place - self.ways[index - 1]) / ((self.ways[index] - self.ways[index - 1]) or 1.0)
        return x + share * (to_x - x), y + share * (to_y - y)


def _close(pieces: list[_Piece]) -> Iterator[tuple[_Piece, _Piece]]:
    """Pieces of two lines whose rectangles meet, by a sweep from left to right."""
    waiting: list[_Piece] = []
    for piece in sorted(pieces, key=lambda one: (min(one.start[0], one.end[0]), one.edge, one.index)):
        left = min(piece.start[0], piece.end[0])
        low, high = sorted((piece.start[1], piece.end[1]))
        waiting = [one for one in waiting if max(one.start[0], one.end[0]) >= left]
        for one in waiting:
            beside = max(one.start[1], one.end[1]) < low or min(one.start[1], one.end[1]) > high
            if one.edge != piece.edge and not beside:
                yield one, piece
        waiting.append(piece)


def _crossing(one: _Piece, other: _Piece) -> Point | None:
    """Where two pieces cross; parallel ones never do."""
    (ax, ay), (bx, by) = one.start, one.end
    (cx, cy), (dx, dy) = other.start, other.end
    across = (bx - ax) * (dy - cy) - (by - ay) * (dx - cx)
    if abs(across) < 1e-9:
        return None
    first = ((cx - ax) * (dy - cy) - (cy - ay) * (dx - cx)) / across
    second = ((cx - ax) * (by - ay) - (cy - ay) * (bx - ax)) / across
    if not (0 <= first < 1 and 0 <= second < 1):
        return None
    return ax + first * (bx - ax), ay + first * (by - ay)


def _with_arcs(edge: Edge, line: _Line, places: Sequence[float], boxes: Sequence[Extent]) -> Edge:
    """The edge with an arc over each place, or one over several that are close to each other."""
    assert edge.path is not None
    arcs: list[tuple[float, float]] = []
    for place in places:
        start, end = place - _HALF, place + _HALF
        if arcs and start <= arcs[-1][1] + 1.0:
            start = arcs.pop()[0]
        arcs.append((start, end))
    room = [arc for arc in arcs if arc[0] > 0 and arc[1] < line.ways[-1] and _is_straight(line, *arc)]
    room = [arc for arc in room if not _strikes(_arc(*map(line.at, arc)), boxes)]
    if not room:
        return edge
    points, done = [line.points[0]], 0.0
    for start, end in room:
        points += [*_between(line, done, start), *_arc(line.at(start), line.at(end))]
        done = end
    points += [*_between(line, done, line.ways[-1]), line.points[-1]]
    return replace(edge, path=_smooth(edge.path, tuple(points)))


def _strikes(arc: Sequence[Point], boxes: Sequence[Extent]) -> bool:
    across, down = zip(*arc, strict=True)
    around = Extent(min(across), min(down), max(across), max(down))
    return any(around.overlaps(extent) and run_inside(arc, extent) for extent in boxes)


def _is_straight(line: _Line, start: float, end: float) -> bool:
    return _distance(line.at(start), line.at(end)) >= _STRAIGHT * (end - start)


def _between(line: _Line, start: float, end: float) -> list[Point]:
    return [point for point, way in zip(line.points, line.ways, strict=True) if start < way < end]


def _arc(start: Point, end: Point) -> tuple[Point, ...]:
    """Up from a flat line, and to the right of a steep one."""
    length = _distance(start, end)
    across = (end[1] - start[1]) / length * _RISE, (start[0] - end[0]) / length * _RISE
    if (across[1], -across[0]) > (0, 0):
        across = -across[0], -across[1]
    return start, (start[0] + across[0], start[1] + across[1]), (end[0] + across[0], end[1] + across[1]), end


def _smooth(path: Path, points: tuple[Point, ...]) -> Path:
    """A curve becomes a line of short pieces, whose corners are rounded from middle to middle."""
    radius = max(path.radius, _ROUND) if path.curve == "line" else 1e3
    return replace(path, points=points, radius=radius, curve="line")


def _distance(first: Point, second: Point) -> float:
    return hypot(second[0] - first[0], second[1] - first[1])
