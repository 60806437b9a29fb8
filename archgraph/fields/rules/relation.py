"""Which positions of an operand every position of an output reads, borders included: finite and exact."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product

from archgraph.fields.rules.links import LinkGroup, plain_links
from archgraph.fields.sets.area import NO_AREA, Area, Mask, Masks, area_box, boxes, unite
from archgraph.fields.sets.index_sets import common, every_index


@dataclass(frozen=True)
class Relation:
    """Everything that an output reads of one operand.

    Attributes:
        axes: the axes of the operand, in order.
        outputs: the axes of the output with their sizes, in order.
        groups: which of the operand's axes are read along which of the output's.
    """

    axes: tuple[str, ...]
    outputs: Mapping[str, int]
    groups: tuple[LinkGroup, ...]

    def pull(self, area: Area) -> Area:
        """Return what some outputs read together."""
        # Box by box: what the groups read is a product for one output, and for a product of outputs, but not for any
        # set of them.
        names = tuple(self.outputs)
        return unite(self._pulled(dict(zip(names, masks, strict=True))) for masks in boxes(area))

    def _pulled(self, masks: Mapping[str, Mask]) -> Area:
        choices = [group.pull(tuple(masks[driver] for driver in group.drivers)) for group in self.groups]
        return unite(area_box(self._ordered(choice)) for choice in product(*choices))

    def _ordered(self, choice: tuple[Masks, ...]) -> list[Mask]:
        found = {
            axis: mask
            for group, masks in zip(self.groups, choice, strict=True)
            for axis, mask in zip(group.axes, masks, strict=True)
        }
        return [found[axis] for axis in self.axes]

    def push(self, area: Area) -> Area:
        """Return the outputs that read something of a set."""
        return unite(self._pushed(dict(zip(self.axes, masks, strict=True))) for masks in boxes(area))

    def _pushed(self, masks: Mapping[str, Mask]) -> Area:
        choices = [group.push(tuple(masks[axis] for axis in group.axes)) for group in self.groups]
        return unite(area_box(self._met(choice)) for choice in product(*choices))

    def _met(self, choice: tuple[Masks, ...]) -> list[Mask]:
        found = {name: every_index(extent) for name, extent in self.outputs.items()}
        for group, masks in zip(self.groups, choice, strict=True):
            for driver, mask in zip(group.drivers, masks, strict=True):
                # Exact, for what one output reads is a product: it meets the box if it does so in each group.
                found[driver] = common(found[driver], mask)
        return list(found.values())

    @property
    def beyond(self) -> Area:
        """The outputs that read beyond the border."""
        parts = []
        for link in plain_links(self.groups):
            if link.outside.length:
                masks = {
                    **{name: every_index(extent) for name, extent in self.outputs.items()},
                    link.driver: link.outside,
                }
                parts.append(area_box(list(masks.values())))
        return unite(parts) if parts else NO_AREA

    @property
    def exact(self) -> bool:
        """False where less may be read."""
        return all(group.exact for group in self.groups)
