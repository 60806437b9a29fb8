"""What an optimiser needs only while it steps: temporaries of one weight after another, or of all at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise
from typing import NamedTuple

from sympy import Add, Expr

from archgraph.cost.costs import Costs, Metric
from archgraph.cost.memory.ledger import Measure
from archgraph.cost.memory.optimizers import OPTIMIZERS
from archgraph.cost.memory.setting import Setting
from archgraph.graph.ir import Graph, Member, Node
from archgraph.graph.weights import weights_of
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
    held = 1 if optimizer.held else 0
    pairs = _Neighbours(own).of(graph).pairs
    moments = [held * before + optimizer.loop * now for before, now in pairs]
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
    return tuple(weight for weight in weights_of(node).values() if weight.kind == "trainable")


class _Row(NamedTuple):
    """Trained weights in a row: the scalars of the first and the last, and of all that follow one another."""

    first: Expr
    last: Expr
    pairs: Mapping[tuple[Expr, Expr], None]


class _Neighbours:
    """The trained weights in the order of a module's parameters; of a series of turns the first two."""

    def __init__(self, own: Callable[[Weight], Weight]) -> None:
        self.own = own
        self._known: dict[Graph, _Row | None] = {}

    def of(self, graph: Graph) -> _Row:
        """Return the weights of a whole network, before which there is nothing."""
        row = self._inside(graph)
        return _joined([_Row(ZERO, ZERO, {}), *([] if row is None else [row])])

    def _inside(self, graph: Graph) -> _Row | None:
        if graph not in self._known:
            rows = list(self._rows(graph))
            self._known[graph] = _joined(rows) if rows else None
        return self._known[graph]

    def _rows(self, graph: Graph) -> Iterator[_Row]:
        for member in unshared(graph):
            if isinstance(member, Node):
                sizes = (self.own(weight).numel for weight in trained_of(member))
                yield from (_Row(one, one, {}) for one in sizes)
            elif member.count != 0 and (row := self._inside(member.body)) is not None:
                yield from (row,) * (1 if member.once or member.share is not None else 2)


def _joined(rows: list[_Row]) -> _Row:
    """Return rows that follow one another as one."""
    pairs: dict[tuple[Expr, Expr], None] = dict(rows[0].pairs)
    for before, now in pairwise(rows):
        pairs |= {(before.last, now.first): None, **now.pairs}
    return _Row(rows[0].first, rows[-1].last, pairs)


def unshared(graph: Graph) -> Iterator[Member]:
    """Yield the members of a graph that have weights of their own."""
    owners: set[str] = set()
    for member in graph.nodes:
        if member.share is None or member.share not in owners:
            yield member
        owners.update(() if member.share is None else (member.share,))
