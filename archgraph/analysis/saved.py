"""What autograd keeps for the backward pass: a fold that counts every storage once."""

from __future__ import annotations

from dataclasses import dataclass, field

from sympy import Add, Expr, Integer, expand

from archgraph.ir import Graph, Node, Repeat, Value
from archgraph.ops.sources import Parameter
from archgraph.types import TensorType

ZERO = Integer(0)
INDEX_BYTES = 8


def bytes_of(type_: TensorType, float_bytes: int = 4) -> Expr:
    """Return the bytes of one sample of a value; indices take 8 bytes each."""
    return type_.numel * (float_bytes if type_.dtype == "float" else INDEX_BYTES)


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

    Attributes:
        float_bytes: bytes per element of floating-point values; norm statistics and indices keep their own.
    """

    float_bytes: int = 4
    _known: dict[tuple[Graph, frozenset[int]], Summary] = field(default_factory=dict)

    def total(self, graph: Graph, selected: tuple[Value, ...] = ()) -> Expr:
        """Return the bytes kept for the backward pass of the selected outputs, inputs of the graph included."""
        summary = self._summary(graph, selected or graph.outputs)
        kept = [bytes_of(graph.inputs[index].type, self.float_bytes) for index in summary.inputs]
        kept += [out.size for out in dict.fromkeys(summary.outputs) if isinstance(out, Storage) and out.kept]
        return expand(Add(summary.inside, *kept))

    def _summary(self, graph: Graph, selected: tuple[Value, ...]) -> Summary:
        key = (graph, frozenset(index for index, value in enumerate(graph.outputs) if value in selected))
        if key not in self._known:
            self._known[key] = _Fold(self, graph, selected).summary()
        return self._known[key]


class _Fold:
    """One pass over the nodes of one graph."""

    def __init__(self, parent: SavedBytes, graph: Graph, selected: tuple[Value, ...]) -> None:
        self.parent = parent
        self.graph = graph
        self.alive = graph.live(selected)
        self.inside: list[Expr] = []
        self.storages = {value: Storage(bytes_of(value.type, parent.float_bytes)) for value in graph.inputs}
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
        saved = node.op.saved(*node.types)
        for index, value in enumerate(node.outputs):
            source = next((operand for output, operand in saved.aliases if output == index), None)
            self.storages[value] = (
                self.storages[node.inputs[source]] if source is not None else self._fresh_output(node, value)
            )
        for index in saved.inputs:
            self.storages[node.inputs[index]].kept = True
        for index in saved.outputs:
            self.storages[node.outputs[index]].kept = True
        self.inside += [numel * self._bytes(width) for numel, width in saved.fresh]

    def _bytes(self, width: int) -> int:
        return self.parent.float_bytes if width == 4 else width

    def _fresh_output(self, node: Node, value: Value) -> Storage:
        """A parameter's storage is a weight, not an activation."""
        is_weight = isinstance(node.op, Parameter) and node.op.status != "buffer"
        return self._new(ZERO if is_weight else bytes_of(value.type, self.parent.float_bytes))

    def _repeat(self, node: Repeat) -> None:
        body = self.parent._summary(node.body, node.body.outputs)
        self.inside.append(node.count * body.inside)
        for index in body.inputs:
            self.storages[node.inputs[index]].kept = True
        for index, value in enumerate(node.outputs):
            out = body.outputs[index]
            if isinstance(out, int):
                self.storages[value] = self.storages[node.inputs[out]]
                continue
            between = out.kept or index in body.inputs
            if between and not node.once:
                self.inside.append((node.count - 1) * out.size)
            self.storages[value] = self._new(out.size, out.kept)
