"""The algebra of laws: degrees, leading terms, elasticities, crossings, growth."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from sympy import Add, Expr, Integer, Poly, Pow, Symbol, diff
from sympy.polys.polytools import real_roots

from archgraph.errors import QueryError
from archgraph.laws.domain import smooth_in
from archgraph.sizes.expansion import expanded
from archgraph.sizes.symbols import cancelled, replaced


def exponent(term: Expr, symbol: Symbol) -> Expr:
    """Return the power of a symbol in a product.

    >>> from archgraph.sizes.symbols import symbol
    >>> D, L = symbol("D"), symbol("L")
    >>> exponent(3 * D**2 * L, D), exponent(L, D)
    (2, 0)
    """
    powers = term.as_powers_dict()
    return cast(Expr, powers.get(symbol, Integer(0)))


def degree(law: Expr, symbol: Symbol) -> Expr:
    """Return the highest power of a symbol in a law.

    >>> from archgraph.sizes.symbols import symbol
    >>> D, N = symbol("D"), symbol("N")
    >>> degree(12 * N * D**2 + 2 * N**2 * D, N)
    2
    """
    return max(exponent(term, symbol) for term in Add.make_args(smooth_in(law, symbol)))


def leading(law: Expr, symbol: Symbol) -> Expr:
    """Return the terms of the highest power of a symbol.

    >>> from archgraph.sizes.symbols import symbol
    >>> D, N = symbol("D"), symbol("N")
    >>> leading(12 * N * D**2 + 2 * N**2 * D + D, N)
    2*D*N**2
    """
    law = smooth_in(law, symbol)
    highest = degree(law, symbol)
    return Add(*(term for term in Add.make_args(law) if exponent(term, symbol) == highest))


def elasticity(law: Expr, symbol: Symbol) -> Expr:
    """Return d log(law) / d log(symbol): the local exponent, between the lowest and the highest power.

    >>> from archgraph.sizes.symbols import symbol
    >>> D = symbol("D")
    >>> elasticity(18 * D**2, D), elasticity(18 * D**2 + 15 * D, D).subs(D, 1000).n(5)
    (2, 1.9992)
    """
    law = smooth_in(law, symbol)
    if law == 0:
        raise QueryError(f"the law is 0, so it has no elasticity in {symbol}")
    return cancelled(expanded(symbol * diff(law, symbol)) / law)


def eliminate(law: Expr, name: Symbol, definition: Expr) -> Expr:
    """Return a law in a derived symbol: one symbol of its definition is replaced.

    Raises:
        QueryError: the definition is not a product of powers, or the replacement leaves roots.

    >>> from archgraph.sizes.symbols import symbol
    >>> S, p, N, D = (symbol(name) for name in "SpND")
    >>> eliminate(2 * D * S**4 / p**4 + D * S**2, N, S**2 / p**2)
    2*D*N**2 + D*N*p**2
    """
    powers = definition.as_powers_dict()
    if definition.is_Add or not all(base.is_Symbol or base.is_number for base in powers):
        raise QueryError(f"{name} = {definition} is not a product of powers, so {name} cannot be eliminated")
    for symbol in sorted((base for base in powers if base.is_Symbol and powers[base] > 0), key=str):
        rest = definition / symbol ** powers[symbol]
        inverse = (name / rest) ** (1 / powers[symbol])
        result = expanded(replaced(law, {symbol: inverse}))
        if symbol not in result.free_symbols and not _has_roots(result):
            return result
    raise QueryError(f"{name} = {definition} cannot be eliminated from the law without roots")


def _has_roots(law: Expr) -> bool:
    return any(power.exp.is_Rational and not power.exp.is_Integer for power in law.atoms(Pow))


def crossover(first: Expr, second: Expr, symbol: Symbol) -> tuple[Expr, ...]:
    """Return the positive values of a symbol at which two laws are equal, in order.

    Exact where the difference is linear in the symbol after dividing by its powers, or has no other symbols.

    >>> from archgraph.sizes.symbols import symbol
    >>> D, N = symbol("D"), symbol("N")
    >>> crossover(2 * D * N**2, 12 * D**2 * N, N)
    (6*D,)
    """
    difference = expanded(smooth_in(first, symbol) - smooth_in(second, symbol))
    terms = Add.make_args(difference)
    if difference == 0:
        raise QueryError("the two laws are the same")
    lowest = min(exponent(term, symbol) for term in terms)
    reduced = expanded(difference / symbol**lowest)
    numerator = cancelled(reduced).as_numer_denom()[0]
    polynomial = Poly(numerator, symbol)
    if polynomial.degree() == 1:
        slope, start = polynomial.all_coeffs()
        root = cancelled(cast(Expr, -start / slope))
        return () if root.is_nonpositive or _negative(root) else (root,)
    if polynomial.free_symbols - {symbol} or polynomial.free_symbols_in_domain:
        names = ", ".join(sorted(map(str, numerator.free_symbols - {symbol})))
        raise QueryError(f"the crossing in {symbol} is not linear; bind {names} first", hint="g.bind(...)")
    return tuple(root for root in cast(list[Expr], real_roots(polynomial)) if root.is_positive)


def _negative(root: Expr) -> bool:
    return root.could_extract_minus_sign() and not root.is_positive


def monomials(law: Expr) -> dict[str, Expr]:
    """Return the terms of a law by what each is proportional to.

    >>> from archgraph.sizes.symbols import symbol
    >>> D, N = symbol("D"), symbol("N")
    >>> monomials(12 * N * D**2 + 2 * N**2 * D)
    {'D**2*N': 12*D**2*N, 'D*N**2': 2*D*N**2}
    """
    terms = cast(list[Expr], expanded(law).as_ordered_terms())
    return {str(term.as_coeff_Mul()[1]): term for term in terms if term != 0}


def scaled(law: Expr, factors: Mapping[Symbol, Expr]) -> Expr:
    """Return law(scaled symbols) / law: by how much a law grows.

    >>> from sympy import sqrt
    >>> from archgraph.sizes.symbols import symbol
    >>> D = symbol("D")
    >>> scaled(18 * D**2, {D: Integer(2)}), scaled(18 * D**2, {D: sqrt(2)})
    (4, 2)
    """
    grown = expanded(replaced(law, {symbol: factor * symbol for symbol, factor in factors.items()}))
    return cancelled(grown / law)
