"""Follows a path of fewest moves from an input position to an output."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from itertools import count
from typing import NamedTuple, TypeAlias

from archgraph.fields.paths.connections import Connection
from archgraph.fields.paths.frames import Frame
from archgraph.fields.paths.homes import Located
from archgraph.fields.paths.hop_path import HopPath, HopStep
from archgraph.fields.paths.reached import Reached
from archgraph.fields.paths.target import label
from archgraph.fields.paths.walk import Carried, Levels, WalkStates
from archgraph.fields.paths.walks import SingleWalk
from archgraph.fields.sets.index_sets import common, without
from archgraph.fields.sets.indices import EMPTY, Indices, interval, union
from archgraph.fields.sets.limits import check_passed
from archgraph.graph.ir import Node, Repeat, Value
from archgraph.steps import stepping

Vertex: TypeAlias = tuple[int, Value]
"""A value of one iteration, by the number of its scope."""


class _Scope(NamedTuple):
    """One iteration as it is looked at: its number, the frame, what reaches its values, its path, the output's depth.

    The depth is how many iterations lie around it, None where the output does not lie in it.
    """

    number: int
    frame: Frame
    states: WalkStates[Indices]
    prefix: str
    depth: int | None


class _Arc(NamedTuple):
    """That an operation leads on, without a move, from some coordinates of an operand."""

    node: str
    home: Located | None
    links: Connection
    operand: Vertex
    places: Indices


@dataclass
class _Stretch:
    """What is reached from one coordinate without a move.

    Attributes:
        start: the value and its coordinate.
        places: which coordinates of values.
        arcs: how they are reached.
        alias: what a value of a body is outside of it.
    """

    start: tuple[Vertex, int]
    places: dict[Vertex, Indices]
    arcs: dict[Vertex, list[_Arc]] = field(default_factory=dict)
    alias: dict[Vertex, Vertex] = field(default_factory=dict)

    def traced(self, key: Vertex, place: int) -> list[HopStep]:
        """Return the steps to a coordinate, the last of several ways."""
        steps: list[HopStep] = []
        while key != self.start[0]:
            if key in self.alias:
                key = self.alias[key]
                continue
            for arc in reversed(self.arcs[key]):
                behind = common(arc.links.still.at(place), arc.places)
                if behind.length:
                    steps.append(HopStep(arc.node, shown(arc.home, place), moved=False))
                    key, place = arc.operand, behind.hi
                    break
        return steps[::-1]


class PathTracer:
    """Follows moves from the input to an output, given how many are left at every vertex.

    Of all paths with the fewest moves it takes one that moves as early in the network as possible.

    Args:
        walk: the moves.
        reached: what reaches the network from one output position.
    """

    def __init__(self, walk: SingleWalk, reached: Reached[Indices]) -> None:
        self._walk = walk
        self._reached = reached
        self._numbers = count()
        self._passed = 0
        self._steps: list[HopStep] = []
        self._done = False

    def path(self, axis: str, input: Value, position: int, output: int) -> HopPath | None:
        """Return the path from an input position, None where there is none."""
        states = self._reached.states[0]
        left = least(states.get(input, ()), position)
        if left is None:
            return None
        self._left = left
        scope = _Scope(next(self._numbers), self._walk.moves.top, states, "", 0)
        self._begin((scope.number, input), position)
        self._scan(scope)
        return HopPath(axis, position, output, left, tuple(self._steps))

    def _begin(self, key: Vertex, place: int) -> None:
        self._stretch = _Stretch((key, place), {key: interval(place, place)})

    def _scan(self, scope: _Scope) -> None:
        """Go through a graph, until the output is reached."""
        for value in scope.frame.graph.inputs:
            self._finish(scope, value)
        for member in scope.frame.graph.nodes:
            if self._done:
                return
            if isinstance(member, Node):
                self._node(scope, member)
            else:
                self._repeat(scope, member)

    def _finish(self, scope: _Scope, value: Value) -> None:
        """End where the output is reached without a move being left."""
        target = self._reached.target
        if self._left or value is not target.value or scope.depth != len(target.around):
            return
        key = (scope.number, value)
        found = self._stretch.places.get(key, EMPTY)
        if found.length and not self._done:
            self._steps += self._stretch.traced(key, found.lo)
            self._done = True

    # -- one operation ----------------------------------------------------------------------------------------

    def _node(self, scope: _Scope, node: Node) -> None:
        self._passed += 1
        check_passed(self._passed)
        for index, value in enumerate(node.outputs):
            levels = scope.states.get(value, ())
            if not levels:
                continue
            for operand, links in self._walk.moves.connections(scope.frame, node, index).items():
                key = (scope.number, node.inputs[operand])
                if key in self._stretch.places and self._follow(scope, node, value, levels, links, key):
                    return

    def _follow(
        self, scope: _Scope, node: Node, value: Value, levels: Levels[Indices], links: Connection, key: Vertex
    ) -> bool:
        """Go on from some coordinates of an operand; say whether the rest of the operation does not matter."""
        name, home, places = scope.prefix + node.name, scope.frame.homes[value], self._stretch.places[key]
        after = (scope.number, value)
        nearer, alike = exactly(levels, self._left - 1), exactly(levels, self._left)
        # What reads it from there moves it, for without a move it would be as near itself.
        movable = common(places, self._walk.image(links.read, nearer))
        if movable.length:
            place = links.read.first(movable.lo, nearer)
            assert place is not None
            self._steps += self._stretch.traced(key, movable.lo)
            self._steps.append(HopStep(name, shown(home, place), moved=True))
            self._left -= 1
            self._begin(after, place)
        elif (found := links.still.readers(places, alike) if alike.length else EMPTY).length:
            self._stretch.places[after] = union((self._stretch.places.get(after, EMPTY), found))
            self._stretch.arcs.setdefault(after, []).append(_Arc(name, home, links, key, places))
        self._finish(scope, value)
        return self._done or movable.length > 0

    # -- a body -----------------------------------------------------------------------------------------------

    def _repeat(self, scope: _Scope, repeat: Repeat) -> None:
        keys: list[Vertex] = [(scope.number, value) for value in repeat.inputs]
        if not any(key in self._stretch.places for key in keys):
            return
        iterations, target = scope.frame.inside[repeat], self._reached.target
        depth = scope.depth
        if depth is not None and depth < len(target.around) and target.around[depth][0] is repeat:
            index = target.around[depth][1]
            if not iterations.once:
                keys = self._iterations(scope, repeat, keys, self._reached.carried(depth), index)
            inner = self._inner(scope, repeat, index, iterations.at(index), self._reached.states[depth + 1])
            self._body(inner._replace(depth=depth + 1), keys)
            return
        outputs = tuple(scope.states.get(value, ()) for value in repeat.outputs)
        if not any(outputs):
            return
        if iterations.once:
            frame = iterations.frames[0]
            keys = self._body(self._inner(scope, repeat, 0, frame, self._walk.inner(frame, outputs)), keys)
        else:
            keys = self._iterations(scope, repeat, keys, outputs, iterations.count)
        for value, key in zip(repeat.outputs, keys, strict=False):
            self._rename((scope.number, value), key)
            self._finish(scope, value)

    def _inner(self, scope: _Scope, repeat: Repeat, index: int, frame: Frame, states: WalkStates[Indices]) -> _Scope:
        name = label(repeat, index, scope.frame.inside[repeat].count)
        return _Scope(next(self._numbers), frame, states, f"{scope.prefix}{name}.", None)

    def _iterations(
        self, scope: _Scope, repeat: Repeat, keys: list[Vertex], outputs: Carried[Indices], count: int
    ) -> list[Vertex]:
        """Go through the first iterations, and return what the next one takes."""
        carried, iterations = len(outputs), scope.frame.inside[repeat]
        for spell in reversed(list(self._walk.spells(iterations, outputs, count))):
            check_passed(self._passed + spell.last - spell.first)
            states = self._walk.inner(spell.frame, spell.outputs)
            for index in stepping(range(spell.first, spell.last + 1), "iterations"):
                after = self._body(self._inner(scope, repeat, index, spell.frame, states), keys)
                keys = [*after, *keys[carried:]]
        return keys

    def _body(self, inner: _Scope, keys: list[Vertex]) -> list[Vertex]:
        """Go through one iteration, and return its outputs."""
        for value, key in zip(inner.frame.graph.inputs, keys, strict=True):
            self._rename((inner.number, value), key)
        self._scan(inner)
        return [(inner.number, value) for value in inner.frame.graph.outputs]

    def _rename(self, new: Vertex, old: Vertex) -> None:
        if old in self._stretch.places:
            self._stretch.places[new] = self._stretch.places[old]
            self._stretch.alias[new] = old


def least(levels: Levels[Indices], place: int) -> int | None:
    """Return after how many moves a coordinate is reached, None where it is not."""
    return next((moves for moves, places in enumerate(levels) if place in places), None)


def exactly(levels: Levels[Indices], moves: int) -> Indices:
    """Return the coordinates that are so many moves away."""
    if not 0 <= moves < len(levels):
        return EMPTY
    return without(levels[moves], levels[moves - 1]) if moves else levels[0]


def shown(home: Located | None, place: int) -> tuple[int, int] | None:
    """Return the whole positions of a cell."""
    return None if home is None else _whole(*home.cell(place))


def _whole(start: Fraction, stop: Fraction) -> tuple[int, int]:
    first = -int(-start // 1)
    return first, max(first, -int(-stop // 1) - 1)
