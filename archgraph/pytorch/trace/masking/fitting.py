"""Laws of the numbers of a mask, such as how far a band reaches, from its matrices in several recordings."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from math import floor
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from sympy import Expr, Rational

from archgraph.pytorch.trace.layout import RECORDED

if TYPE_CHECKING:
    from torch import Tensor

FormNumbers = tuple[int, ...]
"""The numbers of a form, such as how far a band reaches before and after."""
Wider = Callable[[FormNumbers, int], FormNumbers]
Draw: TypeAlias = "Callable[[Tensor, FormNumbers], Tensor]"
"""Makes the matrix of some numbers, of the size of another one."""


def one_wider(numbers: FormNumbers, place: int) -> FormNumbers:
    """Return numbers of which one, by its place, is larger by 1.

    >>> one_wider((3, 0), 1)
    (3, 1)
    """
    return (*numbers[:place], numbers[place] + 1, *numbers[place + 1 :])


@dataclass(frozen=True)
class Recorded:
    """A matrix of allowed keys in one recording, with the sizes that its numbers may be made of."""

    allowed: Tensor
    sizes: FormNumbers


def fitted_laws(
    measure: Callable[[Tensor], FormNumbers | None],
    draw: Draw,
    recorded: Sequence[Recorded],
    sizes: Sequence[Expr],
    wider: Wider = one_wider,
) -> list[Expr] | None:
    """Return the laws of the numbers with which a kind of mask is that of every recording, or None."""
    largest = max(recorded, key=lambda one: one.allowed.numel())
    same = measure(largest.allowed)
    if same is None or not is_drawn(draw(largest.allowed, same), largest.allowed):
        return None
    # A number that ends where the matrix does is not seen to be one, if there are larger matrices: they would have a
    # larger one.
    still = all(one.allowed.shape == largest.allowed.shape for one in recorded)
    wide = [draw(largest.allowed, wider(same, place)) for place in range(len(same))]
    seen = [still or not is_drawn(drawn, largest.allowed) for drawn in wide]
    recorded, sizes = _with_symbols(recorded, sizes)
    found = [measure(one.allowed) for one in recorded]
    known = [(numbers, one.sizes) for numbers, one in zip(found, recorded, strict=True) if numbers is not None]
    choices = [
        [
            *([LawLine(Fraction(same[place]))] if seen[place] else []),
            *_lines([(numbers[place], one) for numbers, one in known]),
        ]
        for place in range(len(same))
    ]
    # A band that is wider than a small recording is one all the same: what counts is whether it draws what was seen.
    fitting = (
        lines
        for lines in product(*choices)
        if all(
            is_drawn(draw(one.allowed, tuple(line.at(one.sizes) for line in lines)), one.allowed) for one in recorded
        )
    )
    laws = next(fitting, None)
    written = [] if laws is None else [line.law(sizes) for line in laws]
    # Half of a size that may be odd is rounded by the module in some way or other.
    return written if written and all(law.is_integer for law in written) else None


def _all_drawn(draw: Draw, lines: Sequence[LawLine], recorded: Sequence[Recorded]) -> bool:
    numbers = (tuple(line.at(one.sizes) for line in lines) for one in recorded)
    return all(is_drawn(draw(one.allowed, own), one.allowed) for one, own in zip(recorded, numbers, strict=True))


def _with_symbols(recorded: Sequence[Recorded], sizes: Sequence[Expr]) -> tuple[Sequence[Recorded], Sequence[Expr]]:
    """Beside the lengths of a mask, whatever else its numbers may grow with."""
    values = RECORDED.get()
    if len(values) != len(recorded):
        return recorded, sizes
    more = [symbol for symbol in values[0] if symbol not in sizes]
    together = (
        Recorded(one.allowed, (*one.sizes, *(at[symbol] for symbol in more)))
        for one, at in zip(recorded, values, strict=True)
    )
    return list(together), (*sizes, *more)


class LawLine(NamedTuple):
    """A number of a mask: a constant, or one that grows with a size."""

    shift: Fraction
    slope: Fraction = Fraction()
    place: int = 0

    def at(self, sizes: FormNumbers) -> int:
        """Return the number at some sizes, rounded down between those at which it is one."""
        return floor(self.slope * sizes[self.place] + self.shift)

    def law(self, sizes: Sequence[Expr]) -> Expr:
        """Return the number as an expression."""
        slope, shift = (Rational(part.numerator, part.denominator) for part in (self.slope, self.shift))
        return slope * sizes[self.place] + shift


def _lines(pairs: Sequence[tuple[int, FormNumbers]]) -> Iterator[LawLine]:
    """Yield how a number grows with a size, as at least three recordings say that are large enough."""
    for place in range(len(pairs[0][1]) if pairs else 0):
        points = sorted({(given[place], number) for number, given in pairs})[-3:]
        if len({size for size, _ in points}) < 3:
            continue
        slope = Fraction(points[-1][1] - points[0][1], points[-1][0] - points[0][0])
        line = LawLine(points[0][1] - slope * points[0][0], slope, place)
        if slope and all(line.slope * size + line.shift == number for size, number in points):
            yield line


def is_drawn(drawn: Tensor, allowed: Tensor) -> bool:
    """Return whether a form has drawn a matrix."""
    return bool((drawn == allowed).all())
