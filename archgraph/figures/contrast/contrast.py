"""Networks side by side on one scale: what their stages read of the input, the table of their laws, and charts."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby

from archgraph.data.figure_words import PANELS
from archgraph.errors import QueryError, not_among, some
from archgraph.figures.charts.charts import CHARTS, charts
from archgraph.figures.charts.ladder import LadderStep
from archgraph.figures.charts.levels import levels_diagram
from archgraph.figures.charts.sides import LOOKS, Side, sides
from archgraph.figures.content.legend import legend
from archgraph.figures.content.mathtext import line_of, words
from archgraph.figures.content.wrapping import wrapped
from archgraph.figures.contrast.maps_columns import maps_columns
from archgraph.figures.contrast.panel import LOW, TALL, panel, tells_mixing
from archgraph.figures.contrast.table import laws
from archgraph.figures.drawing.diagram import MUTED, Diagram, Path, Text
from archgraph.figures.drawing.metrics import text_width
from archgraph.figures.drawing.outlines import LEGEND
from archgraph.figures.drawing.style import GRID, HAIR, SIZES
from archgraph.figures.facts.facts import Facts
from archgraph.figures.facts.ways import ways_through

_GUTTER, _LEAST_WIDTH, _ABREAST = 15.0, 3.2 * 72, 3
_LEAST_STAGES, _LEAST_LEVELS = 110.0, 145.0
_PAGE_HEIGHT, _CAPTION, _PANEL_GAP = 9 * 72, 29.0, 9.0
#: What is left out first where a page has no room for all panels.
_LEAST_TELLING = ("matrix", "hops", "ladder", "levels")
_MOST_RULE_LINES, _RULE_PITCH = 2, 9.5
#: Pitch of the rows of stages and height of their boxes, from roomy to close.
_ROWS = ((28.0, TALL), (26.5, TALL), (19.5, LOW), (17.5, LOW), (16.5, LOW), (15.5, LOW))


def contrast_diagram(
    networks: Sequence[Facts],
    width: float,
    panels: Sequence[str] | None = None,
    height: float | None = None,
    *,
    scale: bool = True,
) -> Diagram:
    """The panels that are asked for, from top to bottom; charts that follow each other share a row.

    Where none are asked for there are all that a page has room for; where no height is, there is room for a caption.

    Raises:
        QueryError: an unknown panel or none, fewer than two or too many networks, or too narrow a page.
    """
    asked = tuple(PANELS) if panels is None else tuple(panels)
    _check(networks, asked)
    if width < _LEAST_WIDTH:
        raise QueryError(
            f"a contrast needs {_LEAST_WIDTH / 72:g} in, and has {width / 72:.3g} in", hint="give it the width text"
        )
    page, room = (_PAGE_HEIGHT, _PAGE_HEIGHT - _CAPTION) if height is None else (height, height)
    found, shown, left_out = sides(networks), asked, list[str]()
    drawn = _as_high_as(room, found, shown, width, scale=scale)
    for name in _LEAST_TELLING if panels is None else ():
        if drawn.height + 1 <= page:
            break
        shown, left_out = tuple(one for one in shown if one != name), [name, *left_out]
        drawn = _as_high_as(room, found, shown, width, scale=scale)
    notes = [f"{drawn.height / 72:.1f} in tall: ask for fewer panels"] if drawn.height + 1 > page else []
    notes += [f"no room for {some(left_out)}: ask for other panels"] if left_out else []
    names = [facts.network.name for facts in networks]
    title = f"{', '.join(names[:-1])} and {names[-1]}"
    text = f"{title} side by side: {', '.join(PANELS[name] for name in shown)}."
    return replace(drawn, width=width, height=drawn.height + 1, title=title, description=text, notes=tuple(notes))


def _as_high_as(height: float, found: Sequence[Side], panels: Sequence[str], width: float, *, scale: bool) -> Diagram:
    """The panels with the rows of stages as far apart as a height allows."""
    # With other panels below, maps are as low as they can be.
    fixed = _fixed(found, panels, width, height if len(panels) == 1 else 0.0, scale=scale)
    trials = (_stacked(_panels(found, fixed, width, pitch, tall, scale=scale)) for pitch, tall in _ROWS)
    return first_fitting(trials, lambda trial: trial.height + 1 <= height)


def first_fitting(trials: Iterator[Diagram], fits: Callable[[Diagram], bool]) -> Diagram:
    """The first trial that fits, or the last one."""
    trial = next(trials)
    for another in trials:
        if fits(trial):
            break
        trial = another
    return trial


def _check(networks: Sequence[Facts], panels: Sequence[str]) -> None:
    for name in panels or ("",):
        if name not in PANELS:
            raise not_among("panel", name, PANELS)
    if not 2 <= len(networks) <= len(LOOKS):
        raise QueryError(f"a contrast is of 2 to {len(LOOKS)} networks, and {len(networks)} are given")


def _told(panels: Sequence[str], width: float, count: int) -> list[str]:
    """The panels that tell what the table need not tell again."""
    told = list(panels)
    if "stages" in told and not tells_mixing(width / min(count, _ABREAST) - _GUTTER):
        told.remove("stages")
    return told


def _fixed(
    found: Sequence[Side], panels: Sequence[str], width: float, height: float, *, scale: bool
) -> list[Diagram | None]:
    """The panels in order, drawn once for all trials; None where the stages stand, whose rows give way."""
    drawn: list[Diagram | None] = []
    for chart, run in groupby(panels, key=lambda name: name in CHARTS):
        names = list(run)
        drawn += (
            [charts(found, names, width)]
            if chart
            else [_panel(found, name, panels, width, height, scale=scale) for name in names]
        )
    return drawn


def _panel(
    found: Sequence[Side], name: str, panels: Sequence[str], width: float, height: float, *, scale: bool
) -> Diagram | None:
    if name == "stages":
        return _maps(found, width, height, scale=scale) if found[0].facts.options.style != "boxes" else None
    if name == "laws":
        return laws(found, width, _told(panels, width, len(found)))
    return _levels(found, width)


def _panels(
    found: Sequence[Side], fixed: Sequence[Diagram | None], width: float, pitch: float, tall: float, *, scale: bool
) -> Iterator[Diagram]:
    for drawn in fixed:
        yield _stages(found, width, pitch, tall, scale=scale) if drawn is None else drawn


def _maps(found: Sequence[Side], width: float, height: float, *, scale: bool) -> Diagram:
    """The networks as feature maps, each on a scale of its own, coloured by what they read of the input.

    The scale stands in what is left below a column.
    """
    high = _rules_of_maps((width - _GUTTER) / 2).height if scale else 0.0
    placed = maps_columns(found, width, height, high)
    if not scale:
        return replace(placed.drawn, width=width, height=placed.height)
    below, free = _rules_of_maps(placed.own), placed.lowest
    if below.height <= placed.height - placed.bottoms[free]:
        moved = below.moved(placed.lefts[free], placed.height - below.height)
        return replace(placed.drawn.plus(moved), width=width, height=placed.height)
    below, top = _rules_of_maps(width), placed.height + _PANEL_GAP
    return replace(placed.drawn.plus(below.moved(0, top)), width=width, height=top + below.height)


def _rules_of_maps(width: float) -> Diagram:
    """The scale of colours, and how high and wide maps are."""
    below = _scale(width, [])
    rule = "Maps are as high as √(positions along a side) and as wide as √channels, on a scale for each network"
    lines = wrapped(rule, lambda text: text_width(text, "sans", SIZES.small) <= width - 1, _MOST_RULE_LINES)
    top = below.height + 8.0
    texts = (Text(words(line, SIZES.small), 0.5, top + _RULE_PITCH * at, MUTED) for at, line in enumerate(lines))
    height = below.height + 12.0 + _RULE_PITCH * (len(lines) - 1)
    return replace(below, marks=(*below.marks, *texts), height=height)


def _stacked(drawn: Iterator[Diagram]) -> Diagram:
    whole = next(drawn)
    for below in drawn:
        top = whole.height + _PANEL_GAP
        whole = replace(whole.plus(below.moved(0, top)), height=top + below.height)
    return whole


def _abreast(found: Sequence[Side], width: float, least: float) -> tuple[list[Sequence[Side]], float]:
    """Rows of networks, and how wide each is."""
    columns = min(len(found), _ABREAST, max(1, int((width + _GUTTER) // (least + _GUTTER))))
    columns = -(-len(found) // -(-len(found) // columns))
    rows = [found[start : start + columns] for start in range(0, len(found), columns)]
    return rows, (width - _GUTTER * (columns - 1)) / columns


def _stages(found: Sequence[Side], width: float, pitch: float, box: float, *, scale: bool) -> Diagram:
    """The networks from input to output, and the scale of their colours."""
    rows, own = _abreast(found, width, _LEAST_STAGES)
    drawn, y = Diagram(width=width), 0.0
    for start, row in enumerate(rows):
        tall = max(len(side.steps) for side in row) * pitch + 37.0
        for column, side in enumerate(row):
            x = (own + _GUTTER) * column
            one = panel(side.facts, side.steps, own, tall, "abcdef"[start * len(rows[0]) + column], box)
            rule = Path(((x - _GUTTER / 2, y + 1), (x - _GUTTER / 2, y + tall)), GRID, HAIR)
            drawn = drawn.plus(one.moved(x, y))
            drawn = replace(drawn, marks=(*drawn.marks, rule)) if column else drawn
        y += tall + _PANEL_GAP
    if not scale:
        return replace(drawn, width=width, height=y - _PANEL_GAP)
    below = _scale(width, [step for side in found for step in side.steps])
    return replace(drawn.plus(below.moved(0, y)), width=width, height=y + below.height)


def _levels(found: Sequence[Side], width: float) -> Diagram:
    rows, own = _abreast(found, width, _LEAST_LEVELS)
    drawn, y = Diagram(width=width), 0.0
    for row in rows:
        parts = [levels_diagram(side.facts, own, side.name) for side in row]
        for column, one in enumerate(parts):
            boxes = tuple(replace(box, name=f"levels of {row[column].name}") for box in one.boxes)
            drawn = drawn.plus(replace(one, boxes=boxes).moved((own + _GUTTER) * column, y))
        y += max(one.height for one in parts) + _PANEL_GAP
    return replace(drawn, width=width, height=y - _PANEL_GAP)


def _scale(width: float, every: Sequence[LadderStep]) -> Diagram:
    size = SIZES.small
    shares = ((1 / 256, "1/256"), (1 / 16, "1/16"), (1 / 4, "1/4"), (1 / 2, "1/2"), (1.0, "all"))
    marks = [(share, words(label, size)) for share, label in shares]
    heading = line_of(words("Receptive field", size, "bold"), words("(share of the side of the input)", size), gap=2.5)
    reaches = [step.reach for step in every if step.reach is not None]
    notes = []
    if any(reach.sizes[0] < reach.sizes[1] for reach in reaches):
        notes.append(words("thin bar, dashed square: smallest field", size))
    if others := ways_through(reaches):
        notes.append(words(f"hatched: through {others}", size))
    if meaning := [LEGEND[kind] for kind in LEGEND if any(step.outline == kind for step in every)]:
        notes.append(words(meaning[0], size))
    return legend(width, heading, marks, notes)
