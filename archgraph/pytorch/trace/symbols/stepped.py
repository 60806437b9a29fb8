"""The values that a size may have: `offset + step*k` for k from `least` to `most`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import gcd

SMALL_PRIMES = 2 * 3 * 5 * 7
"""A move by a number of steps that shares no divisor with this also shows that larger steps are needed."""


@dataclass(frozen=True)
class SteppedSize:
    """The valid sizes of one symbol, as far as recordings say.

    Attributes:
        default: the size in the example.
        least, most: the bounds of k; most is None where none was met.
    """

    name: str
    default: int
    step: int = 1
    least: int = 1
    most: int | None = None

    @property
    def offset(self) -> int:
        """What remains after division by the step."""
        return self.default % self.step

    @property
    def place(self) -> int:
        """The k of the example."""
        return self.default // self.step

    def size(self, place: int) -> int:
        """Return the size at some k."""
        return self.offset + self.step * place

    def with_step(self, step: int) -> SteppedSize:
        """Return the same size in other steps."""
        return replace(self, step=step)

    def allows(self, place: int) -> bool:
        """Whether a k is within the bounds."""
        return place >= self.least and (self.most is None or place <= self.most)


def telling_move(wanted: int, unlike: int | None = None) -> int:
    """Return a number of steps, at least the wanted one, that no larger step divides.

    Args:
        unlike: another such move; after both, sizes leave other rests of division by 3 and 4 than before and than
            each other, so that what a module does at some rests only is seen.

    >>> [telling_move(wanted) for wanted in (1, 2, 9, 225)], telling_move(9, unlike=11)
    ([1, 11, 11, 227], 13)
    """
    moves = (move for move in range(wanted, wanted + 2 * SMALL_PRIMES) if gcd(move, SMALL_PRIMES) == 1)
    return next(move for move in moves if unlike is None or (move + unlike) % 12 == 0)
