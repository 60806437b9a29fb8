"""The true U: encoder on the left, decoder on the right, every skip a straight horizontal line."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import pairwise

from archgraph.figures.drawing.diagram import INK, MUTED, Box, BoxPart, Diagram, Edge, Line, Path, Text, line_width
from archgraph.figures.drawing.style import SKIP

_INDENT, _LEAST_INDENT = 20.0, 5.0
_GAP, _LABELLED_GAP, _TWO_LINES = 16.0, 22.0, 26.0
_ONE_LINE, _CLOSE = 20.0, 8.0
"""How high a box of one line is at most, and the gap below it: a long row of equal blocks stays on the page."""
_LINE_HEIGHT = 9.0
_SKIP_MARGIN = 13.0
_PITCH, _BETWEEN = 5.2, 24.0

#: Room on the right of a U for the line that leads to the next one.
TURNING = 10.0


@dataclass(frozen=True)
class Skip:
    """Copies from an encoder box to a decoder box of the same row, an arrow each; ``way`` is what works on them."""

    source: str
    target: str
    label: Line = ()
    count: int = 1
    way: Box | None = None

    @cached_property
    def room(self) -> float:
        """How wide it is between its ends."""
        inner = line_width(self.label) if self.way is None else self.way.width
        return inner + 2 * _SKIP_MARGIN


@dataclass(frozen=True)
class UShape:
    """What the layout needs to know: boxes along the way down, the turning point, boxes along the way up.

    Attributes:
        encoder: from the input downwards; ``decoder``: from the bottom upwards.
        skips: copies; the row of a decoder box is that of the encoder box that feeds it.
        labels: what is written beside the arrow that leads to a box, line by line.
        entry, exit: what is written where the data comes in and goes out.
        exits: further outputs, written to the right of a decoder box, or below the bottom.
    """

    encoder: tuple[Box, ...]
    bottom: Box
    decoder: tuple[Box, ...]
    skips: tuple[Skip, ...]
    labels: Mapping[str, tuple[Line, ...]] = field(default_factory=dict)
    entry: Line = ()
    exit: Line = ()
    exits: Mapping[str, Line] = field(default_factory=dict)


def fits(shape: UShape, width: float) -> bool:
    """Whether the boxes and the labels of the skips of a U find room side by side.

    The layout never makes text smaller: where a U does not fit, another layout is to be taken.
    """
    return _indent(shape, width) is not None


def layout_u(shape: UShape, width: float) -> Diagram:
    """Place the boxes and draw the arrows.

    Raises:
        ValueError: if the page is too narrow (see `fits`).
    """
    indent = _indent(shape, width)
    if indent is None:
        raise ValueError(f"a U of these boxes does not fit into {width:g} pt")
    placed = _place(shape, width, indent)
    by_name = {box.name: box for box in placed}
    edges = (*_down(shape, by_name), *_turn(shape, by_name), *_up(shape, by_name), *_skips(shape, by_name))
    marks = (*_ends(shape, by_name), *_exits(shape, by_name))
    drawn = Diagram(boxes=tuple(placed), edges=tuple(edges), marks=tuple(marks))
    extent = drawn.extent
    # The labels of input and output stand above the first row.
    drawn = drawn.moved(0.0, 1.0 - extent.top)
    return Diagram(drawn.boxes, drawn.edges, (), drawn.marks, width, drawn.extent.bottom + 1.0)


def layout_us(shapes: Sequence[UShape], width: float) -> Diagram:
    """Us below each other, with an arrow from the last box of each to the first of the next."""
    drawn = [layout_u(shape, width - (0.0 if shape is shapes[-1] else TURNING)) for shape in shapes]
    whole = drawn[0]
    for (before, after), below in zip(pairwise(shapes), drawn[1:], strict=True):
        top = whole.height + _BETWEEN
        whole = replace(whole.plus(below.moved(0.0, top)), height=top + below.height)
        boxes = {box.name: box for box in whole.boxes}
        last, first = boxes[before.decoder[-1].name], boxes[after.encoder[0].name]
        # Around the right: above the last box, beside the U, and back to the first one of the next.
        right, x = width - 1.0, first.center[0]
        points = ((last.center[0], last.y), (last.center[0], last.y - 8), (right, last.y - 8), (right, top - 12))
        lines = after.labels.get(after.encoder[0].name, ())
        path = (*points, (x, top - 12), (x, first.y))
        whole = replace(whole, edges=(*whole.edges, _arrow(last, first, path, _beside(lines, x + 4, top - 4))))
    return whole


def _rows(shape: UShape) -> dict[str, int]:
    """Row of every box: decoder boxes stand across the encoder box they copy from."""
    rows = {box.name: index for index, box in enumerate(shape.encoder)}
    depth = len(shape.encoder)
    rows[shape.bottom.name] = depth
    # Of several copies into one box the first one decides: reversed, it is written last.
    partner = {skip.target: rows[skip.source] for skip in reversed(shape.skips)}
    above = depth
    for box in shape.decoder:
        above = min(partner.get(box.name, above - 1), above - 1)
        rows[box.name] = above
    # What follows the last copy may reach higher than what comes before the first.
    top = min(rows.values())
    return {name: row - top for name, row in rows.items()}


def _steps(shape: UShape, rows: Mapping[str, int]) -> dict[str, int]:
    """How many steps every box is moved inwards: one past each row with a copy or a change of resolution behind it."""
    stepping = {rows[skip.source] for skip in shape.skips}
    stepping |= {rows[box.name] - 1 for box in (*shape.encoder, shape.bottom) if box.name in shape.labels}
    stepping |= {rows[box.name] for box in shape.decoder if box.name in shape.labels}
    return {name: sum(one < row for one in stepping if one >= 0) for name, row in rows.items()}


def _margin(shape: UShape, indent: float, steps: Mapping[str, int]) -> float:
    """Room that further outputs need on the right."""
    needs = (
        line_width(line) + 14 - indent * steps[name] for name, line in shape.exits.items() if name != shape.bottom.name
    )
    return max((0.75, *needs))


def _indent(shape: UShape, width: float) -> float | None:
    """The indentation from row to row, or None where the figure would be too wide."""
    rows = _rows(shape)
    indent = _INDENT
    while indent >= _LEAST_INDENT:
        if all(gap >= 0 for gap in _spare(shape, width, indent, rows)):
            return indent
        # The slope of the U gives way before the figure does; text never does.
        indent -= 1.0
    return None


def _spare(shape: UShape, width: float, indent: float, rows: Mapping[str, int]) -> list[float]:
    """How much room every row has beyond what its skip label needs."""
    steps = _steps(shape, rows)
    left = {rows[box.name]: indent * steps[box.name] + box.width for box in shape.encoder}
    margin = _margin(shape, indent, steps)
    right = {rows[box.name]: width - margin - indent * steps[box.name] - box.width for box in shape.decoder}
    need = {rows[skip.source]: skip.room for skip in shape.skips}
    # Without a copy between them, both sides still have to look apart.
    spare = [right.get(row, width) - edge - need.get(row, 12.0) for row, edge in left.items()]
    return [*spare, width - shape.bottom.width]


def _place(shape: UShape, width: float, indent: float) -> list[Box]:
    rows = _rows(shape)
    steps = _steps(shape, rows)
    margin = _margin(shape, indent, steps)
    tops = _tops(shape, rows)
    placed = [box.at(0.75 + indent * steps[box.name], tops[rows[box.name]]) for box in shape.encoder]
    bottom = shape.bottom
    placed.append(bottom.at((width - bottom.width) / 2, tops[rows[bottom.name]]))
    for box in shape.decoder:
        placed.append(box.at(width - margin - indent * steps[box.name] - box.width, tops[rows[box.name]]))
    return [*placed, *_ways(shape, {box.name: box for box in placed})]


def _ways(shape: UShape, boxes: Mapping[str, Box]) -> list[Box]:
    """What works on a copy, halfway between its ends."""
    found = []
    for skip in shape.skips:
        if skip.way is not None:
            source, target = boxes[skip.source], boxes[skip.target]
            middle = source.y + min(source.height, target.height) / 2
            x = (source.extent.right + target.x - skip.way.width) / 2
            found.append(skip.way.at(x, max(source.y, middle - skip.way.height / 2)))
    return found


def _tops(shape: UShape, rows: Mapping[str, int]) -> list[float]:
    """The upper edge of every row."""
    boxes = (*shape.encoder, shape.bottom, *shape.decoder)
    rows = {**rows, **{skip.way.name: rows[skip.source] for skip in shape.skips if skip.way is not None}}
    boxes = (*boxes, *(skip.way for skip in shape.skips if skip.way is not None))
    count = max(rows.values()) + 1
    heights = [max((box.height for box in boxes if rows[box.name] == row), default=0.0) for row in range(count)]
    tops, y = [], 0.0
    for row in range(count):
        tops.append(y)
        lines = max((len(shape.labels.get(box.name, ())) for box in boxes if rows[box.name] == row + 1), default=0)
        ups = max((len(shape.labels.get(box.name, ())) for box in shape.decoder if rows[box.name] == row), default=0)
        close = not max(lines, ups) and max(heights[row : row + 2]) <= _ONE_LINE
        y += heights[row] + (_CLOSE if close else (_GAP, _LABELLED_GAP, _TWO_LINES)[min(2, max(lines, ups))])
    return tops


def _down(shape: UShape, boxes: Mapping[str, Box]) -> list[Edge]:
    edges = []
    for above, below in zip(shape.encoder, shape.encoder[1:], strict=False):
        top, bottom = boxes[above.name], boxes[below.name]
        x = (max(top.x, bottom.x) + min(top.extent.right, bottom.extent.right)) / 2
        lines = shape.labels.get(below.name, ())
        label = _beside(lines, x + 4, (top.extent.bottom + bottom.y) / 2)
        edges.append(_arrow(top, bottom, ((x, top.extent.bottom), (x, bottom.y)), label))
    return edges


def _up(shape: UShape, boxes: Mapping[str, Box]) -> list[Edge]:
    edges = []
    for below, above in zip(shape.decoder, shape.decoder[1:], strict=False):
        bottom, top = boxes[below.name], boxes[above.name]
        x = (max(top.x, bottom.x) + min(top.extent.right, bottom.extent.right)) / 2
        lines = shape.labels.get(above.name, ())
        label = _before(lines, x - 4, (top.extent.bottom + bottom.y) / 2)
        edges.append(_arrow(bottom, top, ((x, bottom.y), (x, top.extent.bottom)), label))
    return edges


def _turn(shape: UShape, boxes: Mapping[str, Box]) -> list[Edge]:
    """From the last encoder box to the bottom and on to the first decoder box."""
    last, bottom, first = boxes[shape.encoder[-1].name], boxes[shape.bottom.name], boxes[shape.decoder[0].name]
    middle = bottom.y + bottom.height / 2
    down, up = shape.labels.get(bottom.name, ()), shape.labels.get(first.name, ())
    between = (last.extent.bottom + bottom.y) / 2
    x = min(last.center[0], bottom.x - 20)
    # Around the corner where the bottom box leaves room beside it, else straight down.
    if x > last.x + 8:
        path = ((x, last.extent.bottom), (x, middle), (bottom.x, middle))
        edges = [_arrow(last, bottom, path, _before(down, x - 4, between))]
    else:
        x = (max(last.x, bottom.x) + min(last.extent.right, bottom.extent.right)) / 2
        edges = [_arrow(last, bottom, ((x, last.extent.bottom), (x, bottom.y)), _before(down, x - 4, between))]
    between = (first.extent.bottom + bottom.y) / 2
    x = max(first.center[0], bottom.extent.right + 20)
    if x < first.extent.right - 8:
        path = ((bottom.extent.right, middle), (x, middle), (x, first.extent.bottom))
        return [*edges, _arrow(bottom, first, path, _beside(up, x + 4, between))]
    x = (max(first.x, bottom.x) + min(first.extent.right, bottom.extent.right)) / 2
    path = ((x, bottom.y), (x, first.extent.bottom))
    return [*edges, _arrow(bottom, first, path, _beside(up, x + 4, between))]


def _skips(shape: UShape, boxes: Mapping[str, Box]) -> list[Edge]:
    return [edge for skip in shape.skips for edge in _skip(skip, boxes)]


def _skip(skip: Skip, boxes: Mapping[str, Box]) -> list[Edge]:
    """An arrow for every copy, side by side, or one through the box of what works on it."""
    source, target = boxes[skip.source], boxes[skip.target]
    middle = source.y + min(source.height, target.height) / 2
    stops = [(skip.source, source.extent.right), (skip.target, target.x)]
    if skip.way is not None:
        way = boxes[skip.way.name]
        stops[1:1] = [(way.name, way.x), (way.name, way.extent.right)]
    pitch = min(_PITCH, (min(source.height, target.height) - 4) / max(1, skip.count))
    heights = [middle + pitch * (index - (skip.count - 1) / 2) for index in range(skip.count)]
    edges = [
        Edge(start, end, Path(((x, y), (to, y)), SKIP, 0.75, (3.0, 2.0), arrow=True), (), "dashed")
        for (start, x), (end, to) in zip(stops[::2], stops[1::2], strict=True)
        for y in heights
    ]
    if skip.label and skip.way is None:
        text = Text(skip.label, color=MUTED, backdrop="#ffffff").centered((source.extent.right + target.x) / 2)
        # With the last arrow, so that it lies above all of them.
        edges[-1] = replace(edges[-1], label=(text.moved(0, middle + 2.4),))
    return edges


def _ends(shape: UShape, boxes: Mapping[str, Box]) -> list[BoxPart]:
    """The input comes in above the first box, unless it is one; the output leaves above the last one."""
    first, last = boxes[shape.encoder[0].name], boxes[(shape.decoder or (shape.bottom,))[-1].name]
    return [*_entry_mark(shape, first), *_exit_mark(shape, last)]


def _entry_mark(shape: UShape, box: Box) -> list[BoxPart]:
    if not shape.entry:
        return []
    x = box.center[0]
    text = Text(shape.entry, color=MUTED).centered(x)
    text = text.moved(max(0.0, 1 - text.x), box.y - 18)
    return [text, Path(((x, box.y - 14), (x, box.y)), INK, 0.9, arrow=True)]


def _exit_mark(shape: UShape, box: Box) -> list[BoxPart]:
    if not shape.exit:
        return []
    x = box.center[0]
    text = Text(shape.exit, color=MUTED).centered(x)
    overhang = text.x + text.width - box.extent.right
    text = text.moved(-max(0.0, overhang), box.y - 18)
    return [text, Path(((x, box.y), (x, box.y - 14)), INK, 0.9, arrow=True)]


def _exits(shape: UShape, boxes: Mapping[str, Box]) -> list[BoxPart]:
    marks: list[BoxPart] = []
    for name, line in shape.exits.items():
        box = boxes[name]
        if name == shape.bottom.name:
            # On its right the data turns upwards.
            x, y = box.center[0], box.extent.bottom
            marks.append(Path(((x, y), (x, y + 11)), INK, 0.9, arrow=True))
            marks.append(Text(line, color=MUTED).centered(x).moved(0, y + 19))
            continue
        x, y = box.extent.right, box.y + box.height / 2
        marks.append(Path(((x, y), (x + 11, y)), INK, 0.9, arrow=True))
        marks.append(Text(line, x + 13, y + 2.4, MUTED))
    return marks


def _arrow(source: Box, target: Box, points: tuple[tuple[float, float], ...], label: tuple[Text, ...]) -> Edge:
    return Edge(source.name, target.name, Path(points, INK, 0.9, radius=6, arrow=True), label)


def _beside(lines: Sequence[Line], x: float, y: float) -> tuple[Text, ...]:
    """Lines that start at x, centred on y."""
    top = y - _LINE_HEIGHT * (len(lines) - 1) / 2 + 2.4
    return tuple(Text(line, x, top + _LINE_HEIGHT * i, MUTED) for i, line in enumerate(lines))


def _before(lines: Sequence[Line], x: float, y: float) -> tuple[Text, ...]:
    """Lines that end at x, centred on y."""
    return tuple(text.ending(x) for text in _beside(lines, x, y))
