"""Questions about single positions of a network, borders included: what is read, what is not, what is clean."""

from __future__ import annotations

from collections.abc import Mapping

from archgraph.errors import QueryError
from archgraph.fields.positions.doubts import doubts
from archgraph.fields.positions.interior import Touched
from archgraph.fields.positions.probe import Probe, ReadBack, chosen
from archgraph.fields.rules.node_reads import Learned
from archgraph.fields.sets import area
from archgraph.fields.sets.area import NO_AREA
from archgraph.fields.sets.field import ReadKind
from archgraph.graph.ir import Graph, Member, Value
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

    def probe(
        self, node: str, index: Mapping[str, int], kind: ReadKind = "content", output: int | None = None
    ) -> Probe:
        """Return the positions that a node reads at some index; axes that are not named take all indices.

        Of several outputs, all those count that have the named axes.

        Args:
            node: the path of the node.
            index: an index per axis.
            kind: content, gate or stat.
            output: which output of the node, by number; None for all.

        Raises:
            QueryError: there is no such node, axis or index.
        """
        chain = members(self.graph, node)
        seed = {value: chosen(self.extents(value), index, node) for value in self._asked(chain[-1], index, output)}
        reader = self._reader(kind)
        read = walk_back(reader, self.graph, chain, seed).get(self.input, NO_AREA)
        extents, exact, why = self.extents(self.input), True, ()
        if reader.bounded:
            # What is read at most is exact where as much is read in any case.
            sure = walk_back(self._reader(kind, certain=True), self.graph, chain, seed)
            exact = sure.get(self.input, NO_AREA) == read
            why = () if exact else self.doubts(node, output)
        return Probe(node, self.input.name, extents, kind, read, exact, fixed_weights=self.fixed_weights, why=why)

    def _asked(self, member: Member, index: Mapping[str, int], output: int | None) -> tuple[Value, ...]:
        """Return the outputs that are asked for at an index: the first one where none has its axes."""
        if output is not None:
            return (member.outputs[output],)
        having = tuple(value for value in member.outputs if set(index) <= set(value.type.positions))
        return having or member.outputs[:1]

    def doubts(self, node: str, output: int | None = None) -> tuple[str, ...]:
        """Return why what a node reads is a bound, with the operation that makes it so."""
        chain = members(self.graph, node)
        asked = chain[-1].outputs if output is None else (chain[-1].outputs[output],)
        return doubts(self.graph, chain, asked, self._evaluate)

    def _reader(self, kind: ReadKind, *, certain: bool = False) -> ReadBack:
        key = (kind, certain)
        if key not in self._readers:
            self._readers[key] = ReadBack(self._evaluate, kind, self._learned, certain=certain)
        return self._readers[key]

    @property
    def fixed_weights(self) -> bool:
        """Whether what is mixed with weights computed from an input is left out."""
        return self._learned is not None

    def unread(self, node: str, kind: ReadKind = "content", output: int | None = None) -> Probe:
        """Return the positions of the input that no position of a node reads."""
        extents = self.extents(self.input)
        found = self.probe(node, {}, kind, output)
        missing = area.complement(found.area, tuple(extents.values()))
        title, fixed = "unread by {node} of {input}", self.fixed_weights
        return Probe(
            node, self.input.name, extents, kind, missing, found.exact, title, fixed_weights=fixed, why=found.why
        )

    def interior(self, node: str, output: int | None = None) -> Probe:
        """Return the positions of a node that read no padding, no repeated border and no window that a border cuts.

        Raises:
            QueryError: there is no such node, or its outputs have positions of their own and none was asked for.
        """
        chain = members(self.graph, node)
        asked = chain[-1].outputs if output is None else (chain[-1].outputs[output],)
        extents = self.extents(asked[0])
        if any(self.extents(value) != extents for value in asked):
            raise QueryError(f"'{node}' has several outputs, with positions of their own: ask for one of them")
        touched = Touched(self._evaluate, self._learned).at(self.graph, chain, asked)
        clean = area.complement(touched, tuple(extents.values()))
        return Probe(node, node, extents, "content", clean, title="positions of {node} that no border touches")

    def axes(self, node: str, output: int | None = None) -> tuple[str, ...]:
        """Return the position axes of a node's output; of several outputs, those of the first."""
        return members(self.graph, node)[-1].outputs[output or 0].type.positions

    def extents(self, value: Value) -> dict[str, int]:
        """Return the size of a value on every position axis."""
        return {axis: self._evaluate(value.type.size(axis)) for axis in value.type.positions}
