"""The algebra of laws: degrees, leading terms, elasticities, crossings, and the sizes that meet a budget."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, cast

from sympy import (
    Add,
    Expr,
    Integer,
    Max,
    Min,
    Poly,
    Pow,
    Rational,
    Symbol,
    ceiling,
    diff,
    expand,
    floor,
)
from sympy.polys.polytools import real_roots

from archgraph.errors import QueryError
from archgraph.symbols import cancelled, evaluate, fraction, replaced

Comparison = Literal["<=", "<", "==", ">=", ">"]
MAX_SIZE = 2**40
_STEPS = (floor, ceiling, Max, Min)


def smooth_in(law: Expr, symbol: Symbol) -> Expr:
    """Return the law, expanded, if it is a sum of powers of the symbol.

    Raises:
        QueryError: the symbol stands inside a rounding or a minimum, where exponents have no meaning.
    """
    for part in law.atoms(*_STEPS):
        if symbol in part.free_symbols:
            raise QueryError(
                f"the law is not a power law in {symbol}: it holds {part}",
                hint=f"bind the symbols in it, or restate {symbol} with multiple_of",
            )
    return expand(law)


def exponent(term: Expr, symbol: Symbol) -> Expr:
    """Return the power of a symbol in a product.

    >>> from archgraph.symbols import symbol
    >>> D, L = symbol("D"), symbol("L")
    >>> exponent(3 * D**2 * L, D), exponent(L, D)
    (2, 0)
    """
    powers = term.as_powers_dict()
    return cast(Expr, powers.get(symbol, Integer(0)))


def degree(law: Expr, symbol: Symbol) -> Expr:
    """Return the highest power of a symbol in a law.

    >>> from archgraph.symbols import symbol
    >>> D, N = symbol("D"), symbol("N")
    >>> degree(12 * N * D**2 + 2 * N**2 * D, N)
    2
    """
    return max(exponent(term, symbol) for term in Add.make_args(smooth_in(law, symbol)))


def leading(law: Expr, symbol: Symbol) -> Expr:
    """Return the terms of the highest power of a symbol.

    >>> from archgraph.symbols import symbol
    >>> D, N = symbol("D"), symbol("N")
    >>> leading(12 * N * D**2 + 2 * N**2 * D + D, N)
    2*D*N**2
    """
    law = smooth_in(law, symbol)
    highest = degree(law, symbol)
    return Add(*(term for term in Add.make_args(law) if exponent(term, symbol) == highest))


def elasticity(law: Expr, symbol: Symbol) -> Expr:
    """Return d log(law) / d log(symbol): the local exponent, between the lowest and the highest power.

    >>> from archgraph.symbols import symbol
    >>> D = symbol("D")
    >>> elasticity(18 * D**2, D), elasticity(18 * D**2 + 15 * D, D).subs(D, 1000).n(5)
    (2, 1.9992)
    """
    law = smooth_in(law, symbol)
    if law == 0:
        raise QueryError(f"the law is 0, so it has no elasticity in {symbol}")
    return cancelled(expand(symbol * diff(law, symbol)) / law)


def eliminate(law: Expr, name: Symbol, definition: Expr) -> Expr:
    """Return a law in a derived symbol: one symbol of its definition is replaced.

    Raises:
        QueryError: the definition is not a product of powers, or the replacement leaves roots.

    >>> from archgraph.symbols import symbol
    >>> S, p, N, D = (symbol(name) for name in "SpND")
    >>> eliminate(2 * D * S**4 / p**4 + D * S**2, N, S**2 / p**2)
    2*D*N**2 + D*N*p**2
    """
    powers = definition.as_powers_dict()
    if definition.is_Add or not all(base.is_Symbol or base.is_number for base in powers):
        raise QueryError(f"{name} = {definition} is not a product of powers, so {name} cannot be eliminated")
    for symbol in sorted((base for base in powers if base.is_Symbol and powers[base] > 0), key=str):
        rest = definition / symbol ** powers[symbol]
        inverse = (name / rest) ** (1 / powers[symbol])
        result = expand(law.xreplace({symbol: inverse}))
        if symbol not in result.free_symbols and not _has_roots(result):
            return result
    raise QueryError(f"{name} = {definition} cannot be eliminated from the law without roots")


def _has_roots(law: Expr) -> bool:
    return any(power.exp.is_Rational and not power.exp.is_Integer for power in law.atoms(Pow))


def crossover(first: Expr, second: Expr, symbol: Symbol) -> tuple[Expr, ...]:
    """Return the positive values of a symbol at which two laws are equal, in order.

    Exact where the difference is linear in the symbol after dividing by its powers, or has no other symbols.

    >>> from archgraph.symbols import symbol
    >>> D, N = symbol("D"), symbol("N")
    >>> crossover(2 * D * N**2, 12 * D**2 * N, N)
    (6*D,)
    """
    difference = expand(smooth_in(first, symbol) - smooth_in(second, symbol))
    terms = Add.make_args(difference)
    if difference == 0:
        raise QueryError("the two laws are the same")
    lowest = min(exponent(term, symbol) for term in terms)
    reduced = expand(difference / symbol**lowest)
    numerator = cancelled(reduced).as_numer_denom()[0]
    polynomial = Poly(numerator, symbol)
    if polynomial.degree() == 1:
        slope, start = polynomial.all_coeffs()
        root = cancelled(cast(Expr, -start / slope))
        return () if root.is_nonpositive or _negative(root) else (root,)
    if polynomial.free_symbols - {symbol} or polynomial.free_symbols_in_domain:
        names = ", ".join(sorted(map(str, numerator.free_symbols - {symbol})))
        raise QueryError(f"the crossing in {symbol} is not linear; bind {names} first", hint="g.bind(...)")
    return tuple(root for root in cast(list[Expr], real_roots(polynomial)) if root.is_positive)


def _negative(root: Expr) -> bool:
    return root.could_extract_minus_sign() and not root.is_positive


@dataclass(frozen=True)
class Solution:
    """The value of a symbol that meets a budget: what it achieves, and what is left of the budget."""

    symbol: str
    value: int
    achieved: int
    budget: float
    metric: str

    @property
    def slack(self) -> float:
        """Budget minus achieved."""
        return self.budget - self.achieved

    def __repr__(self) -> str:
        achieved = f"{self.symbol} = {self.value}: {self.metric} = {self.achieved:,}"
        return f"{achieved}, {self.slack:,.0f} below {self.budget:,.0f}"


def largest(
    value_at: Callable[[int], int], comparison: Comparison, budget: float, step: int, start: int = 0
) -> int | None:
    """Return the extreme size `start + k*step` (k >= 1) whose value compares so with the budget; values must not fall.

    For `<=` and `<` the largest, for `>=` and `>` the smallest; None where there is none.

    >>> largest(lambda d: 18 * d * d, "<=", 1e6, 16)
    224
    """

    def below(k: int) -> bool:
        value = value_at(start + k * step)
        return value <= budget if comparison in ("<=", ">", "==") else value < budget

    if not below(1):
        return start + step if comparison in (">=", ">") else None
    high = 2
    while below(high):
        high *= 2
        if high * step > MAX_SIZE:
            return None
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if below(middle) else (low, middle)
    return start + step * (high if comparison in (">=", ">") else low)


def shares(terms: Mapping[str, Expr], values: Mapping[Symbol, int]) -> dict[str, Rational]:
    """Return each term's share of the sum at some values.

    >>> from archgraph.symbols import symbol
    >>> D = symbol("D")
    >>> shares({"a": D, "b": 3 * D}, {D: 5})
    {'a': 1/4, 'b': 3/4}
    """
    numbers = {name: evaluate(law, values) for name, law in terms.items()}
    total = sum(numbers.values())
    if total == 0:
        raise QueryError("the whole is 0, so it has no shares")
    return {name: fraction(number, total) for name, number in numbers.items()}


def scaled(law: Expr, factors: Mapping[Symbol, int]) -> Expr:
    """Return law(scaled symbols) / law: by how much a law grows.

    >>> from archgraph.symbols import symbol
    >>> D = symbol("D")
    >>> scaled(18 * D**2, {D: 2})
    4
    """
    grown = expand(replaced(law, {symbol: factor * symbol for symbol, factor in factors.items()}))
    return cancelled(grown / law)
