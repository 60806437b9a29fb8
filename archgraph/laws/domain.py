"""Laws on a stated domain, where a rounding or a minimum is a power law like any other term."""

from __future__ import annotations

from dataclasses import dataclass
from math import lcm
from typing import cast

from sympy import Expr, Integer, Max, Min, Poly, Rational, Symbol, ceiling, floor

from archgraph.errors import QueryError
from archgraph.sizes.expansion import expanded
from archgraph.sizes.law_text import law_text
from archgraph.sizes.symbols import is_ordered, replaced, symbol

STEPS: tuple[type[Expr], ...] = (floor, ceiling, Max, Min)
_COUNTER = symbol("k")


@dataclass(frozen=True)
class Domain:
    """The values that a symbol is restricted to: `multiple * k + offset`, from `at_least` to `at_most`.

    >>> print(Domain(symbol("H"), 32, 1, at_least=64))
    H = 32*k + 1, H >= 64
    """

    symbol: Symbol
    multiple: int = 1
    offset: int = 0
    at_least: int = 1
    at_most: int | None = None

    def __post_init__(self) -> None:
        if self.multiple < 1 or (self.at_most is not None and self.at_most < self.first):
            raise QueryError(f"no value is in the domain {self}")

    @property
    def first(self) -> int:
        """The least value."""
        return self.at_least + (self.offset - self.at_least) % self.multiple

    def __contains__(self, value: int) -> bool:
        inside = self.at_least <= value and (self.at_most is None or value <= self.at_most)
        return inside and (value - self.offset) % self.multiple == 0

    def __str__(self) -> str:
        parts = []
        if self.multiple > 1:
            parts.append(f"{self.symbol} = {self.multiple}*k" + (f" + {self.offset}" if self.offset else ""))
        if self.at_least > 1 or not parts:
            parts.append(f"{self.symbol} >= {self.at_least}")
        if self.at_most is not None:
            parts.append(f"{self.symbol} <= {self.at_most}")
        return ", ".join(parts)


def restricted(law: Expr, domain: Domain) -> Expr:
    """Return a law as it is on a domain, without roundings and minima of the symbol that have one form there.

    >>> from archgraph.sizes.symbols import symbol
    >>> H = symbol("H")
    >>> restricted(floor(H / 2) * Max(H, 64) + 1, Domain(H, multiple=2, at_least=64))
    H**2/2 + 1
    """
    if not any(domain.symbol in part.free_symbols for part in law.atoms(*STEPS)):
        return law
    # A counter from 1 on, for symbols are positive integers: all that is known of them holds for it.
    up = domain.multiple * _COUNTER + (domain.first - domain.multiple)
    inside = _plain(replaced(law, {domain.symbol: up}), domain, up)
    back = (domain.symbol - (domain.first - domain.multiple)) / domain.multiple
    return expanded(replaced(inside, {_COUNTER: back}))


def _plain(law: Expr, domain: Domain, up: Expr) -> Expr:
    """Rebuild from the inside out: a rounding lets go of its whole terms, the largest of several is one of them."""
    if not law.args or not law.has(*STEPS):
        return law
    rebuilt = cast(Expr, law.func(*(_plain(cast(Expr, part), domain, up) for part in law.args)))
    if isinstance(rebuilt, (floor, ceiling)):
        return cast(Expr, rebuilt.func(expanded(rebuilt.args[0])))
    if isinstance(rebuilt, (Max, Min)):
        return _extreme(rebuilt, domain, up)
    return rebuilt


def _extreme(law: Expr, domain: Domain, up: Expr) -> Expr:
    order = ">=" if isinstance(law, Max) else "<="
    options = [cast(Expr, option) for option in law.args]
    for option in options:
        if all(_holds(option, order, other, domain, up) for other in options if other is not option):
            return option
    return law


def _holds(left: Expr, order: str, right: Expr, domain: Domain, up: Expr) -> bool:
    """Whether an inequality holds for the whole domain: counted up from its least value, or down from its largest."""
    if is_ordered(left, order, right):  # type: ignore[arg-type]
        return True
    if domain.at_most is None:
        return False
    # What holds up to a largest value only: counted down from there. Sound, but strict: the counter runs on below the
    # least value, so that an inequality may be missed.
    last = domain.at_most - (domain.at_most - domain.offset) % domain.multiple
    turned = {
        _COUNTER: expanded(
            (last + domain.multiple - domain.multiple * _COUNTER - up.subs(_COUNTER, 0)) / domain.multiple
        )
    }
    return bool(is_ordered(replaced(left, turned), order, replaced(right, turned)))  # type: ignore[arg-type]


def smooth_in(law: Expr, symbol: Symbol) -> Expr:
    """Return the law, expanded, if it is a sum of powers of the symbol.

    Raises:
        QueryError: the symbol stands inside a rounding or a minimum, where exponents have no meaning.
    """
    for part in law.atoms(*STEPS):
        if symbol in part.free_symbols:
            raise QueryError(
                f"the law is not a power law in {symbol}: it holds {law_text(part)}", hint=advice(part, symbol)
            )
    return expanded(law)


def advice(part: Expr, symbol: Symbol) -> str:
    """Return how to state a domain on which a rounding or a minimum is a plain term.

    >>> from archgraph.sizes.symbols import symbol
    >>> H = symbol("H")
    >>> advice(floor(H / 6 + H / 4), H), advice(Max(H, 64), H)
    ('state a domain: where("H", multiple_of=12)', 'state a domain: where("H", at_least=64)')
    """
    if isinstance(part, (floor, ceiling)):
        # A multiple of all denominators makes every term whole by itself.
        terms = cast(list[Expr], expanded(part.args[0]).as_ordered_terms())
        denominators = [cast(Rational, term.as_coeff_Mul()[0]).q for term in terms if symbol in term.free_symbols]
        return f'state a domain: where("{symbol}", multiple_of={lcm(*denominators)})'
    start = _start(part, symbol)
    bounds = "at_least=..., at_most=..." if start is None else f"at_least={start}"
    return f'state a domain: where("{symbol}", {bounds})'


def _start(part: Expr, symbol: Symbol) -> int | None:
    """Where a maximum or minimum of a number and a linear term changes from one to the other."""
    numbers = [option for option in part.args if isinstance(option, Integer)]
    others = [cast(Expr, option) for option in part.args if not isinstance(option, Integer)]
    if len(numbers) != 1 or len(others) != 1 or not others[0].is_polynomial(symbol):
        return None
    line = Poly(others[0], symbol)
    if line.degree() != 1 or line.LC().free_symbols or line.TC().free_symbols or line.LC() <= 0:
        return None
    return int(ceiling((numbers[0] - line.TC()) / line.LC()))
