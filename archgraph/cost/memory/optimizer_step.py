"""What an optimiser needs only while it steps: temporaries of one weight after another, or of all at once."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from sympy import Expr, expand

from archgraph.cost.costs import Costs
from archgraph.cost.memory.optimizers import OPTIMIZERS
from archgraph.cost.memory.setting import Setting
from archgraph.cost.memory.states import Measure
from archgraph.graph.ir import Graph, Node
from archgraph.sizes.symbols import ZERO


def step_bytes(graph: Graph, setting: Setting, kernel: str, measure: Measure) -> Expr:
    """Return the bytes of a step's temporaries, as long as no other weight becomes the widest.

    Args:
        graph: the network.
        setting: which optimiser, in which precision.
        kernel: `loop`, weight by weight; `foreach`, all at once; `fused`, which has no temporaries.
        measure: the value of a law.
    """
    optimizer, width = OPTIMIZERS[setting.optimizer], setting.precision.states
    if kernel == "fused":
        return ZERO
    if kernel == "foreach" and optimizer.foreach is not None:
        return expand(width * optimizer.foreach * Costs(graph).total("params_trainable"))
    if not optimizer.loop:
        return ZERO
    sizes = [ZERO, *numels(graph, frozenset())]
    held = 1 if optimizer.held else 0
    moments = [held * before + optimizer.loop * now for before, now in pairwise(sizes)]
    return expand(width * max(moments, key=measure, default=ZERO))


def is_bound(setting: Setting, kernel: str) -> bool:
    """Return whether the temporaries of a step are an upper bound only."""
    optimizer = OPTIMIZERS[setting.optimizer]
    loops = kernel == "loop" or (kernel == "foreach" and optimizer.foreach is None)
    return loops and bool(optimizer.loop) and not optimizer.held


def numels(graph: Graph, seen: frozenset[str]) -> Iterator[Expr]:
    """Yield the scalars of trained weights in the order of a module's parameters; of a series the first two turns."""
    owners = set(seen)
    for member in graph.nodes:
        if member.share is not None and member.share in owners:
            continue
        owners.update(() if member.share is None else (member.share,))
        if isinstance(member, Node):
            weights = member.op.weights(*member.types).values()
            yield from (weight.numel for weight in weights if weight.kind == "trainable")
            continue
        turns = 1 if member.once or member.share is not None or member.count == 0 else 2
        for _ in range(0 if member.count == 0 else turns):
            yield from numels(member.body, frozenset())
