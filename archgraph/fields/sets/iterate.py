"""Maps applied many times: exact powers by repeated squaring, and the symbolic law of the hull."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from sympy import Expr

from archgraph.errors import QueryError
from archgraph.fields.sets.setmap import SetMap
from archgraph.fields.sets.windows import IDENTITY

Iterated = TypeVar("Iterated")


def power(step: Iterated, count: int, identity: Iterated, then: Callable[[Iterated, Iterated], Iterated]) -> Iterated:
    """Return `step` applied `count` times, in about 2*log2(count) compositions.

    Args:
        step: one application.
        count: how many; 0 gives the identity.
        identity: what composes to the other.
        then: the associative composition.

    Raises:
        QueryError: the count is negative.

    >>> power("ab", 3, "", str.__add__)
    'ababab'
    """
    if count < 0:
        raise QueryError(f"a body cannot be applied {count} times")
    result = identity
    while count:
        if count & 1:
            result = then(result, step)
        count >>= 1
        if count:
            square = then(step, step)
            # As behind global attention: from here on more iterations read no more.
            if square == step:
                return then(result, step)
            step = square
    return result


def iterate(body: SetMap, count: int) -> SetMap:
    """Return the map of a body that keeps its resolution, applied `count` times.

    Exact for every count: long sets without holes are combs, and the hull never needs single indices. Where
    a set with holes outgrows `indices.MOST_TEETH`, its holes are filled and the map's `exact` is False.

    Raises:
        QueryError: the body changes the resolution.

    >>> from archgraph.fields.sets.windows import window
    >>> iterate(window(3, before=1), 10**6).size_max
    2000001
    """
    _check_stride(body)
    return power(body, count, IDENTITY, SetMap.through)


def iterated_hull(body: SetMap, count: Expr) -> tuple[Expr, Expr]:
    """Return the hull (lo, hi) of output 0 after a symbolic number of iterations.

    Raises:
        QueryError: the body has several phases, where the hull is not linear in the count, or another stride.

    >>> from archgraph.fields.sets.windows import window
    >>> from archgraph.sizes.symbols import symbol
    >>> iterated_hull(window(5, before=2), symbol("L"))
    (-2*L, 2*L)
    """
    _check_stride(body)
    if body.period > 1:
        raise QueryError(
            f"the receptive field after {count} iterations has {body.period} phases and no closed form",
            hint=f"bind {count} to a number",
        )
    (reads,) = body.phases
    return count * reads.lo, count * reads.hi


def _check_stride(body: SetMap) -> None:
    if body.stride != 1:
        raise QueryError(f"a repeated body must keep the resolution, and this one has stride {body.stride}")
