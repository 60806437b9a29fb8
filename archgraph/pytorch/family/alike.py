"""Several graphs of one structure as one: what differs between them is decided size by size."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import fields, is_dataclass, replace
from typing import TypeAlias

from sympy import Expr

from archgraph.graph.ir import Graph, Member, Node, Repeat, Value
from archgraph.ops.base import Op
from archgraph.ops.reach import Listed
from archgraph.sizes.types import TensorType

SizesAlike: TypeAlias = "tuple[Expr, ...]"
"""One size in every graph."""
LawOfSizes: TypeAlias = "Callable[[str, SizesAlike], Expr]"
"""What a size of the one graph is, from its place and what it is in all of them."""


class UnlikeError(Exception):
    """Two graphs differ in more than sizes.

    Attributes:
        rule: what differs.
        place: the path of the node.
        number: which of the graphs differs from the first.
    """

    def __init__(self, rule: str, place: str, number: int) -> None:
        super().__init__(rule)
        self.rule: str = rule
        self.place: str = place
        self.number: int = number


class AlikeGraphs:
    """Walks through several graphs at once, the first of which lends its names, and makes one of them.

    Attributes:
        fixed: places where numbers that are no sizes differ, such as the scale of a product: the first graph's stay.
    """

    def __init__(self, law: LawOfSizes) -> None:
        self._law = law
        self._place = ""
        self._values: dict[Value, tuple[tuple[Value, ...], Value]] = {}
        self._bodies: dict[tuple[Graph, ...], Graph] = {}
        self.fixed: dict[str, None] = {}

    def graph(self, graphs: Sequence[Graph], prefix: str = "") -> Graph:
        """Return one graph for several.

        Raises:
            UnlikeError: they differ in more than sizes.
        """
        key = tuple(graphs)
        if key not in self._bodies:
            self._place = prefix
            inputs = self.values([graph.inputs for graph in graphs], new=True)
            for other, graph in enumerate(graphs):
                if len(graph.nodes) != len(graphs[0].nodes):
                    raise self._unlike(*_first_difference(graphs[0], graph, prefix), other)
            nodes = tuple(self._member(each, prefix) for each in zip(*(g.nodes for g in graphs), strict=True))
            outputs = self.values([graph.outputs for graph in graphs])
            self._bodies[key] = Graph(inputs, nodes, outputs)
        return self._bodies[key]

    def values(self, rows: Sequence[tuple[Value, ...]], *, new: bool = False) -> tuple[Value, ...]:
        """Return what the values in the same places have become; `new` ones are met for the first time."""
        for other, row in enumerate(rows):
            if len(row) != len(rows[0]):
                raise self._unlike("has another number of values", self._place, other)
        return tuple(self._value(each, new=new) for each in zip(*rows, strict=True))

    def _value(self, each: tuple[Value, ...], *, new: bool) -> Value:
        first = each[0]
        if not new and first in self._values:
            known, made = self._values[first]
            for other, (a, b) in enumerate(zip(known, each, strict=True)):
                if a is not b:
                    raise self._unlike("reads another value", self._place, other)
            return made
        if not new:
            raise self._unlike("reads another value", self._place, 0)
        made = Value(self._type([value.type for value in each]), first.name)
        self._values[first] = (each, made)
        return made

    def _type(self, types: Sequence[TensorType]) -> TensorType:
        for other, each in enumerate(types):
            if (each.names, each.dtype) != (types[0].names, types[0].dtype):
                raise self._unlike(f"gives {each}, not {types[0]}", self._place, other)
        lengths = zip(*((length for _, length in each.axes) for each in types), strict=True)
        axes = zip(types[0].names, map(self._size, lengths), strict=True)
        return TensorType(tuple(axes), types[0].dtype)

    def _size(self, sizes: SizesAlike) -> Expr:
        return sizes[0] if all(size == sizes[0] for size in sizes) else self._law(self._place, sizes)

    def _member(self, each: tuple[Member, ...], prefix: str) -> Member:
        first = each[0]
        self._place = place = f"{prefix}{first.name}"
        for other, member in enumerate(each):
            if _look(member) != _look(first):
                raise self._unlike(f"is {_told(member)}, not {_told(first)}", place, other)
        inputs = self.values([member.inputs for member in each])
        if isinstance(first, Node):
            op = self._argument([member.op for member in each if isinstance(member, Node)])
            assert isinstance(op, Op)
            return replace(first, op=op, inputs=inputs, outputs=self.values([m.outputs for m in each], new=True))
        repeats = [member for member in each if isinstance(member, Repeat)]
        body = self.graph([member.body for member in repeats], f"{place}.")
        self._place = place
        count = self._size(tuple(member.count for member in repeats))
        experts = None if first.experts is None else self._size(tuple(_experts(member) for member in repeats))
        outputs = self.values([member.outputs for member in each], new=True)
        return replace(first, body=body, count=count, experts=experts, inputs=inputs, outputs=outputs)

    def _argument(self, items: Sequence[object]) -> object:
        """An argument of an operation: a size, something made of arguments, or what has to be the same."""
        first = items[0]
        sizes = tuple(item for item in items if isinstance(item, Expr))
        if len(sizes) == len(items):
            return self._size(sizes)
        listed = [item for item in items if isinstance(item, Listed)]
        if len(listed) == len(items):
            return self._listed(listed)
        for other, item in enumerate(items):
            if type(item) is not type(first) or _length(item) != _length(first):
                raise self._unlike(f"has the argument {item}, not {first}", self._place, other)
        if isinstance(first, tuple):
            rows = [item for item in items if isinstance(item, tuple)]
            made = [self._argument(each) for each in zip(*rows, strict=True)]
            return getattr(type(first), "_make", type(first))(made)
        if is_dataclass(first) and not isinstance(first, type):
            names = [one.name for one in fields(first) if one.init]
            return replace(first, **{name: self._argument([getattr(item, name) for item in items]) for name in names})
        return self._same(items)

    def _listed(self, items: Sequence[Listed]) -> Listed:
        """The sets of the first graph, which say nothing of axes of other lengths, as in others they may be."""
        known: dict[tuple[int, int], Listed] = {}
        for other, item in enumerate(items):
            if known.setdefault((len(item.sets), item.sets.extent), item) != item:
                raise self._unlike("reads other positions", self._place, other)
        return items[0]

    def _same(self, items: Sequence[object]) -> object:
        first = items[0]
        for other, item in enumerate(items):
            if item == first:
                continue
            if not isinstance(item, float):
                raise self._unlike(f"has the argument {item}, not {first}", self._place, other)
            self.fixed[self._place] = None
        return first

    @staticmethod
    def _unlike(rule: str, place: str, number: int) -> UnlikeError:
        return UnlikeError(rule, place, number)


def _length(item: object) -> int | None:
    return len(item) if isinstance(item, tuple) else None


def _experts(member: Repeat) -> Expr:
    assert member.experts is not None
    return member.experts


def _look(member: Member) -> tuple[object, ...]:
    """What has to be the same in members that are alike."""
    if isinstance(member, Node):
        how = (member.no_grad, member.lies_in, member.unkept)
        # Not the name, which a step may have from what is known of its mask at some size.
        return (type(member.op), member.share, *how)
    once = member.once
    # Without its number, which a last layer of its own has by how many there are before it.
    name = re.sub(r"\(\d+\)", "", member.name)
    return (name, member.block, member.share, member.checkpoint, once, member.experts is None)


def _told(member: Member) -> str:
    if isinstance(member, Node):
        memory = "" if member.lies_in is None else f" in the memory of {member.lies_in}"
        kept = f" that keeps all but {member.unkept}" if member.unkept else ""
        return f"{member.name}, an operation {member.label}{memory}{kept}"
    return f"{member.name}, {member.block} x {member.count}"


def _first_difference(one: Graph, other: Graph, prefix: str) -> tuple[str, str]:
    for mine, others in zip(one.nodes, other.nodes, strict=False):
        if _look(mine) != _look(others):
            return f"is {_told(others)}, not {_told(mine)}", f"{prefix}{mine.name}"
    longer, rule = (one, "is missing") if len(one.nodes) > len(other.nodes) else (other, "is there in addition")
    return rule, f"{prefix}{longer.nodes[min(len(one.nodes), len(other.nodes))].name}"
