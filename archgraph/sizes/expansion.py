"""Products of sums as sums of products: the form in which laws are compared, added up and shown."""

from __future__ import annotations

from typing import cast

from sympy import Add, Basic, Expr, Integer, Mul, sympify


def expanded(law: Basic | int) -> Expr:
    """Return a law without products and powers of sums.

    Most laws are of that form as they come, and are returned at once. Of sympy's rules those for logarithms and for
    powers of products are left out: symbols are positive, so that sympy splits `(a*b)**n` when it is made.

    >>> from archgraph.sizes.symbols import symbol
    >>> c = symbol("c")
    >>> expanded((c + 1) * (c + 2))
    c**2 + 3*c + 2
    """
    whole = cast(Expr, sympify(law))
    if all(map(_is_monomial, Add.make_args(whole))):
        return whole
    return cast(Expr, whole.expand(power_base=False, log=False, basic=False))


def _is_monomial(term: Expr) -> bool:
    return all(factor.is_Atom or _is_power(factor) for factor in Mul.make_args(term))


def _is_power(factor: Expr) -> bool:
    return bool(factor.is_Pow) and bool(factor.args[0].is_Symbol) and isinstance(factor.args[1], Integer)
