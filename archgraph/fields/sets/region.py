"""What a value reads of one source: a field per axis; and how regions compose over repeated bodies."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import reduce
from typing import TypeAlias

from archgraph.fields.sets.at_most import at_most
from archgraph.fields.sets.boxes import Boxes, ReadBox, covers, crossed, pruned
from archgraph.fields.sets.channels import EVEN, ITSELF, Channels
from archgraph.fields.sets.field import THERE, Field, identity
from archgraph.fields.sets.iterate import power
from archgraph.fields.sets.pieces import Piece, disjoint, pieces, placed
from archgraph.fields.sets.readings import Moving, Pieces, Reading, Rows, Whole, axes_of
from archgraph.fields.sets.rows import presence
from archgraph.ops.position_sets import PositionSets

REST = ""
"""The key of the field of a value's content that none of its axes drives."""


@dataclass(frozen=True, slots=True)
class Region:
    """The fields of one value on one source, by axis of the source.

    Attributes:
        fields: what is read along every axis.
        boxes: the content as a union of boxes where it is no single one; empty where it is the product of the
            fields; None where neither is known, and the fields are only projections.
        channels: whether all channels of a position read the same.
        extents: the sizes of the source's axes, as far as they are known.
    """

    fields: Mapping[str, Field]
    boxes: Boxes = ()
    channels: Channels = EVEN
    extents: Mapping[str, int] = field(default_factory=dict, compare=False)

    @property
    def box(self) -> bool:
        """Whether the content is proved to be the product of its axes' sets."""
        return self.boxes == ()

    def through(self, read: Region) -> Region:
        """Return the region of an output that reads this value by `read`."""
        fields = {axis: field.through(read.fields) for axis, field in self.fields.items()}
        if REST in fields:
            fields[REST] = fields[REST].each(_passed)
        return Region(fields, self._crossed(fields, read), self.channels.through(read.channels), self.extents)

    def _crossed(self, fields: Mapping[str, Field], read: Region) -> Boxes:
        if self.boxes is None or read.boxes is None or not _separable(self, read):
            return None
        # Here the set is the product of its axes, and no boxes need to be kept.
        if not self.boxes and not read.boxes:
            return ()
        return _boxes(fields, crossed(self.parts, read.parts, self.extents), self.extents)

    def join(self, other: Region) -> Region:
        """Return the union of two regions."""
        fields = {axis: field.join(other.fields[axis]) for axis, field in self.fields.items()}
        extents = {**self.extents, **other.extents}
        return Region(fields, self._joined(fields, other, extents), self.channels.join(other.channels), extents)

    def _joined(self, fields: Mapping[str, Field], other: Region, extents: Mapping[str, int]) -> Boxes:
        # One of the two alone fills the union along every axis: there is no corner that it misses.
        if any(part.box and _fills(part.parts[0], fields, extents) for part in (self, other)):
            return ()
        # No output has both, and what each output has is a box.
        if self.box and other.box and _apart(self, other):
            return ()
        if self.boxes is None or other.boxes is None:
            return None
        return _boxes(fields, pruned((*self.parts, *other.parts), extents), extents)

    @property
    def parts(self) -> tuple[ReadBox, ...]:
        """The boxes whose union is the content, where they are known."""
        return self.boxes or ({axis: field.content for axis, field in self.fields.items()},)

    def within(self, scope: Whole) -> Region:
        """Return the region with the origins of its wholes put under an enclosing scope."""
        return self._with({axis: field.within(scope) for axis, field in self.fields.items()})

    def _with(self, fields: Mapping[str, Field]) -> Region:
        return Region(fields, self.boxes, self.channels, self.extents)

    def placed(self, axis: str, extent: int, start: int, length: int) -> Region:
        """Return the region that only a stretch of the output's positions has."""

        def cut(field: Field) -> Field:
            return field.each(lambda reading: placed(reading, axis, extent, start, length))

        return self._with({name: cut(field) for name, field in self.fields.items()})

    def cut(self, axis: str, extent: int, sets: PositionSets | None) -> Region:
        """Return the region that only listed positions of the output have; where not known, all may have it."""

        def some(reading: Reading) -> Reading:
            if sets is None or extent != sets.extent:
                return at_most(reading)
            return pieces(axis, extent, (Piece(start, stop, reading) for start, stop in sets.stretches))

        return self._with({name: field.each(some) for name, field in self.fields.items()})

    def uneven(self) -> Region:
        """Return the region of a value whose channels read differently."""
        return Region(self.fields, self.boxes, self.channels.uneven(), self.extents)

    def alone(self) -> Region:
        """Return the region of the positions that read anything."""
        return self._with({axis: field.alone() for axis, field in self.fields.items()})


def _passed(reading: Reading) -> Reading:
    """How a constant content is passed on, where that was composed as if it were a set."""
    return presence(reading) if isinstance(reading, Moving | Whole) else reading


def own_region(axes: Mapping[str, int]) -> Region:
    """Return the region of a value of some axes and sizes on itself."""
    fields = {REST: THERE, **{axis: identity(axis, extent) for axis, extent in axes.items()}}
    return Region(fields, channels=ITSELF, extents=axes)


def _boxes(fields: Mapping[str, Field], boxes: Boxes, extents: Mapping[str, int]) -> Boxes:
    """Return no boxes where a single one is the product of the fields."""
    single = boxes is not None and len(boxes) < 2 and all(_fills(box, fields, extents) for box in boxes)
    return () if single else boxes


def _fills(box: ReadBox, fields: Mapping[str, Field], extents: Mapping[str, int]) -> bool:
    return all(covers(reading, fields[axis].content, extents.get(axis)) for axis, reading in box.items())


def _apart(left: Region, right: Region) -> bool:
    """Say whether no position of the output has both regions."""
    return any(disjoint(field.content, right.fields[axis].content) for axis, field in left.fields.items())


def _separable(value: Region, read: Region) -> bool:
    """Say whether a product of sets stays one: no axis that drives two source axes is mixed in part."""
    places = (field.content for source, field in value.fields.items() if source != REST)
    drivers = Counter(axis for content in places for axis in axes_of(content))
    shared = (read.fields[axis].content for axis, count in drivers.items() if count > 1)
    return all(_spread_alike(reading) for reading in shared)


def _spread_alike(reading: Reading) -> bool:
    if isinstance(reading, Rows):
        # Of one position nothing but one position is made.
        return all(read.length < 2 for read in reading.sets)
    return reading.step is not None if isinstance(reading, Moving) else isinstance(reading, Whole | Pieces | None)


Dependence: TypeAlias = Mapping[int, Region]
"""What one value reads of every source, by the source's number; a source that is not read is absent."""
Transfer: TypeAlias = tuple[Dependence, ...]
"""What every output of a node reads of every operand."""


def apply(transfer: Dependence, operands: tuple[Dependence, ...]) -> Dependence:
    """Return what an output reads of the sources, by way of its operands.

    Args:
        transfer: what the output reads of the operands.
        operands: what they read of the sources.
    """
    found: dict[int, list[Region]] = {}
    for operand, read in transfer.items():
        for source, region in operands[operand].items():
            found.setdefault(source, []).append(region.through(read))
    joined = {source: reduce(Region.join, regions) for source, regions in found.items()}
    if not any(read.channels.joined for read in transfer.values()):
        return joined
    # Behind a concatenation of channels a part of them may read less, unless every operand reads the source, and all
    # read it alike.
    even = {source for source, regions in found.items() if _alike(regions, len(transfer))}
    return {source: region if source in even else region.uneven() for source, region in joined.items()}


def _alike(regions: list[Region], operands: int) -> bool:
    same = len(regions) == operands and all(region.fields == regions[0].fields for region in regions)
    return same and not any(region.channels.between or _is_folded(region) for region in regions)


def _is_folded(region: Region) -> bool:
    """Whether a border brings anything in, which equal fields may do in several ways."""
    readings = (field.stat for field in region.fields.values())
    return any(isinstance(reading, Moving) and reading.folded is not None for reading in readings)


def gathered_again(row: Dependence, operands: tuple[Dependence, ...], place: Whole) -> Dependence:
    """Return the dependence in which what fills the holes of something gathered, or completes it, has gathered it.

    Positions that were picked one by one are complete once they are all of an axis.

    Args:
        row: what an output of a node reads of the sources.
        operands: what its operands read of them.
        place: names the node.
    """
    with_holes = {
        (source, axis)
        for operand in operands
        for source, region in operand.items()
        for axis, field in region.fields.items()
        if axis != REST and _has_holes(field.stat)
    }

    def filled(source: int, axis: str, region: Region) -> Field:
        field = region.fields[axis]
        if axis == REST or not _stands(field.stat):
            return field
        least = 0 if (source, axis) in with_holes else region.extents.get(axis)
        return field if least is None else field.each(lambda reading: _filled(reading, place, least))

    def changed(source: int, region: Region) -> Region:
        fields = {axis: filled(source, axis, region) for axis in region.fields}
        same = all(fields[axis] is field for axis, field in region.fields.items())
        return region if same else replace(region, fields=fields)

    return {source: changed(source, region) for source, region in row.items()}


def _has_holes(reading: Reading) -> bool:
    """Whether some outputs read nothing of what is the same for all others."""
    return isinstance(reading, Moving) and not reading.map.advance and reading.map.period > 1


def _stands(reading: Reading) -> bool:
    """Whether it is one set, whichever output reads it."""
    return isinstance(reading, Moving) and not reading.form and not reading.map.advance


def _filled(reading: Reading, place: Whole, least: int) -> Reading:
    """Return one set that holds the first positions, so many at least, as gathered by a node; a lone one is none."""
    if not isinstance(reading, Moving) or not _stands(reading):
        return reading
    gathered = replace(place, span=reading.map.phases[0])
    return gathered if not least or (least > 1 and gathered.covers(least)) else reading


def within(row: Dependence, scope: Whole) -> Dependence:
    """Return the dependence with the origins of its wholes put under an enclosing scope."""
    return {source: region.within(scope) for source, region in row.items()}


def reading_alone(row: Dependence) -> Dependence:
    """Return the dependence of the positions that read anything."""
    return {source: region.alone() for source, region in row.items()}


def compose(first: Transfer, then: Transfer) -> Transfer:
    """Return the transfer of two steps in a row."""
    return tuple(apply(row, first) for row in then)


def iterated_transfer(body: Transfer, identity: Transfer, count: int) -> Transfer:
    """Return what the operands of a repeated body read of the first operands after `count` iterations.

    The first operands are carried, as many as the body has outputs; the others stay what they are.

    Args:
        body: what the body's outputs read of its inputs.
        identity: that every input reads itself.
        count: the number of iterations.
    """
    # To be squared, a body must lead from its inputs to its inputs: invariant ones read themselves.
    return power((*body, *identity[len(body) :]), count, identity, compose)
