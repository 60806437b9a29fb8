"""The table of what sets networks apart: laws, numbers, knobs, fields; every cell is derived from the graph."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from archgraph.figures.charts.ladder import LadderStep
from archgraph.figures.charts.sides import Side
from archgraph.figures.content.boxes import wrapped
from archgraph.figures.content.mathtext import join, leading, math, number, variable, words
from archgraph.figures.contrast.knobs import knobs
from archgraph.figures.contrast.panel import mixing_words
from archgraph.figures.drawing.diagram import INK, MUTED, Box, BoxPart, Diagram, Line, Path, Text, line_width
from archgraph.figures.drawing.metrics import text_width
from archgraph.figures.drawing.style import FRAME, SIZES
from archgraph.figures.facts.facts import Facts
from archgraph.outline.wording import shortened

Maker = Callable[[Side, float], list[Line]]
_ROW, _TIGHT, _LABEL, _MOST_LINES = 10.8, 9.3, 118.0, 3


def comparison(sides: Sequence[Side], width: float, told: Sequence[str] = ()) -> Diagram:
    """Rows of a quantity and what it is in each network, without what another panel tells already."""
    size, label = SIZES.body, min(_LABEL, width * 0.26)
    column = (width - label) / len(sides)
    names = [_shortened(words(side.facts.network.name, size, "bold"), column - 6) for side in sides]
    rows: list[tuple[Line, list[list[Line]]]] = [((), [[name] for name in names])]
    for name, maker, panel in _ROWS:
        if panel in told:
            continue
        rows.append((name, [_broken(maker(side, column - 6), column - 6) for side in sides]))
    parts: list[BoxPart] = []
    y = 8.5
    for index, (name, cells) in enumerate(rows):
        titles = _broken([name], label - 4) if len(name) == 1 else _split(name, label - 4)
        parts += [Text(line, 0.5, y + _TIGHT * place, MUTED) for place, line in enumerate(titles) if line]
        for place, lines in enumerate(cells):
            x = label + column * place
            parts += [Text(line, x, y + _TIGHT * number, INK) for number, line in enumerate(lines) if line]
        y += _TIGHT * (max(map(len, (titles, *cells))) - 1)
        if index == 0:
            parts.append(Path(((0, y + 3.5), (width, y + 3.5)), FRAME, 0.6))
            y += 2.5
        y += _ROW
    height = y - _ROW + 5.5
    parts += [Path(((0, 0.5), (width, 0.5)), FRAME, 0.9), Path(((0, height), (width, height)), FRAME, 0.9)]
    return Diagram((Box("laws", width, height + 0.5, tuple(parts), kind="panel"),), width=width, height=height + 1)


def _shortened(line: Line, room: float) -> Line:
    (run,) = line
    return (replace(run, text=shortened(run.text, lambda shown: text_width(shown, run.face, run.size) <= room)),)


def _broken(lines: Sequence[Line], room: float) -> list[Line]:
    """Words on several lines where one is too long; laws are made to fit when they are written."""
    out: list[Line] = []
    for line in lines:
        if line_width(line) <= room or len(line) != 1:
            out.append(line)
            continue
        (run,) = line
        texts = wrapped(run.text, lambda shown, run=run: text_width(shown, run.face, run.size) <= room, _MOST_LINES)
        out += [(replace(run, text=text),) for text in texts]
    return out


def _split(line: Line, room: float) -> list[Line]:
    """A line in pieces that fit, broken between its runs."""
    lines: list[Line] = []
    for run in line:
        if lines and line_width((*lines[-1], run)) <= room:
            lines[-1] = (*lines[-1], run)
        else:
            lines.append((replace(run, gap=0.0),))
    return lines or [()]


def _law_row(metric: str) -> Maker:
    return lambda side, room: [_law(side.facts, metric, room)]


def _law(facts: Facts, metric: str, room: float) -> Line:
    full = facts.total(metric)
    for terms in (3, 2, 1):
        short = leading(full, facts.values, terms)
        runs = math(short, SIZES.body)
        if line_width(runs) <= room:
            return runs
    return words(number(facts.value(full)), SIZES.body)


def _ratio(side: Side, room: float) -> list[Line]:
    """A mean over the weights of how often each is used."""
    params, macs = (side.facts.value(side.facts.total(metric)) for metric in ("params", "macs"))
    if not params:
        return [words("no parameters", SIZES.body)]
    return [words(f"{number(macs)} / {number(params)} = {macs / params:,.0f}", SIZES.body)]


def _knobs(side: Side, room: float) -> list[Line]:
    found: list[Line] = []
    for knob in knobs(side.facts):
        lines = (knob.line(size) for size in (SIZES.body, SIZES.small))
        found += [line for line in lines if line_width(line) <= room][:1]
    return found or [words("–", SIZES.body)]


def _home(side: Side, room: float) -> list[Line]:
    name, share = side.facts.heaviest()
    return [words(f"{name}: {100 * share:.0f} %", SIZES.body)]


def _mixed(side: Side, room: float) -> list[Line]:
    return [words(mixing_words(side.facts), SIZES.body)]


def _field(side: Side, room: float) -> list[Line]:
    located = [step for step in side.steps if step.reach is not None]
    last = located[-1].reach if located else None
    if last is None:
        return [words("none", SIZES.body)]
    size = f"all {last.extent}" if last.everything else f"{last.label} of {last.extent}"
    text, share = f"{size}{_unit(side.facts)}", located[-1].effective
    if share is not None and not last.everything:
        text += f" (95 % of the ERF at init.: {share * last.extent:.0f})"
    return [words(text, SIZES.body)]


def _unit(facts: Facts) -> str:
    pixels = facts.pixels
    return f" × {pixels} px" if pixels > 1 else f" {facts.unit}"


def _since(side: Side, room: float) -> list[Line]:
    return [_first_global(side.steps)]


def _first_global(steps: Sequence[LadderStep]) -> Line:
    size = SIZES.body
    known = [(step.title, step.reach) for step in steps if step.reach is not None]
    for heading, reach in known:
        if reach.everything or reach.causal:
            return tuple(replace(run, face="sans" if run.face == "bold" else run.face, size=size) for run in heading)
    for heading, reach in known:
        if reach.sizes[0] >= reach.extent:
            name = "".join(run.text for run in heading)
            return words(f"never; the field exceeds the input since {name}", size)
    if any(reach.statistics for _, reach in known):
        return words("never; its norm statistics are", size)
    return words("never", size)


def _with_symbol(before: str, name: str, after: str) -> Line:
    return join(words(before, SIZES.body), variable(name, SIZES.body), words(after, SIZES.body), gap=2.0)


#: What a row is called, what writes its cells, and the panel that tells the same.
_ROWS: tuple[tuple[Line, Maker, str], ...] = (
    (_with_symbol("parameters", "theta", "(leading terms)"), _law_row("params"), ""),
    (_with_symbol("MACs", "M", "(leading terms)"), _law_row("macs"), ""),
    (words("MACs per parameter", SIZES.body), _ratio, ""),
    (words("most parameters in", SIZES.body), _home, "levels"),
    (words("what a knob buys", SIZES.body), _knobs, ""),
    (words("positions are mixed by", SIZES.body), _mixed, "stages"),
    (words("receptive field at the end", SIZES.body), _field, ""),
    (words("global since", SIZES.body), _since, ""),
)
