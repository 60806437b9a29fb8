"""The law of a number that a module's code computes of sizes, step by step as the code does."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import isfinite

from sympy import Expr, Rational, floor, fraction, together

from archgraph.pytorch.trace.recording.comparisons.compared import Formula, Made
from archgraph.sizes.expansion import expanded
from archgraph.sizes.symbols import ZERO, floor_divide

FindLaw = Callable[[Sequence[int]], "Expr | None"]
"""Gives the law of a size from its value at every sample."""


def composed(made: Sequence[Made], find: FindLaw) -> Expr | None:
    """Return the law of a number from how it was made at every sample; None where a step has no law.

    >>> from sympy import Integer, Symbol
    >>> rest = [Formula("mod", (size, 100), 1) for size in (10, 21, 47)]
    >>> n = Symbol("n", integer=True, positive=True)
    >>> composed(rest, lambda sizes: n if len(set(sizes)) > 1 else Integer(sizes[0]))
    n - 100*floor(n/100)
    """
    steps = [step for step in made if isinstance(step, Formula)]
    if not steps:
        return _of_numbers([number for number in made if not isinstance(number, Formula)], find)
    form = {(step.operator, len(step.operands)) for step in steps}
    if len(steps) < len(made) or len(form) > 1 or steps[0].operator not in LAWS:
        return None
    operands = [composed(column, find) for column in zip(*(step.operands for step in steps), strict=True)]
    known = [law for law in operands if law is not None]
    return LAWS[steps[0].operator](*known) if len(known) == len(operands) else None


def _of_numbers(numbers: Sequence[float], find: FindLaw) -> Expr | None:
    if len(set(numbers)) == 1:
        return exact_number(numbers[0])
    return find([int(number) for number in numbers]) if all(isinstance(number, int) for number in numbers) else None


def exact_number(number: float) -> Expr | None:
    """Return a number as a fraction; None where it is infinite, or no number.

    >>> exact_number(0.25), exact_number(float("inf"))
    (1/4, None)
    """
    return Rational(*number.as_integer_ratio()) if isinstance(number, int) or isfinite(number) else None


def whole_sides(left: Expr, right: Expr) -> tuple[Expr, Expr] | None:
    """Return sides whose difference is whole and has the same sign; None where the sign of a divisor is not known.

    >>> from sympy import Integer, Symbol
    >>> n = Symbol("n", integer=True, positive=True)
    >>> whole_sides(n / 2, Rational(201, 4)), whole_sides(n, Integer(4))
    ((2*n - 201, 0), (n, 4))
    """
    if left.is_integer and right.is_integer:
        return left, right
    above, below = fraction(together(expanded(left - right)))
    return (expanded(above), ZERO) if above.is_integer and below.is_positive else None


def _floor_divide(dividend: Expr, divisor: Expr) -> Expr | None:
    if divisor.is_zero:
        return None
    return floor_divide(dividend, divisor) if dividend.is_integer and divisor.is_integer else floor(dividend / divisor)


def _rest(dividend: Expr, divisor: Expr) -> Expr | None:
    whole = _floor_divide(dividend, divisor)
    return None if whole is None else expanded(dividend - divisor * whole)


def _power(base: Expr, exponent: Expr) -> Expr | None:
    return expanded(base**exponent) if exponent.is_Integer and 0 <= int(exponent) <= MOST_EXPONENT else None


MOST_EXPONENT = 8
LAWS: Mapping[str, Callable[..., Expr | None]] = {
    "add": lambda left, right: expanded(left + right),
    "sub": lambda left, right: expanded(left - right),
    "mul": lambda left, right: expanded(left * right),
    "truediv": lambda left, right: None if right.is_zero else left / right,
    "floordiv": _floor_divide,
    "mod": _rest,
    "pow": _power,
    "neg": lambda number: -number,
    "invert": lambda number: -number - 1,
    "abs": lambda number: number if number.is_nonnegative else None,
    "floor": lambda number: floor(expanded(number)),
    "ceil": lambda number: -floor(expanded(-number)),
}
"""The laws of steps of arithmetic; the others have none, such as those on bits."""
