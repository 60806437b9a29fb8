"""Repeats, mixtures and named groups: a body that is traced once, and applied many times or once."""

from __future__ import annotations

from sympy import Expr, Integer

from archgraph.errors import SpecError
from archgraph.graph.ir import Graph, Value
from archgraph.graph.tracer import Tracer
from archgraph.ops.routing import ExpertWeight
from archgraph.sizes.symbols import ONE, decide
from archgraph.spec.blocks import Outputs, StepInterpreter
from archgraph.spec.calls import traced_body
from archgraph.spec.definitions import STRUCTURES
from archgraph.spec.language.evaluation import evaluate_number, refuse
from archgraph.spec.language.tree import Tree
from archgraph.spec.library.standard import find_block
from archgraph.spec.scope import Scope
from archgraph.spec.sections import check_name, known_keys
from archgraph.spec.steps import Step, Target, read_reference

MAX_COUNT = 2**63
MIXTURE_KEYS = ("experts", "active", "do")


def repeat(interpreter: StepInterpreter, step: Step, scope: Scope) -> Outputs:
    """Add a body with its count and return its outputs."""
    count = _count(step.keywords["repeat"], scope, "repeat")
    found = None if step.kind in STRUCTURES else find_block(interpreter.spec, step.kind)
    operands = interpreter.inputs(step, scope, implicit=found is None or bool(found[1].inputs))
    name = interpreter.name(step, scope)
    name = "repeat" if name in STRUCTURES else name
    if found:
        body = traced_body(interpreter, step, scope, *found, operands, name)
    else:
        inner = step.without("repeat", "as", "share", "from", "label")
        body, captured = _anonymous(interpreter, inner, scope, operands, name)
        operands = (*operands, *captured)
    block = step.kind if found else "repeat"
    title = interpreter.title(step, found[1] if found else None)
    share = interpreter.share(step)
    return interpreter.tracer.call(block, body, operands, name, count, step.place, share, title=title)


def _anonymous(
    interpreter: StepInterpreter, step: Step, scope: Scope, operands: Outputs, name: str
) -> tuple[Graph, Outputs]:
    """Trace a repeated operation or group; values of the enclosing graph become invariant inputs."""
    inner, inputs = _body(interpreter, operands, name)
    if step.inputs is not None:
        step = Step(step.kind, Tree(None, step.value.place), step.place, step.keywords)
    graph = inner.finish(inner.execute(step, scope.inside(inputs)))
    return graph, tuple(inner.tracer.captured)


def _body(interpreter: StepInterpreter, operands: Outputs, name: str) -> tuple[StepInterpreter, Outputs]:
    """An interpreter for a body whose inputs are these operands."""
    inputs = tuple(Value(value.type, value.name) for value in operands)
    path = f"{interpreter.tracer.path}{name}."
    tracer = Tracer(inputs, interpreter.workshop.infer, path, parent=interpreter.tracer)
    return interpreter.inside(tracer), inputs


def _count(tree: Tree, scope: Scope, what: str) -> Expr:
    count = evaluate_number(tree, scope, what)
    if not decide(count, ">=", Integer(0), "{} is not negative", what):
        refuse(tree, scope, f"{what} cannot be negative, and is {scope.tell(count)}")
    if not count.is_integer and not decide(count, "multiple of", Integer(1), "{} is an integer", what):
        refuse(
            tree,
            scope,
            f"{what} must be an integer, and is {scope.tell(count)}",
            "// divides and rounds down",
        )
    if isinstance(count, Integer) and count > MAX_COUNT:
        refuse(tree, scope, f"{what} is larger than 2**63")
    return count


def mixture(interpreter: StepInterpreter, step: Step, scope: Scope, operands: Outputs) -> Outputs:
    """Add a mixture of experts: E sets of weights, of which every position uses k."""
    parts = _mixture_parts(step)
    experts, active = (_count(parts[key], scope, key) for key in ("experts", "active"))
    if not decide(experts, ">=", active, "a mixture has no more active experts than experts"):
        message = f"a mixture of {scope.tell(experts)} experts cannot have {scope.tell(active)} active ones"
        refuse(parts["active"], scope, message)
    _check_scores(experts, operands, scope, step)
    name = interpreter.name(step, scope)
    body, captured = _experts(interpreter, parts["do"], scope, operands, name)
    return interpreter.tracer.call(
        "mixture",
        body,
        (*operands, *captured),
        name,
        active,
        step.place,
        interpreter.share(step),
        experts,
        interpreter.title(step),
    )


def group(interpreter: StepInterpreter, step: Step, scope: Scope, operands: Outputs) -> Outputs:
    """Add a group with a name of its own: a block that is written where it stands."""
    entries = step.value.value
    if len(entries) != 1:
        step.value.fail(f"a group has one name, and this one has {len(entries)}", hint="do: {stem: [steps]}")
    ((key, steps),) = entries.items()
    name, indices = read_reference(Tree(key, step.value.key_place(key)), scope)
    check_name(name, step.value.key_place(key), "the name of a group", value=True)
    path = str(Target(name, indices))
    inner, inputs = _body(interpreter, operands, path)
    body = inner.finish(inner.run(steps, scope.inside(inputs)))
    share, title = interpreter.share(step), interpreter.title(step)
    operands = (*operands, *inner.tracer.captured)
    return interpreter.tracer.call(name, body, operands, path, ONE, step.place, share, title=title)


def _mixture_parts(step: Step) -> dict[str, Tree]:
    known_keys(step.value, MIXTURE_KEYS, "mixture")
    for key in MIXTURE_KEYS:
        if key not in step.value.value:
            hint = "mixture: {experts: 8, active: 2, do: […]}"
            raise SpecError(f"mixture needs '{key}'", place=step.place, hint=hint)
    return step.value.value


def _check_scores(experts: Expr, operands: Outputs, scope: Scope, step: Step) -> None:
    told = [(value.name, value.type) for value in operands]
    if len(operands) != 2:
        message = f"mixture takes a value and the scores of its experts, and got {len(operands)}"
        raise SpecError(message, place=step.place, operands=told, hint="from: [x, scores]")
    scores = operands[1].type
    if not scores.has("c") or not decide(scores.channels, "==", experts, "one score per expert"):
        message = f"mixture of {scope.tell(experts)} experts needs as many scores in axis c"
        raise SpecError(message, place=step.place, operands=told)


def _experts(
    interpreter: StepInterpreter, steps: Tree, scope: Scope, operands: Outputs, name: str
) -> tuple[Graph, Outputs]:
    """Trace one expert, whose output is weighted by its score."""
    inner, inputs = _body(interpreter, operands, name)
    outputs = inner.run(steps, scope.inside(inputs[:1]))
    if len(outputs) != 1:
        steps.fail(f"an expert has one output, and this one has {len(outputs)}")
    weighted = inner.tracer.apply(ExpertWeight(), (outputs[0], inputs[1]), ExpertWeight.kind, steps.place)
    return inner.finish(weighted), tuple(inner.tracer.captured)
