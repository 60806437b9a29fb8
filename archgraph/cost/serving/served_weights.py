"""The bytes of weights as they are served: hidden matrices in a layout, the rest whole; and those that a step reads."""

from __future__ import annotations

from sympy import Expr

from archgraph.cost.costs import CostRow, Costs, Metric
from archgraph.cost.memory.states import last_layers
from archgraph.cost.serving.weight_layouts import WeightLayout
from archgraph.graph.ir import Graph, Node
from archgraph.graph.network import Network
from archgraph.graph.weights import weights_of
from archgraph.ops.base import Weight
from archgraph.ops.linear import Linear
from archgraph.ops.sources import Embedding
from archgraph.sizes.symbols import ZERO


class ServedWeights:
    """The weights of a graph in a layout.

    Args:
        graph: with the outputs that are asked for.
        layout: of hidden matrices.
    """

    def __init__(self, graph: Graph, layout: WeightLayout) -> None:
        self._graph, self._layout, self._last = graph, layout, last_layers(graph)

    @property
    def packed(self) -> Expr:
        """The bytes of hidden matrices, with their scales; 0 where they are stored as everything else."""
        return ZERO if self._layout.matrix is None else self._sum("packed", packed=True)

    @property
    def plain(self) -> Expr:
        """The bytes of everything else: embeddings, heads, norms, biases, buffers."""
        every = self._sum("plain", packed=False)
        return every if self._layout.matrix is not None else every + self._sum("packed", packed=True)

    def _sum(self, name: str, *, packed: bool) -> Expr:
        def of(node: Node) -> Expr:
            return sum((size for is_packed, size in self._bytes(node) if is_packed == packed), ZERO)

        return Costs(self._graph).sum(Metric(f"{name} weights", of, "bytes", declared=True))

    def _bytes(self, node: Node) -> list[tuple[bool, Expr]]:
        weights = weights_of(node).values()
        return [self._stored(weight, hidden=self._is_hidden(node, weight)) for weight in weights]

    def _stored(self, weight: Weight, *, hidden: bool) -> tuple[bool, Expr]:
        return hidden, self._layout.bytes(weight) if hidden else weight.bytes(self._layout.others)

    def _is_hidden(self, node: Node, weight: Weight) -> bool:
        return isinstance(node.op.core, Linear) and len(weight.shape) == 2 and node not in self._last

    def read(self, g: Network, rows: list[CostRow], batch: int) -> float:
        """Return about how many bytes of weights a step reads for a batch: of tables a row each, of experts a share."""
        return sum(self._read_by(g, row, batch) for row in rows if row.alive)

    def _read_by(self, g: Network, row: CostRow, batch: int) -> float:
        node, times = row.node, g.evaluate(row.times)
        if isinstance(node.op.core, Embedding):
            return float(batch * times * self._layout.others * g.evaluate(node.outputs[0].type.channels))
        size = g.evaluate(sum((size for _, size in self._bytes(node)), ZERO))
        if not size:
            return 0.0
        sets, active = (g.evaluate(each) for each in (row.weight_times, row.active_times))
        if sets <= active:
            return float(size * times)
        return size * sets * (1 - (1 - active / sets) ** batch)
