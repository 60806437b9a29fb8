"""The network of one rank where, beside channels, positions are split: a part of the tokens outside of split layers.

What a row split gives is not summed up for all, but scattered: every rank goes on with a part of the positions, through
all that treats every position by itself, and gathers the whole before a column split. Korthikanti et al. 2022,
arXiv:2205.05198. What is gathered is kept whole, as PyTorch's `DTensor` does it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sympy import Expr

from archgraph.errors import QueryError
from archgraph.graph.ir import Graph, Member, Node, Repeat, Value
from archgraph.ops.base import Op, Types
from archgraph.ops.reach import SAME, Reach, pointwise
from archgraph.ops.rearrangement import Rearrangement
from archgraph.sizes.symbols import ONE, size, symbol
from archgraph.sizes.types import TensorType, tensor

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True)
class Exchange(Rearrangement):
    """What ranks exchange along an axis: each then has `times` of what it had. No spec and no module has it."""

    axis: str
    times: Expr

    def infer(self, *inputs: TensorType) -> Types:
        """Return the type with its axis longer, or shorter."""
        (x,) = inputs
        return (x.with_sizes({self.axis: x.size(self.axis) * self.times}),)

    def reach(self, *inputs: TensorType) -> tuple[Reach, ...]:
        return (pointwise(inputs[0].positions),)

    def lower(self, *inputs: TensorType) -> nn.Module:
        raise NotImplementedError("what ranks exchange is part of no module")

    @classmethod
    def example(cls) -> tuple[Op, Types]:
        """Return the gathering of a sequence from four ranks."""
        return cls("n", size(4)), (tensor(n=symbol("N"), c=symbol("C")),)


def sequence_parallel(
    graph: Graph, ranks: int, measure: Callable[[Expr], int], columns: Collection[Node], rows: Collection[Node]
) -> Graph:
    """Return the network of one rank, whose channels are split already, with parts of its positions.

    Positions are split along the first axis that they have.

    Args:
        graph: of one rank.
        ranks: how many share it.
        measure: the value of a size.
        columns: its column splits, which need all positions.
        rows: its row splits, whose results are scattered.

    Raises:
        QueryError: the ranks do not divide an axis.
    """
    parts = _Parts(ranks, measure, frozenset(columns), frozenset(rows))
    return parts.network(graph)


class _Body:
    """A graph of a rank while it is made: its members, and for every value what became of it."""

    def __init__(self, graph: Graph, types: Types, parts: tuple[bool, ...]) -> None:
        self.inputs = tuple(Value(type_, value.name) for value, type_ in zip(graph.inputs, types, strict=True))
        self.own = dict(zip(graph.inputs, self.inputs, strict=True))
        self.parts = {value for value, part in zip(graph.inputs, parts, strict=True) if part}
        self.members: list[Member] = []
        self._exchanged: dict[tuple[Value, Expr], Value] = {}

    def exchanged(self, value: Value, axis: str, times: Expr) -> Value:
        """Return a value after an exchange, which happens once whoever needs it."""
        key = value, times
        if key not in self._exchanged:
            op = Exchange(axis, times)
            given = Value(op.infer(value.type)[0], f"{value.name}_{'gathered' if times > 1 else 'part'}")
            self.members.append(Node(_unused(given.name, self.members), op, (value,), (given,)))
            self._exchanged[key] = given
        return self._exchanged[key]


class _Parts:
    def __init__(
        self, ranks: int, measure: Callable[[Expr], int], columns: frozenset[Node], rows: frozenset[Node]
    ) -> None:
        self.ranks, self.measure, self.columns, self.rows = ranks, measure, columns, rows
        self._bodies: dict[tuple[Graph, Types, tuple[bool, ...]], tuple[Graph, tuple[bool, ...]]] = {}

    def network(self, graph: Graph) -> Graph:
        whole = (False,) * len(graph.inputs)
        return self.graph(graph, tuple(value.type for value in graph.inputs), whole, whole_outputs=True)[0]

    def graph(
        self, graph: Graph, types: Types, parts: tuple[bool, ...], *, whole_outputs: bool = False
    ) -> tuple[Graph, tuple[bool, ...]]:
        """Return a graph with parts of the positions of some inputs, and which of its outputs are parts."""
        key = graph, types, parts
        if key not in self._bodies:
            body = _Body(graph, types, parts)
            for member in graph.nodes:
                self._repeat(body, member) if isinstance(member, Repeat) else self._node(body, member)
            found = tuple(not whole_outputs and value in body.parts for value in graph.outputs)
            outputs = tuple(
                body.own[value] if part else self._whole(body, value)
                for value, part in zip(graph.outputs, found, strict=True)
            )
            self._bodies[key] = Graph(body.inputs, tuple(body.members), outputs), found
        return self._bodies[key]

    def _whole(self, body: _Body, value: Value) -> Value:
        own = body.own[value]
        return body.exchanged(own, value.type.positions[0], size(self.ranks)) if value in body.parts else own

    def _part(self, body: _Body, value: Value) -> Value:
        return body.own[value] if value in body.parts else self._scattered(body, body.own[value])

    def _scattered(self, body: _Body, value: Value) -> Value:
        axis = value.type.positions[0]
        length = self.measure(value.type.size(axis))
        if length % self.ranks:
            message = (
                f"sequence splits the {length} positions of axis {axis} over tp={self.ranks}, which do not divide them"
            )
            raise QueryError(message, hint="a tp that does, or sequence=False")
        return body.exchanged(value, axis, ONE / self.ranks)

    def _node(self, body: _Body, node: Node) -> None:
        is_part = node not in self.columns and self._is_local(body, node)
        axis = _axis(body, node)
        inputs = tuple(
            self._part(body, value) if is_part and value.type.has(axis) else self._whole(body, value)
            for value in node.inputs
        )
        types = node.op.outputs(*(value.type for value in inputs))
        outputs = tuple(Value(type_, value.name) for type_, value in zip(types, node.outputs, strict=True))
        body.members.append(replace(node, inputs=inputs, outputs=outputs))
        if node in self.rows and outputs[0].type.positions:
            outputs, is_part = (self._scattered(body, outputs[0]),), True
        body.own.update(zip(node.outputs, outputs, strict=True))
        body.parts.update(node.outputs if is_part else ())

    def _is_local(self, body: _Body, node: Node) -> bool:
        """Whether an operand is a part, and every position of the results is made of the same one of the operands."""
        axis = _axis(body, node)
        if not axis or not all(value.type.positions[:1] == (axis,) for value in node.outputs):
            return False
        reaches = node.reach
        return all(
            _reads_alone(reach, axis) and value.type.positions[0] == axis
            for reach, value in zip(reaches, node.inputs, strict=True)
            if value.type.has(axis) or value in body.parts
        )

    def _repeat(self, body: _Body, repeat: Repeat) -> None:
        parts = tuple(value in body.parts for value in repeat.inputs)
        inner, found = self._inner(repeat, parts)
        carried = () if repeat.once else found
        if any(now and not before for now, before in zip(carried, parts, strict=False)):
            parts = tuple(a or b for a, b in zip(parts, (*carried, *parts[len(carried) :]), strict=True))
            inner, found = self._inner(repeat, parts)
        if not repeat.once and found != parts[: len(found)]:
            inner = self._as_given(inner, found, parts)
            found = parts[: len(found)]
        inputs = tuple(
            self._part(body, value) if part else self._whole(body, value)
            for value, part in zip(repeat.inputs, parts, strict=True)
        )
        outputs = tuple(Value(own.type, value.name) for own, value in zip(inner.outputs, repeat.outputs, strict=True))
        body.members.append(replace(repeat, body=inner, inputs=inputs, outputs=outputs))
        body.own.update(zip(repeat.outputs, outputs, strict=True))
        body.parts.update(value for value, part in zip(repeat.outputs, found, strict=True) if part)

    def _inner(self, repeat: Repeat, parts: tuple[bool, ...]) -> tuple[Graph, tuple[bool, ...]]:
        types = tuple(
            self._shorter(value.type) if part else value.type for value, part in zip(repeat.inputs, parts, strict=True)
        )
        return self.graph(repeat.body, types, parts)

    def _shorter(self, type_: TensorType) -> TensorType:
        axis = type_.positions[0]
        return type_.with_sizes({axis: type_.size(axis) / self.ranks})

    def _as_given(self, graph: Graph, found: tuple[bool, ...], parts: tuple[bool, ...]) -> Graph:
        """Return a body whose carried outputs are parts where its inputs are."""
        body = _Body(graph, tuple(value.type for value in graph.inputs), (False,) * len(graph.inputs))
        body.members = list(graph.nodes)
        outputs = tuple(
            value if now == given else self._scattered(body, value)
            for value, now, given in zip(graph.outputs, found, parts, strict=False)
        )
        return replace(graph, nodes=tuple(body.members), outputs=outputs)


def _axis(body: _Body, node: Node) -> str:
    """The axis along which the operands of a node are parts; empty where none is."""
    return next((value.type.positions[0] for value in node.inputs if value in body.parts), "")


def _reads_alone(reach: Reach, axis: str) -> bool:
    apart = reach.position is None and not reach.only
    return apart and dict(reach.maps).get(axis) == SAME and axis not in reach.statistics


def _unused(name: str, members: list[Member]) -> str:
    taken = {member.name for member in members}
    return next(each for each in (name, *(f"{name}_{n}" for n in range(2, len(taken) + 3))) if each not in taken)
