"""The law of an integer that differs between recordings: of the sizes of operands, of sizes before, or a polynomial."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import combinations
from math import prod
from typing import TypeAlias

from sympy import Expr, Integer, Rational

from archgraph.pytorch.trace.symbols.polynomials import Interpolation
from archgraph.pytorch.trace.symbols.roundings import divisors_of
from archgraph.sizes.symbols import floor_divide, product

MOST_EARLIER = 32
"""Sizes before, the last first, that an integer may be made of."""
MOST_SHIFT = 4096
"""The largest number that may be added to a size without being a polynomial of the symbols."""
Values = tuple[int, ...]
"""An integer in every recording that laws are found from."""
Known: TypeAlias = "tuple[Expr, Values]"
"""A size with its law."""


class FittedLaws:
    """Finds laws, and remembers those of all sizes before.

    Attributes:
        divisors: by what the laws divide and round without an operator that says so.
    """

    def __init__(self, interpolation: Interpolation) -> None:
        self._interpolation = interpolation
        self._table: dict[Values, Expr] = {}
        self.divisors: set[int] = set()

    def remember(self, law: Expr, values: Values) -> None:
        """Note the law of a size; the first with these values stays."""
        self._table.setdefault(values, law)

    def find(self, values: Values, operands: Sequence[Sequence[Known]]) -> Expr | None:
        """Return the law of an integer, or None.

        Args:
            values: the integer in every recording; in some of them only, it is compared with the operands alone.
            operands: the sizes of every operand.
        """
        if len(set(values)) == 1:
            return Integer(values[0])
        sizes = [size for shape in operands for size in shape if len(set(size[1])) > 1]
        same = next((law for law, own in sizes if own == values), None)
        if same is not None:
            return same
        if len(values) < self._interpolation.count:
            return next(_shifted(values, sizes), None)
        if values in self._table:
            return self._table[values]
        found = next(self._of_operands(values, operands, sizes), None) or next(self._of_earlier(values), None)
        if found is not None:
            self._table[values] = found
            self.divisors.update(divisors_of(found, [law for law, _ in sizes]))
        return found

    def _of_operands(self, values: Values, operands: Sequence[Sequence[Known]], sizes: list[Known]) -> Iterator[Expr]:
        # Products come first: at samples that differ in one symbol each, one of two symbols looks like a sum.
        for shape in operands:
            yield from self._products(values, shape)
        yield from _sums(values, sizes)
        yield from self._quotients(values, sizes)
        polynomial = self._interpolation.law(values)
        if polynomial is not None:
            yield polynomial
        yield from _shifted(values, sizes)
        # What is rounded agrees with much else at a few samples: it is the last thing to believe.
        yield from _half_sums(values, sizes)
        yield from _halved(values, sizes)

    def _of_earlier(self, values: Values) -> Iterator[Expr]:
        """Of sizes that are no operands': a crop takes what it leaves from another tensor."""
        recent = [(law, own) for own, law in reversed(self._table.items())][:MOST_EARLIER]
        yield from _sums(values, recent)
        yield from _shifted(values, recent)
        yield from _half_sums(values, recent)
        yield from _halved(values, recent)

    @staticmethod
    def _products(values: Values, shape: Sequence[Known]) -> Iterator[Expr]:
        """A product of neighbouring sizes, or a part or a multiple of it."""
        for width in range(len(shape), 0, -1):
            for first in range(len(shape) - width + 1):
                taken = shape[first : first + width]
                numbers = [prod(column) for column in zip(*(own for _, own in taken), strict=True)]
                if len(set(numbers)) == 1 or not all(numbers):
                    continue
                ratio = Fraction(values[0], numbers[0])
                if all(number * ratio == value for number, value in zip(numbers, values, strict=True)):
                    law = product([Rational(ratio.numerator, ratio.denominator), *(law for law, _ in taken)])
                    if law.is_integer:
                        yield law

    @staticmethod
    def _quotients(values: Values, sizes: list[Known]) -> Iterator[Expr]:
        for law, own in sizes:
            for other, more in sizes:
                if all(b and a == b * value for a, b, value in zip(own, more, values, strict=True)):
                    quotient = product((law, 1 / other))
                    if quotient.is_integer:
                        yield quotient


def _sums(values: Values, sizes: list[Known]) -> Iterator[Expr]:
    """A sum or a difference."""
    for law, numbers in _pairs(sizes):
        if numbers == values:
            yield law


def _half_sums(values: Values, sizes: list[Known]) -> Iterator[Expr]:
    """Half of a sum or a difference, rounded down, as a border has it."""
    for law, numbers in _pairs(sizes):
        if len(set(numbers)) > 1 and all(number // 2 == v for number, v in zip(numbers, values, strict=True)):
            yield floor_divide(law, Integer(2))


def _pairs(sizes: list[Known]) -> Iterator[Known]:
    """Sums of two sizes, and differences as positive numbers."""
    for (law, own), (other, more) in combinations(sizes, 2):
        for sign in (1, -1):
            numbers = tuple(abs(a + sign * b) for a, b in zip(own, more, strict=True))
            if numbers[0]:
                yield (law + sign * other) * (1 if own[0] + sign * more[0] > 0 else -1), numbers


def _shifted(values: Values, sizes: list[Known]) -> Iterator[Expr]:
    """A multiple of a size, and a number more or less."""
    for law, own in sizes:
        pairs = sorted(set(zip(own, values, strict=True)))
        (first, start), (last, end) = pairs[0], pairs[-1]
        if first == last or (end - start) % (last - first):
            continue
        factor = (end - start) // (last - first)
        shift = start - factor * first
        if factor and abs(shift) <= MOST_SHIFT and all(factor * a + shift == b for a, b in pairs):
            yield factor * law + shift


def _halved(values: Values, sizes: list[Known]) -> Iterator[Expr]:
    """A part of a size, rounded down or up."""
    for law, own in sizes:
        largest = own.index(max(own))
        if values[largest] <= 0:
            continue
        for divisor in {own[largest] // values[largest], -(-own[largest] // values[largest])} - {0, 1}:
            if all(a // divisor == b for a, b in zip(own, values, strict=True)):
                yield floor_divide(law, Integer(divisor))
            if all(-(-a // divisor) == b for a, b in zip(own, values, strict=True)):
                yield -floor_divide(-law, Integer(divisor))


def rounded(values: Values, size: Known, step: int, added: int) -> Expr | None:
    """Return `(size + added) // step` where that has these values, or None."""
    law, own = size
    if all((a + added) // step == value for a, value in zip(own, values, strict=True)):
        return floor_divide(law + added, Integer(step))
    return None
