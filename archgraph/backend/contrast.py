"""Two networks side by side on one scale: what their stages read of the input, and the table of their laws."""

from collections.abc import Sequence
from dataclasses import replace

from archgraph.backend.contrast_panel import panel
from archgraph.backend.contrast_table import charts, comparison
from archgraph.backend.diagram import Diagram, Path, Run
from archgraph.backend.facts import Facts
from archgraph.backend.ladder import Step
from archgraph.backend.legend import legend
from archgraph.backend.mathtext import join, words
from archgraph.backend.steps import steps
from archgraph.backend.style import GRID, HAIR, SIZES

Line = tuple[Run, ...]
_GUTTER, _LEAST_WIDTH = 15.0, 5.4 * 72


def contrast_diagram(first: Facts, second: Facts, width: float) -> Diagram:
    """Panels, scale, table and ladder of two networks.

    Raises:
        ValueError: the page is too narrow.
    """
    if width < _LEAST_WIDTH:
        raise ValueError(f"a contrast needs {_LEAST_WIDTH / 72:g} in, and has {width / 72:.3g} in: use width='text'")
    half = (width - _GUTTER) / 2
    sides = [(facts, steps(facts)) for facts in (first, second)]
    tall = max(len(found) for _, found in sides) * 28.0 + 36.0
    left, right = (panel(facts, found, half, tall, letter) for (facts, found), letter in zip(sides, "ab", strict=True))
    top = left.plus(right.moved(half + _GUTTER, 0))
    rule = Path(((width / 2, 1), (width / 2, tall)), GRID, HAIR)
    drawn = replace(top, marks=(*top.marks, rule), width=width, height=tall)
    every = [step for _, found in sides for step in found]
    table = comparison(first, second, sides[0][1], sides[1][1], width)
    for below in (_scale(width, every), table, charts(sides, width)):
        drawn = replace(drawn.plus(below.moved(0, drawn.height + 10)), height=drawn.height + 10 + below.height)
    names = f"{first.subject.name} and {second.subject.name}"
    text = f"{names} side by side: what their stages read of the input, the table of their laws, and their ladders."
    return replace(drawn, width=width, height=drawn.height + 1, title=names, description=text)


def _scale(width: float, every: Sequence[Step]) -> Diagram:
    size = SIZES.small
    shares = ((1 / 256, "1/256"), (1 / 16, "1/16"), (1 / 4, "1/4"), (1 / 2, "1/2"), (1.0, "all"))
    marks = [(share, words(label, size)) for share, label in shares]
    heading = join(words("Receptive field", size, "bold"), words("(share of the side of the input)", size), gap=2.5)
    reaches = [step.reach for step in every if step.reach is not None]
    notes = []
    if any(reach.sizes[0] < reach.sizes[1] for reach in reaches):
        notes.append(words("white bar, dashed square: smallest field", size))
    if any(reach.statistics for reach in reaches):
        notes.append(words("hatched: through norm statistics", size))
    return legend(width, heading, marks, notes)
