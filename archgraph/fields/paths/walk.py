"""How many moves a position is away from one output: the fewest on any path, carried back through the network."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

from archgraph.errors import QueryError
from archgraph.fields.paths.connections import Connection, connection
from archgraph.fields.paths.frames import Frame, Framing, Iterations
from archgraph.fields.paths.index_rules import IndexRule
from archgraph.fields.positions.probe import ReadBack
from archgraph.fields.sets.indices import EMPTY, Indices, union
from archgraph.graph.ir import Graph, Node, Repeat, Value
from archgraph.sizes.exact import Evaluate

Levels: TypeAlias = tuple[Indices, ...]
"""The coordinates of a value from which an output is at most 0, 1, 2, ... moves away; those behind the last equal it."""
States: TypeAlias = dict[Value, Levels]
Carried: TypeAlias = tuple[Levels, ...]
NOWHERE: Levels = ()


@dataclass(frozen=True)
class Spell:
    """Iterations of a repeat, `first` to `last`, that have one frame and whose outputs are reached alike."""

    first: int
    last: int
    frame: Frame
    outputs: Carried


class Walk:
    """The moves of a network along one axis of an input.

    An edge is a move where the cells of its ends do not overlap; within a cell nothing is moved.

    Args:
        graph: the network.
        input: the input.
        axis: one of its axes.
        evaluate: gives the value of a size.
    """

    def __init__(self, graph: Graph, input: Value, axis: str, evaluate: Evaluate) -> None:
        self._framing = Framing(graph, input, axis, evaluate)
        self.top = self._framing.frame()
        self._reader = ReadBack(evaluate)
        self._shared: dict[object, dict[int, Connection]] = {}
        self._made: dict[tuple[Frame, Node, int], dict[int, Connection]] = {}
        self._images: dict[tuple[IndexRule, Indices], Indices] = {}
        self._bodies: dict[tuple[Frame, Carried], Carried] = {}

    # -- connections ------------------------------------------------------------------------------------------

    def connections(self, frame: Frame, node: Node, output: int) -> dict[int, Connection]:
        """Return the connections of one output of a node with every operand that it reads."""
        key = (frame, node, output)
        if key not in self._made:
            self._made[key] = self._connections(frame, node, output)
        return self._made[key]

    def _connections(self, frame: Frame, node: Node, output: int) -> dict[int, Connection]:
        # Layers of a kind do the same on the same cells, and share what they have found.
        home, sources = frame.homes[node.outputs[output]], tuple(frame.homes[value] for value in node.inputs)
        shared = (node.op, node.types, output, home, sources)
        if shared not in self._shared:
            regions = self._framing.reads(node)[output]
            self._shared[shared] = {
                operand: connection(relation, regions[operand], sources[operand], home)
                for operand, relation in self._reader.relations(node, output).items()
            }
        return self._shared[shared]

    def image(self, rule: IndexRule, places: Indices) -> Indices:
        """Return what some coordinates read, found once."""
        if not places.length:
            return EMPTY
        key = (rule, places)
        if key not in self._images:
            found = rule.of(places)
            if not found.exact:
                raise QueryError("the positions on these paths have too many holes to be kept one by one")
            self._images[key] = found
        return self._images[key]

    # -- back through the network -----------------------------------------------------------------------------

    def pulled(self, links: Connection, levels: Levels) -> Levels:
        """Return what reaches the coordinates of an operand from those of an output."""
        found: list[Indices] = []
        before = EMPTY
        for places in levels:
            found.append(union((before, self.image(links.still, places))))
            before = self.image(links.read, places)
        found.append(union((before, found[-1])))
        return trimmed(found)

    def states(self, frame: Frame, seeds: States) -> States:
        """Return what reaches every value of a graph from some of them."""
        states = dict(seeds)
        for member in reversed(frame.graph.nodes):
            outputs = tuple(states.get(value, NOWHERE) for value in member.outputs)
            if not any(outputs):
                continue
            found = self._node(frame, member, outputs) if isinstance(member, Node) else self._repeat(frame, member, outputs)
            for value, levels in found:
                states[value] = joined(states.get(value, NOWHERE), levels)
        return states

    def _node(self, frame: Frame, node: Node, outputs: Carried) -> Iterable[tuple[Value, Levels]]:
        for index, levels in enumerate(outputs):
            if levels:
                for operand, links in self.connections(frame, node, index).items():
                    yield node.inputs[operand], self.pulled(links, levels)

    def _repeat(self, frame: Frame, repeat: Repeat, outputs: Carried) -> Iterable[tuple[Value, Levels]]:
        iterations = frame.inside[repeat]
        return zip(repeat.inputs, self.before(repeat, iterations, outputs, iterations.count), strict=True)

    def before(self, repeat: Repeat, iterations: Iterations, outputs: Carried, count: int) -> Carried:
        """Return what reaches the operands of a repeat from its carried values behind some iterations."""
        if iterations.once:
            return self.body(iterations.frames[0], outputs)
        carried = outputs
        invariant: Carried = (NOWHERE,) * (len(repeat.inputs) - len(outputs))
        for spell in self.spells(iterations, outputs, count):
            found = self.body(spell.frame, spell.outputs)
            carried, more = found[: len(outputs)], found[len(outputs) :]
            invariant = tuple(map(joined, invariant, more))
        return (*carried, *invariant)

    def spells(self, iterations: Iterations, outputs: Carried, count: int) -> Iterable[Spell]:
        """Yield the iterations from the last one on, those together that do the same."""
        last = count - 1
        while last >= 0:
            frame = iterations.at(last)
            carried = self.body(frame, outputs)[: len(outputs)]
            first = iterations.since(last) if carried == outputs else last
            yield Spell(first, last, frame, outputs)
            last, outputs = first - 1, carried

    def body(self, frame: Frame, outputs: Carried) -> Carried:
        """Return what reaches the inputs of a body from its outputs."""
        key = (frame, outputs)
        if key not in self._bodies:
            states = self.states(frame, seeded(frame.graph, outputs))
            self._bodies[key] = tuple(states.get(value, NOWHERE) for value in frame.graph.inputs)
        return self._bodies[key]


def seeded(graph: Graph, outputs: Carried) -> States:
    """Return what reaches the outputs of a graph, by value."""
    seeds: States = {}
    for value, levels in zip(graph.outputs, outputs, strict=True):
        seeds[value] = joined(seeds.get(value, NOWHERE), levels)
    return seeds


def joined(left: Levels, right: Levels) -> Levels:
    """Return what gets to a value on either way."""
    if left == right or not right:
        return left
    if not left:
        return right
    longest = max(len(left), len(right))
    left += (left[-1],) * (longest - len(left))
    right += (right[-1],) * (longest - len(right))
    return trimmed([union(pair) for pair in zip(left, right, strict=True)])


def trimmed(levels: list[Indices]) -> Levels:
    """Return levels without those that equal the one before, none where nothing is reached."""
    while len(levels) > 1 and levels[-1] == levels[-2]:
        levels.pop()
    return tuple(levels) if levels[-1].length else NOWHERE
