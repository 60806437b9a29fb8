"""Laws as runs of text: variables italic, digits upright, powers raised, fractions as a/b."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from math import fsum
from typing import cast

from sympy import Add, Expr, Integer, Mul, Pow, Rational, Symbol
from sympy.functions.elementary.integers import ceiling, floor

from archgraph.figures.drawing.diagram import Face, Run
from archgraph.laws.numeric import value_at
from archgraph.sizes.expansion import expanded

_GREEK_NAMES = (
    "alpha beta gamma delta epsilon zeta eta theta iota kappa mu nu xi pi rho sigma tau upsilon phi chi "
    "psi omega Gamma Delta Theta Lambda Xi Pi Sigma Phi Psi Omega"
)
GREEK: dict[str, str] = dict(zip(_GREEK_NAMES.split(), "αβγδεζηθικμνξπρστυφχψωΓΔΘΛΞΠΣΦΨΩ", strict=True))
MINUS, THIN, MEDIUM = "−", 0.1, 0.22  # the gaps are in units of the font size
_SCRIPT, _RAISE, _LOWER = 0.72, 0.36, -0.16
_LONG = 10**7
_ENCLOSED = {floor: "⌊⌋", ceiling: "⌈⌉"}


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


def math(expression: Expr | int, size: float) -> tuple[Run, ...]:
    """A law as runs.

    >>> from sympy import symbols
    >>> C, H, W = symbols("C H W", positive=True)
    >>> "".join(run.text for run in math(54 * C**2 * H * W / 4 + C, 8))
    '27C2HW/2+C'
    """
    return _sum(cast(Expr, Integer(expression) if isinstance(expression, int) else expression), size)


def equation(name: str, expression: Expr | int, size: float) -> tuple[Run, ...]:
    """``name = expression``."""
    right = math(expression, size)
    return line_of(variable(name, size), (Run("=", "serif", size),), right, gap=MEDIUM * size * 0.75)


def variable(name: str, size: float, rise: float = 0.0) -> tuple[Run, ...]:
    """A symbol: Greek names as letters, what follows the letter as a subscript.

    >>> [run.text for run in variable("C_in", 8)], [run.text for run in variable("D1", 8)]
    (['C', 'in'], ['D', '1'])
    """
    match = re.fullmatch(r"([A-Za-z]+?)_?(\d+|(?<=_)\w+)?", name)
    stem, index = match.groups() if match else (name, None)
    runs = (Run(GREEK.get(stem, stem), "italic", size, rise),)
    if index:
        face: Face = "serif" if index.isdigit() else "italic"
        runs += (Run(index, face, size * _SCRIPT, rise + _LOWER * size, 0.04 * size),)
    return runs


def shape(sizes: Iterable[Expr | int], size: float) -> tuple[Run, ...]:
    """``2C × H/2 × W/2``."""
    out: tuple[Run, ...] = ()
    for extent in sizes:
        factor = math(extent, size)
        if isinstance(extent, Add):
            factor = line_of((Run("(", "serif", size),), factor, (Run(")", "serif", size),))
        times = (Run("×", "serif", size, gap=MEDIUM * size * 0.75),) if out else ()
        out = line_of(out + times, factor, gap=MEDIUM * size * 0.75) if out else factor
    return out


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


def leading(expression: Expr, values: Mapping[Symbol, int] | None = None, terms: int = 2) -> Expr:
    """The terms that no other term dominates, the largest ones where there are too many.

    With values, terms that make up less than a hundredth at those values are left out too.

    >>> from sympy import symbols
    >>> D, L, S = symbols("D L S", positive=True)
    >>> leading(18*D**2*L + 3*D**2 + 15*D*L + D*S**2/4 + 1310*D + 32)
    18*D**2*L + D*S**2/4
    """
    summands = [(term, _exponents(term)) for term in Add.make_args(expanded(expression))]
    kept = [term for term, own in summands if not any(_dominates(other, own) for _, other in summands)]
    if values:
        least = 0.01 * fsum(_magnitude(term, values) for term in kept)
        kept = [term for term in kept if _magnitude(term, values) >= least]
    if len(kept) > terms:
        kept = sorted(kept, key=lambda term: -_magnitude(term, values or {}))[:terms]
    return Add(*kept)


def _exponents(term: Expr) -> dict[Expr, Expr]:
    powers = cast(Mapping[Expr, Expr], term.as_powers_dict())
    return {base: power for base, power in powers.items() if not base.is_number}


def _dominates(large: dict[Expr, Expr], small: dict[Expr, Expr]) -> bool:
    if large == small:
        return False
    return all(_at_least(large.get(base, Integer(0)), power) for base, power in small.items()) and all(
        _at_least(power, small.get(base, Integer(0))) for base, power in large.items()
    )


def _at_least(left: Expr, right: Expr) -> bool:
    difference = left - right
    return bool(difference.is_nonnegative)


def _magnitude(term: Expr, values: Mapping[Symbol, int]) -> float:
    return abs(value_at(term, values))


def _sum(expression: Expr, size: float) -> tuple[Run, ...]:
    out: tuple[Run, ...] = ()
    for term in _ordered(expression):
        negative = term.could_extract_minus_sign()
        runs = _product(-term if negative else term, size)
        if not out:
            out = line_of((Run(MINUS, "serif", size),), runs) if negative else runs
            continue
        sign = Run(MINUS if negative else "+", "serif", size, gap=MEDIUM * size)
        out = line_of((*out, sign), runs, gap=MEDIUM * size)
    return out


def _ordered(expression: Expr) -> list[Expr]:
    """Highest degree first, then alphabetically, constants last."""
    terms = Add.make_args(expression)
    return sorted(terms, key=lambda term: (-_degree(term), str(_without_number(term))))


def _degree(term: Expr) -> float:
    return fsum(value_at(power, {}) for power in _exponents(term).values() if power.is_number)


def _without_number(term: Expr) -> Expr:
    return cast(Expr, term.as_coeff_Mul()[1])


def _product(term: Expr, size: float) -> tuple[Run, ...]:
    above, below = term.as_numer_denom()
    top = _factors(above, size)
    if below == 1:
        return top
    bottom = _factors(below, size)
    if len(Mul.make_args(below)) > 1:
        bottom = _parentheses(bottom, size)
    return (*top, Run("/", "serif", size), *bottom)


def _factors(term: Expr, size: float) -> tuple[Run, ...]:
    coefficient, rest = term.as_coeff_Mul()
    factors = sorted(Mul.make_args(rest), key=lambda factor: (isinstance(_base(factor), Add), str(factor)))
    out: tuple[Run, ...] = ()
    if coefficient != 1 or rest == 1:
        out = _integer(cast(Rational, coefficient), size)
    for factor in factors:
        if factor != 1:
            runs = _power(factor, size)
            wordy = bool(out) and (len(runs[0].text) > 1 or (len(out[-1].text) > 1 and out[-1].face == "italic"))
            out = line_of(out, runs, gap=(2 * THIN if wordy else 0.3 * THIN) * size)
    return out


def _integer(value: Rational, size: float) -> tuple[Run, ...]:
    """Digits; from ten millions on three of them and a unit."""
    whole = int(value)
    digits, _, unit = number(whole).partition(" ") if abs(whole) >= _LONG else (str(whole), "", "")
    tail = (Run(unit, "serif", size, gap=THIN * size),) if unit else ()
    return (Run(digits, "serif", size), *tail)


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
    if type(expression) in _ENCLOSED:
        left, right = _ENCLOSED[type(expression)]
        inner = _sum(cast(Expr, expression.args[0]), size)
        return line_of((Run(left, "serif", size),), inner, (Run(right, "serif", size),))
    if expression.is_Function or not expression.args:
        return _call(expression, size)
    return _parentheses(_sum(expression, size), size)


def _call(expression: Expr, size: float) -> tuple[Run, ...]:
    inner = line_of(*(_sum(cast(Expr, argument), size) for argument in expression.args), gap=MEDIUM * size)
    name = getattr(expression.func, "__name__", str(expression)) if expression.args else str(expression)
    head = (Run(name.lower() if expression.args else name, "serif", size),)
    return head + _parentheses(inner, size) if inner else head


def _parentheses(runs: tuple[Run, ...], size: float) -> tuple[Run, ...]:
    return line_of((Run("(", "serif", size),), runs, (Run(")", "serif", size),))
