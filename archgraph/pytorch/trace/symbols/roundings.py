"""Sizes next to each other at which every way to round a quotient differs from every other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sympy import Expr, floor, fraction, together

MOST_RESTS = 10
"""Of a divisor up to half of this, every rest is tried; of a larger one, those next to a tie or to a whole number."""


def divisors_of(law: Expr, known: Iterable[Expr]) -> Iterator[int]:
    """Yield by what a law divides and rounds, but for the quotients that are in laws known before.

    >>> from sympy import symbols
    >>> n = symbols("n", integer=True)
    >>> list(divisors_of(floor(n / 2) + floor((n + 1) / 3), [floor((n + 1) / 3)]))
    [2]
    """
    for quotient in law.atoms(floor).difference(*(other.atoms(floor) for other in known)):
        yield int(fraction(together(quotient.args[0]))[1])


def telling_rests(divisor: int) -> list[int]:
    """Return the rests of division by twice the divisor at which down, up, nearest and half to even all differ.

    Half to even has this period: 1/2 goes down and 3/2 goes up.

    >>> telling_rests(2), telling_rests(16)
    ([0, 1, 2, 3], [0, 1, 8, 9, 15, 16, 17, 24, 25, 31])
    """
    period, half = 2 * divisor, divisor // 2
    if period <= MOST_RESTS:
        return list(range(period))
    near = (0, 1, half, half + 1, divisor - 1, divisor, divisor + 1, divisor + half, divisor + half + 1, period - 1)
    return sorted({rest % period for rest in near})
