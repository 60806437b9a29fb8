"""Which sizes meet a budget, and what a change of sizes costs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from sympy import Expr, Symbol

from archgraph.analysis.scaling import Comparison, Solution, largest
from archgraph.backend.table import Table
from archgraph.errors import QueryError, did_you_mean
from archgraph.symbols import evaluate

if TYPE_CHECKING:
    from archgraph.api import Architecture

COMPARISONS = ("<=", "<", ">=", ">")
Budget = tuple[Comparison, float]
CHANGES = ("params", "macs", "activations")


def solve(g: Architecture, name: str, multiple_of: int, budgets: Mapping[str, Budget]) -> Solution:
    """Return the extreme value of one symbol that meets one budget, every other symbol at its value."""
    if len(budgets) != 1:
        raise QueryError("solve takes one budget", hint='g.solve("D", macs=("<=", 1e12))')
    ((metric, (comparison, budget)),) = budgets.items()
    if comparison not in COMPARISONS:
        raise QueryError(f"'{comparison}' is not a comparison", hint=f"one of {', '.join(COMPARISONS)}")
    if name not in g.symbols or g.definition(name) is not None:
        known = [symbol for symbol in g.symbols if g.definition(symbol) is None]
        raise QueryError(
            f"cannot solve for '{name}'.{did_you_mean(name, known)}", hint=f"free symbols: {', '.join(known)}"
        )
    law, free = g.expression(metric), g.symbols[name]
    point = {symbol: int(value) for symbol, value in g.point().items()}
    step, start = _grid(g, name, multiple_of)

    def value_at(size: int) -> int:
        return _floored(law, {**point, free: size})

    found = largest(value_at, comparison, budget, step, start)
    if found is None:
        raise QueryError(
            f"no {name} has {metric} {comparison} {budget:,.0f}: at {start + step} it is {value_at(start + step):,}"
        )
    return Solution(name, found, g.at(**{name: found}).metric(metric), budget, metric)  # type: ignore[arg-type]


def _floored(law: Expr, values: Mapping[Symbol, int]) -> int:
    return evaluate(law, values)


def _grid(g: Architecture, name: str, multiple_of: int) -> tuple[int, int]:
    """Return the step and start of the values that a symbol can have: its own rule and the asked divisor."""
    step, start = g.rule_of(name)
    combined = step * multiple_of // _gcd(step, multiple_of)
    if start % _gcd(step, multiple_of):
        raise QueryError(f"no {name} is {start} more than a multiple of {step} and a multiple of {multiple_of}")
    while start % multiple_of:
        start += step
    return combined, start % combined


def _gcd(a: int, b: int) -> int:
    return a if b == 0 else _gcd(b, a % b)


def iso(
    g: Architecture,
    name: str,
    over: Mapping[str, Iterable[Any]],
    multiple_of: int,
    budgets: Mapping[str, Budget],
) -> Table:
    """Return, along the values of a second symbol, the extreme value of the first that meets the budget."""
    if len(over) != 1:
        raise QueryError("iso runs over one symbol", hint='g.iso("D", over={"L": range(4, 49, 4)}, macs=("<=", 1e12))')
    ((second, values),) = over.items()
    rows = []
    for value in values:
        at = g.at(**{second: value})
        found = solve(at, name, multiple_of, budgets)
        reached = at.at(**{name: found.value})
        rows.append({second: value, name: found.value, "params": reached.params, "macs": reached.macs})
    return Table(f"{g.name}: {name} within the budget, along {second}", (second, name, "params", "macs"), rows)


def what_if(g: Architecture, values: Mapping[str, Any], metrics: Iterable[str] = CHANGES) -> Table:
    """Return metrics before and after a change of symbols, structural ones included, and the factor."""
    before, after = g.at(), g.at(**values)
    rows = []
    for metric in metrics:
        old, new = int(before.metric(metric)), int(after.metric(metric))
        factor = f"{float(Fraction(new, old)):.4g}" if old else "–"
        rows.append({"metric": metric, "before": old, "after": new, "factor": factor})
    change = ", ".join(f"{name}: {before.defaults.get(name)} -> {value}" for name, value in values.items())
    return Table(f"{g.name}: {change}", ("metric", "before", "after", "factor"), rows)
