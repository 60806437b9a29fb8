"""The law of a size that is known in several graphs, whose symbols of inputs may stand in it already."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import lcm
from typing import TypeAlias, cast

from sympy import Add, Expr, Integer, Mul, Poly, PolynomialError, Rational, Symbol

from archgraph.pytorch.trace.symbols.laws import FittedLaws, Known
from archgraph.pytorch.trace.symbols.polynomials import Interpolation
from archgraph.pytorch.trace.symbols.roundings import divisors_of
from archgraph.sizes.exact import evaluate
from archgraph.sizes.expansion import expanded
from archgraph.sizes.symbols import fraction, replaced

CarrierValues: TypeAlias = "Mapping[Symbol, int]"
"""The values of the symbols of fields in one graph."""


class FieldLaws:
    """Finds the law of a size: of the fields themselves, or a polynomial in them.

    What is rounded has none: a family has too few members to tell one way to round from another.

    Args:
        known: the fields inside of laws.
        points: the values of their symbols in every graph.

    >>> from sympy import Symbol
    >>> width = Symbol("width", integer=True, positive=True)
    >>> laws = FieldLaws([width], [{width: 24}, {width: 53}])
    >>> laws.law([Integer(48), Integer(106)]), laws.law([Integer(12), Integer(26)])
    (2*width, None)
    """

    def __init__(self, known: Sequence[Expr], points: Sequence[CarrierValues]) -> None:
        symbols = tuple(points[0])
        self._laws = FittedLaws(Interpolation(symbols, [tuple(point[each] for each in symbols) for point in points]))
        self._fields: list[Known] = [(law, tuple(evaluate(law, point) for point in points)) for law in known]

    def law(self, sizes: Sequence[Expr]) -> Expr | None:
        """Return the law of a size that varies, or None."""
        if all(isinstance(size, Integer) for size in sizes):
            return self._of_numbers(tuple(map(int, sizes)))
        found = [(monomial, self._factor(factors)) for monomial, factors in _terms(sizes).items()]
        if any(law is None for _, law in found):
            return None
        return expanded(Add(*(Mul(law, monomial) for monomial, law in found if law is not None)))

    def _factor(self, factors: Sequence[Rational]) -> Expr | None:
        """The law of a factor, which need be no integer: a triangle has n*n/2 positions."""
        common = lcm(*(int(factor.q) for factor in factors))
        law = self._of_numbers(tuple(int(factor * common) for factor in factors))
        return None if law is None else law / common

    def _of_numbers(self, values: tuple[int, ...]) -> Expr | None:
        found = self._laws.find(values, [[each] for each in self._fields])
        rounds = found is not None and any(divisors_of(found, [law for law, _ in self._fields]))
        return None if rounds else found


def at_numbers(law: Expr, point: Mapping[Symbol, int]) -> Expr:
    """Return a law with numbers for the fields; symbols of inputs stay."""
    return expanded(replaced(law, {free: Integer(value) for free, value in point.items()}))


def _terms(sizes: Sequence[Expr]) -> dict[Expr, list[Rational]]:
    """The factor of every monomial of the inputs' symbols, in every graph."""
    found: dict[Expr, list[Rational]] = {}
    for place, size in enumerate(sizes):
        for factor, monomial in _split(size):
            found.setdefault(monomial, [fraction(0, 1)] * len(sizes))[place] = factor
    return found


def _split(size: Expr) -> list[tuple[Rational, Expr]]:
    """Monomials with their factors; what is no polynomial is one by itself."""
    if not size.free_symbols:
        return [(cast(Rational, size), Integer(1))]
    try:
        poly = Poly(size)
    except PolynomialError:
        return [(fraction(1, 1), size)]
    return [
        (cast(Rational, factor), Mul(*(base**power for base, power in zip(poly.gens, powers, strict=True))))
        for powers, factor in poly.terms()
    ]
