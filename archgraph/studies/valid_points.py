"""Which points of a grid are networks: the rules of symbols, and what laws assume of them."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from typing import NamedTuple, TypeAlias

from sympy import Expr, Integer, Symbol

from archgraph.graph.network import Network
from archgraph.laws.blocks import Array, in_blocks, is_lazy, numpy
from archgraph.laws.compiled import compiled
from archgraph.sizes.symbols import replaced

BlockLaw: TypeAlias = "Callable[[Sequence[Array]], Array]"


class Condition(NamedTuple):
    """What is asked of every point: two laws, as functions of blocks of the grid, and how they have to be related."""

    left: BlockLaw
    relation: str
    right: BlockLaw


def conditions_on(g: Network, arrays: Mapping[Symbol, Array], fixed: Mapping[Symbol, Expr]) -> list[Condition]:
    """Return what the symbols' rules ask of a grid, and what the laws assume."""
    found = [*_rules(g, arrays, fixed), *_assumptions(g, fixed)]
    return [
        Condition(_law(left, arrays), relation, _law(right, arrays))
        for left, relation, right in found
        if (left.free_symbols | right.free_symbols) & arrays.keys()
    ]


def _rules(
    g: Network, arrays: Mapping[Symbol, Array], fixed: Mapping[Symbol, Expr]
) -> Iterator[tuple[Expr, str, Expr]]:
    for name, free in g.symbols.items():
        rule = g.rule_law(name)
        if rule is not None:
            multiple, offset = (replaced(part, fixed) for part in rule)
            own = free if free in arrays else fixed.get(free, Integer(0))
            yield own - offset, "multiple of", multiple


def _assumptions(g: Network, fixed: Mapping[Symbol, Expr]) -> Iterator[tuple[Expr, str, Expr]]:
    for assumption in g.assumptions:
        left, right = (replaced(g.show(side), fixed) for side in (assumption.left, assumption.right))
        yield left, assumption.relation, right


def valid_points(conditions: Sequence[Condition], parts: Sequence[Array]) -> Array:
    """Return where all conditions hold on a grid or a block of it, as an array of truth values to be broadcast."""
    valid: Array = numpy().ones([1] * len(parts), dtype=bool)
    for left, relation, right in conditions:
        # Fractions of Python are compared one by one, and give objects.
        valid = valid & _HOLDS[relation](left(parts), right(parts)).astype(bool)
    return valid


def valid_grid(conditions: Sequence[Condition], arrays: Sequence[Array]) -> Array:
    """Return where a whole grid is valid, lazily where an axis of it is."""
    np = numpy()
    shape = np.broadcast_shapes(*(array.shape for array in arrays))
    if any(map(is_lazy, arrays)):
        from dask.array.core import asarray, broadcast_to

        chunks = tuple(_chunks(array, place) for place, array in enumerate(arrays))
        return broadcast_to(asarray(valid_points(conditions, arrays)), shape, chunks=chunks)
    if not conditions:
        return np.broadcast_to(np.ones((), dtype=bool), shape)
    return in_blocks(lambda parts: valid_points(conditions, parts), list(arrays))


def _chunks(array: Array, place: int) -> tuple[int, ...]:
    return array.chunks[place] if is_lazy(array) else (array.shape[place],)


def rules_of(g: Network, swept: Set[Symbol], fixed: Mapping[Symbol, Expr]) -> tuple[str, ...]:
    """Return what is asked of swept values, in words."""
    found = []
    for name, free in g.symbols.items():
        rule = g.rule_law(name)
        if rule is None or not ({free} | rule[0].free_symbols | rule[1].free_symbols) & swept:
            continue
        multiple, offset = (replaced(part, fixed) for part in rule)
        found.append(f"{name} must be a multiple of {multiple}" + (f" plus {offset}" if offset != 0 else ""))
    for assumption in g.assumptions:
        left, right = (g.show(side) for side in (assumption.left, assumption.right))
        if (left.free_symbols | right.free_symbols) & swept:
            found.append(f"{left} {assumption.relation} {right} is assumed")
    return tuple(dict.fromkeys(found))


def _divides(left: Array, right: Array) -> Array:
    """Return where left is a multiple of right; nothing is one of zero."""
    return (right != 0) & (left % (right + (right == 0)) == 0)


_HOLDS: Mapping[str, Callable[[Array, Array], Array]] = {
    "multiple of": _divides,
    "==": operator.eq,
    "!=": operator.ne,
    ">=": operator.ge,
    "<=": operator.le,
}


def _law(law: Expr, arrays: Mapping[Symbol, Array]) -> BlockLaw:
    number = None if law.free_symbols else int(law)
    return compiled(law, tuple(arrays)).unrounded_over(arrays) if number is None else lambda parts: number
