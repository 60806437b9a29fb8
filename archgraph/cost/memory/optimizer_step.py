"""What an optimiser needs only while it steps: temporaries of one weight after another, or of all at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise

from sympy import Add, Expr

from archgraph.cost.costs import Costs, Metric
from archgraph.cost.memory.ledger import Measure
from archgraph.cost.memory.optimizers import OPTIMIZERS
from archgraph.cost.memory.setting import Setting
from archgraph.graph.ir import Graph, Member, Node
from archgraph.ops.base import Weight
from archgraph.sizes.expansion import expanded
from archgraph.sizes.symbols import ZERO


def _whole(weight: Weight) -> Weight:
    return weight


def step_bytes(
    graph: Graph, setting: Setting, kernel: str, measure: Measure, own: Callable[[Weight], Weight] = _whole
) -> Expr:
    """Return the bytes of a step's temporaries, as long as no other weight becomes the widest.

    Args:
        graph: the network.
        setting: which optimiser, in which precision.
        kernel: `loop`, weight by weight; `foreach`, all at once; `fused`, which has no temporaries.
        measure: the value of a law.
        own: the part of a weight that one rank has.
    """
    optimizer, width = OPTIMIZERS[setting.optimizer], setting.precision.states
    if kernel == "fused":
        return ZERO
    if kernel == "foreach" and optimizer.foreach is not None:
        return expanded(width * optimizer.foreach * _scalars(graph, own))
    if not optimizer.loop:
        return ZERO
    sizes = [ZERO, *(own(weight).numel for weight in weights_in_order(graph))]
    held = 1 if optimizer.held else 0
    moments = [held * before + optimizer.loop * now for before, now in pairwise(sizes)]
    return expanded(width * max(moments, key=measure, default=ZERO))


def is_bound(setting: Setting, kernel: str) -> bool:
    """Return whether the temporaries of a step are an upper bound only."""
    optimizer = OPTIMIZERS[setting.optimizer]
    loops = kernel == "loop" or (kernel == "foreach" and optimizer.foreach is None)
    return loops and bool(optimizer.loop) and not optimizer.held


def _scalars(graph: Graph, own: Callable[[Weight], Weight]) -> Expr:
    def of(node: Node) -> Expr:
        return Add(*(own(weight).numel for weight in trained_of(node)))

    return Costs(graph).sum(Metric("scalars", of, "trained", True))


def trained_of(node: Node) -> tuple[Weight, ...]:
    """Return the trained weights of a node."""
    return tuple(weight for weight in node.op.weights(*node.types).values() if weight.kind == "trainable")


def weights_in_order(graph: Graph) -> Iterator[Weight]:
    """Yield the trained weights in the order of a module's parameters; of a series of turns the first two."""
    for member in unshared(graph):
        if isinstance(member, Node):
            yield from trained_of(member)
            continue
        turns = 1 if member.once or member.share is not None else 2
        for _ in range(0 if member.count == 0 else turns):
            yield from weights_in_order(member.body)


def unshared(graph: Graph) -> Iterator[Member]:
    """Yield the members of a graph that have weights of their own."""
    owners: set[str] = set()
    for member in graph.nodes:
        if member.share is None or member.share not in owners:
            yield member
        owners.update(() if member.share is None else (member.share,))
