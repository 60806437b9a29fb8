"""The interpreter of steps: what a list of steps says becomes nodes of a graph."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from archgraph.errors import ArchgraphError, ShapeError, SpecError, counted
from archgraph.graph.ir import Graph, Node, Value
from archgraph.graph.tracer import Inference, Tracer
from archgraph.ops.arithmetic import Add
from archgraph.ops.base import Op
from archgraph.spec.arguments import make_op
from archgraph.spec.declarations import Declarations
from archgraph.spec.definitions import STRUCTURES, BlockSpec, Spec
from archgraph.spec.language.expressions import bindings_in
from archgraph.spec.language.tree import Tree
from archgraph.spec.library.standard import find_block, library_names
from archgraph.spec.loops import MAX_TURNS, condition, loop_rows
from archgraph.spec.operations import operations
from archgraph.spec.scope import Scope
from archgraph.spec.sections import label_of
from archgraph.spec.silence import Observed
from archgraph.spec.steps import Step, Target, read_reference, read_step, read_targets
from archgraph.steps import stepping

MAX_STEPS = 25_000
MAX_VALUES = 60_000
Outputs = tuple[Value, ...]


class Forms(NamedTuple):
    """How the steps that make a body of their own are run: calls of blocks, repeats, mixtures of experts, named groups.

    The interpreter is handed them, for they run steps by the interpreter again.
    """

    call: Callable[[StepInterpreter, Step, Scope, Spec, BlockSpec], Outputs]
    repeat: Callable[[StepInterpreter, Step, Scope], Outputs]
    mixture: Callable[[StepInterpreter, Step, Scope, Outputs], Outputs]
    group: Callable[[StepInterpreter, Step, Scope, Outputs], Outputs]


@dataclass
class Workshop:
    """What all interpreters of one trace share: the main spec, inferred types, traced blocks, budgets.

    `reads` has, beside the body of each block, the names that it read.
    """

    spec: Spec
    infer: Inference
    forms: Forms
    bodies: dict[Any, Graph] = field(default_factory=dict)
    reads: dict[object, set[str]] = field(default_factory=dict)
    observed: Observed = field(default_factory=Observed)
    stack: list[str] = field(default_factory=list)
    steps: int = 0
    values: int = 0
    iterations: int = 0

    def count(self, step: Step, values: int = 0) -> None:
        """Count a step, or the values that it takes or gives.

        Raises:
            SpecError: the network is too large to be traced.
        """
        self.steps += not values
        self.values += values
        if self.steps > MAX_STEPS or self.values > MAX_VALUES:
            limit = f"{MAX_VALUES} operands and outputs" if self.values > MAX_VALUES else f"{MAX_STEPS} steps"
            hint = "repeat: n applies a body n times without unrolling it"
            raise SpecError(f"the network has more than {limit}", place=step.place, hint=hint)


class StepInterpreter:
    """Runs steps in the scope of one file, for one graph."""

    def __init__(self, spec: Spec, declarations: Declarations, tracer: Tracer, workshop: Workshop) -> None:
        self.spec = spec
        self.declarations = declarations
        self.tracer = tracer
        self.workshop = workshop
        self.known: set[str] = {*operations(), *spec.blocks, *spec.imported, *library_names(), *STRUCTURES}

    def inside(self, tracer: Tracer, spec: Spec | None = None) -> StepInterpreter:
        """Return an interpreter for a body of this graph, in this file or in another."""
        return StepInterpreter(spec or self.spec, self.declarations, tracer, self.workshop)

    def scope(self) -> Scope:
        """Return an empty scope: a block sees the symbols of its own file only."""
        return Scope(self.declarations, own=self.spec is self.workshop.spec)

    # -- steps -----------------------------------------------------------------------------------------

    def run(self, steps: Tree, scope: Scope) -> Outputs:
        """Run a list of steps and return the outputs of the last one."""
        scope.ahead = (*scope.ahead, steps)
        for tree in steps.list("the steps", hint="every step starts with a dash: - relu"):
            step = read_step(tree, self.known)
            try:
                self.step(step, scope)
            except ArchgraphError as error:
                # The innermost step fills them in, and those around it leave them.
                error.place = error.place or step.place
                error.path = error.path or self._path(step)
                raise
        return scope.previous

    def _path(self, step: Step) -> str:
        """Where a step stands in the network; a group has no name of its own."""
        own = "" if step.kind in STRUCTURES else step.kind
        return f"{self.tracer.path}{own}".removesuffix(".")

    def step(self, step: Step, scope: Scope) -> None:
        """Run one step with all its keywords."""
        self.workshop.count(step)
        if step.keyword("for"):
            self._loop(step, scope)
        elif step.keyword("when"):
            self._choose(step, scope)
        elif step.keyword("else"):
            step.keywords["else"].fail("`else` needs a `when` beside it")
        else:
            outputs = self.execute(step, scope)
            if not self._unread(outputs):
                self._assign(step, outputs, scope)

    def _unread(self, outputs: Outputs) -> bool:
        """Whether these are of a step that is there for its weights alone, and gives nothing to those behind it."""
        last = self.tracer.last
        return isinstance(last, Node) and last.op.unread and outputs == last.outputs

    def _assign(self, step: Step, outputs: Outputs, scope: Scope) -> None:
        self.workshop.count(step, len(outputs))
        tree = step.keyword("as")
        if tree is not None:
            targets = read_targets(tree, scope)
            if len(targets) != len(outputs):
                _refuse_names(step.kind, tree, len(targets), len(outputs))
            for item, target, value in zip(tree.items(), targets, outputs, strict=True):
                _assign_one(item, target, value, scope)
        scope.previous = outputs

    def execute(self, step: Step, scope: Scope) -> Outputs:
        """Run a step without its loop, its condition and its names, and return its outputs."""
        if step.keyword("repeat"):
            return self.workshop.forms.repeat(self, step, scope)
        if step.kind in STRUCTURES:
            return self._structure(step, scope)
        found = find_block(self.spec, step.kind)
        if found:
            return self.workshop.forms.call(self, step, scope, *found)
        return self._apply(step, scope, operations()[step.kind])

    def _apply(self, step: Step, scope: Scope, op: type[Op]) -> Outputs:
        operands = self.inputs(step, scope, implicit=op.arity[0] > 0)
        made = make_op(op, step.value, step.place, scope)
        if made.joins and len(operands) < 2:
            _refuse_few(step, len(operands))
        labels = tuple(str(target) for target in read_targets(step.keyword("as"), scope))
        return self.tracer.apply(
            made, operands, self.name(step, scope), step.place, self.share(step), labels, self.title(step)
        )

    # -- loops and choices -----------------------------------------------------------------------------

    def _loop(self, step: Step, scope: Scope) -> None:
        inner = step.without("for")
        tree = step.keywords["for"]
        # What is left of one budget for the whole trace: nested loops multiply.
        rows = list(loop_rows(tree, scope, MAX_TURNS - self.workshop.iterations))
        for names in stepping(rows, "iterations"):
            self.workshop.iterations += 1
            turn = Scope(self.declarations, scope)
            # `_` runs on from one iteration to the next; plain names end with theirs.
            turn.previous = scope.previous
            for name, value in names.items():
                turn.define(name, value, tree.key_place(name))
            try:
                self._in_turn(inner, turn)
            except ArchgraphError as error:
                self._tell_turn(error, names, tree)
                raise
            scope.previous = turn.previous

    def _in_turn(self, step: Step, turn: Scope) -> None:
        """One iteration: the steps of a plain `do` stand in the iteration's own scope."""
        if step.kind == "do" and not step.keywords and not step.value.is_mapping:
            self.run(step.value, turn)
        else:
            self.step(step, turn)

    def _tell_turn(self, error: ArchgraphError, names: dict[str, Any], tree: Tree) -> None:
        """An error that depends on values says in which iteration it happened."""
        if isinstance(error, ShapeError) or error.bindings:
            told = ", ".join(f"{name}={self.declarations.tell(value)}" for name, value in names.items())
            error.trail += ((f"for {told}", tree.place),)

    def _choose(self, step: Step, scope: Scope) -> None:
        holds = condition(step.keywords["when"], scope)
        self.workshop.observed.condition(step.keywords["when"], holds=holds)
        if holds:
            self.step(step.without("when", "else"), scope)
            return
        otherwise = step.keyword("else")
        if otherwise is not None:
            # What `else` gives has the same names; its inputs it names itself.
            kept = {key: tree for key, tree in step.keywords.items() if key == "as"}
            self.step(Step("do", as_list(otherwise), step.place, kept), scope)
            return
        self._skip(step, scope)

    def _skip(self, step: Step, scope: Scope) -> None:
        """A skipped step leaves `_` unchanged, and its names are those of `_` if that was its first input."""
        entry = step.keyword("from") or step.inputs
        named = step.keyword("as")
        if named is None:
            return
        if entry is None or entry.items()[0].value == "_":
            self._assign(step, scope.previous, scope)
            return
        for target in read_targets(named, scope):
            scope.skip(target.name, step.place)

    # -- what a step takes, and what it is called ----------------------------------------------------------

    def inputs(self, step: Step, scope: Scope, *, implicit: bool = True) -> Outputs:
        """Return the operands of a step: its value where that names values, else `from`, else `_`."""
        source = step.keyword("from")
        if step.inputs is not None and source is not None:
            source.fail(f"the inputs of {step.kind} are given twice, as its value and by `from`")
        tree = step.inputs or source
        if tree is None and not implicit:
            return ()
        if tree is None:
            return self._previous(step, scope)
        self.workshop.count(step, len(tree.items()))
        # In a list a family stands for all its members, as many as there are.
        return tuple(value for item in tree.items() for value in referred(item, scope, families=tree.is_list))

    def _previous(self, step: Step, scope: Scope) -> Outputs:
        if not scope.previous:
            hint = "from: names its input; inputs: {x: {c: 3, h: 64, w: 64}} declares one"
            raise SpecError(f"{step.kind} has no input: no step stands before it", place=step.place, hint=hint)
        return scope.previous

    def name(self, step: Step, scope: Scope) -> str:
        """Return the name of a step's node: the only name in its `as`, else its operation."""
        targets: list[Target] = read_targets(step.keyword("as"), scope)
        return str(targets[0]) if len(targets) == 1 and targets[0].name != "_" else step.kind

    def title(self, step: Step, block: BlockSpec | None = None) -> str:
        """Return what figures call a step: by its own label, else by that of its block."""
        return label_of(step.keyword("label")) or (block.label if block else "")

    def share(self, step: Step) -> str | None:
        """Return the name of the weights that a step shares."""
        tree = step.keyword("share")
        return None if tree is None else tree.text("`share`")

    # -- groups --------------------------------------------------------------------------------------------

    def _structure(self, step: Step, scope: Scope) -> Outputs:
        previous = self.inputs(step, scope)
        if step.kind == "mixture":
            return self.workshop.forms.mixture(self, step, scope, previous)
        if step.kind == "do" and step.value.is_mapping:
            return self.workshop.forms.group(self, step, scope, previous)
        if step.keyword("label"):
            hint = "label a step inside, or name the group: do: {stem: [steps]}"
            step.keywords["label"].fail(f"a figure has no box for `{step.kind}`, which could have a label", hint)
        if step.kind == "parallel":
            branches = step.value.list("`parallel`", hint="parallel: [[steps], [steps]]")
            return tuple(value for branch in branches for value in self._branch(as_list(branch), scope, previous))
        outputs = self._branch(step.value, scope, previous)
        return outputs if step.kind == "do" else self._residual(step, scope, previous, outputs)

    def _branch(self, steps: Tree, scope: Scope, previous: Outputs) -> Outputs:
        return self.run(steps, scope.branch(previous))

    def _residual(self, step: Step, scope: Scope, previous: Outputs, outputs: Outputs) -> Outputs:
        if len(previous) != 1 or len(outputs) != 1:
            rule = f"{counted(len(previous), 'input')} and {counted(len(outputs), 'output')}"
            message = f"a residual adds its steps to one input, and has {rule}"
            raise SpecError(message, place=step.place, hint="from: x names the input")
        name = self.name(step, scope)
        operands = (previous[0], outputs[0])
        return self.tracer.apply(Add(), operands, "add" if name == "residual" else name, step.place)

    def finish(self, outputs: Outputs) -> Graph:
        """Freeze the graph, in which every node must reach an output."""
        graph = self.tracer.finish(outputs)
        # Work that reaches no output would count in every law: in a spec it is a mistake, though a module may do it.
        alive = graph.live(graph.outputs)
        for node in graph.nodes:
            if node not in alive and not (isinstance(node, Node) and node.op.unread):
                raise SpecError(
                    f"'{node.name}' reaches no output",
                    place=node.place,
                    path=f"{self.tracer.path}{node.name}",
                    hint="use it, add it to outputs, or delete the step",
                )
        return graph


def _refuse_few(step: Step, given: int) -> None:
    """A step that joins values and has one or none; in a traced module, whose code says so, that is no slip."""
    kind = step.kind
    hint = f"{kind}: [x, _] takes a named value and that of the step before"
    has = "one" if given else "none"
    raise SpecError(f"{kind} takes two or more values, and has {has}", place=step.place, hint=hint)


def _refuse_names(kind: str, tree: Tree, names: int, outputs: int) -> None:
    discarded = ", ".join(["a", *"_" * (outputs - 1)])
    hint = f"`_` discards an output: as: [{discarded}]" if names < outputs else ""
    tree.fail(f"`as` gives {counted(names, 'name')} to the {counted(outputs, 'output')} of {kind}", hint)


def _assign_one(tree: Tree, target: Target, value: Value, scope: Scope) -> None:
    try:
        scope.assign(target, value, tree.place)
    except SpecError as error:
        error.bindings = error.bindings or _index_bindings(tree, scope)
        raise


def _index_bindings(tree: Tree, scope: Scope) -> str:
    """The values of the names in the brackets of `name(i)`."""
    return bindings_in(tree.value, scope) if "(" in str(tree.value) else ""


def referred(tree: Tree, scope: Scope, *, families: bool = False) -> Outputs:
    """Return the values that a reference names; a family's name stands for all its members where allowed."""
    name, indices = read_reference(tree, scope)
    try:
        family = scope.family(name) if families and not indices else None
        if family is not None:
            return tuple(family.values())
        return scope.values(name, indices)
    except ArchgraphError as error:
        error.place = error.place or tree.place
        error.bindings = error.bindings or _index_bindings(tree, scope)
        if error.message.startswith("no value is named"):
            error.hint = error.hint or scope.elsewhere(name, error.place)
            if "Did you mean" not in error.message:
                error.hint = error.hint or scope.named_here()
        raise


def select(tree: Tree, scope: Scope) -> Outputs:
    """Return the values that an `outputs` list names."""
    return tuple(value for item in tree.items() for value in referred(item, scope, families=True))


def as_list(tree: Tree) -> Tree:
    """Return a list, or a list of the one step."""
    return tree if tree.is_list else Tree([tree], tree.place)
