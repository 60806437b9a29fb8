"""The one place that makes sympy symbols, and the decisions on sizes that are made of them."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cache
from math import prod
from typing import Literal, TypeAlias, cast

import sympy
from sympy import Add, Expr, Integer, Mul, Rational, Symbol, ceiling, floor

from archgraph.errors import ArchgraphError, ShapeError, quoted
from archgraph.keywords import strict_methods
from archgraph.sizes.bounds import is_ordered as is_ordered
from archgraph.sizes.bounds import same_size as same_size
from archgraph.sizes.exact import Number, number_of
from archgraph.sizes.exact import evaluate as evaluate
from archgraph.sizes.expansion import expanded
from archgraph.sizes.law_text import law_text

Size: TypeAlias = "Expr"
SizeRelation = Literal["multiple of", "==", "!=", ">=", "<="]
BOUNDS = (">=", "<=")
# A hostile spec of a few lines can ask for more terms than memory holds.
MAX_COMPARED_TERMS = 20_000


ZERO: Integer = Integer(0)
ONE: Integer = Integer(1)


@cache
def symbol(name: str) -> Symbol:
    """Return the positive integer symbol of that name.

    >>> symbol("C").is_positive, symbol("C") is symbol("C")
    (True, True)
    """
    return Symbol(name, integer=True, positive=True)


def size(value: int | Expr) -> Expr:
    """Return a size as an expression.

    >>> size(3) + symbol("C")
    C + 3
    """
    return Integer(value) if isinstance(value, int) else value


def product(factors: Iterable[Expr]) -> Expr:
    """Multiply sizes; the empty product is 1.

    Raises:
        ArchgraphError: multiplied out it would have more terms than anyone can read.
    """
    factors = tuple(factors)
    terms = prod(len(Add.make_args(factor)) for factor in factors)
    if terms > MAX_COMPARED_TERMS:
        raise ArchgraphError(f"a product of sizes has {terms} terms; the limit is {MAX_COMPARED_TERMS}")
    return expanded(Mul(*factors))


def floor_divide(numerator: Expr, denominator: Expr) -> Expr:
    """Return `numerator // denominator`, exact wherever the terms divide.

    Nested floors merge: (x // a) // b is x // (a b).

    >>> C = symbol("C")
    >>> floor_divide(4 * C + 3, size(2)), floor_divide(C, size(2))
    (2*C + 1, floor(C/2))
    >>> floor_divide(floor_divide(C, size(2)), size(3))
    floor(C/6)
    """
    if denominator is sympy.S.One:
        return numerator
    quotient = expanded(_without_floor(numerator, denominator) / denominator)
    terms = Add.make_args(quotient)
    # Whole terms leave the floor: sizes stay polynomials where they can, and equal ones become equal in form.
    whole = [term for term in terms if term.is_integer]
    rest = Add(*(term for term in terms if not term.is_integer))
    return Add(*whole, floor(rest))


def _without_floor(numerator: Expr, denominator: Expr) -> Expr:
    """Drop one floor inside a numerator whose other terms are integers: the outer floor absorbs it."""
    terms = Add.make_args(expanded(numerator))
    floors = [term for term in terms if isinstance(term, floor)]
    if len(floors) != 1 or not denominator.is_integer:
        return numerator
    if not all(term.is_integer for term in terms):
        return numerator
    return Add(*(cast(Expr, term.args[0]) if term is floors[0] else term for term in terms))


def is_multiple(value: Expr, divisor: Expr) -> bool | None:
    """Say whether `divisor` divides `value`: True, False, or None where it depends on the symbols.

    >>> C = symbol("C")
    >>> is_multiple(4 * C, size(2)), is_multiple(4 * C + 1, size(2)), is_multiple(C, size(2))
    (True, False, None)
    """
    if divisor.is_zero:
        return False
    quotient = expanded(value / divisor)
    if quotient.is_integer:
        return True
    rest = Add(*(term for term in Add.make_args(quotient) if not term.is_integer))
    # A fraction without symbols is never whole; one with symbols may be for some values.
    return False if rest.is_Rational else None


@strict_methods
@dataclass(frozen=True)
class Assumption:
    """A fact about sizes that could not be decided symbolically and holds at the bound values.

    Checked again at every binding.
    """

    left: Expr
    relation: SizeRelation
    right: Expr
    reason: object = field(default="", compare=False)

    def holds(self, values: Mapping[Symbol, int]) -> bool:
        """Return whether the fact is true under `values`."""
        return _holds(number_of(self.left, values), self.relation, number_of(self.right, values))

    def normal(self) -> Assumption:
        """Return a bound with a lone symbol or product on its left, where one term of the sizes has all symbols.

        >>> C = symbol("C")
        >>> print(Assumption(2 * floor(C / 2), ">=", size(1)).normal(), Assumption(size(9), ">=", 2 * C).normal())
        C >= 2 C <= 4
        """
        sign = 1 if self.relation == ">=" else -1
        constant, rest = expanded(sign * (self.left - self.right)).as_coeff_Add()
        slope, variable = rest.as_coeff_Mul()
        if not slope.is_Rational:
            return self
        bound = -constant / slope
        if slope > 0 and isinstance(variable, floor):
            return Assumption(cast(Expr, variable.args[0]), ">=", ceiling(bound), self.reason).normal()
        if not variable.is_integer or variable.is_Add or variable.is_Function:
            return self
        relation, bound = (">=", ceiling(bound)) if slope > 0 else ("<=", floor(bound))
        return Assumption(variable, relation, bound, self.reason)

    def shown(self, show: Callable[[Expr], Expr]) -> Assumption:
        """Return the same fact about sizes that are written in other symbols.

        >>> h, H = symbol("h"), symbol("H")
        >>> print(Assumption(h, ">=", size(2)).shown(lambda length: length.xreplace({h: (H - 12) / 16})))
        H >= 44
        """
        fact = Assumption(show(self.left), self.relation, show(self.right), self.reason)
        return fact.normal() if self.relation in BOUNDS else fact

    def __str__(self) -> str:
        relation = f"a {self.relation}" if self.relation == "multiple of" else self.relation
        verb = "is " if self.relation == "multiple of" else ""
        return f"{law_text(self.left)} {verb}{relation} {law_text(self.right)}"

    def __repr__(self) -> str:
        return f"<assumption {quoted(self, 200)}>"


@dataclass(frozen=True)
class Reason:
    """A rule with the parts that fill it, put together only when somebody reads it."""

    rule: str
    parts: tuple[object, ...]

    def __str__(self) -> str:
        return self.rule.format(*self.parts)


@dataclass
class Context:
    """What a trace knows while it decides on sizes: values to fall back to, and the assumptions it made."""

    values: Mapping[Symbol, int] = field(default_factory=dict)
    assumptions: dict[Assumption, None] = field(default_factory=dict)
    _bounds: dict[tuple[Expr, SizeRelation], Assumption] = field(default_factory=dict)

    def assume(self, fact: Assumption) -> None:
        """Record a fact; of several bounds on one side of a symbol the strictest is kept."""
        if fact.relation not in BOUNDS:
            self.assumptions.setdefault(fact)
            return
        # In one form, so that bounds on the same symbol meet, wherever they come from.
        fact = fact.normal()
        known = self._bounds.get((fact.left, fact.relation))
        if known is not None and known.right.is_Integer and fact.right.is_Integer:
            if known == fact or (known.right > fact.right) == (fact.relation == ">="):
                return
            del self.assumptions[known]
        self._bounds[fact.left, fact.relation] = fact
        self.assumptions.setdefault(fact)


_context: ContextVar[Context | None] = ContextVar("context", default=None)


@contextmanager
def deciding(values: Mapping[Symbol, int]) -> Generator[Context]:
    """Decide undecidable facts on sizes at `values`, and collect them as assumptions."""
    context = Context(values)
    token = _context.set(context)
    try:
        yield context
    finally:
        _context.reset(token)


def assume(fact: Assumption) -> None:
    """Record something that is taken to hold, where somebody collects it."""
    context = _context.get()
    if context is not None:
        context.assume(fact)


def _holds(left: Number, relation: SizeRelation, right: Number) -> bool:
    """Return whether two numbers have a relation."""
    match relation:
        case "multiple of":
            return right != 0 and left % right == 0
        case "==":
            return left == right
        case "!=":
            return left != right
        case ">=":
            return left >= right
        case "<=":
            return left <= right


def decide(left: Expr, relation: SizeRelation, right: Expr, reason: str = "", *parts: object) -> bool:
    """Decide a relation of sizes: symbolically where that is possible, else at the bound values.

    A fact found true at the bound values is recorded as an assumption; without a context it is taken as true.
    """
    verdict = _symbolic(left, relation, right)
    if verdict is not None:
        return verdict
    context = _context.get()
    if context is None:
        return True
    fact = Assumption(left, relation, right, Reason(reason, parts))
    holds = fact.holds(context.values)
    if holds:
        context.assume(fact)
    elif relation in ("==", "!="):
        # That two sizes differ shapes the graph as much as that they agree: it has to be checked again, too.
        opposite: SizeRelation = "!=" if relation == "==" else "=="
        context.assume(Assumption(left, opposite, right, fact.reason))
    return holds


def _symbolic(left: Expr, relation: SizeRelation, right: Expr) -> bool | None:
    if left.is_Integer and right.is_Integer:
        return _holds(int(left), relation, int(right))
    match relation:
        case "multiple of":
            return is_multiple(left, right)
        case "==":
            return same_size(left, right)
        case "!=":
            same = same_size(left, right)
            return None if same is None else not same
        case ">=" | "<=":
            return is_ordered(left, relation, right)


def require(left: Expr, relation: SizeRelation, right: Expr, rule: str, *parts: object, hint: str = "") -> None:
    """Raise `ShapeError` with the rule, filled with its parts, unless the relation holds (see `decide`)."""
    if not decide(left, relation, right, rule, *parts):
        raise ShapeError(rule.format(*parts), hint=hint)


def fraction(numerator: int, denominator: int) -> Rational:
    """Return an exact fraction."""
    return cast(Rational, Rational(numerator, denominator))


def replaced(expression: Expr, values: Mapping[Symbol, Expr]) -> Expr:
    """Return an expression with symbols replaced, and nothing else changed.

    >>> C = symbol("C")
    >>> replaced(C**2 + 1, {C: size(3)})
    10
    """
    return cast(Expr, expression.xreplace(dict(values)))


def cancelled(expression: Expr) -> Expr:
    """Return a quotient of polynomials in lowest terms.

    >>> C = symbol("C")
    >>> cancelled((C**2 + C) / C)
    C + 1
    """
    return cast(Expr, sympy.cancel(sympy.together(expression)))
