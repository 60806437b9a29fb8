"""How many moves positions are away from outputs: the fewest on any path, carried back through the network."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Generic, NamedTuple, TypeAlias, TypeVar

from archgraph.fields.paths.connections import Connection
from archgraph.fields.paths.frames import Frame, Iterations
from archgraph.fields.paths.index_rules import IndexRule
from archgraph.fields.paths.moves import Moves
from archgraph.graph.ir import Node, Repeat, Value
from archgraph.steps import stepping

PlaceSet = TypeVar("PlaceSet")
Levels: TypeAlias = tuple[PlaceSet, ...]
"""The coordinates of a value from which an output is at most 0, 1, 2, ... moves away; those behind the last equal it.
None where no path leads."""
WalkStates: TypeAlias = dict[Value, Levels[PlaceSet]]
Carried: TypeAlias = tuple[Levels[PlaceSet], ...]


class Spell(NamedTuple, Generic[PlaceSet]):
    """Iterations of a repeat, `first` to `last`, that have one frame and whose outputs are reached alike."""

    first: int
    last: int
    frame: Frame
    outputs: Carried[PlaceSet]


class PathWalk(ABC, Generic[PlaceSet]):
    """Carries back from which coordinates outputs are how many moves away.

    A subclass says what a set of coordinates is: of one output, or of many at once.

    Args:
        moves: the graph of positions.
    """

    def __init__(self, moves: Moves) -> None:
        self.moves = moves
        self._images: dict[IndexRule, dict[PlaceSet, PlaceSet]] = {}
        self._unions: dict[tuple[PlaceSet, PlaceSet], PlaceSet] = {}
        self._joins: dict[tuple[Levels[PlaceSet], Levels[PlaceSet]], Levels[PlaceSet]] = {}
        self._bodies: dict[tuple[Frame, Carried[PlaceSet]], WalkStates[PlaceSet]] = {}

    @abstractmethod
    def read(self, rule: IndexRule, places: PlaceSet) -> PlaceSet:
        """Return what some coordinates read."""

    @abstractmethod
    def union(self, left: PlaceSet, right: PlaceSet) -> PlaceSet:
        """Return the union of two sets."""

    @abstractmethod
    def same(self, left: PlaceSet, right: PlaceSet) -> bool:
        """Say whether two sets are equal."""

    @abstractmethod
    def empty(self, places: PlaceSet) -> bool:
        """Say whether a set is empty."""

    def image(self, rule: IndexRule, places: PlaceSet) -> PlaceSet:
        """Return what some coordinates read, found once."""
        return self._each(rule, (places,))[0]

    def _each(self, rule: IndexRule, levels: Levels[PlaceSet]) -> list[PlaceSet]:
        known = self._images.setdefault(rule, {})
        for places in levels:
            if places not in known:
                known[places] = places if self.empty(places) else self.read(rule, places)
        return [known[places] for places in levels]

    def either(self, left: PlaceSet, right: PlaceSet) -> PlaceSet:
        """Return the union of two sets, found once: the branches of equal blocks meet again and again."""
        key = (left, right)
        if key not in self._unions:
            self._unions[key] = self.union(left, right)
        return self._unions[key]

    # -- levels -----------------------------------------------------------------------------------------------

    def pulled(self, links: Connection, levels: Levels[PlaceSet]) -> Levels[PlaceSet]:
        """Return what reaches the coordinates of an operand from those of an output."""
        if not levels or links.keeps:
            return levels
        still = self._each(links.still, levels)
        if links.stays:
            return self.trimmed(still)
        read = self._each(links.read, levels)
        # A move later everything that is read is there, what is in the same place among it.
        later = (self.either(*pair) for pair in zip(read, [*still[1:], still[-1]], strict=True))
        return self.trimmed([still[0], *later])

    def joined(self, left: Levels[PlaceSet], right: Levels[PlaceSet]) -> Levels[PlaceSet]:
        """Return what gets to a value on either way."""
        if left == right or not right:
            return left
        if not left:
            return right
        key = (left, right)
        if key not in self._joins:
            self._joins[key] = self._joined(left, right)
        return self._joins[key]

    def _joined(self, left: Levels[PlaceSet], right: Levels[PlaceSet]) -> Levels[PlaceSet]:
        longest = max(len(left), len(right))
        left += (left[-1],) * (longest - len(left))
        right += (right[-1],) * (longest - len(right))
        return self.trimmed([self.either(*pair) for pair in zip(left, right, strict=True)])

    def trimmed(self, levels: list[PlaceSet]) -> Levels[PlaceSet]:
        """Return levels without those that equal the one before, none where nothing is reached."""
        while len(levels) > 1 and self.same(levels[-1], levels[-2]):
            levels.pop()
        return () if self.empty(levels[-1]) else tuple(levels)

    # -- graphs -----------------------------------------------------------------------------------------------

    def states(self, frame: Frame, seeds: WalkStates[PlaceSet]) -> WalkStates[PlaceSet]:
        """Return what reaches every value of a graph from some of them."""
        states = dict(seeds)
        for member in stepping(frame.graph.nodes[::-1], "operations"):
            outputs = tuple(states.get(value, ()) for value in member.outputs)
            if any(outputs):
                self._add(states, self._member(frame, member, outputs))
        return states

    def _add(self, states: WalkStates[PlaceSet], found: Iterable[tuple[Value, Levels[PlaceSet]]]) -> None:
        for value, levels in found:
            states[value] = self.joined(states.get(value, ()), levels)

    def _member(
        self, frame: Frame, member: Node | Repeat, outputs: Carried[PlaceSet]
    ) -> Iterable[tuple[Value, Levels[PlaceSet]]]:
        if isinstance(member, Node):
            return self._node(frame, member, outputs)
        iterations = frame.inside[member]
        return zip(member.inputs, self.before(member, iterations, outputs, iterations.count), strict=True)

    def _node(self, frame: Frame, node: Node, outputs: Carried[PlaceSet]) -> Iterable[tuple[Value, Levels[PlaceSet]]]:
        for index, levels in enumerate(outputs):
            if levels:
                for operand, links in self.moves.connections(frame, node, index).items():
                    yield node.inputs[operand], self.pulled(links, levels)

    # -- repeats ----------------------------------------------------------------------------------------------

    def before(
        self, repeat: Repeat, iterations: Iterations, outputs: Carried[PlaceSet], count: int
    ) -> Carried[PlaceSet]:
        """Return what reaches the operands of a repeat from its outputs behind some iterations."""
        if iterations.once:
            return self.body(iterations.frames[0], outputs)
        carried = outputs
        invariant: Carried[PlaceSet] = ((),) * (len(repeat.inputs) - len(outputs))
        for spell in self.spells(iterations, outputs, count):
            found = self.body(spell.frame, spell.outputs)
            carried, more = found[: len(outputs)], found[len(outputs) :]
            invariant = tuple(map(self.joined, invariant, more))
        return (*carried, *invariant)

    def spells(self, iterations: Iterations, outputs: Carried[PlaceSet], count: int) -> Iterable[Spell[PlaceSet]]:
        """Yield the iterations from the last one on, those together that do the same."""
        last = count - 1
        while last >= 0:
            frame = iterations.at(last)
            carried = self.body(frame, outputs)[: len(outputs)]
            first = iterations.since(last) if carried == outputs else last
            yield Spell(first, last, frame, outputs)
            last, outputs = first - 1, carried

    def body(self, frame: Frame, outputs: Carried[PlaceSet]) -> Carried[PlaceSet]:
        """Return what reaches the inputs of a body from its outputs."""
        states = self.inner(frame, outputs)
        return tuple(states.get(value, ()) for value in frame.graph.inputs)

    def inner(self, frame: Frame, outputs: Carried[PlaceSet]) -> WalkStates[PlaceSet]:
        """Return what reaches the values of a body from its outputs."""
        key = (frame, outputs)
        if key not in self._bodies:
            self._bodies[key] = self.states(frame, self.merged(frame.graph.outputs, outputs))
        return self._bodies[key]

    def merged(self, values: tuple[Value, ...], levels: Carried[PlaceSet]) -> WalkStates[PlaceSet]:
        """Return what reaches some values, one of which may be named twice."""
        found: WalkStates[PlaceSet] = {}
        self._add(found, zip(values, levels, strict=True))
        return found
