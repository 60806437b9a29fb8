"""The bytes that an optimiser keeps for a whole network: the table of optimisers, summed over its weights."""

from __future__ import annotations

from collections.abc import Iterator

from sympy import Add, Expr

from archgraph.cost.costs import Costs, Metric
from archgraph.cost.memory.ledger import Measure
from archgraph.cost.memory.optimizers import OPTIMIZERS, Optimizer, TrainedWeight
from archgraph.cost.memory.precision import Precision
from archgraph.cost.memory.setting import Setting
from archgraph.graph.ir import Graph, Node, Repeat, Value
from archgraph.graph.weights import weights_of
from archgraph.ops.linear import Linear
from archgraph.sizes.expansion import expanded


def state_bytes(graph: Graph, setting: Setting, measure: Measure) -> Expr:
    """Return the bytes of an optimiser's states, counters and copies of the weights.

    Args:
        graph: with the outputs that are trained for: the last layers before them are no hidden ones.
        setting: which optimiser, in which precision.
        measure: the value of a law, for what depends on sizes.
    """
    optimizer, precision = OPTIMIZERS[setting.optimizer], setting.precision
    last = last_layers(graph)

    def of(node: Node) -> Expr:
        weights = trained(node, precision.states, last, measure)
        return Add(*(state_of(optimizer, precision, weight) for weight in weights))

    return expanded(Costs(graph).sum(Metric("states", of, "bytes", True)) + optimizer.once)


def state_of(optimizer: Optimizer, precision: Precision, weight: TrainedWeight) -> Expr:
    """Return the bytes of one weight's states, its counter, and the optimiser's own copy of it."""
    return optimizer.states(weight) + optimizer.counter(weight) + precision.master * weight.numel


def trained(node: Node, width: int, last: frozenset[Node], measure: Measure) -> Iterator[TrainedWeight]:
    """Yield the trained weights of a node; hidden are the matrices of linear layers that are no last ones."""
    for weight in weights_of(node).values():
        if weight.kind == "trainable":
            hidden = isinstance(node.op.core, Linear) and len(weight.shape) == 2 and node not in last
            yield TrainedWeight(weight, width, hidden, measure)


def last_layers(graph: Graph) -> frozenset[Node]:
    """Return the layers with weights from which nothing but operations without weights leads to an output.

    >>> from archgraph import load
    >>> [node.name for node in last_layers(load("llama").graph)]
    ['logits']
    """
    return frozenset(_last(graph, set(graph.outputs)))


def _last(graph: Graph, wanted: set[Value]) -> Iterator[Node]:
    for member in reversed(graph.nodes):
        if wanted.isdisjoint(member.outputs):
            continue
        if isinstance(member, Repeat):
            pairs = zip(member.body.outputs, member.outputs, strict=True)
            found = list(_last(member.body, {inner for inner, outer in pairs if outer in wanted}))
            yield from found
            wanted.update(() if found else member.inputs)
        elif weights_of(member):
            yield member
        else:
            wanted.update(member.inputs)
