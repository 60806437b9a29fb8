"""Two streams side by side: boxes of their own below each other, and boxes across both where they meet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from archgraph.figures.drawing.diagram import (
    INK,
    MUTED,
    Box,
    Cluster,
    Diagram,
    Edge,
    Extent,
    Line,
    Path,
    Rect,
    Text,
    line_width,
)
from archgraph.figures.drawing.style import LINE

_GAP, _LABEL_GAP, _BETWEEN, _MARGIN, _ENTRY, _STACK = 15.0, 22.0, 26.0, 12.0, 27.0, 8.0
_LANE, _DOT, _LINE_HEIGHT = 9.0, 1.5, 9.5
_MAIN = LINE + 0.15


@dataclass(frozen=True)
class StreamBox:
    """One box; ``takes`` and ``gives`` are streams: 0 on the left, 1 on the right, 2 in the middle.

    Attributes:
        label: lines beside the arrow that leads here.
        stacked: outlines will look out above it.
    """

    box: Box
    takes: tuple[int, ...]
    gives: tuple[int, ...]
    label: tuple[Line, ...] = ()
    stacked: bool = False

    @property
    def across(self) -> bool:
        """Whether it stands across both streams."""
        return len(self.takes) > 1


@dataclass(frozen=True)
class StreamDeck:
    """A repeat that is open: the boxes inside it, a row below them, and its caption."""

    name: str
    boxes: tuple[StreamBox, ...]
    jumps: tuple[tuple[str, str, int], ...]
    below: tuple[Diagram, ...]
    caption: tuple[Line, ...]
    copies: int = 2
    tooltip: str = ""


@dataclass(frozen=True)
class StreamPlan:
    """Boxes and decks from top to bottom.

    Attributes:
        width: of the boxes of one stream.
        entries: what comes in on the left and on the right; ``exits`` what leaves, by stream.
        jumps: (from, to, stream): what passes boxes by; from "" is from above.
    """

    steps: tuple[StreamBox | StreamDeck, ...]
    width: float
    entries: tuple[Line, Line]
    exits: dict[int, Line]
    jumps: tuple[tuple[str, str, int], ...] = ()


def layout_streams(plan: StreamPlan) -> Diagram:
    """Place the boxes and draw the arrows."""
    return _Placing(plan).drawn()


class _Placing:
    def __init__(self, plan: StreamPlan) -> None:
        self.plan = plan
        left = plan.width / 2
        right = left + plan.width + _BETWEEN
        self.x = (left, right, (left + right) / 2)
        self.end = [_ENTRY, _ENTRY, _ENTRY]
        self.line_end = [13.0, 13.0, 13.0]
        self.last: list[str] = ["", "", ""]
        self.boxes: dict[str, Box] = {}
        self.edges: list[Edge] = []
        self.marks: list[Text | Rect | Path] = []
        self.clusters: list[Cluster] = []
        self.inner: list[Diagram] = []

    def drawn(self) -> Diagram:
        for stream, line in enumerate(self.plan.entries):
            self.marks.append(Text(line, color=MUTED).centered(self.x[stream]).moved(0, 9))
        for step in self.plan.steps:
            if isinstance(step, StreamDeck):
                self._deck(step)
            else:
                self._place(step)
        self._jumps(self.plan.jumps, "")
        for stream, line in self.plan.exits.items():
            self._exit(stream, line)
        whole = Diagram(tuple(self.boxes.values()), tuple(self.edges), tuple(self.clusters), tuple(self.marks))
        for one in self.inner:
            whole = whole.plus(one)
        extent = whole.extent
        moved = whole.moved(1 - extent.left, 1 - extent.top)
        return replace(moved, width=extent.right - extent.left + 2, height=extent.bottom - extent.top + 2)

    def _exit(self, stream: int, line: Line) -> None:
        x, top = self.x[stream], self.line_end[stream]
        path = Path(((x, top), (x, top + 15)), INK, _MAIN, arrow=True)
        self.edges.append(Edge(self.last[stream], "", path))
        self.marks.append(Text(line, color=MUTED).centered(x).moved(0, top + 24))

    def _place(self, step: StreamBox) -> None:
        gap = max(_GAP, 8 + _LINE_HEIGHT * len(step.label)) if step.label else _GAP
        y = max(self.end[stream] for stream in step.takes) + (_STACK if step.stacked else 0.0)
        y += gap - _GAP
        width = step.box.width
        x = self.x[2] if step.across or step.takes == (2,) else self.x[step.takes[0]]
        box = step.box.at(x - width / 2, y)
        self.boxes[box.name] = box
        for stream in step.takes:
            self._arrow(stream, box.name, y, step.label if stream == step.takes[-1] else ())
        self._leave(step.gives or step.takes, box.name, box.extent.bottom)

    def _leave(self, gives: Sequence[int], name: str, bottom: float) -> None:
        for stream in (0, 1, 2) if len(gives) > 1 or 2 in gives else gives:
            self.end[stream] = bottom + _GAP
            self.line_end[stream] = bottom
            self.last[stream] = name

    def _arrow(self, stream: int, target: str, y: float, label: Sequence[Line] = (), *, head: bool = True) -> None:
        x, top = self.x[stream], self.line_end[stream]
        middle = (top + y) / 2 + 2.4 - _LINE_HEIGHT * (len(label) - 1) / 2
        texts = tuple(Text(line, x + 5, middle + _LINE_HEIGHT * index, MUTED) for index, line in enumerate(label))
        path = Path(((x, top), (x, y)), INK, _MAIN, arrow=head)
        self.edges.append(Edge(self.last[stream], target, path, texts))

    def _deck(self, deck: StreamDeck) -> None:
        """A frame across both streams, into which both lines go and out of which both come."""
        top = max(self.end[0], self.end[1]) - 2 + 3.0 * deck.copies
        for stream in (0, 1):
            self._arrow(stream, deck.name, top, head=False)
            self.last[stream], self.line_end[stream] = "", top
        fork = top + 9
        branching = {stream for source, _, stream in deck.jumps if source == ""}
        self.marks += [_dot(self.x[stream], fork) for stream in sorted(branching)]
        self.end = [top + 20] * 3
        for box in deck.boxes:
            self._place(box)
        self._jumps(deck.jumps, "", fork)
        bottom = self._below(deck, max(self.line_end[0], self.line_end[1]) + 8)
        for stream in (0, 1):
            x = self.x[stream]
            self.edges.append(Edge(self.last[stream], "", Path(((x, self.line_end[stream]), (x, bottom)), INK, _MAIN)))
        self._leave((0, 1), deck.name, bottom)
        frame = Extent(self._left - _MARGIN, top, self._right + _MARGIN, bottom)
        self.clusters.append(Cluster(deck.name, frame, self._caption(deck, frame), deck.copies, deck.tooltip))

    @property
    def _left(self) -> float:
        return self.x[0] - self.plan.width / 2 - _LANE

    @property
    def _right(self) -> float:
        return self.x[1] + self.plan.width / 2 + _LANE

    def _below(self, deck: StreamDeck, top: float) -> float:
        """Place rows between the lines that leave a frame, the caption beside or below them; where the frame ends."""
        y = top
        for row in deck.below:
            self.inner.append(row.moved(self.x[0] + 6, y))
            y += row.height + 4
        beside = max((row.extent.right for row in deck.below), default=0.0) + widest(deck.caption)
        high = _LINE_HEIGHT * 1.12 * len(deck.caption) + 4
        return max(y + 2, top + high) if beside + 24 <= self.x[1] - self.x[0] else y + high

    def _caption(self, deck: StreamDeck, frame: Extent) -> tuple[Text, ...]:
        first = frame.bottom - 7 - _LINE_HEIGHT * 1.12 * (len(deck.caption) - 1)
        return tuple(
            Text(line).ending(self.x[1] - 6).moved(0, first + _LINE_HEIGHT * 1.12 * index)
            for index, line in enumerate(deck.caption)
        )

    def _jumps(self, jumps: Sequence[tuple[str, str, int]], above: str, fork: float = 19.0) -> None:
        """Past boxes on the outer side of their stream."""
        for source, target, stream in jumps:
            box, x = self.boxes[target], self.x[stream]
            side = -1 if stream == 0 else 1
            start = fork if source == above else self.boxes[source].extent.bottom + 5
            lane = self._left - 2 if side < 0 else self._right + 2
            end = box.x if side < 0 else box.extent.right
            y = box.center[1]
            path = Path(((x, start), (lane, start), (lane, y), (end, y)), INK, _MAIN, radius=5, arrow=True)
            self.edges.append(Edge(source, target, path))


def widest(lines: Sequence[Line]) -> float:
    """The width of the longest line."""
    return max(map(line_width, lines), default=0.0)


def _dot(x: float, y: float) -> Rect:
    return Rect(x - _DOT, y - _DOT, 2 * _DOT, 2 * _DOT, INK, "none", 0, _DOT)
