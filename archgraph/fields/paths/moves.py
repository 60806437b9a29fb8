"""The graph of positions of a network along one axis of an input."""

from __future__ import annotations

from archgraph.errors import QueryError
from archgraph.fields.paths.connections import Connection, connection
from archgraph.fields.paths.frames import Frame, Framing
from archgraph.fields.positions.probe import ReadBack
from archgraph.graph.ir import Graph, Node, Value
from archgraph.sizes.exact import Evaluate


class Moves:
    """The connections of operations with their operands, made when they are asked for.

    Its vertices are the coordinates of values, its edges lead to what an operation reads. An edge is a move where the
    cells of its ends do not overlap; within a cell nothing is moved.

    Args:
        graph: the network.
        input: the input.
        axis: one of its axes.
        evaluate: gives the value of a size.
    """

    def __init__(self, graph: Graph, input: Value, axis: str, evaluate: Evaluate) -> None:
        self._axis, self._evaluate = axis, evaluate
        self._framing = Framing(graph, input, axis, evaluate)
        self.top: Frame = self._framing.frame()
        self._reader = ReadBack(evaluate)
        self._shared: dict[object, dict[int, Connection]] = {}
        self._made: dict[tuple[Frame, Node, int], dict[int, Connection]] = {}

    def connections(self, frame: Frame, node: Node, output: int) -> dict[int, Connection]:
        """Return the connections of one output of a node with every operand that it reads."""
        self.check_told(frame, node.outputs[output])
        key = (frame, node, output)
        if key not in self._made:
            self._made[key] = self._connections(frame, node, output)
        return self._made[key]

    def check_told(self, frame: Frame, value: Value) -> None:
        """Refuse a value that would count as lying nowhere, so that going through it would cost nothing.

        Raises:
            QueryError: its positions are in no order along the axis.
        """
        if value in frame.untold:
            message = f"where '{value.name}' lies along {self._axis} depends on several axes, or wraps around"
            raise QueryError(f"{message}: no hops through it", hint="ask about a node before it, or along another axis")

    def _connections(self, frame: Frame, node: Node, output: int) -> dict[int, Connection]:
        # Layers of a kind do the same on the same cells, and share what they have found.
        home, sources = frame.homes[node.outputs[output]], tuple(frame.homes[value] for value in node.inputs)
        shared = (node.op, node.types, output, home, sources)
        if shared not in self._shared:
            regions = self._framing.reads(node)[output]
            self._shared[shared] = {
                operand: connection(relation, regions[operand], self._sizes(node, operand), sources[operand], home)
                for operand, relation in self._reader.relations(node, output).items()
            }
        return self._shared[shared]

    def _sizes(self, node: Node, operand: int) -> tuple[int, ...]:
        type_ = node.types[operand]
        return tuple(self._evaluate(type_.size(axis)) for axis in type_.positions)
