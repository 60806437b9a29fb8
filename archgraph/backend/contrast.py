"""Two networks side by side on one scale: what their stages read of the input, and the table of their laws."""

from collections.abc import Sequence
from dataclasses import replace

from archgraph.backend.contrast_panel import panel
from archgraph.backend.contrast_table import charts, comparison
from archgraph.backend.diagram import Diagram, Path, Run
from archgraph.backend.facts import Facts
from archgraph.backend.ladder import Step
from archgraph.backend.legend import legend
from archgraph.backend.levels import levels_diagram
from archgraph.backend.mathtext import join, words
from archgraph.backend.steps import steps
from archgraph.backend.style import GRID, HAIR, SIZES
from archgraph.errors import QueryError, did_you_mean

Line = tuple[Run, ...]
_GUTTER, _LEAST_WIDTH = 15.0, 5.4 * 72

#: What a contrast can consist of, in words.
PANELS = {
    "stages": "what their stages read of the input",
    "laws": "the table of their laws",
    "charts": "their ladders and connected positions",
    "levels": "parameters and MACs by resolution level",
}
DEFAULT_PANELS = ("stages", "laws", "charts")


def contrast_diagram(first: Facts, second: Facts, width: float, panels: Sequence[str] = DEFAULT_PANELS) -> Diagram:
    """Stages with their scale, table of laws, charts and levels of two networks, as far as they are asked for.

    Raises:
        ValueError: the page is too narrow.
        QueryError: an unknown panel, or none.
    """
    _check(panels)
    if width < _LEAST_WIDTH:
        raise ValueError(f"a contrast needs {_LEAST_WIDTH / 72:g} in, and has {width / 72:.3g} in: use width='text'")
    sides = [(facts, steps(facts)) for facts in (first, second)]
    makers = {
        "stages": lambda: _stages(sides, width),
        "laws": lambda: comparison(first, second, sides[0][1], sides[1][1], width),
        "charts": lambda: charts(sides, width),
        "levels": lambda: _levels(first, second, width),
    }
    drawn = makers[panels[0]]()
    for below in (makers[name]() for name in panels[1:]):
        drawn = replace(drawn.plus(below.moved(0, drawn.height + 10)), height=drawn.height + 10 + below.height)
    names = f"{first.subject.name} and {second.subject.name}"
    text = f"{names} side by side: {', '.join(PANELS[name] for name in panels)}."
    return replace(drawn, width=width, height=drawn.height + 1, title=names, description=text)


def _check(panels: Sequence[str]) -> None:
    for name in panels or ("",):
        if name not in PANELS:
            raise QueryError(f"no panel is named '{name}'.{did_you_mean(name, PANELS)}", hint=", ".join(PANELS))


def _stages(sides: Sequence[tuple[Facts, Sequence[Step]]], width: float) -> Diagram:
    """Both networks from input to output, and the scale of their colours."""
    half = (width - _GUTTER) / 2
    tall = max(len(found) for _, found in sides) * 28.0 + 36.0
    left, right = (panel(facts, found, half, tall, letter) for (facts, found), letter in zip(sides, "ab", strict=True))
    top = left.plus(right.moved(half + _GUTTER, 0))
    rule = Path(((width / 2, 1), (width / 2, tall)), GRID, HAIR)
    below = _scale(width, [step for _, found in sides for step in found])
    drawn = replace(top, marks=(*top.marks, rule), width=width, height=tall).plus(below.moved(0, tall + 10))
    return replace(drawn, height=tall + 10 + below.height)


def _levels(first: Facts, second: Facts, width: float) -> Diagram:
    half = (width - _GUTTER) / 2
    left, right = (levels_diagram(facts, half) for facts in (first, second))
    right = replace(right, boxes=tuple(replace(box, name=f"second {box.name}") for box in right.boxes))
    return left.plus(right.moved(half + _GUTTER, 0))


def _scale(width: float, every: Sequence[Step]) -> Diagram:
    size = SIZES.small
    shares = ((1 / 256, "1/256"), (1 / 16, "1/16"), (1 / 4, "1/4"), (1 / 2, "1/2"), (1.0, "all"))
    marks = [(share, words(label, size)) for share, label in shares]
    heading = join(words("Receptive field", size, "bold"), words("(share of the side of the input)", size), gap=2.5)
    reaches = [step.reach for step in every if step.reach is not None]
    notes = []
    if any(reach.sizes[0] < reach.sizes[1] for reach in reaches):
        notes.append(words("thin bar, dashed square: smallest field", size))
    if any(reach.statistics for reach in reaches):
        notes.append(words("hatched: through norm statistics", size))
    return legend(width, heading, marks, notes)
