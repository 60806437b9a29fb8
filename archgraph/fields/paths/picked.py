"""Why hops are at least: a path sees one axis, and parts of another one are picked that came by ways of their own."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from archgraph.errors import QueryError
from archgraph.fields.paths.frames import Frame
from archgraph.fields.positions.probe import ReadBack
from archgraph.fields.rules.links import Joint, LinkGroup
from archgraph.fields.rules.relation import Relation
from archgraph.fields.sets.area import area_box, projections
from archgraph.fields.sets.index_sets import every_index
from archgraph.graph.ir import Graph, Member, Node, Value
from archgraph.graph.walk_back import WalkBack, walk_back
from archgraph.sizes.exact import Evaluate

PICKED_WAYS = "positions of another axis are picked, and may come by fewer ways than all of them together"

OtherAxes = frozenset[str]


class _PickedAxes(WalkBack[OtherAxes]):
    """Carries the axes, besides the one that paths are along, of which a part is picked, until parts differ.

    Args:
        homes: along which axes values lie, of those that read the input.
        evaluate: gives the value of a size.
    """

    def __init__(self, homes: Mapping[Value, OtherAxes], evaluate: Evaluate) -> None:
        super().__init__(evaluate)
        self.reasons: dict[str, None] = {}
        self._homes = homes
        self._reader = ReadBack(evaluate)

    def join(self, left: OtherAxes, right: OtherAxes) -> OtherAxes:
        return left | right

    def pull(self, node: Node, outputs: tuple[OtherAxes | None, ...]) -> tuple[OtherAxes | None, ...]:
        found: list[OtherAxes | None] = [None] * len(node.inputs)
        for index, picked in enumerate(outputs):
            if picked is None:
                continue
            relations = self._reader.relations(node, index)
            read = [operand for operand in relations if node.inputs[operand] in self._homes]
            if len(read) > 1 and any(_only_some(relations[operand], picked) for operand in read):
                self.reasons.setdefault(f"{PICKED_WAYS} ({node.name})")
            home = self._homes.get(node.outputs[index], OtherAxes())
            for operand in read:
                axes = self._picked(node, operand, relations[operand], picked | home)
                found[operand] = axes | (found[operand] or OtherAxes())
        return tuple(found)

    def _picked(self, node: Node, operand: int, relation: Relation, chosen: OtherAxes) -> OtherAxes:
        """Return the axes of an operand of which the outputs that lie at one place, or are picked, read a part."""
        own = self._homes[node.inputs[operand]]
        if own == frozenset(relation.axes):
            return OtherAxes()
        driven = {axis for group in _parts(relation) if chosen.intersection(group.drivers) for axis in group.axes}
        return frozenset(driven | set(self._cut(node, operand, relation))) - own

    def _cut(self, node: Node, operand: int, relation: Relation) -> Iterator[str]:
        """Yield the axes of an operand of which no output reads some position."""
        whole = area_box([every_index(extent) for extent in relation.outputs.values()])
        type_ = node.types[operand]
        for axis, mask in zip(relation.axes, projections(relation.pull(whole), len(relation.axes)), strict=True):
            if mask != every_index(self.evaluate(type_.size(axis))):
                yield axis


def _parts(relation: Relation) -> Iterator[LinkGroup]:
    for group in relation.groups:
        yield from group.groups if isinstance(group, Joint) else (group,)


def _only_some(relation: Relation, picked: OtherAxes) -> bool:
    """Whether only some of the positions of a picked axis read an operand."""
    return any(_not_all(relation, group, picked) for group in relation.groups if picked.intersection(group.drivers))


def _not_all(relation: Relation, group: LinkGroup, picked: OtherAxes) -> bool:
    every = {driver: every_index(relation.outputs[driver]) for driver in group.drivers}
    reading = list(group.pull(tuple(every.values())))
    try:
        readers = [masks for read in reading for masks in group.push(read)]
    except QueryError:
        return True
    masks = (dict(zip(group.drivers, each, strict=True)) for each in readers)
    return not any(all(each[axis] == every[axis] for axis in picked.intersection(every)) for each in masks)


def homes_along(top: Frame) -> dict[Value, OtherAxes]:
    """Return the axes along which values lie, of the values that read the input at places, in all bodies."""
    found: dict[Value, set[str]] = defaultdict(set)
    waiting = [top]
    for frame in waiting:
        for value, home in frame.homes.items():
            if home is not None:
                found[value].add(home.term.axis)
        for value in frame.untold:
            found.setdefault(value, set())
        waiting.extend(inner for iterations in frame.inside.values() for inner in dict.fromkeys(iterations.frames))
    return {value: frozenset(axes) for value, axes in found.items()}


def picked_ways(
    graph: Graph, top: Frame, chain: tuple[Member, ...], asked: Value, evaluate: Evaluate
) -> tuple[str, ...]:
    """Return why paths to a value may connect more than it reads, with the operation at which ways part.

    Args:
        graph: the network.
        top: where its values are.
        chain: the node that gives the value, behind the repeats that it lies in.
        asked: the value.
        evaluate: gives the value of a size.
    """
    walker = _PickedAxes(homes_along(top), evaluate)
    walk_back(walker, graph, chain, {asked: OtherAxes()})
    return tuple(walker.reasons)
