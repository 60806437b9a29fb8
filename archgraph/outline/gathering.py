"""A line with next to nothing beside it: what comes from the same place of the line becomes one group.

A group beside the line depends on a last place of the line, and nothing that depends on a later one leads to it. So
those of one place can be put together without a way that leads out of them and back.
"""

from __future__ import annotations

from archgraph.outline.folding import one_group
from archgraph.outline.groups import Group
from archgraph.outline.side_ways import side_ways
from archgraph.outline.structure import Structure, linked


def gathered_sides(found: Structure) -> Structure:
    """The same structure with at most one group beside each of the main line, and one before all of them."""
    place = {item: at for at, group in enumerate(found.chain) for item in group.all}
    ways = side_ways(found, place)
    by_place: dict[int, list[Group]] = {}
    for side in found.sides:
        by_place.setdefault(ways[side].last, []).append(side)
    sides = tuple(_one(by_place[at]) for at in sorted(by_place))
    return linked(found.flow, found.entry, found.chain, sides)


def _one(sides: list[Group]) -> Group:
    return sides[0] if len(sides) == 1 else one_group(sides)
