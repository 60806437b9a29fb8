"""What autograd keeps for the backward pass: a fold that counts every storage once."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from sympy import Add, Expr, Integer, expand

from archgraph.ir import Graph, Node, Repeat, Value
from archgraph.ops.base import Kernel, Saved
from archgraph.ops.sources import Parameter
from archgraph.types import TensorType

ZERO = Integer(0)
INDEX_BYTES = 8
STATISTIC_BYTES = 4


@dataclass(frozen=True)
class Choice:
    """How a network is run: what a value takes, how attention is computed, what is computed twice.

    Attributes:
        width: bytes of a floating-point value; indices take 8.
        kernel: of attention.
        checkpoint: True for the iterations of all repeats, or paths of scopes, of which only the inputs are kept.
    """

    width: int = 4
    kernel: Kernel = "math"
    checkpoint: bool | frozenset[str] = False

    def bytes_of(self, type_: TensorType) -> Expr:
        """Return the bytes of one sample of a value."""
        return type_.numel * (self.width if type_.dtype == "float" else INDEX_BYTES)

    def saved(self, node: Node) -> Saved:
        """Return what autograd keeps of a node."""
        return node.op.saved_by(self.kernel, *node.types)

    def fresh(self, saved: Saved) -> Expr:
        """Return the bytes of what is made only to be kept."""
        copies = (numel * (self.width if bytes_ == 4 else bytes_) for numel, bytes_ in saved.fresh)
        return Add(*copies, STATISTIC_BYTES * saved.statistics)

    def drops(self, repeat: Repeat, place: str) -> bool:
        """Say whether only the inputs of a scope, or of each of its iterations, are kept."""
        if isinstance(self.checkpoint, bool):
            return self.checkpoint and not repeat.once and repeat.experts is None
        return place in self.checkpoint

    def inside(self) -> Choice:
        """Return the choice inside of what is computed twice."""
        return Choice(self.width, self.kernel)


def choice(width: int, kernel: Kernel, checkpoint: bool | Collection[str]) -> Choice:
    """Return a choice, the paths in any collection; the math kernel computes in single precision whatever the width."""
    kernel = "upcast" if kernel == "math" and width < STATISTIC_BYTES else kernel
    return Choice(width, kernel, checkpoint if isinstance(checkpoint, bool) else frozenset(checkpoint))


def is_weight(node: Node) -> bool:
    """Say whether the value of a node is a weight, whose storage is no activation."""
    return isinstance(node.op, Parameter) and node.op.status != "buffer"


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
    """Folds a graph; bodies are summarised once, whatever their count."""

    choice: Choice = field(default_factory=Choice)
    _known: dict[tuple[Graph, frozenset[int], str], Summary] = field(default_factory=dict)

    def total(self, graph: Graph, selected: tuple[Value, ...] = ()) -> Expr:
        """Return the bytes kept for the backward pass of the selected outputs, inputs of the graph included."""
        summary = self.summary(graph, selected or graph.outputs, "")
        kept = [self.choice.bytes_of(graph.inputs[index].type) for index in summary.inputs]
        kept += [out.size for out in dict.fromkeys(summary.outputs) if isinstance(out, Storage) and out.kept]
        return expand(Add(summary.inside, *kept))

    def summary(self, graph: Graph, selected: tuple[Value, ...], place: str) -> Summary:
        """Return what the body of a scope keeps; the place matters where paths are told apart."""
        here = "" if isinstance(self.choice.checkpoint, bool) else place
        key = (graph, frozenset(i for i, value in enumerate(graph.outputs) if value in selected), here)
        if key not in self._known:
            self._known[key] = _Fold(self, graph, selected, place).summary()
        return self._known[key]


class _Fold:
    """One pass over the nodes of one graph."""

    def __init__(self, parent: SavedBytes, graph: Graph, selected: tuple[Value, ...], place: str) -> None:
        self.parent = parent
        self.choice = parent.choice
        self.graph = graph
        self.place = place
        self.alive = graph.live(selected)
        self.inside: list[Expr] = []
        self.storages = {value: Storage(self.choice.bytes_of(value.type)) for value in graph.inputs}
        self.own: list[Storage] = []

    def summary(self) -> Summary:
        for node in self.graph.nodes:
            if node not in self.alive:
                continue
            if isinstance(node, Node):
                self._node(node)
            else:
                self._repeat(node)
        inputs = [self.storages[value] for value in self.graph.inputs]
        outputs = tuple(self._output(value, inputs) for value in self.graph.outputs)
        returned = {id(out) for out in outputs if isinstance(out, Storage)}
        mine = [storage.size for storage in self.own if storage.kept and id(storage) not in returned]
        kept = frozenset(index for index, storage in enumerate(inputs) if storage.kept)
        return Summary(expand(Add(*self.inside, *mine)), kept, outputs)

    def _output(self, value: Value, inputs: list[Storage]) -> int | Storage:
        storage = self.storages.get(value)
        if storage is None:
            return Storage(ZERO)
        return next((index for index, known in enumerate(inputs) if known is storage), storage)

    def _new(self, size: Expr, kept: bool = False) -> Storage:
        storage = Storage(size, kept)
        self.own.append(storage)
        return storage

    def _node(self, node: Node) -> None:
        saved = self.choice.saved(node)
        views = dict(saved.aliases)
        sizes = [ZERO if is_weight(node) else self.choice.bytes_of(value.type) for value in node.outputs]
        shared = self._new(Add(*sizes)) if saved.joined else None
        for index, value in enumerate(node.outputs):
            viewed = self.storages[node.inputs[views[index]]] if index in views else shared
            self.storages[value] = viewed or self._new(sizes[index])
        for index in saved.inputs:
            self.storages[node.inputs[index]].kept = True
        for index in saved.outputs:
            self.storages[node.outputs[index]].kept = True
        self.inside.append(self.choice.fresh(saved))

    def _repeat(self, node: Repeat) -> None:
        if node.count == 0:
            self.storages.update({out: self.storages[x] for out, x in zip(node.outputs, node.inputs, strict=False)})
            return
        place = f"{self.place}{node.name}"
        body = self._inputs_only(node) if self.choice.drops(node, place) else self._body(node, place)
        self.inside.append(node.count * body.inside)
        for index in body.inputs:
            self.storages[node.inputs[index]].kept = True
        made: dict[int, Storage] = {}
        for index, value in enumerate(node.outputs):
            out = body.outputs[index]
            if isinstance(out, int):
                self.storages[value] = self.storages[node.inputs[out]]
                continue
            self.inside.append(_between(node, out, index in body.inputs))
            made.setdefault(id(out), self._new(out.size, out.kept and node.experts is None))
            self.storages[value] = made[id(out)]

    def _body(self, node: Repeat, place: str) -> Summary:
        return self.parent.summary(node.body, node.body.outputs, f"{place}.")

    def _inputs_only(self, node: Repeat) -> Summary:
        """What is kept of a scope that is computed again on the way back."""
        outputs = tuple(Storage(self.choice.bytes_of(value.type)) for value in node.outputs)
        return Summary(ZERO, frozenset(range(len(node.inputs))), outputs)


def _between(node: Repeat, out: Storage, read: bool) -> Expr:
    """The bytes of one output that are kept from one iteration to the next, or of every expert."""
    if node.experts is not None:
        return node.count * out.size if out.kept else ZERO
    return (node.count - 1) * out.size if not node.once and (out.kept or read) else ZERO
