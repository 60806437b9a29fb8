"""A long drawing in columns: cut where a single line goes on, which then runs to the top of the next column."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from archgraph.figures.drawing.diagram import Diagram, Edge, Extent, Path
from archgraph.figures.drawing.geometry import flattened

_GAP, _TURN, _RADIUS = 26.0, 12.0, 5.0
_TRIES, _HIGHER, _LOWEST = 24, 1.15, 12.0


@dataclass(frozen=True)
class _Cut:
    """A height at which nothing but one edge is."""

    y: float
    edge: Edge


def in_columns(drawn: Diagram, width: float, height: float) -> Diagram | None:
    """The drawing in as few columns as the height allows, of about the same height.

    On a page that is too narrow for these they are higher, and where it has no room for two, there is nothing.

    >>> from archgraph.figures.drawing.diagram import Box, Edge, Path
    >>> a, b = Box("a", 20, 10), Box("b", 20, 10, y=40)
    >>> tall = Diagram((a, b), (Edge("a", "b", Path(((10, 10), (10, 40)), arrow=True)),), width=20, height=50)
    >>> folded = in_columns(tall, 100, 40)
    >>> [(box.x, box.y) for box in folded.boxes]
    [(0.0, 12.0), (46.0, 12.0)]
    """
    cuts = list(_cuts(drawn))
    room = max(_LOWEST, height - 2 * _TURN)
    while room < drawn.height:
        fewest = _filled(cuts, drawn.height, room)
        if fewest:
            folded = _folded(drawn, _even(cuts, drawn.height, room, fewest))
            if folded.width <= width + 0.5:
                return folded
        room *= _HIGHER
    return None


def _cuts(drawn: Diagram) -> Iterator[_Cut]:
    """In the middle of every gap between things, from top to bottom, where one edge leads from a box to a box."""
    things = [*_things(drawn)]
    spans = [(edge, edge.path.extent) for edge in drawn.edges if edge.path is not None]
    boxes = {box.name for box in drawn.boxes}
    bottom = float("-inf")
    for extent in sorted(things, key=lambda one: one.top):
        if bottom < extent.top - 4:
            y = (bottom + extent.top) / 2
            through = [edge for edge, span in spans if span.top <= y <= span.bottom]
            if len(through) == 1 and {through[0].source, through[0].target} <= boxes and _said_above(through[0], y):
                yield _Cut(y, through[0])
        bottom = max(bottom, extent.bottom)


def _said_above(edge: Edge, y: float) -> bool:
    """Whether what is written beside a line stays with its beginning."""
    return all(text.extent.bottom <= y for text in edge.label)


def _things(drawn: Diagram) -> Iterator[Extent]:
    yield from (box.extent for box in drawn.boxes)
    yield from (cluster.outline for cluster in drawn.clusters)
    yield from (mark.extent for mark in drawn.marks)
    yield from (text.extent for edge in drawn.edges for text in edge.label)


def _filled(cuts: Sequence[_Cut], bottom: float, room: float) -> list[_Cut] | None:
    """The last cut that each column has room for; nothing if a part is higher than a column."""
    chosen: list[_Cut] = []
    start, last = 0.0, None
    for cut in cuts:
        if cut.y - start > room:
            if last is None or cut.y - last.y > room:
                return None
            chosen.append(last)
            start = last.y
        last = cut
    if bottom - start > room:
        if last is None or bottom - last.y > room or last.y <= start:
            return None
        chosen.append(last)
    return chosen


def _even(cuts: Sequence[_Cut], bottom: float, room: float, fewest: list[_Cut]) -> list[_Cut]:
    """As many cuts in columns that are as low as they can be."""
    low, high, chosen = bottom / (len(fewest) + 1), room, fewest
    for _ in range(_TRIES):
        middle = (low + high) / 2
        found = _filled(cuts, bottom, middle)
        if found is not None and len(found) == len(fewest):
            high, chosen = middle, found
        else:
            low = middle
    return chosen


def _folded(drawn: Diagram, cuts: Sequence[_Cut]) -> Diagram:
    ends = [0.0, *(cut.y for cut in cuts), drawn.height]
    pieces = [_piece(drawn, top, bottom, {id(cut.edge) for cut in cuts}) for top, bottom in pairwise(ends)]
    whole, left, moves = Diagram(), 0.0, []
    for index, (piece, top) in enumerate(zip(pieces, ends, strict=False)):
        extent = _with_labels(piece.extent, cuts[index : index + 1])
        dx, dy = left - extent.left, (_TURN - extent.top if index or len(pieces) > 1 else -top)
        moves.append((dx, dy))
        whole = whole.plus(piece.moved(dx, dy))
        left += extent.right - extent.left + _GAP
    labels = (
        text.moved(*move).extent.bottom for cut, move in zip(cuts, moves, strict=False) for text in cut.edge.label
    )
    bottom = max((whole.extent.bottom, *labels)) + _TURN
    joins = [_joined(cut, moves[i], moves[i + 1], pieces[i + 1], bottom) for i, cut in enumerate(cuts)]
    return replace(
        drawn,
        boxes=whole.boxes,
        edges=(*whole.edges, *joins),
        clusters=whole.clusters,
        marks=whole.marks,
        width=left - _GAP,
        height=bottom,
    )


def _with_labels(extent: Extent, ended: Sequence[_Cut]) -> Extent:
    """Of a column, with what is written beside the line that goes on from its end."""
    labels = [text.extent for cut in ended for text in cut.edge.label]
    return Extent(
        min((extent.left, *(one.left for one in labels))),
        min((extent.top, *(one.top for one in labels))),
        max((extent.right, *(one.right for one in labels))),
        max((extent.bottom, *(one.bottom for one in labels))),
    )


def _piece(drawn: Diagram, top: float, bottom: float, cut: set[int]) -> Diagram:
    """What lies between two heights, without the edges that are cut."""

    def within(extent: Extent) -> bool:
        return top <= (extent.top + extent.bottom) / 2 < bottom or (bottom == drawn.height and extent.top >= bottom)

    return Diagram(
        tuple(box for box in drawn.boxes if within(box.extent)),
        tuple(
            edge for edge in drawn.edges if edge.path is not None and id(edge) not in cut and within(edge.path.extent)
        ),
        tuple(cluster for cluster in drawn.clusters if within(cluster.extent)),
        tuple(mark for mark in drawn.marks if within(mark.extent)),
    )


def _joined(cut: _Cut, here: tuple[float, float], there: tuple[float, float], piece: Diagram, bottom: float) -> Edge:
    """The line that goes on: down, up between the columns, and down again."""
    path = cut.edge.path
    assert path is not None
    points = flattened(path)
    (x, y), (to_x, to_y) = points[0], points[-1]
    x, y, to_x, to_y = x + here[0], y + here[1], to_x + there[0], to_y + there[1]
    between = piece.extent.left + there[0] - _GAP / 2
    corners = ((x, y), (x, bottom - 1), (between, bottom - 1), (between, 1.0), (to_x, 1.0), (to_x, to_y))
    turned = Path(corners, path.stroke, path.thickness, path.dash, _RADIUS, path.arrow, path.head)
    return replace(cut.edge, path=turned, label=tuple(text.moved(*here) for text in cut.edge.label))
