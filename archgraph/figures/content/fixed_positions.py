"""Laws at positions that are numbers: ``54 C² · 48³`` says what ``5971968 C²`` hides."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from math import prod
from typing import cast

from sympy import Add, Expr, Integer, Mul, Pow, Rational

from archgraph.figures.content.mathtext import line_of, math
from archgraph.figures.drawing.diagram import Line, Run
from archgraph.figures.facts.facts import Facts
from archgraph.graph.ir import Value

_MANY, _LARGE, _FINEST = 64, 10**4, 4


def fixed_positions(facts: Facts, value: Value) -> tuple[int, ...]:
    """How many positions a value has along each of its axes, if all are numbers."""
    lengths = [facts.shown(value.type.size(axis)) for axis in value.type.positions]
    return tuple(map(int, lengths)) if all(length.is_Integer for length in lengths) else ()


def at_positions(law: Expr, lengths: Sequence[int]) -> Expr | None:
    """A law as what is done at each position and how many there are; None where that is no shorter.

    >>> from sympy import symbols
    >>> C = symbols("C", positive=True)
    >>> at_positions(5971968*C**2 + 110592*C, (48, 48, 48)), at_positions(54*C**2, (48, 48, 48))
    (54*C**2 + C, None)
    """
    area = prod(lengths)
    numbers = [cast(Rational, term.as_coeff_Mul()[0]) for term in Add.make_args(law)]
    if area < _MANY or not law.free_symbols or max(abs(float(number)) for number in numbers) < _LARGE:
        return None
    if not all(number.is_Rational and int(number.p) * _FINEST % (int(number.q) * area) == 0 for number in numbers):
        return None
    return cast(Expr, Add(*(cast(Expr, term / Integer(area)) for term in Add.make_args(law))))


def times_positions(each: Expr, lengths: Sequence[int], size: float) -> Line:
    """What is done at each position, times their number: lengths that are equal as a power."""
    shown = math(each, size)
    if each.is_Add or any(run.text == "/" for run in shown):
        shown = _bracketed(shown, size)
    for length, times in Counter(lengths).items():
        power = cast(Expr, Pow(Integer(length), times, evaluate=False)) if times > 1 else cast(Expr, Integer(length))
        dot = (Run("·", "serif", size, gap=0.05 * size),)
        shown = line_of(shown, dot, math(cast(Expr, Mul(power, evaluate=False)), size), gap=0.03 * size)
    return shown


def _bracketed(shown: Line, size: float) -> Line:
    opening, closing = (Run(one, "serif", size) for one in "()")
    return (opening, *shown, closing)
