"""A row that says what enters a drawing from beside: from which inputs, what is made of them, and where it goes."""

from collections.abc import Sequence

from archgraph.figures.content.boxes import boxed, content
from archgraph.figures.content.labels import input_name
from archgraph.figures.content.mathtext import line_of, words
from archgraph.figures.drawing.diagram import MUTED, Box, Diagram, Line, Path, Text
from archgraph.figures.drawing.style import LINE, SIZES, SKIP
from archgraph.figures.facts.facts import Facts
from archgraph.outline.items import Item


def condition_row(
    facts: Facts, inputs: Sequence[str], made: Sequence[Item], users: str, *, own: bool = False
) -> Diagram:
    """Inputs, the box of what is made of them where there is one, and in words who takes it."""
    given = line_of(*(input_name(facts, name) for name in inputs), gap=6.0)
    box = boxed(content(facts, made, side=True, own=own)) if made else None
    return _row(given, box, words(users, SIZES.body))


def _row(given: Line, made: Box | None, users: Line) -> Diagram:
    first = Text(given, 1.0, 0.0, MUTED)
    x, parts, boxes = first.x + first.width + 3, [], []
    middle = 6.0 if made is None else made.height / 2
    if made is not None:
        boxes.append(made.at(x + 14, 0.0))
        parts.append(Path(((x, middle), (x + 14, middle)), SKIP, LINE, (3.0, 2.0), arrow=True))
        x = boxes[0].extent.right
    parts.append(Path(((x, middle), (x + 14, middle)), SKIP, LINE, (3.0, 2.0), arrow=True))
    texts = (*((first.moved(0, middle + 2.4),) if given else ()), Text(users, x + 17, middle + 2.4, MUTED))
    return Diagram(tuple(boxes), (), (), (*parts, *texts), 0.0, 2 * middle)
