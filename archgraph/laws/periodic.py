"""Laws in a repeat count where a body has phases: increments that repeat, extrapolated."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

from sympy import Eq, Expr, Mod, Piecewise, Rational, Symbol

from archgraph.errors import QueryError
from archgraph.sizes.expansion import expanded

_LONGEST, _TERMS = 12, 48
FAR = (997, 10_000, 10_007)
"""Counts at which a law is tried out before it is believed."""


def periodic_law(values: Callable[[int], int | None], count: Symbol) -> Expr:
    """Return the law of a sequence whose increments are periodic from its first terms on.

    Args:
        values: gives the term of a count; None where there is none.
        count: the symbol of the law.

    Raises:
        QueryError: the increments do not repeat within the first terms, or the law fails far out.

    >>> from archgraph.sizes.symbols import symbol
    >>> periodic_law(lambda n: 14 * n + 7, symbol("L"))
    14*L + 7
    """
    terms = [values(n) for n in range(1, _TERMS + 1)]
    known = [term for term in terms if term is not None]
    if len(known) < _TERMS:
        raise QueryError(f"no receptive field for some values of {count}")
    period = _period([after - before for before, after in pairwise(known)])
    if period is None:
        raise QueryError(f"the receptive field has no periodic increments in {count}")
    law = _law(known, period, count)
    for far in FAR:
        if values(far) != law.subs(count, far):
            raise QueryError(f"the law in {count} does not hold at {far}")
    return law


def _period(increments: Sequence[int]) -> int | None:
    for period in range(1, _LONGEST + 1):
        if all(a == b for a, b in zip(increments, increments[period:], strict=False)):
            return period
    return None


def _law(terms: Sequence[int], period: int, count: Symbol) -> Expr:
    slope = Rational(terms[period] - terms[0], period)
    offsets = [terms[index] - slope * (index + 1) for index in range(period)]
    if len(set(offsets)) == 1:
        return expanded(slope * count + offsets[0])
    cases = [(offset, Eq(Mod(count - 1, period), index)) for index, offset in enumerate(offsets)]
    return expanded(slope * count) + Piecewise(*cases)
