"""Questions about single positions of a network, borders included: what is read, what is not, what is clean."""

from __future__ import annotations

from collections.abc import Mapping

from archgraph.fields.positions.doubts import doubts
from archgraph.fields.positions.interior import Touched
from archgraph.fields.positions.probe import Probe, ReadBack, chosen
from archgraph.fields.rules.node_reads import Learned
from archgraph.fields.sets import area
from archgraph.fields.sets.area import NO_AREA
from archgraph.fields.sets.field import ReadKind
from archgraph.graph.ir import Graph, Value
from archgraph.graph.locate import members
from archgraph.graph.walk_back import walk_back
from archgraph.keywords import strict_methods
from archgraph.sizes.exact import Evaluate


@strict_methods
class Places:
    """Answers about one input of a graph, of which every node can be asked.

    Args:
        graph: the traced graph.
        input: the input.
        evaluate: gives the value of a size.
        learned: as in `node_reads`.
    """

    def __init__(self, graph: Graph, input: Value, evaluate: Evaluate, learned: Learned = None) -> None:
        self.graph = graph
        self.input = input
        self._evaluate = evaluate
        self._learned = learned
        self._readers: dict[tuple[ReadKind, bool], ReadBack] = {}

    def probe(self, node: str, index: Mapping[str, int], kind: ReadKind = "content", output: int = 0) -> Probe:
        """Return the positions that a node reads at some index; axes that are not named take all indices.

        Args:
            node: the path of the node.
            index: an index per axis.
            kind: content, gate or stat.
            output: which output of the node, by number.

        Raises:
            QueryError: there is no such node, axis or index.
        """
        chain = members(self.graph, node)
        value = chain[-1].outputs[output]
        outputs = self.extents(value)
        seed = {value: chosen(outputs, index, node)}
        reader = self._reader(kind)
        read = walk_back(reader, self.graph, chain, seed).get(self.input, NO_AREA)
        extents, exact, why = self.extents(self.input), True, ()
        if reader.bounded:
            # What is read at most is exact where as much is read in any case.
            sure = walk_back(self._reader(kind, certain=True), self.graph, chain, seed)
            exact = sure.get(self.input, NO_AREA) == read
            why = () if exact else self.doubts(node)
        return Probe(node, self.input.name, extents, kind, read, exact, fixed_weights=self.fixed_weights, why=why)

    def doubts(self, node: str) -> tuple[str, ...]:
        """Return why what a node reads is a bound, with the operation that makes it so."""
        return doubts(self.graph, members(self.graph, node), self._evaluate)

    def _reader(self, kind: ReadKind, *, certain: bool = False) -> ReadBack:
        key = (kind, certain)
        if key not in self._readers:
            self._readers[key] = ReadBack(self._evaluate, kind, self._learned, certain=certain)
        return self._readers[key]

    @property
    def fixed_weights(self) -> bool:
        """Whether what is mixed with weights computed from an input is left out."""
        return self._learned is not None

    def unread(self, node: str, kind: ReadKind = "content") -> Probe:
        """Return the positions of the input that no position of a node reads."""
        extents = self.extents(self.input)
        found = self.probe(node, {}, kind)
        missing = area.complement(found.area, tuple(extents.values()))
        title, fixed = "unread by {node} of {input}", self.fixed_weights
        return Probe(
            node, self.input.name, extents, kind, missing, found.exact, title, fixed_weights=fixed, why=found.why
        )

    def interior(self, node: str) -> Probe:
        """Return the positions of a node that read no padding, no repeated border and no window that a border cuts."""
        *outer, member = members(self.graph, node)
        touched = Touched(self._evaluate, self._learned).at(self.graph, (*outer, member))
        extents = self.extents(member.outputs[0])
        clean = area.complement(touched, tuple(extents.values()))
        return Probe(node, node, extents, "content", clean, title="positions of {node} that no border touches")

    def axes(self, node: str) -> tuple[str, ...]:
        """Return the position axes of a node's output."""
        return members(self.graph, node)[-1].outputs[0].type.positions

    def extents(self, value: Value) -> dict[str, int]:
        """Return the size of a value on every position axis."""
        return {axis: self._evaluate(value.type.size(axis)) for axis in value.type.positions}
