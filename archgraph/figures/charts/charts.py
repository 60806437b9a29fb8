"""Ladder, hop staircase and connected positions of some networks, side by side on one scale."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from math import fsum

from archgraph.figures.charts.hop_chart import hop_chart, stairs
from archgraph.figures.charts.ladder import curve
from archgraph.figures.charts.ladder_chart import chart, key, notes
from archgraph.figures.charts.matrix import key_width, matrix, moves_key
from archgraph.figures.charts.sides import Side
from archgraph.figures.content.mathtext import words
from archgraph.figures.content.wrapping import wrapped
from archgraph.figures.drawing.diagram import MUTED, Box, BoxPart, Diagram, Text
from archgraph.figures.drawing.metrics import text_width
from archgraph.figures.drawing.style import SIZES
from archgraph.figures.facts.facts import Facts
from archgraph.outline.wording import phrase_in_full, shortened

_SIDE, _GAP, _LINE = 74.0, 13.0, 9.5
_TOP, _AXIS = 13.0, 11.0
CHARTS = ("ladder", "hops", "matrix")


@dataclass(frozen=True)
class _Cell:
    """One chart: its headings from long to short, the room of its numbers on the left, and what draws it there."""

    headings: tuple[str, ...]
    margin: float
    draw: Callable[[float, float, float, float], list[BoxPart]]
    stretches: bool = True
    caption: str = ""

    @property
    def least(self) -> float:
        return self.margin + _SIDE


def charts(sides: Sequence[Side], names: Sequence[str], width: float, height: float = _SIDE) -> Diagram:
    """The charts of these names in rows, and below them what their marks mean.

    Squares that would all be of one colour are left out beside other charts, and stairs without a step with them; a
    line says what they would show.
    """
    solid = len(names) > 1 and len(sides) > 1 and all(map(_is_solid, sides))
    empty = {"matrix", *(["hops"] if "ladder" in names and all(map(_is_level, sides)) else [])} if solid else set[str]()
    names = [name for name in names if name not in empty]
    parts: list[BoxPart] = []
    y = 0.0
    for row in _rows([cell for name in names for cell in _cells(sides, name)], width):
        parts += _row(row, y, width, height)
        y += _TOP + height + _AXIS
        stretched = [cell for cell in row if cell.stretches]
        if stretched and len(sides) > 1:
            squares = (len(row) - len(stretched)) * (height + _GAP)
            named, high = key([_curve(side) for side in sides], 0.5, y, width - squares)
            parts += named
            y += max(0.0, high - _LINE)
        y += _LINE + 3.0 if len(sides) > 1 else 2.0
    # The square is about one axis; rows beside columns see no more than a cross.
    said = ["in all of them every output position reads every input position along an axis, by at most one move"]
    explained, high = _explained(sides, names, y, width, said if solid else [])
    parts += explained
    y += high
    return Diagram((Box("-".join(names), width, y + 1, tuple(parts), kind="panel"),), width=width, height=y + 1)


def _curve(side: Side):
    return curve(side.facts, side.steps, side.color, side.dash)


def _cells(sides: Sequence[Side], name: str) -> list[_Cell]:
    if name == "ladder":
        curves = [_curve(side) for side in sides]
        return [
            _Cell(
                ("Receptive field over depth (share of the side)", "Receptive field (share)", "Field"),
                30.0,
                partial(chart, curves),
            )
        ]
    if name == "hops":
        found = [one for side in sides if (one := stairs(side.facts, side.color, side.dash)) is not None]
        units = dict.fromkeys(side.facts.unit for side in sides if side.facts.input is not None)
        unit = next(iter(units)) if len(units) == 1 else "positions"
        return [_Cell(("Moves over distance", "Moves"), 16.0, partial(hop_chart, found, unit))]
    several = len(sides) > 1
    return [
        _matrix_cell(side, ("Output × input positions", "Outputs × inputs") if first else (), several=several)
        for first, side in _firsts(sides)
    ]


def _firsts(sides: Sequence[Side]) -> Iterator[tuple[bool, Side]]:
    return ((index == 0, side) for index, side in enumerate(sides))


def _matrix_cell(side: Side, headings: tuple[str, ...], *, several: bool) -> _Cell:
    facts = side.facts
    path = facts.last_located
    ends = not path or path == facts.structure.chain[-1].items[-1].path
    caption = (side.name if several else "") if ends else f"{side.name}: {_called(facts, path)}"

    def draw(x: float, y: float, width: float, height: float) -> list[BoxPart]:
        return matrix(facts, path, x, y, height) if path else []

    return _Cell(headings, 0.0, draw, False, caption or "")


def _called(facts: Facts, path: str) -> str:
    """What something on the main line is called in drawings."""
    line = (item for group in facts.structure.chain for item in group.all)
    return next((phrase_in_full([item], facts.brief) for item in line if item.path == path), path)


def _rows(cells: Sequence[_Cell], width: float) -> list[list[_Cell]]:
    """One row if all fit, else those that stretch apart from the squares, which fill rows of equal length."""
    if fsum(cell.least + _GAP for cell in cells) - _GAP <= width:
        return [list(cells)]
    stretched, squares = [cell for cell in cells if cell.stretches], [cell for cell in cells if not cell.stretches]
    fitting = max(1, int((width + _GAP) // (_SIDE + _GAP)))
    each = -(-len(squares) // -(-len(squares) // fitting)) if squares else 1
    rows = [stretched] + [squares[start : start + each] for start in range(0, len(squares), each)]
    return [row for row in rows if row]


def _row(row: Sequence[_Cell], y: float, width: float, height: float) -> Iterator[BoxPart]:
    """Charts stretch over what is left; headings are cut at the next one."""
    elastic = sum(cell.stretches for cell in row)
    fixed = fsum(cell.margin + (0 if cell.stretches else height) for cell in row) + _GAP * (len(row) - 1)
    stretch = (width - 1 - fixed) / max(1, elastic)
    lefts = [0.5]
    for cell in row:
        lefts.append(lefts[-1] + cell.margin + (stretch if cell.stretches else height) + _GAP)
    for cell, (left, after) in zip(row, pairwise(lefts), strict=True):
        own = after - left - _GAP - cell.margin
        yield from cell.draw(left + cell.margin, y + _TOP, own, height)
        if cell.headings:
            room = (lefts[-1] if not cell.stretches else after) - left - _GAP
            fitting = (text for text in cell.headings if text_width(text, "bold", SIZES.small) <= room)
            yield Text(_fitted(next(fitting, cell.headings[-1]), "bold", room), left, y + 7.0)
        if cell.caption:
            caption = Text(_fitted(cell.caption, "sans", own + _GAP - 4), color=MUTED)
            yield caption.centered(left + cell.margin + own / 2).moved(0, y + _TOP + height + 18.5)


def _fitted(text: str, face: str, room: float):
    def fits(shown: str) -> bool:
        return text_width(shown, face, SIZES.small) <= room  # type: ignore[arg-type]

    return words(shortened(text, fits), SIZES.small, face)  # type: ignore[arg-type]


def _is_solid(side: Side) -> bool:
    """Whether the square of a network would be of one colour."""
    hops = side.facts.hops(side.facts.last_located)
    return hops is not None and hops.percent == "100 %" and max((len(row) - 1 for row in hops.rows), default=0) <= 1


def _is_level(side: Side) -> bool:
    """Whether every distance takes as many moves as any other."""
    found = stairs(side.facts, side.color)
    return found is None or len({moves for _, moves in found.points}) == 1


def _explained(
    sides: Sequence[Side], names: Sequence[str], y: float, width: float, said: Sequence[str]
) -> tuple[list[BoxPart], float]:
    """What the marks mean on the left, the colours of moves on the right or below."""
    told = [*said, *(notes([_curve(side) for side in sides]) if "ladder" in names else [])]
    told += _hop_notes(sides) if said or set(names) & {"hops", "matrix"} else []
    beside = key_width() + 14 if "matrix" in names else 0.0
    room = width - beside if width - beside > 150 else width
    lines = wrapped(
        "; ".join(told) + ("." if told else ""), lambda text: text_width(text, "sans", SIZES.small) <= room, 9
    )
    parts: list[BoxPart] = [
        Text(words(line, SIZES.small), 0.5, y + 7 + _LINE * row, MUTED) for row, line in enumerate(lines)
    ]
    height = _LINE * len(lines) + 1
    if not beside:
        return parts, height
    if room < width:
        return [*parts, *moves_key(width - key_width() - 1, y + 1)], max(height, _LINE + 1)
    return [*parts, *moves_key(0.5, y + height + 1)], height + _LINE + 3


def _hop_notes(sides: Sequence[Side]) -> list[str]:
    ended = any((one := stairs(side.facts, side.color)) is not None and one.ends for side in sides)
    told = ["a move reads another cell of the input than its own", *(["×: no path leads farther"] if ended else [])]
    refused = ((side.name, side.facts.why_no_hops(side.facts.last_located)) for side in sides)
    told += [f"moves of {name} are not counted: {reason}" for name, reason in refused if reason]
    return told + [
        f"moves of {side.name} are at least these: {hops.why[0]}"
        for side in sides
        if (hops := side.facts.hops(side.facts.last_located)) is not None and hops.why
    ]
