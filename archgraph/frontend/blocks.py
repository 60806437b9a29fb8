"""The interpreter of steps: loops, choices, repeats and blocks become nodes of a graph."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from sympy import Expr, Integer

from archgraph.errors import ArchgraphError, SpecError, did_you_mean
from archgraph.expressions import Word
from archgraph.frontend.arguments import make_op, nested
from archgraph.frontend.declarations import Declarations
from archgraph.frontend.library import library_file, library_names
from archgraph.frontend.scope import Scope
from archgraph.frontend.spec import BlockSpec, Spec, known_keys
from archgraph.frontend.steps import (
    STRUCTURES,
    Step,
    Target,
    read_range,
    read_reference,
    read_step,
    read_targets,
)
from archgraph.frontend.yamltree import Tree
from archgraph.ir import Graph, Value
from archgraph.ops.base import Op, registry
from archgraph.ops.routing import ExpertWeight
from archgraph.symbols import decide
from archgraph.trace import Inference, Tracer
from archgraph.types import TensorType

MAX_ITERATIONS = 10_000
MAX_STEPS = 100_000
Outputs = tuple[Value, ...]


@dataclass
class Workshop:
    """What all interpreters of one trace share: inferred types, traced blocks, budgets."""

    infer: Inference = field(default_factory=Inference)
    bodies: dict[Any, Graph] = field(default_factory=dict)
    stack: list[str] = field(default_factory=list)
    steps: int = 0
    iterations: int = 0


class Interpreter:
    """Runs steps in the scope of one file, for one graph."""

    def __init__(self, spec: Spec, declarations: Declarations, tracer: Tracer, workshop: Workshop) -> None:
        self.spec = spec
        self.declarations = declarations
        self.tracer = tracer
        self.workshop = workshop
        self.known = {*registry(), *spec.blocks, *library_names(), *STRUCTURES}

    # -- steps -----------------------------------------------------------------------------------------

    def run(self, steps: Tree, scope: Scope) -> Outputs:
        """Run a list of steps and return the outputs of the last one."""
        for tree in steps.list("steps"):
            step = read_step(tree, self.known)
            try:
                self._step(step, scope)
            except ArchgraphError as error:
                error.place = error.place or step.place
                error.path = error.path or f"{self.tracer.path}{step.kind}"
                raise
        return scope.previous

    def _step(self, step: Step, scope: Scope) -> None:
        self.workshop.steps += 1
        if self.workshop.steps > MAX_STEPS:
            raise SpecError(f"the network has more than {MAX_STEPS} steps", place=step.place, hint="use repeat")
        if step.keyword("for"):
            self._loop(step, scope)
        elif step.keyword("when"):
            self._choose(step, scope)
        elif step.keyword("else"):
            step.keywords["else"].fail("`else` needs a `when` beside it")
        else:
            self._assign(step, self._execute(step, scope), scope)

    def _assign(self, step: Step, outputs: Outputs, scope: Scope) -> None:
        targets = read_targets(step.keyword("as"), scope)
        if targets and len(targets) != len(outputs):
            step.keywords["as"].fail(f"`as` gives {len(targets)} names to {len(outputs)} outputs of {step.kind}")
        for target, value in zip(targets, outputs, strict=False):
            scope.assign(target, value, step.keywords["as"].place)
        scope.previous = outputs

    def _execute(self, step: Step, scope: Scope) -> Outputs:
        if step.keyword("repeat"):
            return self._repeat(step, scope)
        if step.kind in STRUCTURES:
            return self._structure(step, scope)
        found = self._block(step.kind)
        if found:
            return self._call(step, scope, *found)
        return self._apply(step, scope, registry()[step.kind])

    # -- loops and choices -----------------------------------------------------------------------------

    def _loop(self, step: Step, scope: Scope) -> None:
        inner = step.without("for")
        for names in self._iterations(step.keywords["for"], scope):
            self.workshop.iterations += 1
            turn = Scope(self.declarations, scope)
            turn.previous = scope.previous
            for name, value in names.items():
                turn.define(name, value, step.place)
            self._in_turn(inner, turn)
            scope.previous = turn.previous

    def _in_turn(self, step: Step, turn: Scope) -> None:
        """One iteration: the steps of a plain `do` stand in the iteration's own scope."""
        if step.kind == "do" and not step.keywords:
            self.run(step.value, turn)
        else:
            self._step(step, turn)

    def _iterations(self, tree: Tree, scope: Scope) -> Iterator[dict[str, Any]]:
        columns = tree.mapping("for")
        if not columns:
            tree.fail("`for` needs a variable", hint="for: {i: 0..3}")
        if "each" in columns and len(columns) == 1 and columns["each"].is_list:
            return ({name: nested(item, scope) for name, item in row.mapping("a row of each").items()} for row in columns["each"].value)
        values = {name: read_range(item, scope) for name, item in columns.items()}
        lengths = {name: len(value) for name, value in values.items()}
        if len(set(lengths.values())) > 1:
            told = ", ".join(f"{name} has {length}" for name, length in lengths.items())
            tree.fail(f"lists in lockstep must have one length: {told}")
        count = next(iter(lengths.values()))
        if self.workshop.iterations + count > MAX_ITERATIONS:
            tree.fail(f"a loop of {count} iterations: the limit is {MAX_ITERATIONS}", hint="repeat: n is not unrolled")
        rows = zip(*values.values(), strict=True)
        return ({name: _as_size(item) for name, item in zip(values, row, strict=True)} for row in rows)

    def _choose(self, step: Step, scope: Scope) -> None:
        if self._condition(step.keywords["when"], scope):
            self._step(step.without("when", "else"), scope)
            return
        otherwise = step.keyword("else")
        if otherwise is not None:
            inner = Step("do", _as_list(otherwise), step.place, {k: t for k, t in step.keywords.items() if k == "as"})
            self._step(inner, scope)
            return
        entry = step.keyword("from") or _first_input(step)
        if step.keyword("as") and (entry is None or _names_previous(entry)):
            self._assign(step, scope.previous, scope)

    def _condition(self, tree: Tree, scope: Scope) -> bool:
        value = nested(tree, scope)
        if isinstance(value, bool):
            return value
        if isinstance(value, Expr):
            return self.declarations.concrete(value, "condition") != 0
        tree.fail(f"`when` needs a condition, and is {tree.plain()!r}")

    # -- operations, blocks and structures ---------------------------------------------------------------

    def _apply(self, step: Step, scope: Scope, op: type[Op]) -> Outputs:
        tree = step.value
        operands = self._inputs(step, scope, implicit=op.arity[0] > 0)
        made = make_op(op, tree, step.place, scope)
        targets = read_targets(step.keyword("as"), scope)
        return self.tracer.apply(made, operands, self._name(step, targets), step.place, self._share(step))

    def _inputs(self, step: Step, scope: Scope, implicit: bool = True) -> Outputs:
        """The operands of a step: its value where that names values, else `from`, else the previous outputs."""
        value, source = step.value, step.keyword("from")
        named = step.kind not in STRUCTURES and value.value is not None and not value.is_mapping
        if named and source is not None:
            source.fail(f"the inputs of {step.kind} are given twice, as its value and by `from`")
        tree = value if named else source
        if tree is None:
            return scope.previous if implicit else ()
        result: list[Value] = []
        for item in tree.value if tree.is_list else [tree]:
            name, indices = read_reference(item, scope)
            try:
                result += scope.values(name, indices)
            except ArchgraphError as error:
                error.place = error.place or item.place
                raise
        return tuple(result)

    def _name(self, step: Step, targets: list[Target]) -> str:
        return str(targets[0]) if len(targets) == 1 and targets[0].name != "_" else step.kind

    def _share(self, step: Step) -> str | None:
        tree = step.keyword("share")
        return None if tree is None else tree.text("share")

    def _block(self, kind: str) -> tuple[Spec, BlockSpec] | None:
        if kind in self.spec.blocks:
            return self.spec, self.spec.blocks[kind]
        if kind in library_names():
            file = library_file(kind)
            return file, file.blocks[kind]
        return None

    def _call(self, step: Step, scope: Scope, file: Spec, block: BlockSpec) -> Outputs:
        operands = self._inputs(step, scope)
        body = self._body(step, scope, file, block, operands)
        name = self._name(step, read_targets(step.keyword("as"), scope))
        return self.tracer.call(block.name, body, operands, name, place=step.place, share=self._share(step))

    def _body(self, step: Step, scope: Scope, file: Spec, block: BlockSpec, operands: Outputs) -> Graph:
        """Trace a block, once per distinct arguments and input types."""
        if len(operands) != len(block.inputs):
            wanted = f"{len(block.inputs)} input{'s' if len(block.inputs) > 1 else ''}"
            raise SpecError(
                f"block {block.name} takes {wanted} ({', '.join(block.inputs)}), and got {len(operands)}",
                place=step.place,
            )
        given = self._arguments(step, scope, block)
        types = tuple(value.type for value in operands)
        declarations = self.declarations if file is self.spec else Declarations({}, {}, frozenset())
        key = (file.file, block.name, tuple(given.items()), types)
        if key not in self.workshop.bodies:
            if block.name in self.workshop.stack:
                chain = " -> ".join([*self.workshop.stack[self.workshop.stack.index(block.name) :], block.name])
                raise SpecError(f"blocks call each other in a cycle: {chain}", place=step.place)
            name = self._name(step, read_targets(step.keyword("as"), scope))
            self.workshop.bodies[key] = self._trace_body(file, block, declarations, given, types, f"{self.tracer.path}{name}.")
        return self.workshop.bodies[key]

    def _arguments(self, step: Step, scope: Scope, block: BlockSpec) -> dict[str, Any]:
        """Evaluate the arguments of a call where the call stands."""
        tree = step.value
        if not tree.is_mapping:
            given: dict[str, Tree] = {}
        else:
            given = tree.value
            for name in given:
                if name not in block.args:
                    takes = ", ".join(block.args) or "no arguments"
                    tree.fail_at_key(
                        name,
                        f"block {block.name} has no argument '{name}'.{did_you_mean(name, block.args)}",
                        hint=f"{block.name} takes {takes}",
                    )
        for name, default in block.args.items():
            if default is None and name not in given:
                raise SpecError(f"block {block.name} needs the argument '{name}'", place=step.place)
        return {name: self._argument(name, item, scope, block) for name, item in given.items()}

    def _argument(self, name: str, item: Tree, scope: Scope, block: BlockSpec) -> Any:
        options = _options(block.args[name])
        if not options:
            return nested(item, scope)
        text = item.text(name)
        value = Word(text) if text in options else scope.lookup(text) if text.isidentifier() else None
        if not isinstance(value, Word) or value not in options:
            item.fail(f"{name} must be one of {', '.join(options)}, and is '{text}'.{did_you_mean(text, options)}")
        return value

    def _trace_body(
        self, file: Spec, block: BlockSpec, declarations: Declarations, given: dict[str, Any], types: tuple[TensorType, ...], path: str
    ) -> Graph:
        inputs = tuple(Value(type_, name) for name, type_ in zip(block.inputs, types, strict=True))
        tracer = Tracer(inputs, self.workshop.infer, path)
        inner = Interpreter(file, declarations, tracer, self.workshop)
        scope = Scope(declarations)
        for value in inputs:
            scope.define(value.name, value, block.place)
        for name, default in block.args.items():
            value = given[name] if name in given else inner._default(default, scope)
            scope.define(name, value, block.place)
        scope.previous = inputs[:1]
        self.workshop.stack.append(block.name)
        try:
            outputs = inner.run(block.steps, scope)
            if block.outputs is not None:
                outputs = select(block.outputs, scope)
            return inner.finish(outputs)
        finally:
            self.workshop.stack.pop()

    def _default(self, tree: Tree | None, scope: Scope) -> Any:
        options = _options(tree)
        assert tree is not None
        if options:
            return Word(tree.value["default"].text("default"))
        return nested(tree, scope)

    def _structure(self, step: Step, scope: Scope) -> Outputs:
        previous = self._inputs(step, scope)
        if step.kind == "mixture":
            return self._mixture(step, scope, previous)
        if step.kind == "parallel":
            branches = step.value.list("parallel")
            return tuple(value for branch in branches for value in self._branch(_as_list(branch), scope, previous))
        outputs = self._branch(step.value, scope, previous)
        if step.kind == "do":
            return outputs
        if len(previous) != 1 or len(outputs) != 1:
            raise SpecError(
                f"residual adds its steps to one input, and has {len(previous)} inputs and {len(outputs)} outputs",
                hint="from: x names the input",
            )
        from archgraph.ops.arithmetic import Add

        name = self._name(step, read_targets(step.keyword("as"), scope))
        return self.tracer.apply(Add(), (previous[0], outputs[0]), "add" if name == "residual" else name, step.place)

    def _branch(self, steps: Tree, scope: Scope, previous: Outputs) -> Outputs:
        return self.run(steps, scope.branch(previous))

    def _mixture(self, step: Step, scope: Scope, operands: Outputs) -> Outputs:
        """A mixture of experts: E sets of weights, of which every position uses k."""
        known_keys(step.value, ("experts", "active", "do"), "mixture")
        parts = step.value.value
        for key in ("experts", "active", "do"):
            if key not in parts:
                raise SpecError(f"mixture needs '{key}'", place=step.place, hint="mixture: {experts: 8, active: 2, do: [...]}")
        experts, active = (self._count(parts[key], scope, key) for key in ("experts", "active"))
        if not decide(experts, ">=", active, "a mixture has no more active experts than experts"):
            parts["active"].fail(f"a mixture of {experts} experts cannot have {active} active ones")
        if len(operands) != 2:
            raise SpecError(f"mixture takes a value and the scores of its experts, and got {len(operands)}", place=step.place)
        scores = operands[1].type
        if not scores.has("c") or not decide(scores.channels, "==", experts, "one score per expert"):
            raise SpecError(f"mixture of {experts} experts needs as many scores, and has {scores}", place=step.place)
        body, captured = self._experts(parts["do"], scope, operands)
        name = self._name(step, read_targets(step.keyword("as"), scope))
        return self.tracer.call(
            "mixture", body, (*operands, *captured), name, active, step.place, self._share(step), experts
        )

    def _experts(self, steps: Tree, scope: Scope, operands: Outputs) -> tuple[Graph, Outputs]:
        """Trace one expert, whose output is weighted by its score."""
        inputs = tuple(Value(value.type, value.name) for value in operands)
        tracer = Tracer(inputs, self.workshop.infer, f"{self.tracer.path}mixture.", parent=self.tracer)
        inner = Interpreter(self.spec, self.declarations, tracer, self.workshop)
        local = Scope(self.declarations, scope)
        local.previous = inputs[:1]
        outputs = inner.run(steps, local)
        if len(outputs) != 1:
            steps.fail(f"an expert has one output, and this one has {len(outputs)}")
        weighted = tracer.apply(ExpertWeight(), (outputs[0], inputs[1]), ExpertWeight.kind, steps.place)
        return inner.finish(weighted), tuple(tracer.captured)

    # -- repeats ---------------------------------------------------------------------------------------

    def _repeat(self, step: Step, scope: Scope) -> Outputs:
        count = self._count(step.keywords["repeat"], scope, "repeat")
        inner = step.without("repeat", "as", "share", "from")
        operands = self._inputs(step, scope)
        found = None if step.kind in STRUCTURES else self._block(step.kind)
        if found:
            body = self._body(inner, scope, *found, operands)
        else:
            body, captured = self._anonymous(inner, scope, operands)
            operands = (*operands, *captured)
        name = self._name(step, read_targets(step.keyword("as"), scope))
        name = "repeat" if name in STRUCTURES else name
        block = step.kind if found else "repeat"
        return self.tracer.call(block, body, operands, name, count, step.place, self._share(step))

    def _anonymous(self, step: Step, scope: Scope, operands: Outputs) -> tuple[Graph, Outputs]:
        """Trace a repeated operation or group; values of the enclosing graph become invariant inputs."""
        name = "repeat" if step.kind in STRUCTURES else step.kind
        inputs = tuple(Value(value.type, value.name) for value in operands)
        tracer = Tracer(inputs, self.workshop.infer, f"{self.tracer.path}{name}.", parent=self.tracer)
        inner = Interpreter(self.spec, self.declarations, tracer, self.workshop)
        local = Scope(self.declarations, scope)
        local.previous = inputs
        if _first_input(step) is not None:
            step = Step(step.kind, Tree(None, step.value.place), step.place, step.keywords)
        graph = inner.finish(inner._execute(step, local))
        return graph, tuple(tracer.captured)

    def _count(self, tree: Tree, scope: Scope, what: str) -> Expr:
        count = nested(tree, scope)
        if isinstance(count, bool) or not isinstance(count, Expr):
            tree.fail(f"{what} needs a number, and is {tree.plain()!r}")
        if not decide(count, ">=", Integer(0), "{} is not negative", what):
            tree.fail(f"{what} cannot be negative, and is {count}")
        return count

    def finish(self, outputs: Outputs) -> Graph:
        """Freeze the graph, in which every node must reach an output."""
        graph = self.tracer.finish(outputs)
        alive = graph.live(graph.outputs)
        for node in graph.nodes:
            if node not in alive:
                raise SpecError(
                    f"'{node.name}' reaches no output",
                    place=node.place,
                    path=f"{self.tracer.path}{node.name}",
                    hint="use it, add it to outputs, or delete the step",
                )
        return graph


def select(tree: Tree, scope: Scope) -> Outputs:
    """Return the values that an `outputs` list names; a family name stands for all its members."""
    result: list[Value] = []
    for item in tree.value if tree.is_list else [tree]:
        name, indices = read_reference(item, scope)
        try:
            if not indices and name in scope.families:
                result += scope.families[name].values()
            else:
                result += scope.values(name, indices)
        except ArchgraphError as error:
            error.place = error.place or item.place
            raise
    return tuple(result)


def _as_size(value: Any) -> Any:
    return Integer(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _as_list(tree: Tree) -> Tree:
    return tree if tree.is_list else Tree([tree], tree.place)


def _options(default: Tree | None) -> tuple[str, ...]:
    if default is None or not default.is_mapping or "one_of" not in default.value:
        return ()
    return tuple(item.text("a word") for item in default.value["one_of"].list("one_of"))


def _first_input(step: Step) -> Tree | None:
    value = step.value
    return value if step.kind not in STRUCTURES and value.value is not None and not value.is_mapping else None


def _names_previous(tree: Tree) -> bool:
    first = tree.value[0] if tree.is_list and tree.value else tree
    return first.value == "_"

