"""Symbolic sizes of an exported program, in the user's names, and the values for which the export holds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from sympy import Expr, Integer, Max, Min, expand

from archgraph.errors import ArchgraphError
from archgraph.pytorch.trace.conditions import Conditions, environment_of, guards_of, place_of
from archgraph.pytorch.trace.export import Exported
from archgraph.pytorch.trace.sizes import VALID, TracedSizes, declared_sizes
from archgraph.sizes.symbols import Assumption, Context, SizeRelation, floor_divide
from archgraph.spec.spec import NAME, RESERVED

COMPARISONS: dict[str, tuple[SizeRelation, int]] = {
    "Equality": ("==", 0),
    "Unequality": ("!=", 0),
    "GreaterThan": (">=", 0),
    "StrictGreaterThan": (">=", 1),
    "LessThan": ("<=", 0),
    "StrictLessThan": ("<=", -1),
}
"""Comparisons of integers as torch calls them: the relation, and what the right side takes to be strict."""


def sizes_of(exported: Exported, name: str) -> tuple[TracedSizes, Mapping[Any, Expr]]:
    """Return the symbols of an exported program, and what torch's symbols are in them.

    Raises:
        ArchgraphError: a dimension that was asked to vary cannot, with the place that fixed it.
    """
    torch_symbols = _torch_symbols(exported)
    conditions = Conditions(exported, torch_symbols)
    found, joint = conditions.resolve()
    sizes = declared_sizes(name, found)
    inside = {own: sizes.declarations.lookup(symbol) for own, symbol in torch_symbols.items()}
    told = [(guard, list(_relation(guard, inside))) for guard in joint]
    # Exports repeat the same bound in many forms; the strictest of them is told and checked.
    strictest = Context()
    for fact in (fact for _, relations in told for fact in relations):
        strictest.assume(fact)
    texts = [str(fact.shown(sizes.declarations.show)) for fact in strictest.assumptions]
    texts += [conditions.shown(guard) for guard, relations in told if not relations]
    facts = (*sizes.assumptions, *strictest.assumptions)
    return replace(sizes, conditions=(*sizes.conditions, *texts), assumptions=facts), inside


def _relation(guard: Any, inside: Mapping[Any, Expr]) -> Iterator[Assumption]:
    """A condition on several sizes at once; one that is no comparison stays text."""
    kind = type(guard).__name__
    if kind == "And":
        for part in guard.args:
            yield from _relation(part, inside)
    if kind not in COMPARISONS:
        return
    relation, margin = COMPARISONS[kind]
    left, right = (translate(part, inside) for part in guard.args)
    yield Assumption(left, relation, right + margin, VALID)


def _torch_symbols(exported: Exported) -> dict[Any, str]:
    """Return the user's name of every symbol of torch.

    Raises:
        ArchgraphError: a requested dimension became a number, or follows from another one.
    """
    nodes = {node.name: node for node in exported.program.graph.nodes if node.op == "placeholder"}
    result: dict[Any, str] = {}
    for (placeholder, dim), name in exported.dims.items():
        if not NAME.match(name) or name in RESERVED:
            raise ArchgraphError(f"'{name}' cannot be the name of a symbol", hint="letters, digits and _")
        size = nodes[placeholder].meta["val"].shape[dim]
        expression = None if isinstance(size, int) else size.node.expr
        if expression is None or not expression.is_Symbol:
            raise _fixed(exported, placeholder, dim, name, size)
        if result.setdefault(expression, name) != name:
            raise ArchgraphError(
                f"'{name}' cannot vary: the module needs it to equal '{result[expression]}'",
                hint="give both dimensions one name",
            )
    return result


def _fixed(exported: Exported, placeholder: str, dim: int, name: str, size: Any) -> ArchgraphError:
    """Say what fixed a dimension, and where."""
    places = []
    for guard in guards_of(exported.program):
        free = list(guard.expr.free_symbols)
        if any(_is_source(exported.program, own, placeholder, dim) for own in free):
            places.append(guard)
    fixing = next((guard for guard in reversed(places) if type(guard.expr).__name__ == "Equality"), None)
    where = f" at {place_of(exported, fixing)}" if fixing is not None else ""
    return ArchgraphError(
        f"'{name}', dimension {dim} of '{placeholder}', cannot vary: the module fixes it to {size}{where}",
        hint="leave it out of `dynamic`, or trace at another size for another law",
    )


def _is_source(program: Any, symbol: Any, placeholder: str, dim: int) -> bool:
    environment = environment_of(program)
    sources = environment.var_to_sources.get(symbol, []) if environment is not None else []
    return any(
        getattr(source, "idx", None) == dim
        and getattr(getattr(source, "base", None), "local_name", None) == placeholder
        for source in sources
    )


def translate(expression: Any, inside: Mapping[Any, Expr]) -> Expr:
    """Return an expression of torch's symbols in ours.

    Raises:
        ArchgraphError: it holds a function that sizes do not have.
    """
    if expression.is_Symbol:
        if expression not in inside:
            raise ArchgraphError(f"a size depends on data: {expression}")
        return inside[expression]
    if expression.is_Integer:
        return Integer(int(expression))
    if expression.is_Rational:
        return expression
    # Rebuilt part by part, by the names of classes: torch has division and remainder of its own, which must not get
    # into laws.
    parts = [translate(part, inside) for part in expression.args]
    return _combined(type(expression).__name__, parts, expression)


def _combined(kind: str, parts: list[Expr], expression: Any) -> Expr:
    match kind:
        case "Add" | "Mul" | "Pow":
            return expand(expression.func(*parts))
        case "FloorDiv" | "CleanDiv":
            return floor_divide(parts[0], parts[1])
        case "CeilDiv":
            return -floor_divide(-parts[0], parts[1])
        case "Mod" | "PythonMod":
            return expand(parts[0] - parts[1] * floor_divide(parts[0], parts[1]))
        case "PowByNatural":
            return expand(parts[0] ** parts[1])
        case "Max" | "Min":
            return (Max if kind == "Max" else Min)(*parts)
        case "Identity" | "TruncToInt" | "ToFloat":
            return parts[0]
    raise ArchgraphError(f"a size has the form {expression}, which is not supported")
