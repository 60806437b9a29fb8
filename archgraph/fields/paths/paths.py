"""Paths by which far pixels meet: hops between two positions, the worst of them, and the depth that they need."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import copy
from dataclasses import replace

from archgraph.errors import QueryError, counted
from archgraph.fields.paths.all_pairs import AllPairs
from archgraph.fields.paths.courses import Course
from archgraph.fields.paths.hop_path import HopPath
from archgraph.fields.paths.moves import Moves
from archgraph.fields.paths.picked import picked_ways
from archgraph.fields.paths.reached import Reached, reached
from archgraph.fields.paths.target import target
from archgraph.fields.paths.trace import PathTracer, least
from archgraph.fields.paths.walk import Levels
from archgraph.fields.paths.walks import SingleWalk
from archgraph.fields.positions.doubts import doubts
from archgraph.fields.sets.index_sets import without
from archgraph.fields.sets.indices import EMPTY, Indices, interval
from archgraph.fields.sets.limits import check_calls, check_cells
from archgraph.graph.ir import Graph, Value
from archgraph.graph.locate import axis_named, checked_distance, input_named
from archgraph.keywords import strict_methods
from archgraph.sizes.exact import Evaluate
from archgraph.steps import stepping


@strict_methods
class Paths:
    """The paths of a network from one input to one output, along one axis.

    Args:
        graph: the network; repeats stay whole.
        node: the operation or scope whose last output is asked about, or a value, by default the only output.
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
        check_calls(graph)
        self.input: Value = input_named(graph, input)
        self.axis: str = axis_named(self.input, axis)
        self.extent: int = evaluate(self.input.type.size(self.axis))
        self._evaluate = evaluate
        self._walk = SingleWalk(Moves(graph, self.input, self.axis, evaluate))
        self._lead_to(node)

    def _lead_to(self, node: str | Value | None) -> None:
        self._target = target(self._walk.moves.top.graph, node, self._evaluate)
        frame = self._target.frames(self._walk.moves.top)[-1]
        self._walk.moves.check_told(frame, self._target.value)
        home = frame.homes[self._target.value]
        if home is None:
            raise QueryError(
                f"the output '{self._target.name}' has no places along {self.axis}: every path gathers all"
            )
        self.home = home
        self._rows: dict[int, Reached[Indices]] = {}
        self._pairs = AllPairs(self._walk.moves, self._target, home, self.input)

    def __repr__(self) -> str:
        return f"<paths along {self.axis}: {self.input.name} ({self.extent}) to {self.output} ({self.home.count})>"

    @property
    def output(self) -> str:
        """The name of the output in the network without repeats."""
        return self._target.name

    @property
    def why(self) -> tuple[str, ...]:
        """Why hops are at least: operations on the way that may read less, or differ along another axis that is picked.

        None is no proof.
        """
        frame = self._target.frames(self._walk.moves.top)[-1]
        maker = [member for member in frame.graph.nodes if self._target.value in member.outputs]
        repeats = tuple(repeat for repeat, _ in self._target.around)
        top, chain, value = self._walk.moves.top, (*repeats, *maker), self._target.value
        if not maker:
            return ()
        doubtful = doubts(top.graph, chain, (value,), self._evaluate)
        return (*doubtful, *picked_ways(top.graph, top, chain, value, self._evaluate))

    def to(self, node: str | Value | None) -> Paths:
        """Return the paths to the output of another node, over the same moves.

        Raises:
            QueryError: there is no such node, or its output has no places along the axis.
        """
        other = copy(self)
        other._lead_to(node)
        return other

    # -- from one output --------------------------------------------------------------------------------------

    def _reached(self, output: int) -> Reached[Indices]:
        if output not in self._rows:
            self._rows[output] = reached(self._walk, self._target, interval(output, output))
        return self._rows[output]

    def levels(self, output: int) -> Levels[Indices]:
        """Return the input positions from which an output is at most 0, 1, 2, ... moves away.

        Raises:
            QueryError: the output lies outside.
        """
        self.check_output(output)
        found = self._pairs.of(output)
        if found is not None:
            return self._walk.trimmed(list(found)) if found else ()
        return self._reached(output).states[0].get(self.input, ())

    def many(self, outputs: Sequence[int]) -> list[Levels[Indices]]:
        """Return the levels of several outputs; outputs in equal positions are walked together.

        Raises:
            QueryError: an output lies outside, or very many outputs differ one by one.

        >>> from archgraph import load
        >>> g = load("vgg").network
        >>> first, second = Paths(g.graph, node="stage(0)", evaluate=g.evaluate).many([0, 1])
        >>> len(first) - 1, len(second) - 1  # moves: one for each convolution
        (2, 2)
        """
        classes = dict.fromkeys(output % self._pairs.period for output in outputs)
        if 2 * len(classes) <= len(outputs):
            for first in classes:
                self._pairs.of_class(first)
        return [self.levels(output) for output in outputs]

    def hops(self, position: int, output: int) -> int | None:
        """Return the fewest moves from an input position to an output position, None if no path leads there.

        Raises:
            QueryError: a position lies outside.
        """
        _check_inside(self.axis, position, self.extent)
        return least(self.levels(output), position)

    def rows(self, outputs: Sequence[int]) -> list[list[int | None]]:
        """Return the hops from every input position to some outputs: these rows of `matrix` only."""
        check_cells(len(outputs), self.extent)
        return [self._row(output) for output in stepping(outputs, "outputs")]

    def _row(self, output: int) -> list[int | None]:
        return _spread(self.levels(output), self.extent)

    @property
    def centre(self) -> int:
        """The output whose cell holds the middle of the input."""
        return self.home.at(self.extent // 2)

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
        """Return the hops to the position at a distance, on the side that takes more hops."""
        chosen = self.centre if output is None else output
        found = [self.hops(q, chosen) for q in self.beside(chosen, distance)]
        return max((hops for hops in found if hops is not None), default=None)

    def reach(self, output: int | None = None) -> int:
        """Return the distance of the farthest position that a path connects with an output."""
        chosen = self.centre if output is None else output
        start, stop = self.home.cell(chosen)
        near, far = -int(-start // 1), -int(-stop // 1) - 1
        levels = self.levels(chosen)
        return max(near - levels[-1].lo, levels[-1].hi - far, 0) if levels else 0

    # -- between all positions --------------------------------------------------------------------------------

    def max_path(self, output: int | None = None) -> int:
        """Return the largest number of hops of any connected pair, or of the pairs of one output."""
        if output is not None:
            return max(len(self.levels(output)) - 1, 0)
        return max((len(levels) - 1 for _, levels in self._classes), default=0)

    @property
    def _classes(self) -> Iterator[tuple[range, Levels[Course]]]:
        """What reaches the input from all outputs, by classes of these."""
        return ((outputs, levels) for outputs, levels in self._pairs.classes() if levels)

    @property
    def connected(self) -> float:
        """The share of all pairs of an input and an output position that a path connects."""
        return self._pairs.connected / (self.extent * self.home.count)

    def matrix(self) -> list[list[int | None]]:
        """Return the hops of all pairs: a row per output, a column per input position.

        Raises:
            QueryError: there are too many.
        """
        check_cells(self.home.count, self.extent)
        rows: list[list[int | None]] = [[None] * self.extent for _ in range(self.home.count)]
        for outputs, levels in self._classes:
            for j, output in enumerate(outputs):
                rows[output] = _spread([places.at(j) for places in levels], self.extent)
        return rows

    # -- by name ----------------------------------------------------------------------------------------------

    def check_output(self, output: int) -> None:
        """Refuse a position that the output does not have.

        Raises:
            QueryError: it lies outside.
        """
        _check_inside(self.axis, output, self.home.count)

    def path(self, position: int, output: int) -> HopPath | None:
        """Return a path with the fewest moves, None if there is none.

        Raises:
            QueryError: a position lies outside.
        """
        _check_inside(self.axis, position, self.extent)
        self.check_output(output)
        found = PathTracer(self._walk, self._reached(output)).path(self.axis, self.input, position, output)
        return None if found is None else replace(found, why=self.why)


def _check_inside(axis: str, place: int, count: int) -> None:
    if not 0 <= place < count:
        raise QueryError(f"{axis}={place} lies outside: there are {counted(count, 'position')}")


def _spread(levels: Sequence[Indices], extent: int) -> list[int | None]:
    """Return the moves of every position."""
    row: list[int | None] = [None] * extent
    before = EMPTY
    for moves, places in enumerate(levels):
        for start, step, length in without(places, before).runs():
            row[start : start + step * length : step] = [moves] * length
        before = places
    return row
