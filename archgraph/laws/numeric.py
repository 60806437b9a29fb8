"""The value of an expression as a float, for choosing what to print and how to colour it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from sympy import Expr, Symbol

from archgraph.errors import ArchgraphError, quoted
from archgraph.sizes.exact import number_of


def value_at(expression: Expr, values: Mapping[Symbol, int], other: int = 64) -> float:
    """Return the value where the symbols are as given; every other symbol counts as ``other``.

    Raises:
        ArchgraphError: it is too large for a floating-point number.

    >>> from sympy import symbols
    >>> C, H = symbols("C H")
    >>> value_at(C**2 * H / 4, {C: 10}, other=2)
    50.0
    """
    bound = {cast(Symbol, free): values.get(cast(Symbol, free), other) for free in expression.free_symbols}
    try:
        return float(number_of(expression, bound))
    except OverflowError:
        shown = quoted(expression)[1:-1]
        raise ArchgraphError(f"{shown} is larger than 10**308 at the bound values, and cannot be drawn") from None
