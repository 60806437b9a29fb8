"""The exact value of an expression at given values of its symbols, without sympy's slow substitution."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from math import prod
from typing import Any, TypeAlias

from sympy import Add, Expr, Max, Min, Mul, Pow, Symbol, ceiling, floor

from archgraph.errors import ArchgraphError, UnboundSymbolError

MAX_BITS = 8192
"""Of the numbers that laws may come to: Python prints no integer of more than 4300 digits."""
Number: TypeAlias = "int | Fraction"
Evaluate: TypeAlias = Callable[[Expr], int]
"""Gives the value of a size where all symbols are bound."""


def evaluate(expression: Expr, values: Mapping[Symbol, int]) -> int:
    """Return the integer that an expression has under `values`.

    Raises:
        UnboundSymbolError: a symbol has no value.
        ArchgraphError: the result is not an integer, or has thousands of digits, or divides by zero.

    >>> C = Symbol("C")
    >>> evaluate(3 * C**2 + floor(C / 2), {C: 5})
    77
    """
    result = number_of(expression, values)
    if result.denominator != 1:
        raise ArchgraphError(f"{_short(expression)} is {result}, not an integer")
    if result.numerator.bit_length() > MAX_BITS:
        raise ArchgraphError(f"{_short(expression)} is larger than 2**{MAX_BITS} at the bound values")
    return int(result)


def number_of(expression: Expr, values: Mapping[Symbol, int]) -> Number:
    """Return the number that an expression has under `values`, which may be a fraction."""
    return _number(expression, values, {})


def _number(expression: Any, values: Mapping[Symbol, int], known: dict[Any, Number]) -> Number:
    if expression.is_Symbol:
        if expression not in values:
            hint = f"bind it: --at {expression}=…"
            raise UnboundSymbolError(f"cannot evaluate {expression}: it has no value.", hint=hint)
        return values[expression]
    if expression.is_Integer:
        return int(expression.p)
    if expression.is_Rational:
        return Fraction(int(expression.p), int(expression.q))
    if expression in known:
        return known[expression]
    parts = [_number(part, values, known) for part in expression.args]
    known[expression] = result = _combine(expression, parts)
    return result


def _combine(expression: Expr, parts: list[Number]) -> Number:
    if isinstance(expression, Add):
        return sum(parts)
    if isinstance(expression, Mul):
        return prod(parts)
    if isinstance(expression, Pow):
        return _power(parts[0], parts[1], expression)
    if isinstance(expression, floor):
        return parts[0].__floor__()
    if isinstance(expression, ceiling):
        return parts[0].__ceil__()
    if isinstance(expression, Max):
        return max(parts)
    if isinstance(expression, Min):
        return min(parts)
    raise ArchgraphError(f"cannot evaluate {type(expression).__name__} in {_short(expression)}")


def _power(base: Number, exponent: Number, expression: Expr) -> Number:
    if base == 0 and exponent < 0:
        raise ArchgraphError(f"division by zero in {_short(expression)}")
    if exponent.denominator != 1:
        raise ArchgraphError(f"{_short(expression)} has the exponent {exponent}, which is not an integer")
    bits = max(base.numerator.bit_length(), base.denominator.bit_length()) * abs(exponent)
    if bits > MAX_BITS and base not in (-1, 0, 1):
        raise ArchgraphError(f"{_short(expression)} is larger than 2**{MAX_BITS} at the bound values")
    return Fraction(base) ** int(exponent) if exponent < 0 else base ** int(exponent)


def _short(expression: Expr) -> str:
    text = str(expression)
    return text if len(text) <= 60 else f"{text[:60]}…"
