"""Sums of lists of weights: by numpy where there is much to add, else one by one, equal to the last bit."""

from __future__ import annotations

import sys
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import accumulate, repeat
from operator import add, mul
from types import ModuleType
from typing import NamedTuple

_FEW = 1 << 10
"""Additions of which a loop is as fast as numpy."""
WORTH_AN_IMPORT = 1 << 21
"""Additions, of all sums together, that take as long as the import of numpy."""


class Addend(NamedTuple):
    """Some weights, moved and scaled."""

    start: int
    factor: float
    weights: array[float]


def added(addends: Sequence[Addend], length: int) -> array[float]:
    """Return a list of weights as long as said, each the sum of those that lie there.

    >>> added([Addend(0, 1.0, array("d", [1, 2])), Addend(1, 0.5, array("d", [4]))], 3)
    array('d', [1.0, 4.0, 0.0])
    """
    np = _additions.numpy(sum(len(addend.weights) for addend in addends) + length)
    return _by_loop(addends, length) if np is None else _by_numpy(np, addends, length)


def _by_loop(addends: Iterable[Addend], length: int) -> array[float]:
    total = [0.0] * length
    for start, factor, weights in addends:
        stop = start + len(weights)
        scaled = weights if factor == 1 else map(mul, weights, repeat(factor))
        total[start:stop] = map(add, total[start:stop], scaled)
    return array("d", total)


def _by_numpy(np: ModuleType, addends: Iterable[Addend], length: int) -> array[float]:
    total = array("d", bytes(8 * length))
    sums = np.frombuffer(total)
    for start, factor, weights in addends:
        given = np.frombuffer(weights) if weights else 0.0
        sums[start : start + len(weights)] += given if factor == 1 else given * factor
    return total


def scaled(weights: array[float], factor: float) -> array[float]:
    """Return all weights multiplied by a factor."""
    return added([Addend(0, factor, weights)], len(weights))


def quantiles(weights: array[float], shares: Iterable[float]) -> list[float]:
    """Return where the piecewise linear distribution function of some weights reaches shares of their sum.

    >>> quantiles(array("d", [1, 1]), [0.25, 0.75])
    [0.5, 1.5]
    """
    sums = _sums(weights)
    return [_quantile(sums, share * sums[-1]) for share in shares]


def _sums(weights: array[float]) -> Sequence[float]:
    np = _additions.numpy(len(weights))
    return list(accumulate(weights)) if np is None else array("d", np.cumsum(weights).tobytes())


def _quantile(sums: Sequence[float], amount: float) -> float:
    index = bisect_left(sums, amount)
    if index == len(sums):
        return float(index)
    before = sums[index - 1] if index else 0.0
    step = sums[index] - before
    return index + ((amount - before) / step if step else 0.0)


class _Additions:
    """Counts what was added one by one, and calls for numpy when its import has paid."""

    def __init__(self) -> None:
        self.made = 0

    def numpy(self, more: int) -> ModuleType | None:
        """Return numpy where it is worth its import and installed, else None."""
        if more < _FEW:
            return None
        self.made += more
        return _imported() if self.made >= WORTH_AN_IMPORT or "numpy" in sys.modules else None


_additions = _Additions()


@lru_cache(maxsize=1)
def _imported() -> ModuleType | None:
    try:
        import numpy
    except ImportError:
        return None
    return numpy
