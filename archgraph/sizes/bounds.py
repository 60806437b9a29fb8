"""What is known of sizes whatever the symbols are, for those are positive integers: bounds and comparisons."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from math import prod
from typing import Any, Literal, TypeAlias, cast

import sympy
from sympy import Add, Expr, Max, Min, Mul, Pow, Rational, ceiling, floor

from archgraph.sizes.expansion import expanded

Monomial: TypeAlias = frozenset[tuple[Any, Any]]
"""A product of factors with their positive integer exponents; the empty one is 1."""
Order = Literal["<", "<=", ">", ">="]
CONSTANT: Monomial = frozenset()


@lru_cache(maxsize=1 << 12)
def lower_bound(expression: Expr) -> Any:
    """Return a number that an expanded expression never falls below, or None where this finds none.

    A negative term is covered by a positive one that it divides: `C**2 - C` is at least 0, for C is at least 1.

    >>> C, D = sympy.symbols("C D", integer=True, positive=True)
    >>> lower_bound(4 * C + D - 3), lower_bound(C**2 - C), lower_bound(floor(C / 2) + 1), lower_bound(C - D)
    (2, 0, 1, None)
    """
    constant, terms = expression.as_coeff_Add()
    if not isinstance(constant, Rational):
        return None
    positive: dict[Monomial, Any] = {}
    negative: dict[Monomial, Any] = {}
    for term in Add.make_args(terms) if terms != 0 else ():
        coefficient, factors = term.as_coeff_Mul()
        if not isinstance(coefficient, Rational):
            return None
        side = positive if coefficient > 0 else negative
        # The expression is expanded, so that every product stands in it once.
        side[_monomial(factors)] = abs(coefficient)
    for monomial, amount in negative.items():
        if not _cover(monomial, amount, positive):
            return None
    # What the negative terms have left of the positive ones counts at its least.
    least = {monomial: _least(monomial) for monomial, amount in positive.items() if amount}
    if any(value is None for value in least.values()):
        return None
    return constant + Add(*(positive[monomial] * value for monomial, value in least.items()))


def same_size(left: Expr, right: Expr) -> bool | None:
    """Say whether two sizes are equal: True, False, or None where it depends on the symbols.

    >>> C = sympy.Symbol("C", integer=True, positive=True)
    >>> same_size(C + C, 2 * C), same_size(C, 2 * C), same_size(C, sympy.Symbol("D"))
    (True, False, None)
    """
    if left == right:
        return True
    difference = expanded(left - right)
    if difference.is_zero:
        return True
    # Different for all values only where one side is always ahead; as expressions C and 2*D differ, and can be equal.
    apart = any((bound := lower_bound(side)) is not None and bound > 0 for side in (difference, -difference))
    return False if apart else None


def is_ordered(left: Expr, order: Order, right: Expr) -> bool | None:
    """Say whether an inequality of sizes holds: True, False, or None where it depends on the symbols.

    >>> C = sympy.Symbol("C", integer=True, positive=True)
    >>> is_ordered(C + 1, ">", sympy.Integer(1)), is_ordered(C, "<", C), is_ordered(C, ">", sympy.Integer(1))
    (True, False, None)
    """
    if order in ("<", "<="):
        return is_ordered(right, ">" if order == "<" else ">=", left)
    difference = expanded(left - right)
    least, most = lower_bound(difference), lower_bound(-difference)
    if least is not None and (least > 0 or (order == ">=" and least == 0)):
        return True
    return False if most is not None and (most > 0 or (order == ">" and most == 0)) else None


def _monomial(factors: Expr) -> Monomial:
    pairs: dict[Any, Any] = {}
    for factor in Mul.make_args(factors):
        base, exponent = factor.as_base_exp()
        # 1/C and 2**L are factors of their own: what divides what is told by whole exponents only.
        if not (exponent.is_Integer and exponent > 0):
            base, exponent = factor, sympy.S.One
        pairs[base] = pairs.get(base, 0) + exponent
    return frozenset(pairs.items())


def _cover(monomial: Monomial, amount: Any, positive: dict[Monomial, Any]) -> bool:
    """Take what a negative term needs from positive terms that are at least as large."""
    exponents = dict(monomial)
    for larger, available in positive.items():
        # Greedy: a pairing that this misses makes the bound unknown, never wrong.
        if amount and available and _divides(exponents, dict(larger)):
            taken = min(amount, available)
            positive[larger] -= taken
            amount -= taken
    return not amount


def _divides(small: Mapping[Any, Any], large: Mapping[Any, Any]) -> bool:
    """Whether a product is at least as large as another: all factors of both are at least 1."""
    bases = [*large, *small]
    if any(large.get(base, 0) < exponent for base, exponent in small.items()):
        return False
    return all(base.is_Symbol or _at_least_one(base) for base in bases)


def _at_least_one(factor: Expr) -> bool:
    least = _least_factor(factor)
    return least is not None and least >= 1


def _least(monomial: Monomial) -> Any:
    """The least value of a product; None where a factor may be negative."""
    values = [(_least_factor(base), exponent) for base, exponent in monomial]
    if any(value is None or value < 0 for value, _ in values):
        return None
    return prod((value**exponent for value, exponent in values), start=sympy.S.One)


def _least_factor(factor: Expr) -> Any:
    if factor.is_Symbol:
        return sympy.S.One if factor.is_positive and factor.is_integer else None
    if isinstance(factor, (floor, ceiling)):
        inside = lower_bound(factor.args[0])
        return None if inside is None else factor.func(inside)
    if isinstance(factor, (Max, Min)):
        return _least_of(factor)
    if isinstance(factor, Pow):
        return _least_power(factor.base, factor.exp)
    return lower_bound(factor) if factor.is_Add else None


def _least_of(factor: Expr) -> Any:
    bounds = [lower_bound(cast(Expr, option)) for option in factor.args]
    known = [bound for bound in bounds if bound is not None]
    if isinstance(factor, Max):
        return max(known, default=None)
    return min(known) if len(known) == len(bounds) else None


def _least_power(base: Expr, exponent: Expr) -> Any:
    """Of `2**L`, and of `1/C`, which is positive."""
    if exponent.is_Integer and exponent < 0:
        least = lower_bound(base)
        return sympy.S.Zero if least is not None and least > 0 else None
    least = lower_bound(exponent)
    if base.is_Integer and base >= 1 and least is not None:
        # A larger power would be written out in full; that it is not negative is a bound as well.
        return base**least if least.is_Integer and 0 <= least <= 64 else sympy.S.Zero
    return None
