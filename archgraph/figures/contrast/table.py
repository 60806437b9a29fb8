"""The table of what sets networks apart, drawn: the rows of the comparison that have room in a figure."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import cast

from archgraph.comparison.cells import Cell
from archgraph.comparison.compared import Comparison
from archgraph.comparison.knobs import Knob
from archgraph.comparison.seen import Seen, Since
from archgraph.figures.charts.sides import Side
from archgraph.figures.content.law_lines import claimed, law_side, value_side
from archgraph.figures.content.mathtext import line_of, number, variable, words
from archgraph.figures.content.wrapping import wrapped
from archgraph.figures.drawing.diagram import INK, MUTED, Box, BoxPart, Diagram, Line, Path, Text, line_width
from archgraph.figures.drawing.metrics import text_width
from archgraph.figures.drawing.style import FRAME, SIZES
from archgraph.figures.facts.facts import Facts
from archgraph.graph.ir import Node, Repeat
from archgraph.graph.locate import find_member
from archgraph.outline.items import is_light
from archgraph.outline.wording import called, capitalized, shortened
from archgraph.sizes.expansion import expanded

Maker = Callable[[Side, Cell, float], list[Line]]
_ROW, _TIGHT, _LABEL, _MOST_LINES = 10.8, 9.3, 118.0, 3


#: What is written before a number that is not exact.
_MOST = {"": "", "bound": "at most ", "estimate": "≈ "}


def laws(sides: Sequence[Side], width: float, told: Sequence[str] = ()) -> Diagram:
    """Rows of a quantity and what it is in each network, without what another panel tells already."""
    size, label = SIZES.body, min(_LABEL, width * 0.26)
    column = (width - label) / len(sides)
    names = [_shortened(words(side.facts.network.name, size, "bold"), column - 6) for side in sides]
    rows: list[tuple[Line, list[list[Line]]]] = [((), [[name] for name in names])]
    compared = Comparison(tuple(side.facts.network for side in sides))
    for name, trait, maker, panel in _ROWS:
        if panel in told:
            continue
        cells = zip(sides, compared.row(trait).cells, strict=True)
        rows.append((name, [_broken(maker(side, cell, column - 6), column - 6) for side, cell in cells]))
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


def _law_row(metric: str, side: Side, cell: Cell, room: float) -> list[Line]:
    """The law, in as long a form as has room, and its value."""
    if cell.law is None:
        return _words(cell)
    law = expanded(cell.law)
    formula, value = law_side(side.facts, law, room, SIZES.body), value_side(side.facts, law, SIZES.body)
    both = line_of(formula, value, gap=3.0)
    lines = [both] if line_width(both) <= room else [formula, value]
    return [claimed(line, metric, law) for line in lines if line]


def _ratio(side: Side, cell: Cell, room: float) -> list[Line]:
    """A mean over the weights of how often each is used."""
    if cell.number is None:
        return _words(cell)
    params, macs = cast(tuple[int, int], cell.fact)
    return [words(f"{number(macs)} / {number(params)} {quotient(macs, params)}", SIZES.body)]


def quotient(above: int, below: int) -> str:
    """A quotient with its sign: `=` only where both numbers and it are written as they are.

    >>> quotient(900, 30), quotient(502000, 27688), quotient(192_400_000_000, 31_030_658)
    ('= 30', '≈ 18.1', '≈ 6,200')
    """
    if max(above, below) < 1000 and above % below == 0:
        return f"= {above // below}"
    value = above / below
    return f"≈ {value:.3g}" if value < 100 else f"≈ {value:,.0f}"


def _knobs(side: Side, cell: Cell, room: float) -> list[Line]:
    found: list[Line] = []
    for knob in cast(tuple[Knob, ...], cell.fact):
        lines = (_knob(knob, size) for size in (SIZES.body, SIZES.small))
        found += [line for line in lines if line_width(line) <= room][:1]
    return found or [words("–", SIZES.body)]


def _knob(knob: Knob, size: float) -> Line:
    """``C × 2: θ × 4, MACs × 4``."""
    commas = [words(",", size)] * (len(knob.names) - 1) + [()]
    named = line_of(*(variable(name, size) + comma for name, comma in zip(knob.names, commas, strict=True)), gap=3.0)
    turned = line_of(named, words(f"{knob.change}: {_MOST[knob.label]}".rstrip(), size), gap=2.0)
    theta = line_of(variable("theta", size), words(f"× {knob.params:.3g},", size), gap=2.0)
    return line_of(turned, theta, words(f"MACs × {knob.macs:.3g}", size), gap=3.0)


def _text(side: Side, cell: Cell, room: float) -> list[Line]:
    return _words(cell)


def _words(cell: Cell) -> list[Line]:
    return [words(cell.text, SIZES.body)]


def _field(side: Side, cell: Cell, room: float) -> list[Line]:
    if not isinstance(cell.fact, Seen):
        return [words("none", SIZES.body)]
    reach = cell.fact.reach
    if reach is None:
        return [words("not known", SIZES.body)]
    size = f"all {reach.extent}" if reach.everything else f"{reach.label} of {reach.extent}"
    text, share = f"{_MOST[cell.label]}{size}{_unit(side.facts)}", _effective(side)
    if share is not None and not reach.everything:
        text += f" (95 % of the ERF at init.: {share * reach.extent:.0f})"
    return [words(text, SIZES.body)]


def _effective(side: Side) -> float | None:
    """The effective field at the end of the main line, as a share of the side."""
    return next((step.effective for step in reversed(side.steps) if step.reach is not None), None)


def _unit(facts: Facts) -> str:
    pixels = facts.pixels
    return f" × {pixels} px" if pixels > 1 else f" {facts.unit}"


def _since(side: Side, cell: Cell, room: float) -> list[Line]:
    """The operation of the text, by the name that the drawing has for it."""
    since = cell.fact if isinstance(cell.fact, Since) else Since()
    if since.everything:
        return [words(capitalized(_drawn_name(side, since.everything)), SIZES.body)]
    if since.alone:
        return [words(f"never; along each axis alone since {_drawn_name(side, since.alone)}", SIZES.body)]
    if since.before:
        return [words(f"never; all before since {_drawn_name(side, since.before)}", SIZES.body)]
    if since.wider:
        return [words(f"never; the field exceeds the input since {_drawn_name(side, since.wider)}", SIZES.body)]
    return [words("never; its norm statistics are" if since.statistics else "never", SIZES.body)]


def _drawn_name(side: Side, path: str) -> str:
    """What the drawing calls the first row that holds a member, with the operation where the row does not name it."""
    row = next((step.words for step in side.steps if step.holds(path)), "")
    member = find_member(side.facts.network.graph, path)[0]
    own = called(member, side.facts.brief)
    if not row or (isinstance(member, Node) and is_light(member) and own.lower() not in row.lower()):
        return own
    return row if isinstance(member, Repeat) or own.lower() in row.lower() else f"{own} in {row}"


def _with_symbol(before: str, name: str, after: str) -> Line:
    return line_of(words(before, SIZES.body), variable(name, SIZES.body), words(after, SIZES.body), gap=2.0)


#: What a row is called, the trait that it shows, what writes its cells, and the panel that tells the same.
_ROWS: tuple[tuple[Line, str, Maker, str], ...] = (
    (_with_symbol("parameters", "theta", ""), "params", partial(_law_row, "params"), ""),
    (words("MACs", SIZES.body), "macs", partial(_law_row, "macs"), ""),
    (words("MACs per parameter", SIZES.body), "macs per param", _ratio, ""),
    (words("most parameters in", SIZES.body), "most params in", _text, "levels"),
    (words("what a knob buys", SIZES.body), "knobs", _knobs, ""),
    (words("positions are mixed by", SIZES.body), "mixed by", _text, "stages"),
    (words("receptive field at the end", SIZES.body), "receptive field of the output", _field, ""),
    (words("global since", SIZES.body), "connectivity", _since, ""),
)
