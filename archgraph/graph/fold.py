"""Folds from the inputs of a graph to its values: the forward counterpart of `walk_back`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

from archgraph.graph.ir import Graph, Member, Node, Repeat, Value
from archgraph.steps import stepping

State = TypeVar("State")


class Fold(ABC, Generic[State]):
    """Carries something from the operands of operations to their outputs.

    A subclass says what a node does and what a repeat does: in closed form where it has one, or by `iterated`.
    """

    @abstractmethod
    def node(self, node: Node, operands: tuple[State, ...]) -> tuple[State, ...]:
        """Return what every output of an operation is given."""

    @abstractmethod
    def repeat(self, repeat: Repeat, operands: tuple[State, ...]) -> tuple[State, ...]:
        """Return what every output of a repeat is given."""

    def run(self, graph: Graph, inputs: tuple[State, ...], until: Member | None = None) -> dict[Value, State]:
        """Return what every value of a graph is given, up to some member."""
        known = dict(zip(graph.inputs, inputs, strict=True))
        for member in stepping(graph.nodes, "operations"):
            if member is until:
                break
            operands = tuple(known[value] for value in member.inputs)
            known.update(zip(member.outputs, self.member(member, operands), strict=True))
        return known

    def member(self, member: Member, operands: tuple[State, ...]) -> tuple[State, ...]:
        """Return what the outputs of a node or repeat are given."""
        return self.node(member, operands) if isinstance(member, Node) else self.repeat(member, operands)

    def outputs(self, graph: Graph, inputs: tuple[State, ...]) -> tuple[State, ...]:
        """Return what the outputs of a graph are given."""
        known = self.run(graph, inputs)
        return tuple(known[value] for value in graph.outputs)


def iterations(
    body: Callable[[tuple[State, ...]], tuple[State, ...]], operands: tuple[State, ...]
) -> Iterator[tuple[State, ...]]:
    """Yield what a body takes at its first iteration, at its second, and so on, for ever.

    The first operands are carried, as many as the body has outputs; the others stay what they are.

    >>> steps = iterations(lambda pair: (pair[0] + pair[1],), (1, 10))
    >>> next(steps), next(steps), next(steps)
    ((1, 10), (11, 10), (21, 10))
    """
    while True:
        yield operands
        results = body(operands)
        operands = (*results, *operands[len(results) :])


def iterated(
    body: Callable[[tuple[State, ...]], tuple[State, ...]], operands: tuple[State, ...], count: int
) -> tuple[State, ...]:
    """Return what a body takes after some iterations, of which no more are computed than differ.

    >>> iterated(lambda state: ((state[0] + 1) % 3,), (0,), 10**12)
    (1,)
    """
    seen: dict[tuple[State, ...], int] = {}
    order: list[tuple[State, ...]] = []
    for state in iterations(body, operands):
        if len(order) == count:
            return state
        if state in seen:
            first = seen[state]
            return order[first + (count - first) % (len(order) - first)]
        seen[state] = len(order)
        order.append(state)
    raise AssertionError("iterations never end")
