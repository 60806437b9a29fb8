"""Polynomials through exact values at a few points."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import combinations_with_replacement, product
from math import lcm, prod

from sympy import Add, Expr, Mul, Rational, Symbol

MOST_TRIED = 4096
"""Points at which a polynomial with fractions is tried, to see that it gives integers."""
Powers = tuple[int, ...]
"""The exponents of a monomial."""
SamplePoint = tuple[int, ...]
"""A number for every symbol."""


class Interpolation:
    """The polynomial of least degree through values at given points.

    Attributes:
        symbols: what it is a polynomial of.
        count: of the points.

    >>> k, j = (Symbol(name, integer=True, positive=True) for name in "kj")
    >>> fit = Interpolation((k, j), [(2, 2), (5, 2), (2, 7)])
    >>> fit.law((7, 13, 12)), fit.law((1, 2, 1))
    (j + 2*k + 1, None)
    """

    def __init__(self, symbols: Sequence[Symbol], points: Sequence[SamplePoint]) -> None:
        self.symbols: tuple[Symbol, ...] = tuple(symbols)
        self.count: int = len(points)
        self.monomials: list[Powers] = list(_independent(len(self.symbols), points))
        self._inverse = _inverted([[_at(powers, point) for powers in self.monomials] for point in points])

    def law(self, values: Sequence[int]) -> Expr | None:
        """Return the polynomial with these values, or None where it is no integer everywhere."""
        factors = [sum((a * b for a, b in zip(row, values, strict=True)), Fraction(0)) for row in self._inverse]
        if not self._gives_integers(factors):
            return None
        return Add(
            *(
                Mul(Rational(factor.numerator, factor.denominator), self._monomial(powers))
                for powers, factor in zip(self.monomials, factors, strict=True)
            )
        )

    def _monomial(self, powers: Powers) -> Expr:
        return Mul(*(symbol**power for symbol, power in zip(self.symbols, powers, strict=True)))

    def _gives_integers(self, factors: Sequence[Fraction]) -> bool:
        """Whether all values are integers: it is enough to try every rest of division by the denominators."""
        common = lcm(*(factor.denominator for factor in factors))
        if common == 1:
            return True
        if common ** len(self.symbols) > MOST_TRIED or all(sum(powers) < 2 for powers in self.monomials):
            return False
        points = product(range(common), repeat=len(self.symbols))
        terms = list(zip(self.monomials, factors, strict=True))
        return all(sum(factor * _at(powers, p) for powers, factor in terms).denominator == 1 for p in points)


def _at(powers: Powers, point: SamplePoint) -> int:
    return prod(base**power for base, power in zip(point, powers, strict=True))


def _independent(count: int, points: Sequence[SamplePoint]) -> Iterator[Powers]:
    """As many monomials as there are points, of the least degrees, whose values there are independent."""
    rows: list[list[Fraction]] = []
    for degree in range(len(points)):
        for places in combinations_with_replacement(range(count), degree):
            powers = tuple(places.count(place) for place in range(count))
            row = _reduced([Fraction(_at(powers, point)) for point in points], rows)
            if any(row):
                rows.append(row)
                yield powers
            if len(rows) == len(points):
                return


def _reduced(row: list[Fraction], rows: Sequence[Sequence[Fraction]]) -> list[Fraction]:
    """Subtract from a row what earlier ones have in their leading places."""
    for other in rows:
        lead = next(place for place, value in enumerate(other) if value)
        factor = row[lead] / other[lead]
        row = [value - factor * own for value, own in zip(row, other, strict=True)]
    return row


def _inverted(matrix: Sequence[Sequence[int]]) -> list[list[Fraction]]:
    """The inverse of a matrix, exactly."""
    count = len(matrix)
    rows = [
        [Fraction(value) for value in row] + [Fraction(int(place == own)) for own in range(count)]
        for place, row in enumerate(matrix)
    ]
    for place in range(count):
        lead = next(row for row in range(place, count) if rows[row][place])
        rows[place], rows[lead] = rows[lead], rows[place]
        factor = rows[place][place]
        rows[place] = [value / factor for value in rows[place]]
        for other in range(count):
            if other != place and rows[other][place]:
                times = rows[other][place]
                rows[other] = [a - times * b for a, b in zip(rows[other], rows[place], strict=True)]
    return [row[count:] for row in rows]
