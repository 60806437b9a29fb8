"""Lengths that change with an input by as many positions, and those of which one size says nothing."""

from __future__ import annotations

from sympy import Expr


def cut_at_one_size(before: Expr, after: Expr) -> bool:
    """Whether a shorter length is not known to be the longer one less a margin, whatever the size of an input.

    Of two numbers nobody can tell: 24 positions cut to 20 may be 4 less, or 20 always.

    >>> from sympy import Integer
    >>> from archgraph.sizes.symbols import symbol
    >>> n = symbol("n")
    >>> [cut_at_one_size(*pair) for pair in ((n, n - 4), (n, n / 2), (n, Integer(5)), (Integer(24), Integer(20)))]
    [False, True, True, True]
    """
    return before != after and not (before.free_symbols and not (before - after).free_symbols)
