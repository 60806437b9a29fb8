"""The value of an expression as a float, for choosing what to print and how to colour it."""

from collections.abc import Mapping
from typing import Any, cast

from sympy import Expr, Integer, Symbol


def value_at(expression: Expr, values: Mapping[Symbol, int], other: int = 64) -> float:
    """Return the value where the symbols are as given; every other symbol counts as ``other``.

    >>> from sympy import symbols
    >>> C, H = symbols("C H")
    >>> value_at(C**2 * H / 4, {C: 10}, other=2)
    50.0
    """
    bound = {symbol: Integer(values.get(cast(Symbol, symbol), other)) for symbol in expression.free_symbols}
    return float(cast(Any, expression.xreplace(bound)))
