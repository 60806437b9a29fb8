"""Parameters and MACs against each symbol: small log-log charts with the exponents."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import isfinite, log2
from typing import Any, TypeAlias, cast

from sympy import Expr, Float, Integer, Symbol

from archgraph.errors import ArchgraphError, QueryError
from archgraph.figures.content.law_lines import LETTERS
from archgraph.figures.content.mathtext import line_of, math, variable, words
from archgraph.figures.drawing.diagram import MUTED, Box, BoxPart, Diagram, Line, Path, Rect, Text
from archgraph.figures.drawing.style import FRAME, GRID, HAIR, LINE, SIZES
from archgraph.figures.facts.facts import Facts
from archgraph.laws.numeric import value_at

Laws: TypeAlias = "dict[str, Expr]"
_HEAD, _CHART, _FOOT, _LEFT, _GAP = 14.0, 78.0, 20.0, 30.0, 12.0
_OCTAVES, _STEPS, _FAR, _DEEPEST = 3, 24, 2**24, 12
_STYLES = (("params", "#2590bf", ()), ("macs", "#081d58", (4.0, 2.0)))


def laws_diagram(facts: Facts, width: float, symbols: Sequence[str] = ()) -> Diagram:
    """A chart per symbol that some cost grows with: from an eighth of its value to eight times as much.

    Raises:
        QueryError: no cost depends on a symbol.
    """
    laws = {metric: facts.total(metric) for metric, *_ in _STYLES}
    shown = _symbols(facts, laws.values(), symbols)
    if not shown:
        raise QueryError(f"no cost of {facts.network.name} depends on a symbol")
    columns = max(1, min(len(shown), int((width - _LEFT + _GAP) // (92.0 + _GAP))))
    side = (width - _LEFT - 1 - _GAP * (columns - 1)) / columns
    span = _span(facts, laws.values(), shown)
    parts: list[BoxPart] = []
    for index, one in enumerate(shown):
        x, y = _LEFT + (side + _GAP) * (index % columns), (index // columns) * (_HEAD + _CHART + _FOOT)
        parts += _chart(facts, laws, one, x, y, side, span, first=index % columns == 0)
    rows = -(-len(shown) // columns)
    key, height = _key(rows * (_HEAD + _CHART + _FOOT) + 7.0, width)
    parts += key
    return Diagram((Box("laws", width, height, tuple(parts), kind="panel"),), width=width, height=height)


def _symbols(facts: Facts, laws: Iterable[Expr], names: Sequence[str]) -> list[Symbol]:
    """The symbols by the order of the spec: those asked for, or all with which some law changes."""
    free = {symbol for law in laws for symbol in law.free_symbols if isinstance(symbol, Symbol)}
    order = list(facts.network.symbols)
    chosen = [symbol for symbol in free if not names or str(symbol) in names]
    return sorted(chosen, key=lambda one: (order.index(str(one)) if str(one) in order else len(order), str(one)))


def _growth(facts: Facts, law: Expr, symbol: Symbol, octaves: float) -> float | None:
    """By how many octaves a law grows when a symbol does; nothing where it is not positive."""
    here = facts.value(law)
    others = {free: Integer(facts.values.get(cast(Symbol, free), 64)) for free in law.free_symbols - {symbol}}
    there = law.xreplace({**others, symbol: Float(facts.values.get(symbol, 64) * 2.0**octaves)})
    value = float(cast(Any, there))
    if not isfinite(value):
        raise ArchgraphError(
            f"a law grows beyond 10**308 with {symbol}, and cannot be drawn", hint="bind smaller sizes"
        )
    return log2(value / here) if here > 0 and value > 0 else None


def exponent(facts: Facts, law: Expr, symbol: Symbol) -> int:
    """The power with which a law grows for large values of a symbol."""
    far = facts.values.get(symbol, 64) * _FAR
    values = [value_at(law, {**facts.values, symbol: value}) for value in (far, 2 * far)]
    return round(log2(values[1] / values[0])) if values[0] > 0 else 0


def _span(facts: Facts, laws: Iterable[Expr], symbols: Sequence[Symbol]) -> tuple[int, int]:
    ends = [growth for law in laws for one in symbols for _, growth in _curve(facts, law, one)]
    return max(-_DEEPEST, int(min(ends) // 1)), -int(-max(ends) // 1)


def _chart(
    facts: Facts, laws: Laws, one: Symbol, x: float, y: float, side: float, span: tuple[int, int], *, first: bool
) -> list[BoxPart]:
    top = y + _HEAD
    low, high = span
    parts: list[BoxPart] = [Text(_title(facts, laws, one), x, top - 5.0)]
    parts.append(Rect(x, top, side, _CHART, "#ffffff", "#8a8a8a", HAIR))

    def place(octaves: float, growth: float) -> tuple[float, float]:
        right = (octaves + _OCTAVES) / (2 * _OCTAVES)
        return x + side * right, top + _CHART * (high - growth) / (high - low)

    parts += _grid(place, low, high, x, side, first=first)
    for metric, color, dash in _STYLES:
        line = tuple(place(at, growth) for at, growth in _curve(facts, laws[metric], one))
        parts.append(Path(line, color, 1.3, dash))
    middle = place(0.0, 0.0)
    parts.append(Rect(middle[0] - 1.8, middle[1] - 1.8, 3.6, 3.6, "#ffffff", FRAME, LINE, 1.8))
    return [*parts, *_axis(facts, one, x, top + _CHART + 9.0, side)]


def _curve(facts: Facts, law: Expr, one: Symbol) -> list[tuple[float, float]]:
    """Growth over the octaves, down to where the law is still positive: borders can use up a small input."""
    steps = [step * 2 * _OCTAVES / _STEPS - _OCTAVES for step in range(_STEPS, -1, -1)]
    points: list[tuple[float, float]] = []
    for at in steps:
        growth = _growth(facts, law, one, at)
        if growth is None:
            break
        points.append((at, growth))
    return points


def _title(facts: Facts, laws: dict[str, Expr], one: Symbol) -> Line:
    """``θ ~ C², MACs ~ C²``."""
    size = SIZES.small
    pieces = []
    for metric, *_ in _STYLES:
        power = exponent(facts, laws[metric], one)
        raised = math(one**power, size)
        pieces.append(line_of(variable(LETTERS[metric], size), words("~", size, "serif"), raised, gap=2.0))
    return line_of(*pieces, gap=7.0)


def _grid(place, low: int, high: int, x: float, side: float, *, first: bool) -> list[BoxPart]:
    parts: list[BoxPart] = []
    every = max(1, round((high - low) / 5))
    for power in range(-(-low // every) * every, high + 1, every):
        level = place(0.0, power)[1]
        if low < power < high:
            parts.append(Path(((x, level), (x + side, level)), GRID, HAIR, (1.0, 1.5)))
        if first:
            label = f"× {2**power}" if power >= 0 else f"× 1/{2**-power}"
            parts.append(Text(words(label, SIZES.small), color=MUTED).ending(x - 3).moved(0, level + 2.4))
    return parts


def _axis(facts: Facts, one: Symbol, x: float, y: float, side: float) -> list[BoxPart]:
    """An eighth, the value with the name, eight times the value."""
    value = facts.values.get(one, 64)
    name = line_of(variable(str(one), SIZES.small), words(f"= {value}", SIZES.small), gap=1.5)
    return [
        Text(words("1/8", SIZES.small), x, y, MUTED),
        Text(name).centered(x + side / 2).moved(0, y),
        Text(words("× 8", SIZES.small), color=MUTED).ending(x + side).moved(0, y),
    ]


def _key(y: float, width: float) -> tuple[list[BoxPart], float]:
    """What the lines are, with a note beside or below them; and where the figure ends."""
    parts: list[BoxPart] = []
    x = 0.5
    meanings = (
        line_of(variable("theta", SIZES.small), words("parameters", SIZES.small), gap=2.0),
        words("MACs", SIZES.small),
    )
    for (_, color, dash), meaning in zip(_STYLES, meanings, strict=True):
        text = Text(meaning, x + 18, y)
        parts += [Path(((x, y - 2.4), (x + 14, y - 2.4)), color, 1.3, dash), text]
        x += 28 + text.width
    note = Text(words("relative to the values marked; exponents for large values", SIZES.small), color=MUTED)
    if x + note.width <= width:
        return [*parts, note.moved(x, y)], y + 3.0
    return [*parts, note.moved(0.5, y + 10)], y + 13.0
