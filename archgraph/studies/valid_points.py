"""Which points of a grid are networks: the rules of symbols, and what laws assume of them."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Set
from typing import Any

from sympy import Expr, Symbol

from archgraph.graph.network import Network
from archgraph.laws.compiled import compiled
from archgraph.sizes.symbols import replaced


def _full(result: Any, arrays: Mapping[Symbol, Any], np: Any) -> Any:
    """Spread a law that lacks some swept symbols over the whole grid; lazily where an axis of it is."""
    shape = np.broadcast_shapes(*(array.shape for array in arrays.values()))
    if getattr(result, "shape", ()) == shape:
        return result
    if not any(hasattr(array, "dask") for array in arrays.values()):
        return np.broadcast_to(result, shape)
    from dask.array.core import asarray, broadcast_to

    chunks = tuple(_chunks(array, place) for place, array in enumerate(arrays.values()))
    return broadcast_to(asarray(result), shape, chunks=chunks)


def _chunks(array: Any, place: int) -> tuple[int, ...]:
    return array.chunks[place] if hasattr(array, "dask") else (array.shape[place],)


def valid_points(g: Network, arrays: Mapping[Symbol, Any], fixed: Mapping[Symbol, Expr], np: Any) -> Any:
    """Return where a grid obeys the symbols' rules and what the laws assume, as an array of truth values."""
    valid: Any = np.ones([1] * len(arrays), dtype=bool)
    for name, free in g.symbols.items():
        rule = g.rule_law(name)
        if rule is None or not ({free} | rule[0].free_symbols | rule[1].free_symbols) & arrays.keys():
            continue
        multiple, offset = (_number(replaced(part, fixed), arrays) for part in rule)
        own = arrays.get(free, int(fixed[free]) if free in fixed else 0)
        valid = valid & _divides(own - offset, multiple)
    for assumption in g.assumptions:
        left, right = (replaced(g.show(side), fixed) for side in (assumption.left, assumption.right))
        if (left.free_symbols | right.free_symbols) & arrays.keys():
            valid = valid & _HOLDS[assumption.relation](_number(left, arrays), _number(right, arrays))
    return _full(valid, arrays, np)


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


def _divides(left: Any, right: Any) -> Any:
    """Return where left is a multiple of right; nothing is one of zero."""
    return (right != 0) & (left % (right + (right == 0)) == 0)


_HOLDS: Mapping[str, Callable[[Any, Any], Any]] = {
    "multiple of": _divides,
    "==": operator.eq,
    "!=": operator.ne,
    ">=": operator.ge,
    "<=": operator.le,
}


def _number(law: Expr, arrays: Mapping[Symbol, Any]) -> Any:
    return compiled(law, tuple(arrays))(arrays) if law.free_symbols else int(law)
