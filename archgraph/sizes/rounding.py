"""Roundings in the shortest words: ``ceil(h/2)`` for the ``floor(h/2 - 1/2) + 1`` that a strided window leads to."""

from __future__ import annotations

from math import lcm
from typing import cast

from sympy import Add, Expr, Integer, Rational, ceiling, floor

from archgraph.sizes.expansion import expanded


def shortly_rounded(law: Expr) -> Expr:
    """The same law, multiplied out, with every rounding of an integer and a fraction as short as it can be.

    >>> from archgraph.sizes.symbols import symbol
    >>> h = symbol("h")
    >>> shortly_rounded(3*h*(floor(h/2 - Integer(1)/2) + 1)), shortly_rounded(floor(h/4 + Integer(5)/4))
    (3*h*ceiling(h/2), floor(h/4 + 1/4) + 1)
    >>> shortly_rounded(ceiling(h/16 + Integer(1)/16))
    floor(h/16) + 1
    """
    return expanded(law.replace(ceiling, _up).replace(floor, _down)) if law.has(floor, ceiling) else law


def _down(inner: Expr) -> Expr:
    """A rounding down of what is inside, where it is a whole number of parts and a fraction."""
    pieces = _pieces(inner)
    if pieces is None:
        return cast(Expr, floor(inner))
    exact, rest = cast(tuple[Rational, Expr], inner.as_coeff_Add())
    # Less than a piece decides nothing.
    offset = cast(Rational, Rational(int(exact.p) * pieces // int(exact.q), pieces))
    below = Integer(int(offset.p) // int(offset.q))
    # One piece more would reach the next whole number: the fraction rounds up.
    if offset - below == Rational(pieces - 1, pieces):
        return cast(Expr, ceiling(rest) + below)
    return cast(Expr, floor(rest + offset - below) + below)


def _up(inner: Expr) -> Expr:
    """A rounding up, which is one down of all but one piece more."""
    pieces = _pieces(inner)
    if pieces is None:
        return cast(Expr, ceiling(inner))
    finest = lcm(pieces, int(cast(Rational, inner.as_coeff_Add()[0]).q))
    return _down(inner + Rational(finest - 1, finest))


def _pieces(inner: Expr) -> int | None:
    """In how many parts of one everything inside is counted; none where something is no whole number of parts."""
    offset, rest = cast(tuple[Expr, Expr], inner.as_coeff_Add())
    parts = [cast(tuple[Expr, Expr], term.as_coeff_Mul()) for term in Add.make_args(rest)]
    if not isinstance(offset, Rational) or not all(
        isinstance(number, Rational) and whole.is_integer for number, whole in parts
    ):
        return None
    return lcm(*(int(cast(Rational, number).q) for number, _ in parts))
