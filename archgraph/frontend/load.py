"""From the name or path of a spec, with bindings, to a traced graph."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from sympy import Expr, Integer

from archgraph.errors import ArchgraphError, SpecError, did_you_mean
from archgraph.frontend.blocks import Interpreter, Workshop, select
from archgraph.frontend.declarations import Declarations, evaluate_tree
from archgraph.frontend.scope import Scope
from archgraph.frontend.spec import InputSpec, Spec, Variant, read_file
from archgraph.frontend.yamltree import Tree
from archgraph.ir import Graph, Value
from archgraph.symbols import Assumption, decide, deciding
from archgraph.trace import Tracer
from archgraph.types import TensorType

MAX_RESTARTS = 20


@dataclass(frozen=True)
class Traced:
    """A traced spec.

    Attributes:
        graph: the graph of the whole network, with all declared outputs.
        selected: the outputs that costs and receptive fields are about.
        named: values of the network by the names that the spec gave them.
        declarations: the symbols, resolved.
        assumptions: what was decided at the bound values.
        pixels: pixels per element of every input that declares them.
    """

    spec: Spec
    graph: Graph
    selected: tuple[Value, ...]
    named: Mapping[str, Value]
    declarations: Declarations
    assumptions: tuple[Assumption, ...]
    pixels: Mapping[str, int]
    structural: frozenset[str]


def shipped_folder() -> Path:
    """Return the folder of the shipped specs: inside the package when installed, beside it in a checkout."""
    package = Path(__file__).parent.parent
    inside = package / "specs"
    return inside if inside.is_dir() else package.parent / "specs"


def shipped_names() -> list[str]:
    """Return the names of the shipped specs."""
    return sorted(path.stem for path in shipped_folder().glob("*.yaml"))


def find_spec(name: str) -> tuple[Spec, str]:
    """Return the spec that a path or a shipped name means, and the name of its variant or an empty string.

    Raises:
        SpecError: there is no such file or spec.
    """
    if Path(name).exists():
        return _read(Path(name)), ""
    base, _, variant = name.partition(":")
    if Path(base).suffix in (".yaml", ".yml") or "/" in base:
        return _read(Path(base)), variant
    if base not in shipped_names():
        raise SpecError(
            f"no spec is named '{base}'.{did_you_mean(base, shipped_names())}",
            hint="`archgraph list` shows the shipped ones; a path ends in .yaml",
        )
    return _read(shipped_folder() / f"{base}.yaml"), variant


def _read(path: Path) -> Spec:
    modified = path.stat().st_mtime_ns if path.is_file() else 0
    return _read_cached(path.absolute(), modified)


@lru_cache(maxsize=64)
def _read_cached(path: Path, modified: int) -> Spec:
    return read_file(path)


def find_variant(spec: Spec, name: str) -> Variant:
    """Return a variant by name; the empty name is the family's defaults.

    Raises:
        SpecError: there is no such variant.
    """
    if not name:
        return Variant("", outputs=spec.outputs, expect=spec.expect)
    if name not in spec.variants:
        known = ", ".join(spec.variants) or "none"
        raise SpecError(
            f"{spec.file} has no variant '{name}'.{did_you_mean(name, spec.variants)}", hint=f"variants: {known}"
        )
    return spec.variants[name]


def trace_spec(
    spec: Spec, variant: Variant, bound: Mapping[str, Any] | None = None, values: Mapping[str, Any] | None = None
) -> Traced:
    """Trace a spec: `bound` symbols become numbers, `values` replace defaults of symbols that stay free.

    Symbols that turn out to be structural become numbers too, and the trace starts again.

    Raises:
        ArchgraphError: the spec breaks a rule, with the place and the bindings.
    """
    symbols = {**spec.symbols, **variant.symbols}
    bound = dict(bound or {})
    bindings = {**variant.at, **(values or {}), **bound}
    structural = frozenset(name for name in _looped(spec) if name in symbols and symbols[name].is_number)
    for _ in range(MAX_RESTARTS):
        declarations = Declarations(symbols, bindings, structural | bound.keys())
        try:
            traced = _trace(spec, variant, declarations, structural)
        except ArchgraphError as error:
            if declarations.structural <= structural:
                error.bindings = error.bindings or describe_bindings(declarations)
                raise
        else:
            if declarations.structural <= structural:
                return traced
        structural |= declarations.structural
    raise SpecError(f"the symbols of {spec.file} do not settle")


@lru_cache(maxsize=256)
def _looped(spec: Spec) -> frozenset[str]:
    """Return the names in loop ranges: symbols among them are structural, which saves finding out by tracing."""
    trees = [spec.network, *(block.steps for block in spec.blocks.values())]
    return frozenset(name for tree in trees if tree is not None for name in _loop_names(tree))


def _loop_names(tree: Tree) -> Iterator[str]:
    for part in tree.value if tree.is_list else tree.value.values() if tree.is_mapping else ():
        yield from _loop_names(part)
    if tree.is_mapping and "for" in tree.value:
        for ends in tree.value["for"].value.values() if tree.value["for"].is_mapping else ():
            if isinstance(ends.value, str):
                yield from re.findall(r"[A-Za-z_]\w*", ends.value)


def _trace(spec: Spec, variant: Variant, declarations: Declarations, structural: frozenset[str]) -> Traced:
    if spec.network is None:
        raise SpecError(f"{spec.file} has no network: it holds blocks only")
    declarations.resolve_all()
    with deciding(declarations.values) as context:
        inputs = tuple(_input(item, declarations) for item in spec.inputs if _present(item, declarations))
        workshop = Workshop()
        tracer = Tracer(inputs, workshop.infer)
        interpreter = Interpreter(spec, declarations, tracer, workshop)
        scope = Scope(declarations)
        for value, item in zip(inputs, spec.inputs, strict=False):
            scope.define(value.name, value, item.place)
        scope.previous = inputs[:1]
        last = interpreter.run(spec.network, scope)
        outputs = select(spec.outputs, scope) if spec.outputs else last
        graph = interpreter.finish(outputs)
        selected = _selected(variant, spec, scope, graph)
    _check_inputs(graph, spec)
    pixels = {item.name: _pixels(item, declarations) for item in spec.inputs if item.pixels}
    named = {**{name: value for name, value in scope.names.items() if isinstance(value, Value)}, **_members(scope)}
    assumptions = tuple(context.assumptions)
    return Traced(spec, graph, selected, named, declarations, assumptions, pixels, structural)


def _members(scope: Scope) -> dict[str, Value]:
    return {
        name + "".join(f"({index})" for index in indices): value
        for name, family in scope.families.items()
        for indices, value in family.items()
    }


def _selected(variant: Variant, spec: Spec, scope: Scope, graph: Graph) -> tuple[Value, ...]:
    if variant.outputs is None or variant.outputs is spec.outputs:
        return graph.outputs
    chosen = select(variant.outputs, scope)
    for value in chosen:
        if value not in graph.outputs:
            variant.outputs.fail(f"'{value.name}' is not an output of the network", "a variant selects among outputs")
    return chosen


def _present(item: InputSpec, declarations: Declarations) -> bool:
    if item.when is None:
        return True
    value = evaluate_tree(item.when, declarations)
    if isinstance(value, Expr):
        return declarations.concrete(value, "condition") != 0
    return bool(value)


def _input(item: InputSpec, declarations: Declarations) -> Value:
    axes = []
    for axis, tree in item.axes.items():
        length = evaluate_tree(tree, declarations)
        if not isinstance(length, Expr):
            tree.fail(f"axis {axis} must be a size, and is {length!r}")
        if length == 0:
            continue
        if not length.is_integer and not decide(length, "multiple of", Integer(1), f"axis {axis} is an integer"):
            tree.fail(f"axis {axis} must be an integer, and is {length}")
        if not decide(length, ">=", Integer(1), f"axis {axis} is positive"):
            tree.fail(f"axis {axis} must be positive, and is {length}")
        axes.append((axis, length))
    return Value(TensorType(tuple(axes), item.dtype), item.name)


def _pixels(item: InputSpec, declarations: Declarations) -> int:
    assert item.pixels is not None
    return declarations.concrete(evaluate_tree(item.pixels, declarations), "pixels")


def _check_inputs(graph: Graph, spec: Spec) -> None:
    used = {value for node in graph.nodes for value in node.inputs}
    places = {item.name: item.place for item in spec.inputs}
    for value in graph.inputs:
        if value not in used:
            raise SpecError(f"input '{value.name}' reaches no output", place=places.get(value.name))


def describe_bindings(declarations: Declarations) -> str:
    """Return the symbols and their values for an error message: `C=64, H=16*h + 12`."""
    parts = []
    for name in declarations.specs:
        try:
            inside = declarations.lookup(name)
        except ArchgraphError:
            continue
        if isinstance(inside, Expr):
            free = inside.free_symbols & declarations.shown.keys()
            number = declarations._evaluate(inside)
            parts.append(f"{name}={inside}={number}" if free else f"{name}={number}")
        else:
            parts.append(f"{name}={_listed(inside)}")
    return ", ".join(parts)


def _listed(value: Any) -> str:
    if isinstance(value, tuple):
        return "[" + ", ".join(map(_listed, value)) + "]"
    return str(value).lower() if isinstance(value, bool) else str(value)
