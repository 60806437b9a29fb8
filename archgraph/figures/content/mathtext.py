"""Laws as runs of text: letters italic, digits and names of several letters upright, powers raised."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from math import fsum
from typing import cast

from sympy import Add, Expr, Integer, Mul, Pow, Rational, Symbol
from sympy.functions.elementary.integers import ceiling, floor

from archgraph.figures.content.terms import LONG
from archgraph.figures.drawing.diagram import Face, Live, Run
from archgraph.figures.drawing.evaluated import Evaluated
from archgraph.laws.numeric import value_at

_GREEK_NAMES = (
    "alpha beta gamma delta epsilon zeta eta theta iota kappa mu nu xi pi rho sigma tau upsilon phi chi "
    "psi omega Gamma Delta Theta Lambda Xi Pi Sigma Phi Psi Omega"
)
GREEK: dict[str, str] = dict(zip(_GREEK_NAMES.split(), "αβγδεζηθικμνξπρστυφχψωΓΔΘΛΞΠΣΦΨΩ", strict=True))
MINUS, DOT, THIN, _MEDIUM = "−", "·", 0.1, 0.22  # the gaps are in units of the font size
_SCRIPT, _RAISE, _LOWER = 0.72, 0.36, -0.16
_NAMES = {floor: "floor", ceiling: "ceil"}
"""In words: the fonts of papers lack the brackets, and what stands in for them is wider."""


def words(text: str, size: float, face: Face = "sans", gap: float = 0.0) -> tuple[Run, ...]:
    """Plain words; blanks at the ends become gaps, so that no renderer can drop them.

    >>> words("max-pool ", 8)[0].text
    'max-pool'
    """
    inner = " ".join(text.split())
    blank = 0.28 * size
    lead = gap + (blank if text[:1].isspace() else 0.0)
    return (Run(inner, face, size, gap=lead),) if inner else ()


def line_of(*parts: tuple[Run, ...], gap: float = 0.0) -> tuple[Run, ...]:
    """Runs one after another, with a gap between the parts."""
    out: list[Run] = []
    for part in filter(None, parts):
        first, *rest = part
        out += [replace(first, gap=first.gap + gap) if out else first, *rest]
    return tuple(out)


# An integer of Python and one of sympy are equal, and are set alike.
@lru_cache(maxsize=1 << 12)
def math(expression: Expr | int, size: float) -> tuple[Run, ...]:
    """A law as runs.

    >>> from sympy import symbols
    >>> C, H, W = symbols("C H W", positive=True)
    >>> "".join(run.text for run in math(54 * C**2 * H * W / 4 + C, 8))
    '27C2HW/2+C'
    """
    return _sum(cast(Expr, Integer(expression) if isinstance(expression, int) else expression), size)


def variable(name: str, size: float, rise: float = 0.0) -> tuple[Run, ...]:
    """A symbol: Greek names as letters, what follows the letter as a subscript.

    Letters are italic, and names of several letters upright: `classes` is one symbol, and no product of seven.

    >>> [run.text for run in variable("C_in", 8)], [run.face for run in variable("classes", 8)]
    (['C', 'in'], ['serif'])
    """
    match = re.fullmatch(r"([A-Za-z]+?)_?(\d+|(?<=_)\w+)?", name)
    stem, index = match.groups() if match else (name, None)
    letter = GREEK.get(stem, stem)
    runs = (Run(letter, _face(letter), size, rise),)
    if index:
        runs += (Run(index, _face(index), size * _SCRIPT, rise + _LOWER * size, 0.04 * size),)
    return runs


def _face(name: str) -> Face:
    return "italic" if len(name) == 1 and name.isalpha() else "serif"


def shape(sizes: Iterable[Expr | int], size: float) -> tuple[Run, ...]:
    """``2C × H/2 × W/2``."""
    out: tuple[Run, ...] = ()
    for extent in sizes:
        factor = math(extent, size)
        if isinstance(extent, Evaluated) and len(factor) == 1:
            factor = (replace(factor[0], live=Live("size", (extent.law,), extent.place)),)
        if isinstance(extent, Add):
            factor = line_of((Run("(", "serif", size),), factor, (Run(")", "serif", size),))
        times = (Run("×", "serif", size, gap=_MEDIUM * size * 0.75),) if out else ()
        out = line_of(out + times, factor, gap=_MEDIUM * size * 0.75) if out else factor
    return out


def result_shape(sizes: Iterable[Expr | int], size: float) -> tuple[Run, ...]:
    """The shape of a result, which is one number where it has no axes.

    >>> [run.text for run in result_shape([], 8)]
    ['scalar']
    """
    return shape(sizes, size) or words("scalar", size)


def number(value: float) -> str:
    """A count with three digits and a unit of thousands.

    >>> number(31030658), number(150428424448), number(999), number(1024), number(0)
    ('31.0 M', '150 G', '999', '1.02 k', '0')
    """
    if abs(value) < 1000:
        return f"{value:.3g}"
    for unit in "kMGTP":
        value /= 1000
        if abs(value) < 999.5:
            return f"{value:.{max(0, 3 - len(str(int(abs(value)))))}f} {unit}"
    return f"{value / 1000:.3g} E"


def grouped(value: int) -> str:
    """An exact integer with thousands apart.

    >>> grouped(31030658)
    '31,030,658'
    """
    return f"{value:,}"


def _exponents(term: Expr) -> dict[Expr, Expr]:
    powers = cast(Mapping[Expr, Expr], term.as_powers_dict())
    return {base: power for base, power in powers.items() if not base.is_number}


def _sum(expression: Expr, size: float) -> tuple[Run, ...]:
    out: tuple[Run, ...] = ()
    for term in _ordered(expression):
        negative = term.could_extract_minus_sign()
        runs = _product(-term if negative else term, size)
        if not out:
            out = line_of((Run(MINUS, "serif", size),), runs) if negative else runs
            continue
        sign = Run(MINUS if negative else "+", "serif", size, gap=_MEDIUM * size)
        out = line_of((*out, sign), runs, gap=_MEDIUM * size)
    return out


def _ordered(expression: Expr) -> list[Expr]:
    """Highest degree first, of equal ones those with more factors, then alphabetically, constants last."""
    terms = Add.make_args(expression)
    return sorted(terms, key=lambda term: (*_degrees(term), str(_without_number(term))))


def _degrees(term: Expr) -> tuple[float, float]:
    """The degree, and that of what stands above the fraction line; both negative, to come first."""
    powers = [value_at(power, {}) for power in _exponents(term).values() if power.is_number]
    return -fsum(powers), -fsum(power for power in powers if power > 0)


def _without_number(term: Expr) -> Expr:
    return cast(Expr, term.as_coeff_Mul()[1])


def _product(term: Expr, size: float) -> tuple[Run, ...]:
    """Factors, and those of negative power below a line; sums stay as they are written."""
    coefficient, rest = cast(tuple[Rational, Expr], term.as_coeff_Mul())
    under = [factor for factor in Mul.make_args(rest) if factor.as_base_exp()[1].could_extract_minus_sign()]
    over = [factor for factor in Mul.make_args(rest) if factor not in under]
    top = _factors(Integer(coefficient.p), over, size)
    below = [1 / factor for factor in under]
    if coefficient.q == 1 and not below:
        return top
    bottom = _factors(Integer(coefficient.q), below, size)
    if len(below) + (coefficient.q != 1) > 1:
        bottom = _parentheses(bottom, size)
    return (*top, Run("/", "serif", size), *bottom)


def _factors(number: Integer, factors: Sequence[Expr], size: float) -> tuple[Run, ...]:
    factors = [factor for factor in sorted(factors, key=_place) if factor != 1]
    out: tuple[Run, ...] = ()
    wordy = False
    if number != 1 or not factors:
        out = _integer(number, size)
    for factor in factors:
        runs = _power(factor, size)
        wordy, before = _wordy(factor), wordy
        dot = (Run(DOT, "serif", size, gap=0.5 * THIN * size),) if out and (wordy or before) else ()
        out = line_of(out + dot, runs, gap=(0.5 if dot else 0.3) * THIN * size)
    return out


def _place(factor: Expr) -> tuple[bool, str]:
    """Sums stand behind what is no sum."""
    return isinstance(_base(factor), Add), str(factor)


def _wordy(factor: Expr) -> bool:
    """Whether a factor begins or ends with a name of several letters, a function's among them."""
    base = _base(factor)
    return bool(base.is_Function) or (isinstance(base, Symbol) and variable(base.name, 1.0)[0].face == "serif")


def _integer(value: Rational, size: float) -> tuple[Run, ...]:
    """Digits; from ten millions on three of them and a power of ten: a letter for it would be read as a symbol."""
    whole = int(value)
    if abs(whole) < LONG:
        return (Run(str(whole), "serif", size),)
    digits, _, exponent = f"{whole:.2e}".partition("e+")
    raised = Run(str(int(exponent)), "serif", size * _SCRIPT, rise=_RAISE * size, gap=0.05 * size)
    return (Run(f"{digits}{DOT}10", "serif", size), raised)


def _base(factor: Expr) -> Expr:
    return cast(Expr, factor.as_base_exp()[0])


def _power(factor: Expr, size: float) -> tuple[Run, ...]:
    if not isinstance(factor, Pow):
        return _atom(factor, size)
    base, exponent = factor.as_base_exp()
    runs = _atom(base, size)
    raised = _sum(cast(Expr, exponent), size * _SCRIPT)
    lifted = tuple(replace(run, rise=run.rise + _RAISE * size) for run in raised)
    return line_of(runs, lifted, gap=0.05 * size)


def _atom(expression: Expr, size: float) -> tuple[Run, ...]:
    if isinstance(expression, Symbol):
        return variable(expression.name, size)
    if expression.is_Integer:
        return _integer(cast(Rational, expression), size)
    if expression.is_Function or not expression.args:
        return _call(expression, size)
    return _parentheses(_sum(expression, size), size)


def _call(expression: Expr, size: float) -> tuple[Run, ...]:
    inner = line_of(*(_sum(cast(Expr, argument), size) for argument in expression.args), gap=_MEDIUM * size)
    name = getattr(expression.func, "__name__", "").lower() if expression.args else str(expression)
    head = (Run(_NAMES.get(cast(type, expression.func), name), "serif", size),)
    return head + _parentheses(inner, size) if inner else head


def _parentheses(runs: tuple[Run, ...], size: float) -> tuple[Run, ...]:
    return line_of((Run("(", "serif", size),), runs, (Run(")", "serif", size),))
