"""Calls of blocks: a block is traced once per distinct arguments and input types."""

from __future__ import annotations

from typing import Any

from archgraph.errors import ArchgraphError, SpecError, counted
from archgraph.graph.ir import Graph, Value
from archgraph.graph.tracer import Tracer
from archgraph.sizes.types import TensorType
from archgraph.spec.arguments import check_arguments, choose
from archgraph.spec.blocks import Outputs, StepInterpreter, select
from archgraph.spec.definitions import BlockSpec, Spec
from archgraph.spec.language.evaluation import nested
from archgraph.spec.language.tree import Tree
from archgraph.spec.language.values import Word
from archgraph.spec.scope import Scope
from archgraph.spec.sections import options_of
from archgraph.spec.steps import Step

MAX_BODIES = 4000
MAX_CALLS = 32


def call_block(interpreter: StepInterpreter, step: Step, scope: Scope, file: Spec, block: BlockSpec) -> Outputs:
    """Add a call of a block and return its outputs."""
    operands = interpreter.inputs(step, scope, implicit=bool(block.inputs))
    name = interpreter.name(step, scope)
    body = traced_body(interpreter, step, scope, file, block, operands, name)
    share = interpreter.share(step)
    title = interpreter.title(step, block)
    return interpreter.tracer.call(block.name, body, operands, name, place=step.place, share=share, title=title)


def traced_body(
    interpreter: StepInterpreter,
    step: Step,
    scope: Scope,
    file: Spec,
    block: BlockSpec,
    operands: Outputs,
    name: str,
) -> Graph:
    """Return the graph of a block for these arguments and operands."""
    _check_inputs(step, block, operands)
    given = _arguments(step, scope, block)
    types = tuple(value.type for value in operands)
    workshop = interpreter.workshop
    bodies = workshop.bodies
    key = (id(block), tuple(given.items()), types)
    if key not in bodies:
        _check_stack(workshop.stack, block.name, len(bodies))
        path = f"{interpreter.tracer.path}{name}"
        try:
            bodies[key], workshop.reads[key] = _trace_body(interpreter, file, block, given, types, f"{path}.")
        except ArchgraphError as error:
            error.trail += ((path, step.place),)
            raise
    for argument in given:
        label = f"argument '{argument}' of {block.name}"
        workshop.observed.argument(step.value.value[argument], label, read=argument in workshop.reads[key])
    return bodies[key]


def _check_inputs(step: Step, block: BlockSpec, operands: Outputs) -> None:
    if len(operands) != len(block.inputs):
        inputs = counted(len(block.inputs), "input")
        takes = f"{inputs} ({', '.join(block.inputs)})" if block.inputs else "no inputs"
        raise SpecError(
            f"block {block.name} takes {takes}, and got {len(operands)}",
            place=step.place,
            operands=[(value.name, value.type) for value in operands],
            hint=f"from: [{', '.join(block.inputs)}]" if block.inputs else "",
        )


def _check_stack(stack: list[str], name: str, bodies: int) -> None:
    if name in stack:
        cycle = " -> ".join([*stack[stack.index(name) :], name])
        raise SpecError(f"blocks call each other in a cycle: {cycle}", hint="repeat: n applies a block n times")
    if len(stack) >= MAX_CALLS:
        raise SpecError(f"blocks call blocks deeper than {MAX_CALLS}")
    if bodies >= MAX_BODIES:
        raise SpecError(f"blocks are called with more than {MAX_BODIES} different arguments and inputs")


def _arguments(step: Step, scope: Scope, block: BlockSpec) -> dict[str, Any]:
    """Evaluate the arguments of a call where the call stands."""
    required = [name for name, default in block.args.items() if default is None]
    check_arguments(block.name, step.value, step.place, block.args, required)
    given = step.value.value if step.value.is_mapping else {}
    return {name: _argument(name, item, scope, block) for name, item in given.items()}


def _argument(name: str, item: Tree, scope: Scope, block: BlockSpec) -> Any:
    options = options_of(block.args[name])
    return choose(name, options, item, scope) if options else nested(item, scope)


def _trace_body(
    interpreter: StepInterpreter,
    file: Spec,
    block: BlockSpec,
    given: dict[str, Any],
    types: tuple[TensorType, ...],
    path: str,
) -> tuple[Graph, set[str]]:
    """Return the graph of a block, and the names of its own that its steps read."""
    inputs = tuple(Value(type_, name) for name, type_ in zip(block.inputs, types, strict=True))
    inner = interpreter.inside(Tracer(inputs, interpreter.workshop.infer, path), file)
    scope = inner.scope()
    for value in inputs:
        scope.define(value.name, value, block.place, shadows=True)
    for name, default in block.args.items():
        argument = given[name] if default is None or name in given else _default(name, default, scope)
        scope.define(name, argument, block.place, shadows=True)
    scope.read.clear()
    scope.previous = inputs[:1]
    inner.workshop.stack.append(block.name)
    try:
        outputs = inner.run(block.steps, scope)
        graph = inner.finish(outputs if block.outputs is None else select(block.outputs, scope))
        return graph, scope.read
    finally:
        inner.workshop.stack.pop()


def _default(name: str, tree: Tree, scope: Scope) -> Any:
    options = options_of(tree)
    if not options:
        try:
            return nested(tree, scope)
        except SpecError as error:
            error.hint = "a default may use the inputs and the arguments before it"
            raise
    if "default" not in tree.value:
        raise SpecError(f"the argument '{name}' must be given: one of {', '.join(options)}")
    text = tree.value["default"].text("default")
    if text not in options:
        tree.value["default"].fail(f"the default of {name} is '{text}', and must be one of {', '.join(options)}")
    return Word(text, options)
