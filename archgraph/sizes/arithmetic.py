"""The arithmetic of expressions on sizes, bounded so that no expression of a file can grow without end."""

from __future__ import annotations

from math import comb
from typing import Any

import sympy
from sympy import Add, Expr, Integer, Max, Min, Rational, ceiling, floor

from archgraph.errors import SpecError
from archgraph.sizes.expansion import expanded
from archgraph.sizes.symbols import floor_divide as divide_down

MAX_EXPONENT = 256
MAX_DEGREE = 32
MAX_NUMBER_BITS = 512
MAX_TERMS = 100
MAX_PARTS = 1000
MAX_DEPTH = 40
MAX_OPTIONS = 16


def bounded(value: Expr) -> Expr:
    """Return the value, of which no part may be too large.

    Raises:
        SpecError: a number has more than 512 bits, a symbol a power over 32, or there are too many parts.

    >>> bounded(Integer(2) ** 600)
    Traceback (most recent call last):
    archgraph.errors.SpecError: a number of 181 digits is too large: the limit is 2**512
    """
    rest: list[tuple[Any, int]] = [(value, 0)]
    for _ in range(MAX_PARTS):
        if not rest:
            return value
        part, depth = rest.pop()
        if depth > MAX_DEPTH:
            raise SpecError(f"the expression nests deeper than {MAX_DEPTH}")
        _check_part(part)
        rest.extend((inner, depth + 1) for inner in part.args)
    raise SpecError(f"the expression grows to more than {MAX_PARTS} parts")


def _check_part(part: Any) -> None:
    if part.is_Number or part is sympy.zoo:
        _check_number(part)
    elif part.is_Pow:
        _check_power(part.base, part.exp)


def _check_number(number: Expr) -> None:
    if not isinstance(number, Rational):
        raise SpecError("division by zero")
    bits = max(int(number.p).bit_length(), int(number.q).bit_length())
    if bits > MAX_NUMBER_BITS:
        raise SpecError(f"a number of {_digits(bits)} digits is too large: the limit is 2**{MAX_NUMBER_BITS}")


def _check_power(base: Expr, exponent: Expr) -> None:
    if isinstance(exponent, Rational) and not exponent.is_integer:
        raise SpecError(f"the exponent {exponent} is not an integer")
    limit = MAX_EXPONENT if base.is_number else MAX_DEGREE
    for number in exponent.atoms(Integer):
        if abs(int(number)) > limit:
            raise SpecError(f"the exponent {_short(number)} is larger than {limit}")


def _digits(bits: int) -> int:
    return int(bits * 0.30103) + 1


def _short(value: Expr) -> str:
    bits = int(value).bit_length()
    return str(value) if bits < 64 else f"of {_digits(bits)} digits"


def _refuse_terms(count: int) -> None:
    raise SpecError(f"an expression of {count} terms is too long: the limit is {MAX_TERMS}")


def add(left: Expr, right: Expr) -> Expr:
    """Return the sum."""
    return bounded(left + right)


def subtract(left: Expr, right: Expr) -> Expr:
    """Return the difference."""
    return bounded(left - right)


def multiply(left: Expr, right: Expr) -> Expr:
    """Return the product, multiplied out."""
    terms = len(Add.make_args(left)) * len(Add.make_args(right))
    if terms > MAX_TERMS:
        _refuse_terms(terms)
    return bounded(expanded(left * right))


def power(base: Expr, exponent: Expr) -> Expr:
    """Return the power, multiplied out.

    Raises:
        SpecError: the exponent is too large or no integer, or 0 has a negative one.
    """
    _check_power(base, exponent)
    if exponent.is_negative and base.is_zero:
        raise SpecError("division by zero")
    if isinstance(exponent, Integer) and exponent > 0:
        count = len(Add.make_args(base))
        terms = comb(count + int(exponent) - 1, count - 1)
        if terms > MAX_TERMS:
            _refuse_terms(terms)
    return bounded(expanded(base**exponent))


def divide(left: Expr, right: Expr) -> Expr:
    """Return the exact quotient."""
    _check_divisor(right)
    return bounded(expanded(left / right))


def floor_divide(left: Expr, right: Expr) -> Expr:
    """Return the quotient, rounded down."""
    _check_divisor(right)
    return bounded(divide_down(left, right))


def modulo(left: Expr, right: Expr) -> Expr:
    """Return the remainder of the division."""
    return subtract(left, multiply(right, floor_divide(left, right)))


def _check_divisor(right: Expr) -> None:
    if right.is_zero:
        raise SpecError("division by zero")


def extremum(name: str, values: list[Expr]) -> Expr:
    """Return the `min` or `max` of sizes."""
    if len(values) > MAX_OPTIONS and any(value.free_symbols for value in values):
        raise SpecError(f"{name} of {len(values)} sizes: the limit is {MAX_OPTIONS}")
    return (Min if name == "min" else Max)(*values)


def rounded(name: str, value: Expr) -> Expr:
    """Return the `floor` or `ceil` of a size."""
    return floor(value) if name == "floor" else ceiling(value)
