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
_GUESSES = 40  # then halves, so that no law takes long
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
    """A budget that is met: the comparison, the bound, and what is achieved."""

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
    """The value of a symbol that meets budgets: what it achieves, and what is left of them.

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
        """Return the value found, and a row per budget.

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


def last(holds: Callable[[int], bool], limit: int, excess: Callable[[int], float] | None = None) -> int | None:
    """Return the largest k >= 1 at which a condition holds that holds up to some k; None where it never does.

    Args:
        holds: the condition.
        limit: up to where it is looked for.
        excess: by what factor k is over its budget, where the condition is one and costs much to ask: fewer are asked.

    Raises:
        QueryError: it holds up to the limit.

    >>> last(lambda k: 18 * (16 * k) ** 2 <= 1e6, 10**6)
    14
    >>> last(lambda k: k**2 <= 10**6, 10**6, lambda k: k**2 / 10**6)
    1000
    """
    if not holds(1):
        return None
    low, high = 1, 2
    # Upwards first: where the answer is small, laws are not evaluated at huge sizes.
    while holds(high):
        if high >= limit:
            raise QueryError("the budget is met however large the symbol becomes")
        low, high = high, min(limit, high * (2 if excess is None else _leap(excess(high))))
    return _halved(holds, low, high) if excess is None else _guessed(holds, low, high, lambda k: log(excess(k)))


def _halved(holds: Callable[[int], bool], low: int, high: int) -> int:
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if holds(middle) else (low, middle)
    return low


def _guessed(holds: Callable[[int], bool], low: int, high: int, over: Callable[[int], float]) -> int:
    """Ask where a power law through both ends meets the budget; the end that stays counts for half the next time."""
    below, above, stayed = over(low), over(high), 0
    for _ in range(_GUESSES):
        if high - low <= 1 or below > 0 or above <= 0:
            break
        middle = min(high - 1, max(low + 1, round(low * (high / low) ** (-below / (above - below)))))
        if holds(middle):
            low, below, above, stayed = middle, over(middle), above / (2 if stayed == 1 else 1), 1
        else:
            high, above, below, stayed = middle, over(middle), below / (2 if stayed == -1 else 1), -1
    return _halved(holds, low, high)


def _leap(excess: float) -> int:
    """By what factor a size may grow whose need grows with its square."""
    return max(2, int(min(1 / excess, 1e12) ** 0.5))


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
