"""Where the parameters sit and where the work is done: both by resolution level, as paired bars."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from sympy import Add, Expr

from archgraph.cost.costs import CostRow
from archgraph.figures.content.law_lines import LETTERS, alive, claimed, law_side, value_side
from archgraph.figures.content.mathtext import line_of, number, shape, variable, words
from archgraph.figures.drawing.diagram import (
    INK,
    MUTED,
    Box,
    BoxPart,
    Diagram,
    Line,
    Live,
    Path,
    Rect,
    Text,
    line_width,
)
from archgraph.figures.drawing.style import FRAME, GRID, HAIR, SIZES, shade
from archgraph.figures.facts.facts import Facts
from archgraph.outline.mixing import learned_of
from archgraph.outline.resolution import ratio
from archgraph.sizes.types import TensorType

LevelKey: TypeAlias = "tuple[tuple[str, Expr], ...]"
_ROW, _HEAD, _BAR, _GAP = 21.0, 22.0, 7.5, 14.0
_METRICS = (("params", "parameters", 0.38), ("macs", "MACs", 0.78))
_CLOSE, _ROOMY = 11.0, 200.0


@dataclass(frozen=True)
class Level:
    """One resolution: what it is called, and the laws of all nodes whose output has it."""

    label: Line
    params: Expr
    macs: Expr

    def law(self, metric: str) -> Expr:
        """The law of one metric."""
        return self.params if metric == "params" else self.macs


def levels(facts: Facts) -> list[Level]:
    """The levels of a network in the order in which they first appear, what has no positions last.

    Those that cost nothing are left out.
    """
    laws: dict[LevelKey, tuple[list[Expr], list[Expr]]] = {}
    types: dict[LevelKey, list[TensorType]] = {}
    for row in facts.rows:
        key = () if _is_table(facts, row) else _key(facts, row.type)
        found = laws.setdefault(key, ([], []))
        types.setdefault(key, []).append(row.type)
        for place, cost in enumerate(facts.row_costs(row)):
            found[place].append(cost)
    every = [
        Level(_label(facts, key, types[key]), *(facts.shown(Add(*terms)) for terms in found))
        for key, found in sorted(laws.items(), key=lambda pair: not pair[0])
    ]
    return [level for level in every if level.params != 0 or level.macs != 0]


def _is_table(facts: Facts, row: CostRow) -> bool:
    """Whether a row is of weights alone whose axes are no positions of the input: kernels, biases."""
    if row.node.outputs[0] not in learned_of(facts.network):
        return False
    return facts.input is None or not all(map(facts.input.type.has, row.type.positions))


def _key(facts: Facts, type_: TensorType) -> LevelKey:
    """The resolution of a type: by how much each axis is below that of the input; borders do not count."""
    known = facts.input.type if facts.input is not None else None
    return tuple(
        (axis, ratio(known.size(axis), type_.size(axis)) if known is not None and known.has(axis) else type_.size(axis))
        for axis in type_.positions
    )


def _label(facts: Facts, key: LevelKey, types: Sequence[TensorType]) -> Line:
    """The sizes of a level: those of a type where one is without a border, else about those of the input."""
    if not key:
        return words("no positions", SIZES.body)
    shown = {type_: [facts.shown(type_.size(axis)) for axis in type_.positions] for type_ in types}
    plain = [type_ for type_, found in shown.items() if not any(isinstance(size, Add) for size in found)]
    numbers = [facts.number(types[0].size(axis)) for axis in types[0].positions]
    if plain == list(shown) and not any(size.free_symbols for found in shown.values() for size in found):
        return _numbers([[facts.number(type_.size(axis)) for axis in type_.positions] for type_ in shown])
    if plain and not facts.options.values:
        return shape(shown[min(plain, key=lambda type_: len(str(shown[type_])))], SIZES.body)
    known = facts.input.type if facts.input is not None else types[0]
    if all(known.has(axis) for axis, _ in key) and not facts.options.values:
        about = [facts.shown(known.size(axis)) / by for axis, by in key]
        return line_of(words("≈", SIZES.body, "serif"), shape(about, SIZES.body), gap=1.5)
    # Tokens beside those of the input: all types of the level have these sizes.
    return shape(numbers if facts.options.values else [facts.size(length) for _, length in key], SIZES.body)


def _numbers(types: Sequence[Sequence[int]]) -> Line:
    """Sizes that are numbers: from the least to the most along one axis, else about the first, which others pad."""
    spans = [(min(sizes), max(sizes)) for sizes in zip(*types, strict=True)]
    if len(spans) == 1 and spans[0][0] < spans[0][1]:
        return words(f"{spans[0][0]}–{spans[0][1]}", SIZES.body, "serif")
    line = shape(types[0], SIZES.body)
    same = all(least == most for least, most in spans)
    return line if same else line_of(words("≈", SIZES.body, "serif"), line, gap=1.5)


def levels_diagram(facts: Facts, width: float, name: str = "") -> Diagram:
    """A row per level: its sizes, and for each metric a bar with its share, its law and its value.

    With a name it is one of several: the rows are closer, and have no laws.
    """
    found = levels(facts)
    pitch, head = (_CLOSE, _HEAD - 4) if name else (_ROW, _HEAD)
    labels = max((line_width(level.label) for level in found), default=0.0)
    left = max(24.0, min(labels, width * 0.34)) + 10.0
    column = (width - left - _GAP) / 2
    totals = {metric: facts.value(facts.total(metric)) or 1.0 for metric, *_ in _METRICS}
    parts: list[BoxPart] = [Text(words("Level", SIZES.body, "bold"), 0.5, 8.5)]
    for index, level in enumerate(found):
        parts.append(Text(level.label, 0.5, head + pitch * index + _BAR - 0.5, INK))
    for place, (metric, meaning, tone) in enumerate(_METRICS):
        x = left + (column + _GAP) * place
        said = number(totals[metric]) if name and width < _ROOMY else f"{meaning}: {number(totals[metric])}"
        parts += _heading(metric, said, x)
        parts.append(Path(((x, head - 3), (x, head + pitch * len(found) - (2 if name else 6))), FRAME, HAIR))
        for index, level in enumerate(found):
            law = level.law(metric)
            share = facts.value(law) / totals[metric]
            bar, y = (
                _bar(facts, (law, facts.total(metric)), share, shade(tone), x, head + pitch * index, column),
                head + pitch * index + _BAR + 7.4,
            )
            parts += bar
            parts += [] if name or law == 0 else [Text(_law(facts, metric, law, column - 6), x + 3, y, MUTED)]
    height = head + pitch * len(found)
    parts.append(Path(((0, 12.5), (width, 12.5)), GRID, HAIR))
    box = Box("levels", width, height, tuple(parts), kind="panel")
    return Diagram((box,), width=width, height=height)


def _heading(metric: str, text: str, x: float) -> list[BoxPart]:
    """The letter stands before the words, unless it is the word."""
    letter = variable(LETTERS[metric], SIZES.body) if metric == "params" else ()
    return [Text(line_of(letter, words(text, SIZES.body, "bold"), gap=3.0), x, 8.5)]


def _bar(
    facts: Facts, of: tuple[Expr, Expr], share: float, color: str, x: float, y: float, column: float
) -> list[BoxPart]:
    """The bar on the scale of the whole, its share beside it."""
    if of[0] == 0:
        return [Text(words("0", SIZES.small), x + 3, y + 6.2, MUTED)]
    room = column - 30.0
    text = Text(alive(words(_percent(share), SIZES.small), facts, "percent", *of), x + room * share + 3, y + 6.2)
    return [Rect(x, y, max(0.6, room * share), _BAR, color, "none", live=Live("length", of, facts.place, room)), text]


def _percent(share: float) -> str:
    percent = 100 * share
    return f"{percent:.0f} %" if percent >= 9.5 else f"{percent:.1f} %" if percent >= 0.1 else "< 0.1 %"


def _law(facts: Facts, metric: str, law: Expr, room: float) -> Line:
    """``= law ≈ value``, or the value where there is no room for both."""
    value = value_side(facts, law, SIZES.small)
    formula = () if law.is_number else law_side(facts, law, room - line_width(value) - 2.5, SIZES.small)
    return claimed(line_of(formula, value, gap=2.5), metric, law)
