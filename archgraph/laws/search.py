"""The sizes that meet a budget: which way a law goes in one symbol, and where it crosses the budget."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import log
from typing import Literal, cast

from sympy import Add, Expr, Max, Min, Mul, Pow, Symbol, ceiling, diff, floor, fraction, together
from sympy.polys.polytools import Poly

from archgraph.errors import QueryError
from archgraph.keywords import strict_methods
from archgraph.report.table import Table
from archgraph.sizes.bounds import lower_bound
from archgraph.sizes.expansion import expanded

Inequality = Literal["<=", "<", ">=", ">"]
Trend = Literal[-1, 0, 1]
MAX_SIZE = 2**40
HOLDS: dict[str, Callable[[float, float], bool]] = {
    "<=": lambda value, budget: value <= budget,
    "<": lambda value, budget: value < budget,
    ">=": lambda value, budget: value >= budget,
    ">": lambda value, budget: value > budget,
}


def amount(number: float) -> str:
    """Return a number in groups of three digits, whole: one beyond 2**53 exactly.

    >>> amount(2**53 + 1), amount(1e12)
    ('9,007,199,254,740,993', '1,000,000,000,000')
    """
    return f"{int(number):,}" if number == int(number) else f"{float(number):,.0f}"


@dataclass(frozen=True)
class Met:
    """A budget and how it is met: the comparison, the bound, and what is achieved."""

    metric: str
    comparison: str
    budget: float
    achieved: int

    @property
    def slack(self) -> float:
        """How far what is achieved stays on the right side of the bound."""
        return abs(self.budget - self.achieved)

    def __str__(self) -> str:
        side = "below" if self.achieved <= self.budget else "above"
        return f"{self.metric} = {self.achieved:,}, {amount(self.slack)} {side} {amount(self.budget)}"


@strict_methods
@dataclass(frozen=True)
class Solution:
    """The value of a symbol that meets budgets: what it achieves, and what is left of each.

    >>> Solution("D", 64, (Met("macs", "<=", 1e6, 999000),))
    D = 64: macs = 999,000, 1,000 below 1,000,000
    """

    symbol: str
    value: int
    met: tuple[Met, ...]

    @property
    def tightest(self) -> Met:
        """The budget that leaves the least."""
        return min(self.met, key=lambda met: met.slack / max(1.0, abs(met.budget)))

    @property
    def achieved(self) -> int:
        """What the metric of the tightest budget comes to."""
        return self.tightest.achieved

    @property
    def slack(self) -> float:
        """What is left of the tightest budget."""
        return self.tightest.slack

    def table(self) -> Table:
        """Return the value that was found, with a row per budget.

        >>> Solution("D", 64, (Met("macs", "<=", 1e6, 999000),)).table().to("csv")
        'symbol,value,metric,achieved,comparison,budget\\nD,64,macs,999000,<=,1000000\\n'
        """
        rows = [
            {
                "symbol": self.symbol,
                "value": self.value,
                "metric": met.metric,
                "achieved": met.achieved,
                "comparison": met.comparison,
                "budget": int(met.budget) if met.budget == int(met.budget) else met.budget,
            }
            for met in self.met
        ]
        columns = ("symbol", "value", "metric", "achieved", "comparison", "budget")
        return Table(f"{self.symbol} within the budget", columns, rows)

    def _repr_html_(self) -> str:
        return self.table().to_html()

    def __repr__(self) -> str:
        return f"{self.symbol} = {self.value}: {'; '.join(map(str, self.met))}"


def trend(law: Expr, symbol: Symbol, start: int = 1) -> Trend | None:
    """Return whether a law in one symbol never falls (1), never rises (-1) or neither (0) from a value on.

    None where it does both, or where that is not known.

    >>> from archgraph.sizes.symbols import symbol
    >>> D = symbol("D")
    >>> trend(18 * D**2 - 15 * D, D), trend(1 / D**2, D), trend(D + 9 / D, D), trend(floor(D / 3) * D, D)
    (1, -1, None, 1)
    """
    law = expanded(law)
    if symbol not in law.free_symbols:
        return 0
    if law.has(floor, ceiling, Max, Min):
        return _composed(law, symbol)
    above, below = fraction(together(law))
    if not (above.is_polynomial(symbol) and below.is_polynomial(symbol)):
        return _composed(law, symbol)
    # The derivative of a quotient has the sign of this, its denominator being a square. A root of the denominator would
    # be a jump.
    slope = Poly(diff(above, symbol) * below - above * diff(below, symbol), symbol)
    return _sign(slope, start) if _sign(Poly(below, symbol), start) else None


def _sign(polynomial: Poly, start: int) -> Trend | None:
    """The sign of a polynomial beyond a value, None where it changes or touches 0."""
    if polynomial.is_zero:
        return 0
    # A root at the start itself is an extreme that the law leaves in one direction.
    if polynomial.count_roots(start) - (polynomial.eval(start) == 0):
        return None
    return 1 if cast(Expr, polynomial.eval(start + 1)).is_positive else -1


def _composed(law: Expr, symbol: Symbol) -> Trend | None:
    """The trend of sums, products of what is never negative, powers and roundings."""
    if symbol not in law.free_symbols:
        return 0
    parts = [cast(Expr, part) for part in law.args]
    if law == symbol:
        return 1
    if isinstance(law, (Add, floor, ceiling, Max, Min)):
        return _joint([_composed(part, symbol) for part in parts])
    if isinstance(law, Mul):
        number, rest = law.as_coeff_Mul()
        if number != 1:
            return _turned(_composed(cast(Expr, rest), symbol), same=number > 0)
        # Rising factors make a rising product only where none is negative.
        return _joint([_composed(part, symbol) for part in parts]) if all(map(_never_negative, parts)) else None
    if isinstance(law, Pow) and law.exp.is_Integer and _never_negative(cast(Expr, law.base)):
        return _turned(_composed(cast(Expr, law.base), symbol), same=law.exp > 0)
    return None


def _turned(found: Trend | None, *, same: bool) -> Trend | None:
    return found if same or found is None else cast(Trend, -found)


def _never_negative(law: Expr) -> bool:
    bound = lower_bound(expanded(law))
    return bound is not None and bound >= 0


def _joint(found: list[Trend | None]) -> Trend | None:
    if None in found:
        return None
    kinds = set(found) - {0}
    return 0 if not kinds else kinds.pop() if len(kinds) == 1 else None


def _endless(limit: int) -> QueryError:
    return QueryError(f"the budget is met as far as the search goes, which ends at {limit:,} steps")


def last(holds: Callable[[int], bool], limit: int) -> int | None:
    """Return the largest k >= 1 at which a condition holds that holds up to some k; None where it never does.

    Raises:
        QueryError: it holds up to the limit.

    >>> last(lambda k: 18 * (16 * k) ** 2 <= 1e6, 10**6)
    14
    """
    if not holds(1):
        return None
    high = 2
    # Doubling first: where the answer is small, laws are not evaluated at huge sizes.
    while holds(high):
        high *= 2
        if high > limit:
            raise _endless(limit)
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if holds(middle) else (low, middle)
    return low


def last_within(number: Callable[[int], float], budget: float, limit: int, start: int = 1) -> int | None:
    """Return the largest k >= 1 at which a number that never falls is within a budget; None where it never is.

    The number may be dear: few values of k are looked at, chosen by the power of k with which it grows there.

    Raises:
        QueryError: it is within the budget up to the limit.

    >>> last_within(lambda k: 18 * (16 * k) ** 2, 1e6, 10**6)
    14
    """
    low, high = _bracket(number, budget, limit, start)
    while high - low > 1:
        before = high - low
        guess = _crossing(low, high, number, budget)
        # The guess and the one beside it end the search where it is right; where it was far off, a half bounds it.
        low, high = _narrowed(low, high, guess, number, budget)
        low, high = _narrowed(low, high, guess + 1 if low == guess else guess - 1, number, budget)
        if 2 * (high - low) > before:
            low, high = _narrowed(low, high, (low + high) // 2, number, budget)
    return low or None


def _narrowed(low: int, high: int, tried: int, number: Callable[[int], float], budget: float) -> tuple[int, int]:
    if not low < tried < high:
        return low, high
    return (tried, high) if number(tried) <= budget else (low, tried)


def _bracket(number: Callable[[int], float], budget: float, limit: int, start: int) -> tuple[int, int]:
    """A value within the budget, or 0, and one beyond it."""
    low, high = 0, start
    while (found := number(high)) <= budget:
        if high > limit:
            raise _endless(limit)
        farther = (budget / found) ** 0.6 if found > 0 else 2.0
        low, high = high, int(high * min(64.0, max(1.25, farther))) + 1
    return low, high


def _crossing(low: int, high: int, number: Callable[[int], float], budget: float) -> int:
    """Where a power through two points meets the budget, between them."""
    below, above = number(low) if low else 0.0, number(high)
    if below <= 0 or above <= below:
        return (low + high) // 2
    power = log(above / below) / log(high / low)
    return min(max(int(low * (budget / below) ** (1 / power)), low + 1), high - 1)


def first(holds: Callable[[int], bool], limit: int) -> int | None:
    """Return the least k >= 1 at which a condition holds that holds from some k on; None where none is within reach.

    >>> first(lambda k: k * k >= 50, 100)
    8
    """
    try:
        before = last(lambda k: not holds(k), limit)
    except QueryError:
        return None
    return 1 if before is None else before + 1
