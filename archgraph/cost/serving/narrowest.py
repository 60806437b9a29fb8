"""The narrowest values from which keys and values can be made again: a minimum cut of the operations before them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Iterable, Set
from typing import TypeAlias

from sympy import Expr

from archgraph.graph.ir import Graph, Member, Node, Repeat, Value
from archgraph.ops.linear import Linear

FlowVertex: TypeAlias = Hashable
START, _END = "start", "end"


def narrowest(
    graph: Graph, reader: Node, kept: tuple[Value, ...], growing: Set[Value], measure: Callable[[Expr], int]
) -> tuple[Value, ...]:
    """Return the values that a cache of keys and values needs to hold, the last ones where several are as narrow.

    Values count that nothing but these keys and values is made of, behind a projection: what the queries or the
    residual stream read too is no part of a cache, though it may be narrower.

    Args:
        graph: the graph that the attention stands in.
        reader: the attention.
        kept: its keys and values.
        growing: values with a place per token.
        measure: the value of a law.
    """
    members = _projected(_exclusive(graph, reader), growing)
    inside = {value for member in members for value in member.outputs} | set(kept)
    flow = _Flow()
    for value in inside & growing:
        flow.add((value, "in"), (value, "out"), measure(value.type.numel))
    for value in kept:
        flow.add((value, "out"), _END, None)
    for value in set(kept) - {value for member in members for value in member.outputs}:
        flow.add(START, (value, "in"), None)
    for member in members:
        _connect(flow, member, inside, growing)
    behind = flow.reaching_the_end()
    return tuple(
        value for value in _in_order(graph, inside) if (value, "in") not in behind and (value, "out") in behind
    )


def _connect(flow: _Flow, member: Member, inside: Set[Value], growing: Set[Value]) -> None:
    for value in member.inputs:
        if value in growing:
            flow.add((value, "out") if value in inside else START, member, None)
    for value in member.outputs:
        flow.add(member, (value, "in"), None)


def _exclusive(graph: Graph, reader: Node) -> list[Member]:
    """Return the members whose results nothing but the keys and values are made of, in order."""
    found: list[Member] = []
    asked = {reader.inputs[0], *graph.outputs}
    for member in reversed(graph.nodes):
        readers = [other for other in graph.nodes if not set(member.outputs).isdisjoint(other.inputs)]
        others = [other for other in readers if other is not reader and other not in found]
        if readers and not others and asked.isdisjoint(member.outputs):
            found.append(member)
    return found[::-1]


def _projected(members: Iterable[Member], growing: Set[Value]) -> list[Member]:
    """Return those that are a linear layer, or come behind one."""
    found: list[Member] = []
    made: set[Value] = set()
    for member in members:
        if _is_projection(member) or any(value in made for value in member.inputs if value in growing):
            found.append(member)
            made.update(member.outputs)
    return found


def _is_projection(member: Member) -> bool:
    if isinstance(member, Repeat):
        return any(isinstance(inner, Node) and _is_projection(inner) for _, inner in member.body.walk())
    return isinstance(member.op.core, Linear)


def _in_order(graph: Graph, values: Set[Value]) -> list[Value]:
    every = [*graph.inputs, *(value for member in graph.nodes for value in member.outputs)]
    return [value for value in every if value in values]


class _Flow:
    """A network of capacities, of which None is unlimited; the maximum flow by shortest augmenting paths."""

    def __init__(self) -> None:
        self._room: dict[FlowVertex, dict[FlowVertex, float]] = {}

    def add(self, source: FlowVertex, target: FlowVertex, capacity: int | None) -> None:
        """Add an edge, and its way back."""
        self._room.setdefault(source, {})[target] = float("inf") if capacity is None else capacity
        self._room.setdefault(target, {}).setdefault(source, 0)

    def reaching_the_end(self) -> set[FlowVertex]:
        """Return the vertices from which the end can still be reached once no more flows."""
        while path := self._path():
            most = min(self._room[a][b] for a, b in path)
            for a, b in path:
                self._room[a][b] -= most
                self._room[b][a] += most
        found: set[FlowVertex] = {_END}
        waiting: deque[FlowVertex] = deque([_END])
        while waiting:
            target = waiting.popleft()
            before = [vertex for vertex in self._room[target] if vertex not in found and self._room[vertex][target] > 0]
            found.update(before)
            waiting.extend(before)
        return found

    def _path(self) -> list[tuple[FlowVertex, FlowVertex]]:
        came: dict[FlowVertex, FlowVertex] = {START: START}
        waiting: deque[FlowVertex] = deque([START] if START in self._room else [])
        while waiting:
            vertex = waiting.popleft()
            for target, room in self._room[vertex].items():
                if room > 0 and target not in came:
                    came[target] = vertex
                    waiting.append(target)
        return _edges(came) if _END in came else []


def _edges(came: dict[FlowVertex, FlowVertex]) -> list[tuple[FlowVertex, FlowVertex]]:
    found: list[tuple[FlowVertex, FlowVertex]] = []
    vertex: FlowVertex = _END
    while vertex != START:
        found.append((came[vertex], vertex))
        vertex = came[vertex]
    return found
