"""Paths by which far pixels meet: hops between two positions, the worst of them, and the depth that they need."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import copy

from archgraph.errors import QueryError
from archgraph.fields.paths.hop_path import HopPath, PathTracer
from archgraph.fields.paths.hops import Arrivals, Moves, Reached
from archgraph.fields.sets.limits import check_cells, check_places
from archgraph.graph.ir import Graph, Value
from archgraph.graph.locate import axis_named, checked_distance, input_named, members
from archgraph.keywords import strict_methods
from archgraph.sizes.exact import Evaluate


@strict_methods
class Paths:
    """The paths of a flat network from one input to one output, along one axis.

    Args:
        graph: without repeats, with numbers for sizes.
        node: the node whose output is asked about, by default the one that gives the only output.
        input: the name of the input, by default the only one with positions.
        axis: an axis of the input, by default its first.
        evaluate: gives the value of a size.

    Raises:
        QueryError: there is no such node, input or axis, or the output has no places along the axis.
    """

    def __init__(
        self,
        graph: Graph,
        node: str | Value | None = None,
        input: str | None = None,
        axis: str | None = None,
        *,
        evaluate: Evaluate,
    ) -> None:
        self.input = input_named(graph, input)
        self.axis = axis_named(self.input, axis)
        self.extent = evaluate(self.input.type.size(self.axis))
        check_places(self.axis, self.extent)
        self._moves = Moves(graph, self.input, self.axis, evaluate)
        self._lead_to(node)

    def _lead_to(self, node: str | Value | None) -> None:
        self.output = members(self._moves.graph, node)[-1].outputs[0]
        home = self._moves.homes[self.output]
        if home is None:
            raise QueryError(f"the output '{self.output.name}' has no places along {self.axis}: every path gathers all")
        self.home = home
        self._all: Arrivals | None = None
        self._rows: dict[int, list[int | None]] = {}

    def __repr__(self) -> str:
        return f"<paths along {self.axis}: {self.input.name} ({self.extent}) to {self.output.name} ({self.home.count})>"

    def to(self, node: str | Value | None) -> Paths:
        """Return the paths to the output of another node, over the same moves.

        Raises:
            QueryError: there is no such node, or its output has no places along the axis.
        """
        other = copy(self)
        other._lead_to(node)
        return other

    @property
    def reached(self) -> Arrivals:
        """Per input position, which outputs get there by at most 0, 1, 2, ... moves, as bits."""
        if self._all is None:
            seed = tuple((1 << x,) for x in range(self.home.count))
            empty: Arrivals = ((),) * self.extent
            self._all = self._moves.states(self.output, seed).get(self.input, empty)
        return self._all

    @property
    def connected(self) -> float:
        """The share of all pairs of an input and an output position that a path connects."""
        pairs = sum(reached[-1].bit_count() for reached in self.reached if reached)
        return pairs / (self.extent * self.home.count)

    def hops(self, position: int, output: int) -> int | None:
        """Return the fewest moves from an input position to an output position, None where no path leads."""
        if self._all is None:
            return self._row(output)[position]
        return _first_with(self._all[position], output)

    def _row(self, output: int) -> list[int | None]:
        if output not in self._rows:
            (self._rows[output],) = self.rows([output])
        return self._rows[output]

    def rows(self, outputs: Sequence[int]) -> list[list[int | None]]:
        """Return the hops from every input position to some outputs: `matrix`, of these rows only."""
        if self._all is not None:
            return [[_first_with(masks, output) for masks in self._all] for output in outputs]
        seed: list[Reached] = [()] * self.home.count
        for row, output in enumerate(outputs):
            seed[output] = (sum(seed[output]) | 1 << row,)
        empty: Arrivals = ((),) * self.extent
        reached = self._moves.states(self.output, tuple(seed)).get(self.input, empty)
        return [[_first_with(masks, row) for masks in reached] for row in range(len(outputs))]

    def matrix(self) -> list[list[int | None]]:
        """Return the hops of all pairs: a row per output, a column per input position.

        Raises:
            QueryError: there are too many.
        """
        check_cells(self.home.count, self.extent)
        matrix: list[list[int | None]] = [[None] * self.extent for _ in range(self.home.count)]
        # All at once: row by row the network would be walked anew.
        for position, reached in enumerate(self.reached):
            before = 0
            for moves, mask in enumerate(reached):
                for output in _places(mask & ~before):
                    matrix[output][position] = moves
                before = mask
        return matrix

    @property
    def centre(self) -> int:
        """The output whose cell holds the middle of the input."""
        return min(max(int((self.extent // 2 - self.home.offset) // self.home.stride), 0), self.home.count - 1)

    def beside(self, output: int, distance: int) -> tuple[int, ...]:
        """Return the input positions at a distance from the cell of an output.

        Raises:
            QueryError: the distance is negative.
        """
        checked_distance(distance)
        start, stop = self.home.cell(output)
        sides = (-int(-start // 1) - distance, -int(-stop // 1) - 1 + distance)
        return tuple(q for q in sides if 0 <= q < self.extent)

    def at_distance(self, distance: int, output: int | None = None) -> int | None:
        """Return the hops to the position at a distance: of both sides the farther one that a path leads to."""
        chosen = self.centre if output is None else output
        found = [self.hops(q, chosen) for q in self.beside(chosen, distance)]
        return max((hops for hops in found if hops is not None), default=None)

    def max_path(self, output: int | None = None) -> int:
        """Return the most hops of any pair that a path connects, or of those of one output."""
        wanted = -1 if output is None else 1 << output
        return max((k for q in range(self.extent) for k in self._first(q, wanted)), default=0)

    def _first(self, position: int, wanted: int) -> Iterator[int]:
        """Yield the numbers of moves after which some wanted output gets to a position for the first time."""
        before = 0
        for k, mask in enumerate(self.reached[position]):
            if mask & ~before & wanted:
                yield k
            before |= mask

    def reach(self, output: int | None = None) -> int:
        """Return how far the farthest position is that a path connects with an output."""
        chosen = self.centre if output is None else output
        start, stop = self.home.cell(chosen)
        near, far = -int(-start // 1), -int(-stop // 1) - 1
        connected = (q for q in range(self.extent) if self.hops(q, chosen) is not None)
        return max((max(near - q, q - far, 0) for q in connected), default=0)

    def check_output(self, output: int) -> None:
        """Refuse a position that the output does not have.

        Raises:
            QueryError: it lies outside.
        """
        _check_inside(self.axis, output, self.home.count)

    def path(self, position: int, output: int) -> HopPath | None:
        """Return a path with the fewest moves, None where there is none.

        Raises:
            QueryError: a position lies outside.
        """
        _check_inside(self.axis, position, self.extent)
        self.check_output(output)
        seed: Arrivals = tuple((1,) if x == output else () for x in range(self.home.count))
        states = self._moves.states(self.output, seed, keep=True)
        tracer = PathTracer(self._moves, states, self.output)
        return tracer.path(self.axis, position, output) if self.input in states else None


def _check_inside(axis: str, place: int, count: int) -> None:
    if not 0 <= place < count:
        raise QueryError(f"{axis}={place} lies outside: there are {count} positions")


def _first_with(reached: Reached, output: int) -> int | None:
    return next((k for k, mask in enumerate(reached) if mask >> output & 1), None)


def _places(mask: int) -> Iterator[int]:
    """Yield the bits of a long mask, from its text: shifting it for every bit would cost its length each time."""
    text = f"{mask:b}"[::-1]
    place = text.find("1")
    while place >= 0:
        yield place
        place = text.find("1", place + 1)
