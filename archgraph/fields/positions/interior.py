"""Which positions of a node depend on padding, on a border that is repeated, or on a window that it cuts."""

from __future__ import annotations

from archgraph.fields.rules.node_reads import Learned
from archgraph.fields.rules.node_relations import node_relations
from archgraph.fields.sets import area
from archgraph.fields.sets.area import NOWHERE, Area
from archgraph.graph.ir import Graph, Member, Node, Repeat, Value
from archgraph.sizes.exact import Evaluate

Areas = tuple[Area, ...]


class Touched:
    """Carries the positions that depend on padding from inputs, which have none, to a node."""

    def __init__(self, evaluate: Evaluate, learned: Learned = None) -> None:
        self._evaluate = evaluate
        self._learned = learned
        self._known: dict[tuple[Graph, Areas], Areas] = {}

    def at(self, graph: Graph, chain: tuple[Member, ...]) -> Area:
        """Return the positions of a node that depend on padding, at the last iteration of enclosing repeats."""
        inputs: Areas = (NOWHERE,) * len(graph.inputs)
        for member in chain[:-1]:
            assert isinstance(member, Repeat)
            operands = self._values(graph, inputs, until=member)
            count = self._evaluate(member.iterations)
            inputs = self._iterated(member, tuple(operands[value] for value in member.inputs), count - 1)
            graph = member.body
        return self._values(graph, inputs)[chain[-1].outputs[0]]

    def _values(self, graph: Graph, inputs: Areas, until: Member | None = None) -> dict[Value, Area]:
        known = dict(zip(graph.inputs, inputs, strict=True))
        for member in graph.nodes:
            if member is until:
                break
            operands = tuple(known[value] for value in member.inputs)
            results = self._node(member, operands) if isinstance(member, Node) else self._repeat(member, operands)
            known.update(zip(member.outputs, results, strict=True))
        return known

    def _node(self, node: Node, operands: Areas) -> Areas:
        results = []
        for index in range(len(node.outputs)):
            relations = node_relations(node, index, self._evaluate, learned=self._learned)
            parts = (
                part
                for operand, relation in relations.items()
                for part in (relation.beyond, relation.push(operands[operand]) if operands[operand] else NOWHERE)
            )
            results.append(area.unite(parts))
        return tuple(results)

    def _body(self, body: Graph, inputs: Areas) -> Areas:
        key = (body, inputs)
        if key not in self._known:
            values = self._values(body, inputs)
            self._known[key] = tuple(values[value] for value in body.outputs)
        return self._known[key]

    def _repeat(self, repeat: Repeat, operands: Areas) -> Areas:
        inputs = self._iterated(repeat, operands, self._evaluate(repeat.iterations))
        return inputs[: len(repeat.outputs)]

    def _iterated(self, repeat: Repeat, inputs: Areas, count: int) -> Areas:
        """Return the inputs of a body after some iterations; they stay when they no longer grow."""
        if self._evaluate(repeat.iterations) == 1 and count == 1:
            return self._body(repeat.body, inputs)
        carried = len(repeat.outputs)
        seen: dict[Areas, int] = {}
        while count > 0:
            if inputs in seen:
                count %= len(seen) - seen[inputs]
                seen.clear()
                continue
            seen[inputs] = len(seen)
            inputs = (*self._body(repeat.body, inputs), *inputs[carried:])
            count -= 1
        return inputs
