"""What one more unit, or a factor, of a symbol does to what a network costs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from math import isqrt
from typing import Any, TypeAlias

from sympy import Add, Expr, Integer, Rational, sqrt

from archgraph.cost.part import whole_part
from archgraph.errors import ArchgraphError, QueryError, did_you_mean, quoted, some
from archgraph.graph.network import Network
from archgraph.laws.domain import STEPS
from archgraph.laws.scaling import exponent
from archgraph.report.table import Table
from archgraph.sizes.arithmetic import MAX_NUMBER_BITS
from archgraph.sizes.whole_numbers import read_whole

LONG_POWER = re.compile(r"[eE][+-]?\d{4,}")
"""A power of ten that would be written out before anybody could refuse it."""
SCALED_METRICS = ("params", "macs", "activations", "saved_bytes")
Change: TypeAlias = "int | float | Fraction | Expr | str"
"""A factor as a number, or a word: `x2`, `/2`, `xsqrt2`, `+1`, `-1`."""


def what_if(g: Network, values: Mapping[str, Any], metrics: Iterable[str] = SCALED_METRICS[:3]) -> Table:
    """Return metrics before and after a change of symbols, structural ones included, and the factor."""
    before, after = g.at(), g.at(**values)
    rows = [_factor_row(before, after, metric) for metric in metrics]
    change = ", ".join(f"{name}: {before.defaults.get(name)} -> {value}" for name, value in values.items())
    return Table(f"{g.name}: {change}", ("metric", "before", "after", "factor"), rows)


def scale(g: Network, changes: Mapping[str, Change], metrics: Iterable[str] = SCALED_METRICS) -> Table:
    """Return metrics before and after symbols are scaled, the factor, and the factor in the limit of large symbols."""
    before, steps = g.at(), {name: _step(g, name, change) for name, change in changes.items()}
    values = {name: step.value for name, step in steps.items()}
    after = g.at(**values)
    rows = [{**_factor_row(before, after, metric), "in the limit": _limit(g, metric, changes)} for metric in metrics]
    title = f"{g.name}: {', '.join(map(str, steps.values()))}"
    columns = ("metric", "before", "after", "factor", "in the limit")
    notes = ("in the limit: as the scaled symbols grow, by the leading term of the law", *_notes(steps.values()))
    return Table(title, columns, rows, notes=notes)


def knobs(g: Network, changes: Sequence[Mapping[str, Change]], metrics: Iterable[str] = SCALED_METRICS) -> Table:
    """Return a row per change, each made alone: the factors by which metrics grow."""
    before, rows, notes = g.at(), [], list[str]()
    metrics = tuple(metrics)
    start = {"change": "none", **{metric: whole_part(before).metric(metric) for metric in metrics}}
    for change in changes:
        steps = {name: _step(g, name, value) for name, value in change.items()}
        after = g.at(**{name: step.value for name, step in steps.items()})
        factors = {f"x {metric}": _factor(before, after, metric) for metric in metrics}
        shown = ", ".join(map(str, steps.values()))
        rows.append({"change": shown, **{metric: whole_part(after).metric(metric) for metric in metrics}, **factors})
        notes += _notes(steps.values())
    columns = ("change", *(column for metric in metrics for column in (metric, f"x {metric}")))
    return Table(f"{g.name}: one change at a time", columns, [start, *rows], notes=(g.bindings, *dict.fromkeys(notes)))


def _factor_row(before: Network, after: Network, metric: str) -> dict[str, Any]:
    old, new = whole_part(before).metric(metric), whole_part(after).metric(metric)
    return {"metric": metric, "before": old, "after": new, "factor": _factor(before, after, metric)}


def _factor(before: Network, after: Network, metric: str) -> str:
    old, new = int(whole_part(before).metric(metric)), int(whole_part(after).metric(metric))
    return f"{float(Fraction(new, old)):.4g}" if old else "–"


class _Step:
    """A symbol's value before and after a change, rounded to one that its rule allows."""

    def __init__(self, name: str, old: Any, exact: float, value: Any) -> None:
        self.name, self.old, self.exact, self.value = name, old, exact, value

    def __str__(self) -> str:
        return f"{self.name}: {self.old} -> {self.value}"

    @property
    def rounded(self) -> bool:
        return isinstance(self.value, int) and self.exact != self.value


def _notes(steps: Iterable[_Step]) -> list[str]:
    return [f"{step.name}: {step.exact:.5g} is rounded to {step.value}" for step in steps if step.rounded]


def _step(g: Network, name: str, change: Change) -> _Step:
    old = g.defaults.get(name)
    if name not in g.defaults:
        raise QueryError(
            f"there is no symbol '{name}'.{did_you_mean(name, g.defaults)}", hint=f"symbols: {some(g.defaults)}"
        )
    if not isinstance(old, int) or isinstance(old, bool):
        raise QueryError(f"'{name}' is {old}, which cannot be scaled", hint=f"give its new value: what_if({name}=...)")
    if g.declared.is_derived(name):
        raise QueryError(f"'{name}' is derived from other symbols: scale those")
    if isinstance(change, str) and change[:1] in ("+", "-"):
        value = old + _whole(change)
        return _Step(name, old, value, value)
    exact = old * factor_of(change)
    return _Step(name, old, float(exact), _nearest(exact, *g.rule_of(name)))


def _whole(text: str) -> int:
    try:
        return read_whole(text)
    except ValueError:
        raise QueryError(f"cannot read the change '{text}'", hint="write +1, x2, /2, x1.5 or xsqrt2") from None


def factor_of(change: Change) -> Expr:
    """Return a factor as an exact number.

    Raises:
        QueryError: no positive number.

    >>> factor_of("/2"), factor_of("xsqrt2"), factor_of("x1.5"), factor_of(2)
    (1/2, sqrt(2), 3/2, 2)
    """
    text = change if isinstance(change, str) else ""
    body = text[1:].removeprefix("sqrt")
    if LONG_POWER.search(str(change)):
        raise QueryError(f"the change {quoted(change)} is too long a number: the limit is 2**{MAX_NUMBER_BITS}")
    try:
        number = Rational(body if text else str(change)) if text or not isinstance(change, Expr) else change
    except (TypeError, ValueError):
        number = Integer(0)
    if (text and (text[0] not in "x/" or not text.isascii())) or not number.is_positive:
        raise QueryError(f"cannot read the change '{change}'", hint="write +1, x2, /2, x1.5 or xsqrt2")
    plain = _fraction(number)
    if plain and max(plain.numerator, plain.denominator).bit_length() > MAX_NUMBER_BITS:
        raise QueryError(f"the change {quoted(change)} is too long a number: the limit is 2**{MAX_NUMBER_BITS}")
    if "sqrt" in text:
        number = sqrt(number)
    return Integer(1) / number if text[:1] == "/" else number


def _fraction(number: Expr) -> Fraction | None:
    return Fraction(str(number)) if number.is_Rational else None


def _nearest(exact: Expr, multiple: int, offset: int) -> int:
    """The nearest value that the rule allows, of two the larger one, and never below the first."""
    # From the square, in whole numbers: a root of hundreds of digits is beyond what is computed by places.
    whole = _fraction((exact / multiple) ** 2)
    if whole is None:
        count = int(((exact - offset) / multiple + Rational(1, 2)) // 1)
    else:
        shift = Fraction(1, 2) - Fraction(offset, multiple)
        least = isqrt(whole.numerator // whole.denominator) + shift.numerator // shift.denominator
        count = max(c for c in (least, least + 1) if c <= shift or (c - shift) ** 2 <= whole)
    return max(multiple * count + offset, offset or multiple)


def _limit(g: Network, metric: str, changes: Mapping[str, Change]) -> str:
    """The factor of the terms that grow fastest, where all of those grow alike."""
    try:
        law = whole_part(g).expression(metric)
        factors = {g.symbols[name]: factor_of(change) for name, change in changes.items()}
    except (KeyError, ArchgraphError):
        return "–"
    if law.has(*STEPS):
        return "–"
    powers = {tuple(exponent(term, symbol) for symbol in factors) for term in Add.make_args(law)}
    highest = max(sum(power) for power in powers)
    grown = {_product(factors.values(), power) for power in powers if sum(power) == highest}
    return f"{float(grown.pop()):.4g}" if len(grown) == 1 else "–"


def _product(factors: Iterable[Expr], powers: Iterable[Expr]) -> Expr:
    result: Expr = Integer(1)
    for factor, power in zip(factors, powers, strict=True):
        result *= factor**power
    return result
