"""Which maps a member reads: those of its operands, or what these were made of where they write no map of their own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from archgraph.figures.maps.feature_map import FeatureMap
from archgraph.graph.ir import Value
from archgraph.outline.items import Flow, Item


@dataclass(frozen=True)
class MapReads:
    """Says what members of a network read.

    Attributes:
        flow: the members.
        map_of: the map in which each value lies; of what writes none, that of its first operand.
    """

    flow: Flow
    map_of: Mapping[Value, FeatureMap]

    def of(self, item: Item) -> list[FeatureMap]:
        """Return the maps, each once."""
        found: dict[FeatureMap, None] = {}
        waiting = [*reversed(item.inputs)]
        while waiting:
            value = waiting.pop()
            own, maker = self.map_of.get(value), self.flow.maker.get(value)
            if maker is None or (own is not None and _wrote(maker, own)):
                found.update({own: None} if own is not None else {})
            else:
                waiting += reversed(maker.inputs)
        return [*found]


def _wrote(maker: Item, own: FeatureMap) -> bool:
    """Whether a map is of a member, or of what lies in it."""
    return any(one.path == maker.path or one.path.startswith(f"{maker.path}.") for one in own.items)
