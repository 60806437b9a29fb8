"""A graph as vertices: blocks are opened where the network cannot be seen from outside of them.

A block that is applied once is opened if it is all there is, if several of its results are used, if it repeats
something or holds three resolutions, or if its operands lie on several levels of one input, or are several and it leads
to another level. A block with one way in and one way out loses nothing by staying closed: its inside has an outline of
its own. If one block of a list is opened, all are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from sympy import Symbol

from archgraph.graph.ir import Graph, Member, Node, Repeat, Value
from archgraph.outline.forms.levels import ValueLevels, has_extent
from archgraph.outline.items import Flow, Item, groups_stages, read_operands


@dataclass(frozen=True, eq=False)
class ReadGraph:
    """What a graph is read as, and the levels of its values."""

    flow: Flow
    levels: ValueLevels


def read(
    graph: Graph, outputs: Sequence[Value] = (), prefix: str = "", numbers: Mapping[Symbol, int] | None = None
) -> ReadGraph:
    """Read a graph for an outline; members that reach no output are left out."""
    opened: set[tuple[Graph, str]] = set()
    while True:
        reader = _Reader(opened, ValueLevels(numbers or {}))
        items = list(reader.items(graph, prefix, {}))
        if reader.opened == opened:
            break
        opened = reader.opened
    results = tuple(reader.known.get(value, value) for value in tuple(outputs) or graph.outputs)
    return ReadGraph(Flow(graph.inputs, tuple(_needed(items, results)), results), reader.levels)


def _needed(items: Sequence[Item], results: Sequence[Value]) -> list[Item]:
    needed, kept = set(results), []
    for item in reversed(items):
        if needed.intersection(item.outputs):
            needed.update(item.inputs)
            pairs = zip(item.member.outputs, item.outputs, strict=True)
            kept.append(replace(item, unread=tuple(own for own, outside in pairs if outside not in needed)))
    return kept[::-1]


@dataclass(eq=False)
class _Reader:
    """Reads members one after another; ``siblings`` are the lists of blocks of which one is known to be opened."""

    siblings: set[tuple[Graph, str]]
    levels: ValueLevels
    known: dict[Value, Value] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.opened = set(self.siblings)

    def items(self, graph: Graph, prefix: str, known: dict[Value, Value], *, fresh: bool = False) -> Iterator[Item]:
        """The items of a graph, whose values ``known`` leads to those outside."""
        if not fresh:
            self.known = known
            for value in graph.inputs:
                self.levels.source(value)
        used = {value for member in graph.nodes for value in member.inputs} | set(graph.outputs)
        for member in graph.nodes:
            path = f"{prefix}{member.name}"
            if isinstance(member, Repeat) and member.count == 0:
                known.update((a, known.get(b, b)) for a, b in zip(member.outputs, member.inputs, strict=False))
            elif isinstance(member, Repeat) and member.once and self._opens(member, graph, known, used):
                self.opened.add((graph, _list_of(member)))
                pairs = zip(member.body.inputs, member.inputs, strict=True)
                inner = {own: known.get(value, value) for own, value in pairs}
                yield from self.items(member.body, f"{path}.", inner, fresh=True)
                known.update((out, inner[own]) for out, own in zip(member.outputs, member.body.outputs, strict=True))
            else:
                yield self._item(member, path, known, fresh=fresh)

    def _item(self, member: Member, path: str, known: dict[Value, Value], *, fresh: bool) -> Item:
        inputs = tuple(known.get(value, value) for value in read_operands(member))
        outputs = tuple(Value(value.type, value.name) for value in member.outputs) if fresh else member.outputs
        known.update(zip(member.outputs, outputs, strict=True))
        self.levels.learn(member, inputs, outputs)
        return Item(path, member, inputs, outputs)

    def _opens(self, block: Repeat, graph: Graph, known: dict[Value, Value], used: set[Value]) -> bool:
        if (graph, _list_of(block)) in self.siblings or len(graph.nodes) == 1:
            return len(block.body.nodes) > 1 or any(isinstance(node, Repeat) for node in block.body.nodes)
        if groups_stages(block, graph) or len(used.intersection(block.outputs)) > 1:
            return True
        return self._joins_levels(block, known)

    def _joins_levels(self, block: Repeat, known: dict[Value, Value]) -> bool:
        """Whether operands of one family lie on several levels, or there are several and the block leads to another."""
        found = dict.fromkeys(known.get(value, value) for value in block.inputs if has_extent(value.type))
        places = [self.levels.places[value] for value in found if value in self.levels.places]
        families = [place.family for place in places]
        if len(set(places)) > len(set(families)):
            return True
        several = len(set(families)) < len(families)
        return several and self.levels.change(block.inputs[0].type, block.outputs[0].type) != 1


def _list_of(member: Repeat | Node) -> str:
    """The list that a member stands in: its name without numbers, if it has any."""
    return re.sub(r"\d+", "#", member.name) if re.search(r"\d", member.name) else member.name
