"""Parameters and MACs against each symbol: small log-log charts with the exponents."""

from collections.abc import Sequence
from math import log2
from typing import Any, cast

from sympy import Expr, Float, Integer, Symbol

from archgraph.backend.diagram import MUTED, Box, Diagram, Part, Path, Rect, Run, Text
from archgraph.backend.facts import Facts
from archgraph.backend.mathtext import join, variable, words
from archgraph.backend.numeric import value_at
from archgraph.backend.style import FRAME, GRID, HAIR, SIZES
from archgraph.errors import QueryError

Line = tuple[Run, ...]
_HEAD, _CHART, _FOOT, _LEFT, _GAP = 24.0, 78.0, 22.0, 30.0, 12.0
_OCTAVES, _STEPS, _FAR = 3, 24, 2**24
_STYLES = (("params", "theta", "#2590bf", ()), ("macs", "M", "#081d58", (4.0, 2.0)))


def laws_diagram(facts: Facts, width: float, symbols: Sequence[str] = ()) -> Diagram:
    """A chart per symbol that some cost grows with: from an eighth of its value to eight times as much.

    Raises:
        QueryError: no cost depends on a symbol.
    """
    laws = {metric: facts.total(metric) for metric, *_ in _STYLES}
    shown = _symbols(facts, laws.values(), symbols)
    if not shown:
        raise QueryError(f"no cost of {facts.subject.name} depends on a symbol")
    columns = max(1, min(len(shown), int((width - _LEFT + _GAP) // (92.0 + _GAP))))
    side = (width - _LEFT - 1 - _GAP * (columns - 1)) / columns
    span = _span(facts, laws.values(), shown)
    parts: list[Part] = []
    for index, one in enumerate(shown):
        x, y = _LEFT + (side + _GAP) * (index % columns), (index // columns) * (_HEAD + _CHART + _FOOT)
        parts += _chart(facts, laws, one, x, y, side, span, index % columns == 0)
    rows = -(-len(shown) // columns)
    height = rows * (_HEAD + _CHART + _FOOT) + 12.0
    parts += _key(height - 3.0)
    return Diagram((Box("laws", width, height, tuple(parts), kind="panel"),), width=width, height=height)


def _symbols(facts: Facts, laws, names: Sequence[str]) -> list[Symbol]:
    """The symbols by the order of the spec: those asked for, or all with which some law changes."""
    free = {symbol for law in laws for symbol in law.free_symbols}
    order = [*getattr(facts.subject, "symbols", ())]
    chosen = [symbol for symbol in free if not names or str(symbol) in names]
    return sorted(chosen, key=lambda one: (order.index(str(one)) if str(one) in order else len(order), str(one)))


def _growth(facts: Facts, law: Expr, symbol: Symbol, octaves: float) -> float:
    """By how many octaves a law grows when a symbol does."""
    here = facts.value(law)
    along = law.xreplace({free: Integer(facts.values.get(free, 64)) for free in law.free_symbols - {symbol}})
    there = float(cast(Any, along.xreplace({symbol: Float(facts.values.get(symbol, 64) * 2.0**octaves)})))
    return log2(there / here) if here > 0 and there > 0 else 0.0


def exponent(facts: Facts, law: Expr, symbol: Symbol) -> int:
    """The power with which a law grows for large values of a symbol."""
    far = facts.values.get(symbol, 64) * _FAR
    values = [value_at(law, {**facts.values, symbol: value}) for value in (far, 2 * far)]
    return round(log2(values[1] / values[0])) if values[0] > 0 else 0


def _span(facts: Facts, laws, symbols: Sequence[Symbol]) -> tuple[int, int]:
    ends = [_growth(facts, law, one, side) for law in laws for one in symbols for side in (-_OCTAVES, _OCTAVES)]
    return int(min(ends) // 1), -int(-max(ends) // 1)


def _chart(
    facts: Facts,
    laws: dict[str, Expr],
    one: Symbol,
    x: float,
    y: float,
    side: float,
    span: tuple[int, int],
    first: bool,
) -> list[Part]:
    top = y + _HEAD
    low, high = span
    parts: list[Part] = [
        Text(_title(facts, laws, one), x, y + 9.0),
        Rect(x, top, side, _CHART, "#ffffff", "#8a8a8a", HAIR),
    ]

    def place(octaves: float, growth: float) -> tuple[float, float]:
        right = (octaves + _OCTAVES) / (2 * _OCTAVES)
        return x + side * right, top + _CHART * (high - growth) / (high - low)

    parts += _grid(place, low, high, x, side, first)
    for metric, _, color, dash in _STYLES:
        if one in laws[metric].free_symbols:
            points = [(step * 2 * _OCTAVES / _STEPS - _OCTAVES, step) for step in range(_STEPS + 1)]
            line = tuple(place(at, _growth(facts, laws[metric], one, at)) for at, _ in points)
            parts.append(Path(line, color, 1.3, dash))
    middle = place(0.0, 0.0)
    parts.append(Rect(middle[0] - 1.8, middle[1] - 1.8, 3.6, 3.6, "#ffffff", FRAME, LINE_WIDTH, 1.8))
    return [*parts, *_axis(facts, one, x, top + _CHART + 9.0, side)]


LINE_WIDTH = 0.75


def _title(facts: Facts, laws: dict[str, Expr], one: Symbol) -> Line:
    """``θ ∼ C², M ∼ C²``."""
    size = SIZES.small
    pieces = []
    for metric, letter, *_ in _STYLES:
        power = exponent(facts, laws[metric], one)
        raised = words(str(power), size * 0.72, "serif")
        lifted = (
            tuple(Run(run.text, run.face, run.size, 0.36 * size, 0.4) for run in raised) if power not in (0, 1) else ()
        )
        base = words("1", size, "serif") if power == 0 else join(variable(str(one), size), lifted)
        pieces.append(join(variable(letter, size), words("∼", size, "serif"), base, gap=2.0))
    return join(*pieces, gap=7.0)


def _grid(place, low: int, high: int, x: float, side: float, first: bool) -> list[Part]:
    parts: list[Part] = []
    every = max(1, round((high - low) / 5))
    for power in range(-(-low // every) * every, high + 1, every):
        level = place(0.0, power)[1]
        if low < power < high:
            parts.append(Path(((x, level), (x + side, level)), GRID, HAIR, (1.0, 1.5)))
        if first:
            label = f"× {2**power}" if power >= 0 else f"× 1/{2**-power}"
            parts.append(Text(words(label, SIZES.small), color=MUTED).ending(x - 3).moved(0, level + 2.4))
    return parts


def _axis(facts: Facts, one: Symbol, x: float, y: float, side: float) -> list[Part]:
    """An eighth, the value with the name, eight times the value."""
    value = facts.values.get(one, 64)
    name = join(variable(str(one), SIZES.small), words(f"= {value}", SIZES.small), gap=1.5)
    return [
        Text(words("1/8", SIZES.small), x, y, MUTED),
        Text(name).centered(x + side / 2).moved(0, y),
        Text(words("× 8", SIZES.small), color=MUTED).ending(x + side).moved(0, y),
    ]


def _key(y: float) -> list[Part]:
    parts: list[Part] = []
    x = 0.5
    for (_, letter, color, dash), meaning in zip(_STYLES, ("parameters", "MACs"), strict=True):
        text = Text(join(variable(letter, SIZES.small), words(meaning, SIZES.small), gap=2.0), x + 18, y)
        parts += [Path(((x, y - 2.4), (x + 14, y - 2.4)), color, 1.3, dash), text]
        x += 28 + text.width
    note = words("relative to the values marked; exponents for large values", SIZES.small)
    return [*parts, Text(note, x + 4, y, MUTED)]
