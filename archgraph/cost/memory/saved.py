"""What autograd keeps for the backward pass: a fold that counts every storage once."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from sympy import Add, Expr, Min, ceiling

from archgraph.graph.execution import Execution, is_weight
from archgraph.graph.gradients import Flags, GradientFlow, GradientPaths
from archgraph.graph.ir import Graph, Node, Repeat, Value
from archgraph.sizes.expansion import expanded
from archgraph.sizes.symbols import ONE, ZERO


@dataclass(eq=False)
class Storage:
    """Memory that one or several values view; `kept` once something is saved in it."""

    size: Expr
    kept: bool = False


@dataclass(frozen=True, eq=False)
class Summary:
    """What a body keeps: bytes of its own, which inputs, and the storages of its outputs."""

    inside: Expr
    inputs: frozenset[int]
    outputs: tuple[int | Storage, ...]
    """An index where an output is a view of an input."""


@dataclass
class SavedBytes:
    """Folds a graph; bodies are summarised once, whatever their count.

    >>> from archgraph import load
    >>> g = load("conv_stack")
    >>> print(SavedBytes().total(g.graph, g.selected))
    4*C*H*L*W + 4*C*H*W
    """

    execution: Execution = field(default_factory=Execution)
    flow: GradientFlow = field(default_factory=GradientFlow)
    _known: dict[tuple, Summary] = field(default_factory=dict)

    def total(self, graph: Graph, selected: tuple[Value, ...] = (), received: Collection[Value] = frozenset()) -> Expr:
        """Return the bytes kept for the backward pass of the selected outputs, inputs of the graph included.

        Args:
            graph: what is run.
            selected: the outputs that the backward pass starts from; all without it.
            received: inputs that need a gradient.
        """
        whole = (False,) * len(graph.inputs)
        asked = asked_of(graph, selected or graph.outputs, received)
        summary = self.summary(graph, self.flow.of(*asked), whole, "")
        kept = [self.execution.bytes_of(graph.inputs[index].type) for index in summary.inputs]
        kept += [out.size for out in dict.fromkeys(summary.outputs) if isinstance(out, Storage) and out.kept]
        return expanded(Add(summary.inside, *kept))

    def summary(self, graph: Graph, gradients: GradientPaths, parts: Flags, prefix: str) -> Summary:
        """Return what a body keeps; its path matters only where scopes are chosen by path.

        Args:
            parts: which of its inputs are parts of larger tensors.
        """
        here = prefix if self.execution.checkpoint.by_path else ""
        # One body keeps different things by where gradients flow in and come back, and by how its operands lie.
        key = (graph, gradients, parts, here)
        if key not in self._known:
            self._known[key] = SavedFold(self, graph, gradients, prefix, parts).summary()
        return self._known[key]


class SavedFold:
    """One pass over the nodes of one graph."""

    def __init__(
        self, parent: SavedBytes, graph: Graph, gradients: GradientPaths, prefix: str, parts: Flags = ()
    ) -> None:
        self.parent = parent
        self.execution: Execution = parent.execution
        self.graph = graph
        self.gradients = gradients
        self.prefix = prefix
        self.parts: frozenset[Value] = frozenset(
            value for value, part in zip(graph.inputs, parts, strict=False) if part
        )
        self.inside: list[Expr] = []
        self.storages: dict[Value, Storage] = {
            value: Storage(self.execution.bytes_of(value.type)) for value in graph.inputs
        }
        self.own: list[Storage] = []

    def summary(self) -> Summary:
        """Take in all nodes, and return what the graph keeps."""
        # No `Fold`, whose states are final: a later node may still keep the storage of an earlier value, or of an
        # input.
        for node in self.graph.nodes:
            if isinstance(node, Node):
                self.node(node)
            else:
                self._repeat(node)
        inputs = [self.storages[value] for value in self.graph.inputs]
        outputs = tuple(self._output(value, inputs) for value in self.graph.outputs)
        returned = {id(out) for out in outputs if isinstance(out, Storage)}
        # What is returned may be kept outside as well: it is counted there, so that it counts once.
        mine = [storage.size for storage in self.own if storage.kept and id(storage) not in returned]
        kept = frozenset(index for index, storage in enumerate(inputs) if storage.kept)
        return Summary(expanded(Add(*self.inside, *mine)), kept, outputs)

    def _output(self, value: Value, inputs: list[Storage]) -> int | Storage:
        storage = self.storages[value]
        return next((index for index, known in enumerate(inputs) if known is storage), storage)

    def _is_part(self, value: Value) -> bool:
        """Whether a value views a part of a larger tensor."""
        return value in self.parts or is_part(self.storages[value].size, self.execution.bytes_of(value.type))

    def _new(self, size: Expr, *, kept: bool = False) -> Storage:
        storage = Storage(size, kept)
        self.own.append(storage)
        return storage

    # -- nodes -------------------------------------------------------------------------------------------

    def node(self, node: Node) -> None:
        """Take in one operation: where its results are stored, and what is kept of it."""
        saved = self.execution.saved(node, self.gradients.flowing, lambda index: self._is_part(node.inputs[index]))
        views = dict(saved.aliases)
        sizes = [ZERO if is_weight(node) else self.execution.bytes_of(value.type) for value in node.outputs]
        joined = self._new(Add(*sizes)) if saved.joined else None
        for index, value in enumerate(node.outputs):
            viewed = self.storages[node.inputs[views[index]]] if index in views else joined
            self.storages[value] = viewed or self._new(sizes[index])
        if not self.gradients.is_on_the_way_back(node):
            return
        again = self.execution.again(node)
        kept = [node.inputs[index] for index in (range(len(node.inputs)) if again else saved.inputs)]
        kept += [node.outputs[index] for index in (() if again else saved.outputs)]
        for value in kept:
            self.storages[value].kept = True
        self.inside.append(ZERO if again else self.execution.fresh(saved))

    # -- scopes ------------------------------------------------------------------------------------------

    def _repeat(self, node: Repeat) -> None:
        if node.count == 0:
            for value, carried in zip(node.outputs, node.inputs, strict=False):
                self.storages[value] = self.storages[carried]
            return
        first, later = self._bodies(node)
        runs = self._runs(node)
        # The operands of the first iteration come from outside, and may need no gradient.
        self.inside += [first.inside, (runs - 1) * later.inside]
        carried = len(node.outputs) if node.experts is None else 0
        for index in first.inputs | {index for index in later.inputs if index >= carried}:
            self.storages[node.inputs[index]].kept = True
        made: dict[int, Storage] = {}
        for index, (value, out) in enumerate(zip(node.outputs, later.outputs, strict=True)):
            if isinstance(out, int):
                self.storages[value] = self.storages[node.inputs[out]]
                continue
            self.inside.append(_between(node, runs, first.outputs[index], out, read=index in later.inputs))
            # Two outputs may be parts of one storage.
            if id(out) not in made:
                # The results of experts are summed: what they keep of theirs is not the result of the mixture.
                made[id(out)] = self._new(out.size, kept=out.kept and node.experts is None)
            self.storages[value] = made[id(out)]

    def _bodies(self, node: Repeat) -> tuple[Summary, Summary]:
        """What the first iteration keeps, and what every later one does."""
        path = f"{self.prefix}{node.name}"
        wanted = self.gradients.wanted(node.outputs)
        flow = self.parent.flow
        if self.execution.run(node, path) is not None and any(wanted):
            both = self._inputs_only(node)
            return both, both
        parts = tuple(map(self._is_part, node.inputs)) if self.execution.several else (False,) * len(node.inputs)
        found = []
        for flags in flow.entering(node, self.gradients.flags(node.inputs)):
            paths = flow.of(node.body, flags, flow.leaving(node, wanted))
            found.append(self.parent.summary(node.body, paths, parts, f"{path}."))
            parts = self._parts_after(node, found[0], parts)
        return found[0], found[1]

    def _parts_after(self, node: Repeat, first: Summary, parts: Flags) -> Flags:
        """Which operands of a later iteration are parts of larger tensors; those of experts are the first one's."""
        if node.once or node.experts is not None or not self.execution.several:
            return parts
        carried = tuple(
            parts[out] if isinstance(out, int) else is_part(out.size, self.execution.bytes_of(value.type))
            for out, value in zip(first.outputs, node.outputs, strict=True)
        )
        return (*carried, *parts[len(carried) :])

    def _runs(self, node: Repeat) -> Expr:
        """How many times something is handed on: iterations, or runs of iterations that are computed again together."""
        length = self.execution.run(node, f"{self.prefix}{node.name}")
        if length is None or length == 1 or not any(self.gradients.wanted(node.outputs)):
            return node.count
        return ceiling(node.count / length)

    def _inputs_only(self, node: Repeat) -> Summary:
        """What is kept of a scope that is computed again in the backward pass."""
        outputs = tuple(Storage(self.execution.bytes_of(value.type)) for value in node.outputs)
        return Summary(ZERO, frozenset(range(len(node.inputs))), outputs)


def is_part(storage: Expr, value: Expr) -> bool:
    """Return whether a value fills a part of a storage only, by their bytes.

    >>> from archgraph.sizes.symbols import symbol
    >>> is_part(3 * symbol("D"), symbol("D")), is_part(symbol("D") * 2, 2 * symbol("D"))
    (True, False)
    """
    return storage != ZERO and expanded(storage - value) != 0


def asked_of(
    graph: Graph, selected: tuple[Value, ...], received: Collection[Value] = frozenset()
) -> tuple[Graph, Flags, Flags]:
    """Return what `GradientFlow.of` is asked for a network, whose inputs need no gradient but for received ones.

    >>> from archgraph import load
    >>> asked_of(load("conv_stack").graph, ())[1:]
    ((False,), (False,))
    """
    needed = tuple(value in received for value in graph.inputs)
    return graph, needed, tuple(value in selected for value in graph.outputs)


def _between(node: Repeat, runs: Expr, first: int | Storage, out: Storage, *, read: bool) -> Expr:
    """The bytes of one output that are kept from one iteration to the next, or of every expert."""
    if node.experts is not None:
        return node.count * out.size if out.kept else ZERO
    if node.once:
        return ZERO
    # The last iteration's is the output of the repeat itself, which counts outside.
    later = out.size if out.kept or read else ZERO
    if isinstance(first, int) or (first.kept or read) == (out.kept or read):
        return (runs - 1) * later
    start = first.size if first.kept or read else ZERO
    handed_on = Min(ONE, runs - 1)
    return handed_on * start + (runs - 1 - handed_on) * later
