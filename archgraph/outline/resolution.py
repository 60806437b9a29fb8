"""By how much a member changes the resolution: from the laws of the sizes, in their symbols."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from functools import lru_cache
from typing import cast

from sympy import Add, Basic, Expr, Integer, Mul, Rational, ceiling, floor

from archgraph.graph.ir import Member
from archgraph.laws.numeric import value_at
from archgraph.sizes.expansion import expanded
from archgraph.sizes.symbols import cancelled

_SAME = Integer(1)
_MANY = 2**10  # for every symbol, where only the order of two resolutions is asked for


def scale(member: Member) -> Expr:
    """By how much a member changes the resolution: 2 after a pool, 1/2 after an up-sampling, 1 if it keeps it.

    The first position axis that both sides share and that changes decides. In a network whose patches have a size of
    their own this is a symbol.
    """
    return next((law for _, law in _changes(member)), _SAME)


def stride(member: Member) -> Expr | None:
    """The stride of a member as a number or law; None where it has none, as what leaves one position of all.

    >>> import archgraph as ag
    >>> head = "archgraph: 1\\nsymbols: {S: {default: 8, multiple_of: p}, p: 4}\\ninputs: {x: {c: 3, h: S}}\\n"
    >>> stride(ag.loads(head + "network:\\n  - conv: {out: 8, kernel: p, stride: p}").graph.nodes[0])
    p
    """
    growing, law = next(_changes(member), (set[Basic](), _SAME))
    known = law.is_Integer or growing - law.free_symbols
    return law if known and magnitude(law) > 1 else None


def _changes(member: Member) -> Iterator[tuple[set[Basic], Expr]]:
    """Of every size that changes: the symbols that it has before and after, and by how much it changes."""
    for operand, result in zip(member.inputs[:1], member.outputs[:1], strict=False):
        for axis in (axis for axis in operand.type.positions if result.type.has(axis)):
            before, after = operand.type.size(axis), result.type.size(axis)
            if (law := ratio(before, after)) != 1:
                yield before.free_symbols & after.free_symbols, law


def magnitude(level: Expr) -> float:
    """A number by which resolutions are compared: larger is coarser."""
    return value_at(level, {}, _MANY)


@lru_cache(maxsize=1 << 14)
def ratio(before: Expr, after: Expr) -> Expr:
    """The ratio of two sizes in the limit of a large input, for which borders do not count.

    What both have in common is large; a symbol of one of them alone (a kernel, a patch) is as it is. A number is
    rounded to a whole one or to one over a whole one.

    >>> from archgraph.sizes.symbols import symbol
    >>> h, k, p = symbol("h"), symbol("k"), symbol("p")
    >>> ratio(h, floor((h - 1) / 2)), ratio(h, h - k + 1), ratio(p * h, h - 2), ratio(h, 2 * h)
    (2, 1, p, 1/2)
    """
    if before == after:
        return _SAME
    common = before.free_symbols & after.free_symbols
    if not common and before.free_symbols and after.free_symbols:
        return _SAME  # nothing says how they grow: a table of positions, cut to those of the input
    large = common or before.free_symbols | after.free_symbols
    above, below = _leading(before, large), _leading(after, large)
    if above is None or below is None or 0 in (above, below):
        return _SAME
    return _rounded(cancelled(cast(Expr, above / below)))


def _rounded(found: Expr) -> Expr:
    if not isinstance(found, Rational):
        return found
    if found < 1:
        return cast(Expr, 1 / _rounded(cast(Expr, 1 / found)))
    return Integer(round(found)) if found >= Rational(3, 2) else _SAME


def _leading(length: Expr, large: Collection[Basic]) -> Expr | None:
    """The terms that grow fastest with some symbols, roundings being no more than a border; None where unknown."""
    plain = length.replace(floor, lambda inside: inside).replace(ceiling, lambda inside: inside)
    terms: dict[int, list[Expr]] = {}
    for term in cast(Iterable[Expr], Add.make_args(expanded(plain))):
        degree = _degree(term, large)
        if degree is None:
            return None
        terms.setdefault(degree, []).append(term)
    return cast(Expr, Add(*terms[max(terms)]))


def _degree(term: Expr, large: Collection[Basic]) -> int | None:
    degree = 0
    for factor in Mul.make_args(term):
        base, exponent = factor.as_base_exp()
        if base in large and exponent.is_Integer:
            degree += int(exponent)
        elif not factor.free_symbols.isdisjoint(large):
            return None
    return degree
