"""What autograd keeps for the backward pass: a fold that counts every storage once."""

from __future__ import annotations

from dataclasses import dataclass, field

from sympy import Add, Expr, expand

from archgraph.graph.execution import Execution, has_trained_weights, is_weight, needed_inside
from archgraph.graph.ir import Graph, Node, Repeat, Value
from archgraph.sizes.symbols import ZERO

Flags = tuple[bool, ...]
"""For every value, whether gradients flow into it."""


@dataclass(eq=False)
class Storage:
    """Memory that one or several values view; `kept` once something is saved in it."""

    size: Expr
    kept: bool = False


@dataclass(frozen=True, eq=False)
class Summary:
    """What a body keeps: bytes of its own, which inputs, the storages of its outputs, and where gradients flow."""

    inside: Expr
    inputs: frozenset[int]
    outputs: tuple[int | Storage, ...]
    """An index where an output is a view of an input."""
    flags: Flags


@dataclass
class SavedBytes:
    """Folds a graph; bodies are summarised once, whatever their count.

    >>> from archgraph import load
    >>> g = load("conv_stack")
    >>> print(SavedBytes().total(g.graph, g.selected))
    4*C*H*L*W + 4*C*H*W
    """

    execution: Execution = field(default_factory=Execution)
    _known: dict[tuple, Summary] = field(default_factory=dict)

    def total(self, graph: Graph, selected: tuple[Value, ...] = ()) -> Expr:
        """Return the bytes kept for the backward pass of the selected outputs, inputs of the graph included."""
        flags = (False,) * len(graph.inputs)
        summary = self.summary(graph, selected or graph.outputs, flags, "")
        kept = [self.execution.bytes_of(graph.inputs[index].type) for index in summary.inputs]
        kept += [out.size for out in dict.fromkeys(summary.outputs) if isinstance(out, Storage) and out.kept]
        return expand(Add(summary.inside, *kept))

    def summary(self, graph: Graph, needed: tuple[Value, ...], flags: Flags, prefix: str) -> Summary:
        """Return what a body keeps; its path matters only where scopes are chosen by path."""
        here = "" if isinstance(self.execution.checkpoint, bool) else prefix
        # One body keeps different things by where gradients flow in and which outputs are needed.
        key = (graph, tuple(value in needed for value in graph.outputs), flags, here)
        if key not in self._known:
            self._known[key] = SavedFold(self, graph, needed, flags, prefix).summary()
        return self._known[key]


class SavedFold:
    """One pass over the nodes of one graph."""

    def __init__(self, parent: SavedBytes, graph: Graph, needed: tuple[Value, ...], flags: Flags, prefix: str) -> None:
        self.parent = parent
        self.execution = parent.execution
        self.graph = graph
        self.needed = needed
        self.prefix = prefix
        self.inside: list[Expr] = []
        self.storages = {value: Storage(self.execution.bytes_of(value.type)) for value in graph.inputs}
        self.own: list[Storage] = []
        self.flowing = {value for value, flag in zip(graph.inputs, flags, strict=True) if flag}

    def summary(self) -> Summary:
        """Take in all nodes, and return what the graph keeps."""
        alive = self.graph.live(self.needed)
        # No `Fold`, whose states are final: a later node may still keep the storage of an earlier value, or of an
        # input. And dead nodes are left out.
        for node in self.graph.nodes:
            if node not in alive:
                continue
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
        flags = tuple(value in self.flowing for value in self.graph.outputs)
        return Summary(expand(Add(*self.inside, *mine)), kept, outputs, flags)

    def _output(self, value: Value, inputs: list[Storage]) -> int | Storage:
        storage = self.storages.get(value)
        if storage is None:
            return Storage(ZERO)
        return next((index for index, known in enumerate(inputs) if known is storage), storage)

    def _new(self, size: Expr, *, kept: bool = False) -> Storage:
        storage = Storage(size, kept)
        self.own.append(storage)
        return storage

    # -- nodes -------------------------------------------------------------------------------------------

    def node(self, node: Node) -> None:
        """Take in one operation: where its results are stored, and what is kept of it."""
        saved = self.execution.saved(node)
        views = dict(saved.aliases)
        sizes = [ZERO if is_weight(node) else self.execution.bytes_of(value.type) for value in node.outputs]
        joined = self._new(Add(*sizes)) if saved.joined else None
        for index, value in enumerate(node.outputs):
            viewed = self.storages[node.inputs[views[index]]] if index in views else joined
            self.storages[value] = viewed or self._new(sizes[index])
        if not (self.flowing.intersection(node.inputs) or has_trained_weights(node)):
            return
        self.flowing.update(node.outputs)
        kept = [node.inputs[index] for index in saved.inputs] + [node.outputs[index] for index in saved.outputs]
        for value in kept:
            self.storages[value].kept = True
        self.inside.append(self.execution.fresh(saved))

    # -- scopes ------------------------------------------------------------------------------------------

    def _repeat(self, node: Repeat) -> None:
        if node.count == 0:
            for value, carried in zip(node.outputs, node.inputs, strict=False):
                self.view(value, carried)
            return
        body = self._body(node)
        self.inside.append(node.count * body.inside)
        for index in body.inputs:
            self.storages[node.inputs[index]].kept = True
        made: dict[int, Storage] = {}
        for index, (value, out) in enumerate(zip(node.outputs, body.outputs, strict=True)):
            if isinstance(out, int):
                self.view(value, node.inputs[out])
                continue
            self.inside.append(_between(node, out, read=index in body.inputs))
            # Two outputs may be parts of one storage.
            if id(out) not in made:
                # The results of experts are summed: what they keep of theirs is not the result of the mixture.
                made[id(out)] = self._new(out.size, kept=out.kept and node.experts is None)
            self.storages[value] = made[id(out)]
        self.flowing.update(value for value, flag in zip(node.outputs, body.flags, strict=True) if flag)

    def view(self, value: Value, other: Value) -> None:
        """Take in that one value is stored where another is."""
        self.storages[value] = self.storages[other]
        if other in self.flowing:
            self.flowing.add(value)

    def _body(self, node: Repeat) -> Summary:
        path = f"{self.prefix}{node.name}"
        flags = tuple(value in self.flowing for value in node.inputs)
        needed = needed_inside(self.graph, self.needed, node)
        body = self.parent.summary(node.body, needed, flags, f"{path}.")
        if not node.once:
            # Where gradients flow out of an iteration, they flow into the next one.
            later = tuple(a or b for a, b in zip(flags, (*body.flags, *flags[len(body.flags) :]), strict=True))
            body = self.parent.summary(node.body, needed, later, f"{path}.")
        return self._inputs_only(node, body) if self.execution.drops(node, path) else body

    def _inputs_only(self, node: Repeat, body: Summary) -> Summary:
        """What is kept of a scope that is computed again on the way back."""
        outputs = tuple(Storage(self.execution.bytes_of(value.type)) for value in node.outputs)
        return Summary(ZERO, frozenset(range(len(node.inputs))), outputs, body.flags)


def _between(node: Repeat, out: Storage, *, read: bool) -> Expr:
    """The bytes of one output that are kept from one iteration to the next, or of every expert."""
    if node.experts is not None:
        return node.count * out.size if out.kept else ZERO
    # The last iteration's is the output of the repeat itself, which counts outside.
    return (node.count - 1) * out.size if not node.once and (out.kept or read) else ZERO
