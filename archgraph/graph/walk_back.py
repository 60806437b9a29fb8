"""Walks from a node back to the inputs, through the iterations of repeats, until nothing changes any more."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import Generic, TypeVar

from archgraph.graph.ir import Graph, Member, Node, Repeat, Value
from archgraph.sizes.exact import Evaluate
from archgraph.steps import stepping

Demand = TypeVar("Demand")


class WalkBack(ABC, Generic[Demand]):
    """Carries something from the outputs of operations to their operands.

    A repeat is walked iteration by iteration, until its carried states repeat; calls of one body with equal
    states are walked once.
    """

    def __init__(self, evaluate: Evaluate) -> None:
        self.evaluate = evaluate
        self._known: dict[tuple[Graph, tuple[Demand | None, ...]], tuple[Demand | None, ...]] = {}

    @abstractmethod
    def join(self, left: Demand, right: Demand) -> Demand:
        """Return what reaches a value on two ways."""

    @abstractmethod
    def pull(self, node: Node, outputs: tuple[Demand | None, ...]) -> tuple[Demand | None, ...]:
        """Return what reaches every operand of an operation."""

    def run(self, graph: Graph, seeds: Mapping[Value, Demand]) -> dict[Value, Demand]:
        """Return what reaches every value of a graph from some of them."""
        states = dict(seeds)
        for member in stepping(graph.nodes[::-1], "operations"):
            outputs = tuple(states.get(value) for value in member.outputs)
            if all(state is None for state in outputs):
                continue
            found = self.pull(member, outputs) if isinstance(member, Node) else self.repeat(member, outputs)
            self.add(states, zip(member.inputs, found, strict=True))
        return states

    def add(self, states: dict[Value, Demand], found: Iterable[tuple[Value, Demand | None]]) -> None:
        """Join what reaches some values to what has reached them before."""
        for value, state in found:
            if state is not None:
                states[value] = self.join(states[value], state) if value in states else state

    def body(self, graph: Graph, outputs: tuple[Demand | None, ...]) -> tuple[Demand | None, ...]:
        """Return what reaches the inputs of a body from its outputs."""
        key = (graph, outputs)
        if key not in self._known:
            seeds: dict[Value, Demand] = {}
            self.add(seeds, zip(graph.outputs, outputs, strict=True))
            states = self.run(graph, seeds)
            self._known[key] = tuple(states.get(value) for value in graph.inputs)
        return self._known[key]

    def repeat(self, repeat: Repeat, outputs: tuple[Demand | None, ...]) -> tuple[Demand | None, ...]:
        """Return what reaches the operands of a repeat."""
        count = self.evaluate(repeat.iterations)
        if count == 1:
            return self.body(repeat.body, outputs)
        return self.iterations(repeat, outputs, count)

    def iterations(self, repeat: Repeat, carried: tuple[Demand | None, ...], count: int) -> tuple[Demand | None, ...]:
        """Return what reaches the operands of a repeat from its carried values, `count` iterations back."""
        invariant: tuple[Demand | None, ...] = (None,) * (len(repeat.inputs) - len(carried))
        seen: dict[tuple[Demand | None, ...], int] = {}
        while count > 0:
            if carried in seen:
                count %= len(seen) - seen[carried]
                seen.clear()
                continue
            seen[carried] = len(seen)
            found = self.body(repeat.body, carried)
            carried = found[: len(carried)]
            invariant = self._merged(invariant, found[len(carried) :])
            count -= 1
        return (*carried, *invariant)

    def before(self, repeat: Repeat, found: tuple[Demand | None, ...]) -> tuple[Demand | None, ...]:
        """Return what reaches the operands of a repeat from the inputs of its body at the last iteration."""
        count, carried = self.evaluate(repeat.iterations), len(repeat.outputs)
        if count == 1:
            return found
        earlier = self.iterations(repeat, found[:carried], count - 1)
        return (*earlier[:carried], *self._merged(found[carried:], earlier[carried:]))

    def _merged(self, left: Sequence[Demand | None], right: Sequence[Demand | None]) -> tuple[Demand | None, ...]:
        return tuple(b if a is None else a if b is None else self.join(a, b) for a, b in zip(left, right, strict=True))


def walk_back(
    walker: WalkBack[Demand], graph: Graph, chain: tuple[Member, ...], seeds: dict[Value, Demand]
) -> dict[Value, Demand]:
    """Return what reaches the values of the network's own graph from outputs of a node.

    A node inside of repeats is taken at their last iteration.

    Args:
        walker: carries the states.
        graph: the network.
        chain: the node, behind the repeats that it lies in.
        seeds: what begins at the node's outputs.
    """
    outer = [member for member in chain[:-1] if isinstance(member, Repeat)]
    graphs = [graph, *(repeat.body for repeat in outer)]
    states = walker.run(graphs[-1], seeds)
    for inside, repeat in zip(reversed(graphs[:-1]), reversed(outer), strict=True):
        found = tuple(states.get(value) for value in repeat.body.inputs)
        seeds = {}
        walker.add(seeds, zip(repeat.inputs, walker.before(repeat, found), strict=True))
        states = walker.run(inside, seeds)
    return states
