"""A size that is written as its number, though it is a law."""

from __future__ import annotations

from sympy import Expr


class Evaluated(int):
    """The number, with the law that it is the value of, and of which of several networks.

    >>> from sympy import Symbol
    >>> Evaluated(8, 2 * Symbol("C")) + 1, Evaluated(8, 2 * Symbol("C")).law
    (9, 2*C)
    """

    law: Expr
    place: int

    def __new__(cls, number: int, law: Expr, place: int = 0) -> Evaluated:
        found = super().__new__(cls, number)
        found.law, found.place = law, place
        return found
