"""From the name or path of a spec, with bindings, to a traced graph."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sympy import Expr, Integer

from archgraph.data.model_prefixes import MODEL_PREFIXES
from archgraph.errors import ArchgraphError, SpecError, did_you_mean, nearest, quoted, some
from archgraph.graph.ir import Graph, Value
from archgraph.graph.tracer import Inference, Tracer
from archgraph.report.missing_files import did_you_mean_file
from archgraph.sizes.symbols import Assumption, decide, deciding
from archgraph.sizes.types import TensorType
from archgraph.spec.blocks import Forms, StepInterpreter, Workshop, select
from archgraph.spec.calls import call_block
from archgraph.spec.declarations import Declarations
from archgraph.spec.definitions import InputSpec, Spec, Variant
from archgraph.spec.kept_files import spec_of_file
from archgraph.spec.language.evaluation import evaluate_number, evaluate_tree, refuse
from archgraph.spec.language.tree import Tree
from archgraph.spec.language.values import describe
from archgraph.spec.loops import condition
from archgraph.spec.messages import Narrator
from archgraph.spec.repeats import group, mixture, repeat
from archgraph.spec.scope import Scope
from archgraph.spec.shipped import shipped_folder as shipped_folder
from archgraph.spec.shipped import shipped_names as shipped_names
from archgraph.spec.silence import Observed
from archgraph.spec.spec import read_text
from archgraph.spec.text_files import YAML_SUFFIXES

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

# Every restart builds at least one more symbol in, so that few are ever needed.
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
        observed: what conditions came to, and which arguments of blocks were read.
    """

    spec: Spec
    graph: Graph
    selected: tuple[Value, ...]
    named: Mapping[str, Value]
    declarations: Declarations
    assumptions: tuple[Assumption, ...]
    pixels: Mapping[str, int]
    structural: frozenset[str]
    observed: Observed


def find_spec(name: str) -> tuple[Spec, str]:
    """Return the spec that a path or a shipped name means, and the name of its variant or an empty string.

    Raises:
        SpecError: there is no such file or spec.
    """
    path, variant = _path_and_variant(name)
    return spec_of_file(path), variant


def spec_path(name: str) -> Traversable:
    """Return the file that a path or a shipped name means.

    Raises:
        SpecError: there is no such spec.
    """
    return _path_and_variant(name)[0]


def _path_and_variant(name: str) -> tuple[Traversable, str]:
    if _is(Path.is_file, name):
        return Path(name), ""
    base, colon, variant = name.partition(":")
    if not base:
        raise SpecError(f"{quoted(name)} names no spec", hint="`archgraph list` shows the shipped ones")
    if colon and not variant:
        raise SpecError(f"{quoted(name)} names no variant behind its colon", hint=f"{base} is the spec at its defaults")
    if base in shipped_names():
        return shipped_folder() / f"{base}.yaml", variant
    if Path(base).suffix in YAML_SUFFIXES or "/" in base or _is(Path.exists, base):
        return Path(base), variant
    if "://" in name:
        raise SpecError(f"{quoted(name)} is an address, and specs are read from files alone", hint="save it first")
    own = "; a module of your own is package.file:name, in this folder or installed" if variant.isidentifier() else ""
    # With an ending, a file of another kind may be meant.
    suffixes = (*YAML_SUFFIXES, ".onnx", ".pt2") if Path(base).suffix else YAML_SUFFIXES
    near = did_you_mean_file(base, Path(), suffixes, shipped_names()) or _did_you_mean_prefix(base, variant)
    raise SpecError(
        f"no spec is named {quoted(base)}.{near}",
        hint=f"`archgraph list` shows the shipped ones; a path ends in .yaml{own}",
    )


def _did_you_mean_prefix(base: str, name: str) -> str:
    """Return the suggestion for the name of a model with a slip before its colon."""
    near = nearest(base, MODEL_PREFIXES) if name else ""
    return f" Did you mean {quoted(f'{near}:{name}')}?" if near else ""


def is_spec(name: str) -> bool:
    """Whether a name is that of a shipped spec, or of a file in YAML.

    >>> is_spec("unet:padded-512"), is_spec("timm:resnet50")
    (True, False)
    """
    base = name.partition(":")[0]
    return base in shipped_names() or Path(base).suffix in YAML_SUFFIXES


def _is(test: Callable[[Path], bool], name: str) -> bool:
    """Ask the file system about a name, which may be one that no file system knows."""
    try:
        return test(Path(name))
    except (OSError, ValueError):
        return False


@lru_cache(maxsize=64)
def read_once(text: str, file: str = "<text>") -> Spec:
    """Return the spec of a text, the same one whenever the text is the same.

    Args:
        text: the spec.
        file: what errors call it.

    Raises:
        SpecError: the text breaks a rule of the language.
    """
    return read_text(text, file)


def find_variant(spec: Spec, name: str) -> Variant:
    """Return a variant by name; the empty name is the family's defaults.

    Raises:
        SpecError: there is no such variant.
    """
    if not name:
        return Variant("", outputs=spec.outputs if spec.select is None else spec.select, expect=spec.expect)
    if name not in spec.variants:
        known = some(spec.variants, 40) or "none"
        raise SpecError(
            f"{spec.file} has no variant {quoted(name)}.{did_you_mean(name, spec.variants)}",
            hint=f"variants: {known}",
        )
    found = spec.variants[name]
    return found if found.outputs is not None else replace(found, outputs=spec.select)


def trace_spec(
    spec: Spec,
    variant: Variant,
    bound: Mapping[str, Any] | None = None,
    values: Mapping[str, Any] | None = None,
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
            # Else the trace starts again with more numbers built in, and may well succeed.
            if declarations.structural <= structural:
                Narrator(declarations).complete(error)
                raise
        except RecursionError:
            raise SpecError(f"the steps of {spec.file} nest too deeply") from None
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
    # Of the shown symbols too: a broken rule is tried once more in them, to be told in the user's words.
    with deciding({**declarations.values, **declarations.shown_values()}) as context:
        scope, graph, observed = _interpret(spec, spec.network, variant, declarations)
        selected = graph.outputs if _plain(variant, spec) else _selected(variant, scope)
    _check_inputs(graph, spec)
    return Traced(
        spec,
        graph,
        selected,
        named={**_values(scope), **_members(scope)},
        declarations=declarations,
        assumptions=tuple(context.assumptions),
        pixels={item.name: _pixels(item, declarations) for item in spec.inputs if item.pixels},
        structural=structural,
        observed=observed,
    )


def _interpret(
    spec: Spec, network: Tree, variant: Variant, declarations: Declarations
) -> tuple[Scope, Graph, Observed]:
    present = [item for item in spec.inputs if item.when is None or condition(item.when, declarations)]
    inputs = tuple(_input(item, declarations) for item in present)
    workshop = Workshop(spec, Inference(Narrator(declarations).retell), Forms(call_block, repeat, mixture, group))
    interpreter = StepInterpreter(spec, declarations, Tracer(inputs, workshop.infer), workshop)
    scope = interpreter.scope()
    for value, item in zip(inputs, present, strict=True):
        scope.define(value.name, value, item.place)
    # A first step without `from` takes the first input.
    scope.previous = inputs[:1]
    last = interpreter.run(network, scope)
    outputs = select(spec.outputs, scope) if spec.outputs else last
    # What only the variant reads is an output of the network all the same.
    more = () if _plain(variant, spec) else _selected(variant, scope)
    return scope, interpreter.finish(tuple(dict.fromkeys((*outputs, *more)))), workshop.observed


def _values(scope: Scope) -> dict[str, Value]:
    return {name: value for name, value in scope.names.items() if isinstance(value, Value)}


def _members(scope: Scope) -> dict[str, Value]:
    return {
        name + "".join(f"({index})" for index in indices): value
        for name, family in scope.families.items()
        for indices, value in family.items()
    }


def _selected(variant: Variant, scope: Scope) -> tuple[Value, ...]:
    return () if variant.outputs is None else select(variant.outputs, scope)


def shares_graph(spec: Spec, variant: Variant) -> bool:
    """Whether a variant only gives other values to the symbols of its family, and is asked for the same outputs."""
    own = find_variant(spec, "")
    alike = variant.outputs is own.outputs or (_plain(variant, spec) and _plain(own, spec))
    return alike and not variant.symbols


def _plain(variant: Variant, spec: Spec) -> bool:
    """Whether a variant has the outputs of its spec."""
    return variant.outputs is None or variant.outputs is spec.outputs


def _input(item: InputSpec, declarations: Declarations) -> Value:
    axes = ((axis, _axis(axis, tree, declarations)) for axis, tree in item.axes.items())
    return Value(TensorType(tuple((axis, length) for axis, length in axes if length != 0), item.dtype), item.name)


def _axis(axis: str, tree: Tree, declarations: Declarations) -> Expr:
    """The size of an axis of an input; 0 where it is absent."""
    length = evaluate_tree(tree, declarations)
    if not isinstance(length, Expr):
        refuse(tree, declarations, f"axis {axis} must be a size, and is {describe(length)}")
    if length == 0:
        return length
    if not length.is_integer and not decide(length, "multiple of", Integer(1), f"axis {axis} is an integer"):
        refuse(tree, declarations, f"axis {axis} must be an integer, and is {declarations.tell(length)}")
    if not decide(length, ">=", Integer(1), f"axis {axis} is positive"):
        refuse(tree, declarations, f"axis {axis} must be positive, and is {declarations.tell(length)}")
    return length


def _pixels(item: InputSpec, declarations: Declarations) -> int:
    assert item.pixels is not None
    pixels = declarations.concrete(evaluate_number(item.pixels, declarations, "pixels"), "pixels")
    if pixels < 1:
        refuse(item.pixels, declarations, f"pixels must be at least 1, and is {pixels}")
    return pixels


def _check_inputs(graph: Graph, spec: Spec) -> None:
    used = {value for node in graph.nodes for value in node.inputs}
    places = {item.name: item.place for item in spec.inputs}
    for value in graph.inputs:
        if value not in used:
            hint = "use it, give it `when`, or delete it"
            raise SpecError(f"input '{value.name}' reaches no output", place=places.get(value.name), hint=hint)
