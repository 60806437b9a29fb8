"""All outputs at once: those that lie alike among the phases of a network are walked together."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from math import lcm

from archgraph.fields.paths.courses import Course, own_course
from archgraph.fields.paths.frames import Frame
from archgraph.fields.paths.homes import Home, Located
from archgraph.fields.paths.index_rules import IndexRule, Mapped, Several, UpTo
from archgraph.fields.paths.moves import Moves
from archgraph.fields.paths.reached import reached
from archgraph.fields.paths.target import PathTarget
from archgraph.fields.paths.walk import Levels
from archgraph.fields.paths.walks import ManyWalk
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

    def classes(self) -> Iterator[tuple[range, Levels[Course]]]:
        """Yield the outputs of every class, with what reaches the input from them.

        Raises:
            QueryError: there are too many classes, or very many outputs differ one by one.
        """
        count, walk = self._home.count, ManyWalk(self._moves)
        period = min(self._period(), count)
        check_places("the output", period)
        for first in stepping(range(period), "classes of outputs"):
            outputs = range(first, count, period)
            seed = own_course(len(outputs), first, period)
            yield outputs, reached(walk, self._target, seed).states[0].get(self._input, ())

    def _period(self) -> int:
        """Return after how many outputs all maps on the way have come round."""
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
