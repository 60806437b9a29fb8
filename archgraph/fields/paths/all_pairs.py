"""All outputs at once: those that lie alike among the phases of a network are walked together."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from functools import cached_property
from math import lcm

from archgraph.fields.paths.courses import Course, own_course
from archgraph.fields.paths.frames import Frame
from archgraph.fields.paths.homes import Home, Located
from archgraph.fields.paths.index_rules import IndexRule, Mapped, Several, Stretched, UpTo
from archgraph.fields.paths.moves import Moves
from archgraph.fields.paths.reached import reached
from archgraph.fields.paths.target import PathTarget
from archgraph.fields.paths.walk import Levels, PathWalk, PlaceSet
from archgraph.fields.paths.walks import ManyReach, ManyWalk, SingleReach
from archgraph.fields.sets.indices import Indices, interval
from archgraph.fields.sets.limits import check_places
from archgraph.graph.ir import Node, Value
from archgraph.steps import stepping

MOST_CLASSES = 1 << 12
"""Classes of outputs that are walked one after another."""


class AllPairs:
    """The moves from all positions of an output to those of the input.

    Args:
        moves: the graph of positions.
        target: the output.
        home: where it is.
        input: the input.
    """

    def __init__(self, moves: Moves, target: PathTarget, home: Located, input: Value) -> None:
        self._moves = moves
        self._target = target
        self._home = home
        self._input = input
        self._walk = ManyWalk(moves)
        self._known: dict[int, Levels[Course]] = {}

    def classes(self) -> Iterator[tuple[range, Levels[Course]]]:
        """Yield the outputs of every class, with what reaches the input from them.

        Raises:
            QueryError: there are too many classes, or very many outputs differ one by one.
        """
        for first in self._firsts():
            yield self._outputs(first), self.of_class(first)

    def of_class(self, first: int) -> Levels[Course]:
        """Return what reaches the input from the outputs of a class, found once."""
        if first not in self._known:
            self._known[first] = self._reached(self._walk, first)
        return self._known[first]

    def of(self, output: int) -> Levels[Indices] | None:
        """Return what reaches the input from one output, None as long as its class has not been asked for."""
        j, first = divmod(output, self.period) if self._known else (0, -1)
        levels = self._known.get(first)
        return None if levels is None else tuple(places.at(j) for places in levels)

    @property
    def connected(self) -> int:
        """How many pairs of an output and an input position a path connects.

        Raises:
            QueryError: as of classes.
        """
        if self.period == self._home.count:
            alone = SingleReach(self._moves)
            each = (self._levels(alone, interval(output, output)) for output in self._firsts())
            return sum(levels[-1].touched for levels in each if levels)
        walk = ManyReach(self._moves)
        return sum(levels[-1].total for first in self._firsts() if (levels := self._reached(walk, first)))

    def _firsts(self) -> Iterator[int]:
        check_places("the output", self.period)
        return iter(stepping(range(self.period), "classes of outputs"))

    def _outputs(self, first: int) -> range:
        return range(first, self._home.count, self.period)

    def _reached(self, walk: ManyWalk, first: int) -> Levels[Course]:
        seed = own_course(len(self._outputs(first)), first, self.period)
        return self._levels(walk, seed)

    def _levels(self, walk: PathWalk[PlaceSet], seed: PlaceSet) -> Levels[PlaceSet]:
        return reached(walk, self._target, seed).states[0].get(self._input, ())

    @cached_property
    def period(self) -> int:
        """After how many outputs all maps on the way have come round, or how many outputs there are."""
        return min(self._found_period(), self._home.count)

    def _found_period(self) -> int:
        if not isinstance(self._home, Home):
            return self._home.count
        found = 1
        for frame in _frames(self._moves.top):
            for node in frame.graph.nodes:
                if isinstance(node, Node):
                    found = lcm(found, self._node_period(frame, node))
                    if found >= self._home.count:
                        return self._home.count
        return found

    def _node_period(self, frame: Frame, node: Node) -> int:
        assert isinstance(self._home, Home)
        found = 1
        for index, value in enumerate(node.outputs):
            home = frame.homes[value]
            if not isinstance(home, Home):
                continue
            step: Fraction = self._home.stride / home.stride
            for links in self._moves.connections(frame, node, index).values():
                for period in (*_periods(links.read), *_periods(links.still)):
                    found = lcm(found, (step / period).denominator)
        return found


def _periods(rule: IndexRule) -> Iterator[int]:
    if isinstance(rule, Mapped):
        yield rule.map.period
    elif isinstance(rule, UpTo):
        yield rule.edge.period
    elif isinstance(rule, Stretched):
        yield from _periods(rule.rule)
    elif isinstance(rule, Several):
        for part in rule.rules:
            yield from _periods(part)


def _frames(frame: Frame) -> list[Frame]:
    """Return all frames of a network, each once."""
    found: dict[Frame, None] = {}
    left = [frame]
    while left:
        one = left.pop()
        if one not in found:
            found[one] = None
            left += [inner for iterations in one.inside.values() for inner in iterations.frames]
    return list(found)
