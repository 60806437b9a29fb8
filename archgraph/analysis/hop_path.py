"""A path of fewest moves, operation by operation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from archgraph.analysis.hops import Moves, State
from archgraph.analysis.moves import Edges
from archgraph.ir import Node, Value


@dataclass(frozen=True)
class HopStep:
    """One operation on a path.

    Attributes:
        node: its path.
        place: where its output is at home in the input, None where it belongs to no place.
        moved: whether what it reads there is at home elsewhere.
    """

    node: str
    place: tuple[int, int] | None
    moved: bool

    def __str__(self) -> str:
        place = "" if self.place is None else f" {self.place[0]}..{self.place[1]}"
        return f"{self.node}{place}{' *' if self.moved else ''}"


@dataclass(frozen=True, repr=False)
class HopPath:
    """A path with the fewest moves from an input position to an output position.

    Attributes:
        axis: the axis of the input.
        start: the input position.
        end: the output position.
        moves: how many operations bring it from one cell to another.
        steps: the operations on the path, in the network's order.
    """

    axis: str
    start: int
    end: int
    moves: int
    steps: tuple[HopStep, ...]

    @property
    def movers(self) -> tuple[str, ...]:
        """The operations that move it."""
        return tuple(step.node for step in self.steps if step.moved)

    def __repr__(self) -> str:
        count = "1 move" if self.moves == 1 else f"{self.moves} moves"
        lines = [f"{self.axis}={self.start} to {self.axis}={self.end}: {count}", *map(str, self.steps)]
        return "\n  ".join(lines)


class PathTracer:
    """Follows moves from the input to an output, given how many are left at every vertex.

    Args:
        moves: the graph of positions.
        states: what reaches every coordinate of every value from one output position.
        output: the value of that position.
    """

    def __init__(self, moves: Moves, states: dict[Value, State], output: Value) -> None:
        self._moves = moves
        self._states = states
        self._output = output
        self._readers: dict[Value, list[tuple[Node, int, int]]] = {}
        for node in moves.graph.nodes:
            assert isinstance(node, Node)
            for index, value in enumerate(node.outputs):
                for operand in moves.edges(node, index) if value in states else ():
                    self._readers.setdefault(node.inputs[operand], []).append((node, index, operand))

    def path(self, axis: str, position: int, output: int) -> HopPath | None:
        """Return the path from an input position, None where there is none."""
        left = _least(self._states[self._moves.input][position])
        if left is None:
            return None
        return HopPath(axis, position, output, left, tuple(self._steps(position, left)))

    def _steps(self, x: int, left: int) -> Iterator[HopStep]:
        value = self._moves.input
        while value is not self._output:
            node, value, x, cost = next(self._next(value, x, left))
            left -= cost
            home = self._moves.homes[value]
            yield HopStep(node.name, None if home is None else _whole(*home.cell(x)), bool(cost))

    def _next(self, value: Value, x: int, left: int) -> Iterator[tuple[Node, Value, int, int]]:
        """Yield the vertices that a path with so many moves left may go to; moves come first."""
        for cost in (1, 0):
            for node, index, operand in self._readers[value]:
                links, output = self._moves.edges(node, index)[operand], node.outputs[index]
                for target, reached in enumerate(self._states[output]):
                    if _least(reached) == left - cost and _cost(links, target, x) == cost:
                        yield node, output, target, cost


def _least(reached: tuple[int, ...]) -> int | None:
    return next((k for k, mask in enumerate(reached) if mask), None)


def _cost(links: Edges, output: int, operand: int) -> int | None:
    """Return the cost of an edge, None where there is none."""
    connected = links.table is None or links.table[output] >> operand & 1
    if not connected or (links.causal and operand > output):
        return None
    return 0 if links.still[output] >> operand & 1 else 1


def _whole(start: Fraction, stop: Fraction) -> tuple[int, int]:
    first = -int(-start // 1)
    return first, max(first, -int(-stop // 1) - 1)
