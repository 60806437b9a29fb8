"""Where on a main line a group beside it comes from, and where it leads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from archgraph.graph.ir import Value
from archgraph.outline.groups import Group
from archgraph.outline.items import Item
from archgraph.outline.structure import Structure


@dataclass(frozen=True)
class SideWay:
    """Between which places of the main line a group beside it lies, through others beside it too.

    Attributes:
        readers: the groups that read what it makes.
        last: the last place that it depends on; -1 if it depends on inputs alone.
        first: the first place that depends on it; None if there is none.
    """

    readers: tuple[Group, ...]
    last: int
    first: int | None


def side_ways(found: Structure, place: Mapping[Item, int]) -> dict[Group, SideWay]:
    """The ways of all groups beside a line.

    Args:
        found: the line and what is beside it.
        place: of the items on the line.
    """
    readers, read = dict[Group | Value, list[Group]](), dict[Group, list[Group]]()
    for source, target, _ in found.links:
        readers.setdefault(source, []).append(target)
        if isinstance(source, Group):
            read.setdefault(target, []).append(source)
    last, first = dict[Group, int](), dict[Group, int | None]()
    for side in found.sides:
        last[side] = max((place.get(one.items[0], last.get(one, -1)) for one in read.get(side, ())), default=-1)
    for side in reversed(found.sides):
        reached = (place.get(one.items[0], first.get(one)) for one in readers.get(side, ()))
        first[side] = min((at for at in reached if at is not None), default=None)
    return {side: SideWay(tuple(readers.get(side, ())), last[side], first[side]) for side in found.sides}
