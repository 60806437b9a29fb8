"""What values read of the inputs of their graph: the set maps of operations, folded."""

from __future__ import annotations

from collections.abc import Mapping

from archgraph.fields.rules.node_reads import Learned, node_reads
from archgraph.fields.sets.readings import Whole
from archgraph.fields.sets.region import (
    Dependence,
    Region,
    Transfer,
    apply,
    gathered_again,
    iterated_transfer,
    own_region,
    within,
)
from archgraph.graph.fold import Fold
from archgraph.graph.ir import Graph, Member, Node, Repeat, Value
from archgraph.sizes.exact import Evaluate


class ReadFold(Fold[Dependence]):
    """Carries what is read of a graph's own inputs, by their number.

    Every body is folded once, however many blocks share it, and a repeat is a power of its body's maps: neither
    calls nor iterations cost time.

    Args:
        evaluate: gives the value of a size; kernels, strides and counts need one.
        learned: values that no input is part of, to leave out what is mixed with weights that an input is part of.
    """

    def __init__(self, evaluate: Evaluate, learned: Learned = None) -> None:
        self._evaluate = evaluate
        self._learned = learned
        self._folded: dict[Graph, Mapping[Value, Dependence]] = {}
        self._reads: dict[Node, Transfer] = {}
        self._places: dict[Member, Whole] = {}
        self._repeated: dict[tuple[Graph, int], Transfer] = {}

    def of(self, graph: Graph) -> Mapping[Value, Dependence]:
        """Return what every value of a graph reads."""
        if graph not in self._folded:
            # Of several that gather all positions the first one is named: hence places in topological order.
            self._places.update((member, Whole((at,), member.name)) for at, member in enumerate(graph.nodes))
            self._folded[graph] = self.run(graph, self._inputs(graph))
        return self._folded[graph]

    def place(self, member: Member) -> Whole:
        """Return the place of a member in its graph, which must have been folded."""
        return self._places[member]

    def count(self, repeat: Repeat) -> int:
        """Return how often a body is applied one after another."""
        return self._evaluate(repeat.iterations)

    def iterated(self, body: Graph, count: int) -> Transfer:
        """Return what the operands of a body read of the first ones after `count` iterations."""
        key = (body, count)
        if key not in self._repeated:
            self._repeated[key] = iterated_transfer(self._body(body), self._inputs(body), count)
        return self._repeated[key]

    def itself(self, value: Value) -> Region:
        """Return that a value reads itself."""
        return own_region({axis: self._evaluate(value.type.size(axis)) for axis in value.type.positions})

    def reads(self, node: Node) -> Transfer:
        """Return what every output of an operation reads of its operands."""
        if node not in self._reads:
            self._reads[node] = node_reads(node, self._evaluate, self.place(node), self._learned)
        return self._reads[node]

    def node(self, node: Node, operands: tuple[Dependence, ...]) -> tuple[Dependence, ...]:
        """Return what the outputs of an operation read, by way of its operands."""
        place = self.place(node)
        return tuple(gathered_again(apply(row, operands), operands, place) for row in self.reads(node))

    def repeat(self, repeat: Repeat, operands: tuple[Dependence, ...]) -> tuple[Dependence, ...]:
        """Return what is read behind the last iteration."""
        count = self.count(repeat)
        rows = self._body(repeat.body) if count == 1 else self.iterated(repeat.body, count)
        return tuple(apply(within(row, self.place(repeat)), operands) for row in rows[: len(repeat.outputs)])

    def _body(self, body: Graph) -> Transfer:
        known = self.of(body)
        return tuple(known[value] for value in body.outputs)

    def _inputs(self, graph: Graph) -> Transfer:
        return tuple({index: self.itself(value)} for index, value in enumerate(graph.inputs))
