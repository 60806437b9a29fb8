"""The picture of the rooms of the package: the layers in pyproject.toml, which lint-imports enforces, as floors."""

from __future__ import annotations

import itertools
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from archgraph.figures.drawing.diagram import INK, MUTED, Box, Diagram, Edge, Face, Rect, Run, Text
from archgraph.figures.drawing.diagram import Path as Line
from archgraph.figures.drawing.style import FRAME, LINE, PANEL, SIZES, page_width
from archgraph.figures.write.svg import to_svg

PYPROJECT = Path(__file__).parents[2] / "pyproject.toml"
QUESTIONS = {
    "__main__": "python -m archgraph",
    "cli": "Which command asks which question?",
    "web": "What does a browser page show of a spec?",
    "testing": "Does it still cost what a test says?",
    "gallery": "Do the shipped specs print what their papers print?",
    "architecture": "What may a user ask? Architecture, the façade of all questions",
    "figures": "How is it drawn?",
    "studies": "What if the budget were another?",
    "pytorch": "What is this module? What module is this spec?",
    "spec": "What does this text say?",
    "comparison": "What sets two networks apart?",
    "outline": "What does it look like from afar: blocks, stages, levels?",
    "fields": "What does an output see, and how far away is it?",
    "cost": "What does it cost: parameters, MACs, memory, time?",
    "graph": "What is a network? Graph, Network, and how a graph is traced",
    "ops": "What does one operation do, cost, keep and read?",
    "laws": "What does a law say?",
    "report": "How is an answer printed?",
    "sizes": "What is a size? Symbols, exact values, bounds",
    "data": "What do devices and other tools do?",
    "optional": "Is a library installed?",
    "keywords": "Does this keyword exist?",
    "argument_kinds": "What does an argument take?",
    "option_keywords": "Which keywords do several calls share?",
    "steps": "How far along is a long call?",
    "errors": "How is a mistake reported?",
}
LEGEND = (
    "A room knows the floors below it and no others. Side by side: rooms that do not know each other;",
    "joined by a line: rooms that may. Grey: floors inside a room, from top to bottom.",
)

WIDTH, MARGIN, GAP, INSET = page_width("text", "icml"), 4.0, 8.0, 7.0
FIRST_LINE, LEADING, LAST_LINE = 11.5, 9.5, 5.5


@dataclass(frozen=True)
class Floor:
    """The rooms of one layer; `joined` says whether they may know each other."""

    rooms: tuple[str, ...]
    joined: bool


def contracts() -> list[dict]:
    """Return the contracts of the import linter."""
    return tomllib.loads(PYPROJECT.read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]


def layers(container: str) -> list[str]:
    """Return the layers of a package from top to bottom, none where no contract has any."""
    return next((each["layers"] for each in contracts() if each.get("containers") == [container]), [])


def floors() -> list[Floor]:
    """Return the layers of the whole package."""
    return [Floor(tuple(re.findall(r"\w+", layer)), ":" in layer) for layer in layers("archgraph")]


def rooms_diagram() -> Diagram:
    """Return the house: a row of boxes per floor, and how to read it."""
    boxes: list[Box] = []
    edges: list[Edge] = []
    y = MARGIN
    for floor in floors():
        row = [box.at(box.x, y) for box in _row(floor)]
        boxes += row
        if floor.joined:
            edges += [_between(left, right) for left, right in itertools.pairwise(row)]
        y = row[0].extent.bottom + GAP
    marks = tuple(
        Text((Run(text, size=SIZES.small),), MARGIN, y + 6 + LEADING * i, MUTED) for i, text in enumerate(LEGEND)
    )
    height = y + 6 + LEADING * len(LEGEND)
    description = "\n".join(", ".join(floor.rooms) for floor in floors())
    drawn = Diagram(tuple(boxes), tuple(edges), (), marks, WIDTH, height, "The rooms of archgraph", description)
    return replace(drawn, background="#ffffff")


def _row(floor: Floor) -> list[Box]:
    """Return the boxes of a floor, as wide as it and of one height."""
    width = (WIDTH - 2 * MARGIN + GAP) / len(floor.rooms) - GAP
    written = [list(_lines(room, width - 2 * INSET)) for room in floor.rooms]
    height = FIRST_LINE + LEADING * (max(map(len, written)) - 1) + LAST_LINE
    return [
        _box(room, lines, MARGIN + index * (width + GAP), width, height)
        for index, (room, lines) in enumerate(zip(floor.rooms, written, strict=True))
    ]


def _box(room: str, lines: list[Text], x: float, width: float, height: float) -> Box:
    frame = Rect(0, 0, width, height, PANEL if layers(f"archgraph.{room}") else "#ffffff", FRAME, LINE, 2.5)
    placed = (text.moved(INSET, FIRST_LINE + LEADING * index) for index, text in enumerate(lines))
    return Box(room, width, height, (frame, *placed), x=x)


def _lines(room: str, width: float) -> Iterator[Text]:
    """Yield the name of a room, its question, and what knows what inside; on one line where there is room."""
    name, question = Run(room, "bold", SIZES.body), Run(QUESTIONS[room], size=SIZES.small, gap=8.0)
    if name.width + question.width <= width:
        yield Text((name, question))
    else:
        yield Text((name,))
        yield from _wrapped(QUESTIONS[room].split(), width, "sans", INK)
    inside = [layer.replace(" | ", ", ").replace(" : ", ", ") for layer in layers(f"archgraph.{room}")]
    words = [part.replace(" ", "\N{NO-BREAK SPACE}") + (" ›" if part != inside[-1] else "") for part in inside]
    yield from _wrapped(words, width, "sans", MUTED)


def _wrapped(words: list[str], width: float, face: Face, color: str) -> Iterator[Text]:
    line = ""
    for word in words:
        longer = f"{line} {word}".strip()
        if line and Run(longer, face, SIZES.small).width > width:
            yield Text((Run(line, face, SIZES.small),), color=color)
            longer = word
        line = longer
    if line:
        yield Text((Run(line, face, SIZES.small),), color=color)


def _between(left: Box, right: Box) -> Edge:
    y = left.center[1]
    return Edge(left.name, right.name, Line(((left.extent.right, y), (right.extent.left, y)), thickness=1.2))


def write_rooms(path: Path) -> None:
    """Write the picture; a room without a question is an error."""
    path.write_text(to_svg(rooms_diagram()), encoding="utf-8")
