"""A path of fewest moves, operation by operation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias

from archgraph.fields.paths.hops import Arrivals, Moves
from archgraph.fields.paths.moves import Edges
from archgraph.graph.ir import Node, Value


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


MOST_LINES = 40
"""Of a path as text; `steps` has all of them."""


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
        if len(lines) > MOST_LINES:
            half = MOST_LINES // 2
            lines[half:-half] = [f"… {len(lines) - 2 * half} more steps"]
        return "\n  ".join(lines)


Vertex: TypeAlias = tuple[Value, int]
"""A value and one of its coordinates."""


@dataclass(frozen=True)
class _Arc:
    """How a path gets to a vertex: from another one, by an operation, moving or not."""

    start: Vertex
    node: Node
    moved: bool


class PathTracer:
    """Follows moves from the input to an output, given how many are left at every vertex.

    Of all paths with the fewest moves it takes one that moves as early in the network as possible.

    Args:
        moves: the graph of positions.
        states: what reaches every coordinate of every value from one output position.
        output: the value of that position.
    """

    def __init__(self, moves: Moves, states: dict[Value, Arrivals], output: Value) -> None:
        self._moves = moves
        self._states = states
        self._output = output

    def path(self, axis: str, position: int, output: int) -> HopPath | None:
        """Return the path from an input position, None where there is none."""
        left = _least(self._states[self._moves.input][position])
        if left is None:
            return None
        vertex, steps = (self._moves.input, position), []
        for remaining in range(left, -1, -1):
            vertex, stretch = self._stretch(vertex, remaining)
            steps += stretch
        return HopPath(axis, position, output, left, tuple(steps))

    def _stretch(self, start: Vertex, left: int) -> tuple[Vertex, list[HopStep]]:
        """Return the steps up to and with the next move, or up to the output when none is left."""
        found: dict[Vertex, _Arc] = {}
        for vertex, arc in self._arcs(start, left):
            found[vertex] = arc
            if arc.moved or (not left and vertex[0] is self._output):
                return vertex, list(self._traced(found, start, vertex))
        return start, []

    def _arcs(self, start: Vertex, left: int) -> Iterator[tuple[Vertex, _Arc]]:
        """Yield what can be reached without a move, in the network's order, and what can be by one move."""
        reached: dict[Value, set[int]] = {start[0]: {start[1]}}
        for node in self._moves.graph.nodes:
            assert isinstance(node, Node)
            for index, value in enumerate(node.outputs):
                links = self._moves.edges(node, index) if value in self._states else {}
                for operand, connections in links.items():
                    for x in tuple(reached.get(node.inputs[operand], ())):
                        for target, moved in self._targets(connections, value, x, left):
                            reached.setdefault(value, set()).add(target)
                            yield (value, target), _Arc((node.inputs[operand], x), node, moved)

    def _targets(self, links: Edges, value: Value, x: int, left: int) -> Iterator[tuple[int, bool]]:
        """Yield the coordinates that a path with the fewest moves may go to, those behind a move first."""
        for cost in (1, 0):
            for target, reached in enumerate(self._states[value]):
                if _least(reached) == left - cost and _cost(links, target, x) == cost:
                    yield target, bool(cost)

    def _traced(self, found: dict[Vertex, _Arc], start: Vertex, end: Vertex) -> list[HopStep]:
        steps = []
        while end != start:
            arc = found[end]
            home = self._moves.homes[end[0]]
            place = None if home is None else _whole(*home.cell(end[1]))
            steps.append(HopStep(arc.node.name, place, arc.moved))
            end = arc.start
        return steps[::-1]


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
