"""The forms in which a law can be printed: whole, its large terms, or borders gathered into factors.

A form is exact, or it is within `SHARE` of the whole at the drawn sizes and has every term that is larger than that.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from math import fsum, gcd, lcm
from typing import cast

from sympy import Add, Expr, Integer, Mul, Rational, Symbol

from archgraph.laws.numeric import value_at
from archgraph.sizes.expansion import expanded

SHARE = 0.05
LONG = 10**7
"""From here on integers are written with three digits and a unit."""


def forms(law: Expr, values: Mapping[Symbol, int]) -> Iterator[tuple[str, Expr]]:
    """Signs with expressions, from the longest to the shortest: ``=`` for the whole law, ``≈`` for a shorter one."""
    sign = "=" if spelled_out(law) else "≈"
    yield sign, law
    gathered = gathered_borders(law, values)
    if gathered is not None and expanded(gathered) == expanded(law):
        yield sign, gathered
    yield sign, with_common_factor(law)
    if gathered is not None:
        yield "≈", gathered
    short = large_terms(law, values)
    if short != law:
        yield "≈", short
        yield "≈", with_common_factor(short)


def spelled_out(law: Expr) -> bool:
    """Whether every number of a law is written with all its digits."""
    return all(abs(part) < LONG for number in law.atoms(Rational) for part in (int(number.p), int(number.q)))


def with_common_factor(law: Expr) -> Expr:
    """What all terms share before a bracket with the rest; numbers too, as far as the rest stays whole.

    >>> from sympy import symbols
    >>> C, n = symbols("C n", positive=True)
    >>> with_common_factor(27*C**2*n/2 - 27*C**2/4), with_common_factor(C**2 + 1)
    (27*C**2*(2*n - 1)/4, C**2 + 1)
    """
    pairs = _terms(law)
    if len(pairs) < 2:
        return law
    powers = [_powers(rest) for _, rest in pairs]
    least = {base: _shared([power.get(base, Integer(0)) for power in powers]) for base in powers[0] if base != 1}
    number = cast(Expr, Rational(gcd(*(n.numerator for n, _ in pairs)), lcm(*(n.denominator for n, _ in pairs))))
    letters = Mul(*(base**power for base, power in least.items()))
    inside = Add(*(_number(n) / number * (rest / letters) for n, rest in pairs))
    if letters == 1 or not inside.is_Add:
        return law
    return cast(Expr, Mul(*Mul.make_args(number * letters), inside, evaluate=False))


def _terms(law: Expr) -> list[tuple[Fraction, Expr]]:
    """The terms of a sum: their numbers, and what they are numbers of."""
    pairs = (cast(tuple[Rational, Expr], term.as_coeff_Mul()) for term in Add.make_args(law))
    return [(Fraction(int(number.p), int(number.q)), rest) for number, rest in pairs]


def _powers(factors: Expr) -> dict[Expr, Expr]:
    return dict(cast(Mapping[Expr, Expr], factors.as_powers_dict()))


def _number(value: Fraction) -> Expr:
    """A fraction as an expression."""
    return cast(Expr, Rational(value.numerator, value.denominator))


def _shared(powers: Sequence[Expr]) -> Expr:
    """The power that all have in common; a common denominator is no common factor."""
    if not all(power.is_Integer for power in powers):
        return powers[0] if len(set(powers)) == 1 else Integer(0)
    least, most = (bound(int(cast(Integer, power)) for power in powers) for bound in (min, max))
    return Integer(least if least > 0 else most if most < 0 else 0)


def large_terms(law: Expr, values: Mapping[Symbol, int]) -> Expr:
    """The terms above `SHARE` of the whole, and as many more as the sum takes to come that close; equal ones together.

    >>> from sympy import symbols
    >>> D, L = symbols("D L", positive=True)
    >>> large_terms(18*D**2*L + 15*D*L, {D: 1152, L: 28}), large_terms(D**2 + 1259*D, {D: 1152})
    (18*D**2*L, D**2 + 1259*D)
    """
    terms = Add.make_args(expanded(law))
    sizes = {term: value_at(term, values) for term in terms}
    whole, kept, reached = fsum(sizes.values()), [], 0.0
    for term in sorted(terms, key=lambda term: (-abs(sizes[term]), str(term))):
        tied = bool(kept) and abs(sizes[term]) >= 0.999 * abs(sizes[kept[-1]])
        if tied or abs(sizes[term]) >= SHARE * abs(whole) or abs(reached - whole) > SHARE * abs(whole):
            kept.append(term)
            reached = fsum(sizes[one] for one in kept)
    return Add(*kept)


def gathered_borders(law: Expr, values: Mapping[Symbol, int]) -> Expr | None:
    """The largest term less what is lost at the borders, ``27 C² (H − 183) (W − 183)``; None if it is far off.

    >>> from sympy import symbols
    >>> C, H = symbols("C H", positive=True)
    >>> gathered_borders(9*C*(H - 2) + 9*C*(H - 4), {C: 8, H: 32})
    18*C*(H - 3)
    """
    terms = {rest: number for number, rest in _terms(expanded(law))}
    largest = max(terms, key=lambda rest: abs(terms[rest] * value_at(rest, values)))
    powers = {base: int(cast(Integer, n)) for base, n in _powers(largest).items() if n.is_Integer and n.is_positive}
    lost = {base: _lost(terms, largest, base, power) for base, power in powers.items()}
    if not any(lost.values()):
        return None
    factors = [(base - lost[base]) ** power / base**power for base, power in powers.items() if lost[base]]
    found = Mul(_number(terms[largest]), largest, *factors)
    whole = value_at(law, values)
    return found if abs(value_at(found, values) - whole) <= SHARE * abs(whole) else None


def _lost(terms: Mapping[Expr, Fraction], largest: Expr, base: Expr, power: int) -> int:
    """By how much a factor is smaller on average: (x - a)^n has -n·a·x^(n - 1) in second place."""
    second = terms.get(cast(Expr, largest / base), Fraction(0))
    return max(0, round(-second / terms[largest] / power))
