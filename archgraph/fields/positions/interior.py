"""Which positions of a node depend on padding, on a border that is repeated, or on a window that it cuts."""

from __future__ import annotations

from archgraph.fields.rules.node_reads import Learned
from archgraph.fields.rules.node_relations import node_relations
from archgraph.fields.sets import area
from archgraph.fields.sets.area import NO_AREA, Area
from archgraph.graph.fold import Fold, iterated
from archgraph.graph.ir import Graph, Member, Node, Repeat, Value
from archgraph.sizes.exact import Evaluate

Areas = tuple[Area, ...]


class Touched(Fold[Area]):
    """Carries the positions that depend on padding from inputs, which have none, to a node."""

    def __init__(self, evaluate: Evaluate, learned: Learned = None) -> None:
        self._evaluate = evaluate
        self._learned = learned
        self._known: dict[tuple[Graph, Areas], Areas] = {}

    def at(self, graph: Graph, chain: tuple[Member, ...], outputs: tuple[Value, ...]) -> Area:
        """Return the positions of a node that depend on padding in any of some outputs of it.

        Of a node in repeats they are those of the last iteration.
        """
        inputs: Areas = (NO_AREA,) * len(graph.inputs)
        for member in chain[:-1]:
            assert isinstance(member, Repeat)
            operands = self.run(graph, inputs, until=member)
            count = self._evaluate(member.iterations)
            inputs = self._iterated(member, tuple(operands[value] for value in member.inputs), count - 1)
            graph = member.body
        found = self.run(graph, inputs)
        return area.unite(found[value] for value in outputs)

    def node(self, node: Node, operands: Areas) -> Areas:
        """Return what an operation touches itself, and what reads something that is touched."""
        results = []
        for index in range(len(node.outputs)):
            relations = node_relations(node, index, self._evaluate, learned=self._learned)
            parts = (
                part
                for operand, relation in relations.items()
                for part in (relation.beyond, relation.push(operands[operand]) if operands[operand] else NO_AREA)
            )
            results.append(area.unite(parts))
        return tuple(results)

    def outputs(self, graph: Graph, inputs: Areas) -> Areas:
        """Return the same for the outputs of a body; calls with equal inputs are folded once."""
        key = (graph, inputs)
        if key not in self._known:
            self._known[key] = super().outputs(graph, inputs)
        return self._known[key]

    def repeat(self, repeat: Repeat, operands: Areas) -> Areas:
        """Return what is touched behind the last iteration."""
        count = self._evaluate(repeat.iterations)
        return self._iterated(repeat, operands, count)[: len(repeat.outputs)]

    def _iterated(self, repeat: Repeat, inputs: Areas, count: int) -> Areas:
        """Return the inputs of a body after some iterations."""
        if self._evaluate(repeat.iterations) == 1 and count == 1:
            return self.outputs(repeat.body, inputs)
        return iterated(lambda operands: self.outputs(repeat.body, operands), inputs, count)
