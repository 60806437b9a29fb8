"""The steps and blocks of a spec, written from the nodes of a graph."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sympy import Basic, Expr, Integer, factor

from archgraph.graph.ir import Graph, Member, Node, Repeat, Value
from archgraph.graph.weights import weights_of
from archgraph.ops.arguments import Named
from archgraph.ops.attending.masks import words_of_mask
from archgraph.ops.base import Op
from archgraph.ops.reach import Along, Blocks, Causal, Window
from archgraph.ops.traced.limited import Limited
from archgraph.sizes.law_text import PRINTED_FUNCTIONS
from archgraph.spec.definitions import RESERVED, STEP_KEYWORDS, STRUCTURES, UNREADABLE
from archgraph.spec.language.grammar import MAX_LENGTH
from archgraph.spec.operations import has_words, operations
from archgraph.spec.sections import MAX_NAME
from archgraph.spec.write.spoken import spoken
from archgraph.spec.write.yaml_flow import one_line, step_lines

LABEL = re.compile(r"([A-Za-z]\w*)((?:\(\d+\))*)\Z")


UNSPOKEN = {
    **dict.fromkeys(("mask", "scored", "asked"), "a mask that is listed"),
    "apart": "heads that read different keys",
}
"""What only traced modules have, in words."""
DEAD = "work that no output depends on"


class Book:
    """The blocks of a spec that is being written, and what could not be written.

    Attributes:
        blocks: the lines of every block, in the order in which they were met.
        problems: what the language cannot express, with the paths of the nodes.
        unread: how many operations read less than the spec says, position by position.
        runs_dead: what no output depends on counts in the graph, as in a module that PyTorch runs; no spec has it.
    """

    def __init__(self, show: Callable[[Expr], Expr], symbols: frozenset[str], *, runs_dead: bool = False) -> None:
        self.runs_dead = runs_dead
        self.unread = 0
        self.show = show
        self.symbols = symbols
        self.blocks: list[list[str]] = []
        self.problems: dict[str, list[str]] = {}
        self._written: dict[Graph, str] = {}
        self._texts: dict[tuple[str, ...], str] = {}
        self._names: set[str] = set()

    def problem(self, what: str, path: str) -> None:
        """Remember something that no spec can say."""
        self.problems.setdefault(what, []).append(path)

    def steps(
        self, graph: Graph, inputs: Mapping[Value, str], path: str = "", selected: tuple[Value, ...] = ()
    ) -> Steps:
        """Return the writer of a graph's steps, in which selected values have names."""
        return Steps(self, graph, inputs, path, selected)

    def input_name(self, name: str) -> str:
        """Return a name as a spec can give it to an input."""
        return free_name(_clean(name), "x", self.symbols | UNREADABLE)

    def block(self, body: Graph, label: str, path: str) -> str:
        """Write the body of a block once, and return its name; equal texts are one block."""
        if body not in self._written:
            self._written[body] = self._write(body, label, path)
        return self._written[body]

    def _write(self, body: Graph, label: str, path: str) -> str:
        names: dict[Value, str] = {}
        for value in body.inputs:
            clean = _clean(value.name) if len(body.inputs) > 1 else "x"
            names[value] = free_name(clean, "x", {*self.symbols, *names.values(), *UNREADABLE})
        steps = self.steps(body, names, path)
        lines = [line for step in steps.write() for line in step_lines(step)]
        inputs, outputs = list(names.values()), steps.outputs(body.outputs)
        text = (
            *([] if inputs == ["x"] else [f"inputs: {one_line(inputs)}"]),
            "do:",
            *(f"  {line}" for line in lines),
            *([f"outputs: {one_line(outputs)}"] if outputs else []),
        )
        # Blocks are equal if their texts are: two that were traced apart become one block of the spec.
        if (label, *text) not in self._texts:
            name = self._texts[label, *text] = self._block_name(label)
            self.blocks.append([f"{name}:", *(f"  {line}" for line in text)])
        return self._texts[label, *text]

    def _block_name(self, label: str) -> str:
        taken = {*operations(), *STRUCTURES, *STEP_KEYWORDS, *UNREADABLE, *self._names}
        name = free_name(_clean(label), "block", taken)
        self._names.add(name)
        return name

    def spelled(self, argument: Any) -> Any:
        """Return an argument of an operation as plain data, its sizes as expressions of the symbols."""
        if isinstance(argument, Named):
            return {name: self.spelled(item) for name, item in argument}
        if isinstance(argument, tuple):
            return [self.spelled(item) for item in argument]
        if argument is None:
            return "_"
        if isinstance(argument, Along | Blocks | Causal | Window):
            return self.spelled(words_of_mask(argument))
        if not isinstance(argument, Expr):
            return argument if isinstance(argument, (bool, int, float)) else str(argument)
        shown = self.show(argument)
        if isinstance(shown, Integer):
            return int(shown)
        text = _written(shown)
        if len(text) > MAX_LENGTH:
            # A product of sums is shorter than the sum of products it was expanded to.
            text = _written(factor(shown))
        if len(text) > MAX_LENGTH:
            self.problem(f"expression longer than {MAX_LENGTH} characters", text[:40])
        return text


class Steps:
    """Writes the nodes of one graph as steps, with a name for every value that more than the next step reads.

    Attributes:
        labels: what values are called in the spec.
    """

    def __init__(
        self, book: Book, graph: Graph, inputs: Mapping[Value, str], path: str, selected: tuple[Value, ...] = ()
    ) -> None:
        self.book = book
        self.graph = graph
        self.path = path
        self.labels: dict[Value, str] = dict(inputs)
        self.alive: frozenset[Member] = graph.live(graph.outputs)
        self.members: list[Member] = [
            node for node in graph.nodes if (node in self.alive or _is_unread(node)) and not self._is_empty(node)
        ]
        self._same = self._aliases()
        self._fixed = self._computed_from_nothing()
        # What is selected is named even where the next step would take it unnamed: its name is how it is asked for.
        self._named = self._read_by_name().union(self._same.get(value, value) for value in selected)
        self._taken = {*book.symbols, *inputs.values()}
        self._families: set[str] = set()
        self._shares: dict[str, str] = {}
        self._previous: tuple[Value, ...] = graph.inputs[:1]
        self._automatic: dict[str, int] = {}
        for node in graph.nodes if book.runs_dead else ():
            # A spec counts what its outputs need; what a module runs besides has no place there, and that is told.
            if node not in self.alive and not _is_unread(node) and (node.inputs or _has_weights(node)):
                what = DEAD if node.inputs else "weight that nothing reads"
                book.problem(what, f"{path}{node.name}")

    # -- which values need a name --------------------------------------------------------------------------

    @staticmethod
    def _is_empty(node: Member) -> bool:
        return isinstance(node, Repeat) and not node.body.nodes

    def _aliases(self) -> dict[Value, Value]:
        """A block without steps gives what it takes."""
        same: dict[Value, Value] = {}
        for node in self.graph.nodes:
            if isinstance(node, Repeat) and self._is_empty(node):
                for out, inner in zip(node.outputs, node.body.outputs, strict=True):
                    source = node.inputs[node.body.inputs.index(inner)]
                    same[out] = same.get(source, source)
        return same

    def _computed_from_nothing(self) -> set[Value]:
        """Values that no input of the graph has a part in."""
        fixed: set[Value] = set()
        for node in self.graph.nodes:
            fixed.update(node.outputs if fixed.issuperset(node.inputs) else ())
        return fixed

    def operands(self, node: Member) -> tuple[Value, ...]:
        """Return what a node reads."""
        return tuple(self._same.get(value, value) for value in node.inputs)

    def used_inputs(self) -> list[Value]:
        """Return the inputs of the graph that an output depends on."""
        read = {value for node in self.members for value in self.operands(node)}
        return [value for value in self.graph.inputs if value in read]

    def _own(self, node: Member) -> tuple[Value, ...]:
        """The operands of the step itself: a mixture has two, and its expert names the others."""
        operands = self.operands(node)
        # Its further operands stand in the block's own line, not in `from`.
        return operands[:2] if isinstance(node, Repeat) and node.experts is not None else operands

    def _follows(self, node: Member, previous: tuple[Value, ...]) -> bool:
        """Whether a node takes what a step takes when it names no inputs."""
        takes = bool(node.inputs) if isinstance(node, Repeat) else node.op.arity[0] > 0
        return takes and self._own(node) == previous

    def _read_by_name(self) -> set[Value]:
        """Values that some step, or the end, has to name."""
        found: set[Value] = set()
        previous = self.graph.inputs[:1]
        for node in self.members:
            if not self._follows(node, previous):
                found.update(value for value in self._own(node) if previous != (value,))
            found.update(self.operands(node)[len(self._own(node)) :])
            # A weight that nothing reads leaves `_` as it was: the next step still takes what came before.
            previous = previous if _is_unread(node) else node.outputs
        results = tuple(self._same.get(value, value) for value in self.graph.outputs)
        return found if results == previous else found.union(results)

    # -- steps ---------------------------------------------------------------------------------------------

    def write(self) -> list[dict[str, Any]]:
        """Return the steps as plain data."""
        return [self._step(node) for node in self.members]

    def outputs(self, values: Sequence[Value]) -> list[str]:
        """Return the names of the results, or nothing where they are those of the last step."""
        results = tuple(self._same.get(value, value) for value in values)
        return [] if results == self._previous else [self.called(value) for value in results]

    def _step(self, node: Member) -> dict[str, Any]:
        path = f"{self.path}{node.name}"
        inputs = [] if self._follows(node, self._previous) else [self._reference(v) for v in self._own(node)]
        kind, value = self._operation(node, path)
        step: dict[str, Any] = {kind: value}
        if inputs and value is None:
            step[kind] = _short(inputs)
        elif inputs:
            step["from"] = _short(inputs)
        names = self._names(node, kind)
        if names is not None:
            step["as"] = names
        if isinstance(node, Repeat) and not node.once and node.experts is None:
            step["repeat"] = self.book.spelled(node.count)
        if node.share is not None:
            step["share"] = self._share(node.share)
        if node.title:
            step["label"] = node.title
        self._previous = self._previous if _is_unread(node) else node.outputs
        return step

    def _operation(self, node: Member, path: str) -> tuple[str, Any]:
        """Return the operation or block of a step and its arguments, None where it has none."""
        if isinstance(node, Node):
            fixed = frozenset(place for place, value in enumerate(node.inputs) if value in self._fixed)
            op, wider = spoken(node.op, node.types, fixed)
            self.book.unread += wider
            if op.kind not in operations() or not has_words(op):
                self.book.problem(_told(op), path)
                return op.kind, None
            for told in dict.fromkeys(
                UNSPOKEN.get(argument, f"a {argument} that is listed") for argument in op.unspoken
            ):
                self.book.problem(f"{op.kind} with {told}", path)
            arguments = {key: self.book.spelled(item) for key, item in op.arguments.items()}
            return op.kind, arguments or None
        if node.experts is None:
            return self.book.block(node.body, node.block, f"{path}."), None
        return "mixture", self._mixture(node, node.experts, path)

    def _mixture(self, node: Repeat, experts: Expr, path: str) -> dict[str, Any]:
        """A mixture, whose expert is a block; the language weighs its output by its score by itself."""
        body = node.body
        x, _, *captured = body.inputs
        expert = Graph((x, *captured), body.nodes[:-1], body.nodes[-1].inputs[:1])
        only = expert.nodes[0]
        if len(expert.nodes) == 1 and isinstance(only, Repeat) and only.once and only.inputs == expert.inputs:
            name = self.book.block(only.body, only.block, f"{path}.{only.name}.")
        else:
            name = self.book.block(expert, "expert", f"{path}.")
        others = [self.labels[value] for value in self.operands(node)[2:]]
        counts = {"experts": self.book.spelled(experts), "active": self.book.spelled(node.count)}
        return {**counts, "do": [{name: ["_", *others]} if others else name]}

    def _reference(self, value: Value) -> str:
        return "_" if self._previous == (value,) else self.labels[value]

    def called(self, value: Value) -> str:
        """Return the name of a value that has one."""
        return self.labels[self._same.get(value, value)]

    # -- names ---------------------------------------------------------------------------------------------

    def _names(self, node: Member, kind: str) -> str | list[str] | None:
        """Return the `as` of a step: None where its name follows and nothing refers to it."""
        named = [value in self._named for value in node.outputs]
        if len(named) > 1:
            self._count(kind)
            labels = [self._label(v, v.name) if n else "_" for v, n in zip(node.outputs, named, strict=True)]
            return labels if any(named) else None
        if not named[0] and self._next(kind) == node.name:
            self._count(kind)
            return None
        label = self._label(node.outputs[0], node.name, kind)
        self._count(label)
        return label

    def _next(self, kind: str) -> str:
        """The name that a step without `as` gets."""
        count = self._automatic.get(kind, 0) + 1
        return kind if count == 1 else f"{kind}_{count}"

    def _count(self, kind: str) -> None:
        self._automatic[kind] = self._automatic.get(kind, 0) + 1

    def _label(self, value: Value, wanted: str, kind: str = "value") -> str:
        match = LABEL.match(wanted)
        # A family of names, such as skip[2], is written as one where its name is free; else each gets a plain name.
        if match and match[2] and match[1] not in self._taken and wanted not in self.labels.values():
            self._families.add(match[1])
            self.labels[value] = wanted
            return wanted
        clean = _clean(wanted)
        label = free_name(clean if clean[:1].isalpha() else f"{kind}_{clean}", kind, self._taken | self._families)
        self._taken.add(label)
        self.labels[value] = label
        return label

    def _share(self, name: str) -> str:
        if name not in self._shares:
            self._shares[name] = free_name(_clean(name), "weights", set(self._shares.values()))
        return self._shares[name]


def _written(size: Basic) -> str:
    text = str(size)
    for sympys, ours in PRINTED_FUNCTIONS.items():
        text = text.replace(sympys, ours)
    return text


def _clean(name: str) -> str:
    return re.sub(r"\W+", "_", name).strip("_")


def free_name(wanted: str, otherwise: str, taken: set[str] | frozenset[str]) -> str:
    """Return a name that the language allows and nothing else has.

    >>> free_name("conv", "x", {"conv"}), free_name("not", "x", set()), free_name("3d", "x", set())
    ('conv_2', 'not_2', 'x')
    """
    base = wanted[: MAX_NAME - 6] if wanted[:1].isalpha() and wanted.isascii() else otherwise
    name, count = base, 1
    while name in taken or name in RESERVED:
        count += 1
        name = f"{base}_{count}"
    return name


def _is_unread(node: Member) -> bool:
    """Whether a step is there for its weights alone: those behind it read what was there before."""
    return isinstance(node, Node) and node.op.unread


def _short(names: list[str]) -> str | list[str]:
    return names[0] if len(names) == 1 else names


def _told(op: Op) -> str:
    function = getattr(op.core, "function", "")
    named = f"{op.core.kind} '{function}'" if function else op.core.kind
    return f"{named} of which a mask leaves some unread" if isinstance(op, Limited) else named


def _has_weights(node: Member) -> bool:
    if isinstance(node, Repeat):
        return any(map(_has_weights, node.body.nodes))
    return bool(weights_of(node))
