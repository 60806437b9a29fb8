"""What the whole network costs, at which sizes, and what the signs of laws mean: the last lines of a figure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sympy import Expr

from archgraph.figures.content.law_lines import LETTERS, alive, claimed, value_side
from archgraph.figures.content.mathtext import line_of, variable, words
from archgraph.figures.content.wrapping import wrapped
from archgraph.figures.drawing.diagram import Line, line_width
from archgraph.figures.drawing.metrics import text_width
from archgraph.figures.drawing.style import SIZES
from archgraph.figures.facts.facts import Facts
from archgraph.sizes.symbols import symbol

_MOST_LINES = 2


def totals(facts: Facts, width: float) -> list[Line]:
    """All costs of the whole network, also where boxes show one of them, the sizes that they hold at, and what lacks.

    No costs where none are asked for. Sizes that have no room on two lines are left out, with an ellipsis.
    """
    if not _shows_costs(facts):
        return _not_counted(facts, width)
    laws = {metric: facts.total(metric) for metric in LETTERS}
    costs = line_of(*(_cost(facts, metric, law) for metric, law in laws.items()), gap=5.0)
    whole = line_of(words("Whole network:", SIZES.small), costs, gap=3.0)
    return [whole, *_sizes(facts, list(laws.values()), width), *_not_counted(facts, width)]


def _not_counted(facts: Facts, width: float) -> list[Line]:
    """Operators without a rule, and what numbers are worth without them."""
    names = [gap.operator for gap in facts.network.origin.gaps]
    if not names:
        return []
    told = f"Costs at least, fields at most: no rule for {', '.join(names)}"
    lines = wrapped(told, lambda text: text_width(text, "sans", SIZES.small) <= width, _MOST_LINES)
    return [words(line, SIZES.small) for line in lines]


def _shows_costs(facts: Facts) -> bool:
    return any(metric in facts.options.show for metric in LETTERS)


def signs(facts: Facts) -> Line:
    """What θ means, and what stands behind the signs of laws."""
    size = SIZES.small
    theta = line_of(variable("theta", size), words("parameters;", size), gap=2.0) if _shows_costs(facts) else ()
    exact = line_of(words("=", size, "serif"), words("exact,", size), gap=1.5)
    about = line_of(words("≈", size, "serif"), words("rounded or shortened", size), gap=1.5)
    return line_of(theta, exact, about, gap=3.0)


def _cost(facts: Facts, metric: str, law: Expr) -> Line:
    name = variable(LETTERS[metric], SIZES.small)
    return claimed(line_of(name, value_side(facts, law, SIZES.small), gap=1.2), metric, law)


def _sizes(facts: Facts, laws: list[Expr], width: float) -> list[Line]:
    """``at C = 64, H = W = 572``, on as many lines as it takes, which are about equally long."""
    parts = list(_with_commas(_equal_symbols(facts, laws)))
    lines = _broken_at(parts, width)
    while len(lines) > 1:
        narrower = _broken_at(parts, max(map(line_width, lines)) - 1.0)
        if len(narrower) > len(lines) or narrower[-1][-1].text == "…":
            break
        lines = narrower
    return lines if parts else []


def _broken_at(parts: Sequence[Line], width: float) -> list[Line]:
    """The values in lines of at most a width, as far as there are lines."""
    lines: list[Line] = [words("at", SIZES.small)]
    for part in parts:
        longer = line_of(lines[-1], part, gap=2.5)
        if line_width(longer) <= width:
            lines[-1] = longer
        elif len(lines) == _MOST_LINES:
            return [*lines[:-1], line_of(lines[-1], words("…", SIZES.small), gap=2.5)]
        else:
            lines.append(part)
    return lines


def _with_commas(parts: list[Line]) -> Iterator[Line]:
    for index, part in enumerate(parts):
        yield line_of(part, words(",", SIZES.small)) if index < len(parts) - 1 else part


def _equal_symbols(facts: Facts, laws: list[Expr]) -> list[Line]:
    """The symbols of the laws with their values, those of one value together, in the order of the spec."""
    used = {symbol for law in laws for symbol in law.free_symbols}
    free = {str(symbol): value for symbol, value in facts.values.items() if symbol in used}
    order = [name for name in facts.network.symbols if name in free]
    by_value: dict[int, list[str]] = {}
    for name in [*order, *sorted(set(free) - set(order))]:
        by_value.setdefault(free[name], []).append(name)
    return [_chained(facts, names, value) for value, names in by_value.items()]


def _chained(facts: Facts, names: list[str], value: int) -> Line:
    equals = words("=", SIZES.small, "serif")
    variables = (line_of(variable(name, SIZES.small), equals, gap=1.2) for name in names)
    said = words(str(value), SIZES.small, "serif")
    return line_of(*variables, alive(said, facts, "equal", *map(symbol, names)), gap=1.2)
