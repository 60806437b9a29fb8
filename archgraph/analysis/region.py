"""What a value reads of one source: a field per axis; and how regions compose over repeated bodies."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from archgraph.analysis.boxes import Box, Boxes, covers, crossed, pruned
from archgraph.analysis.field import THERE, Field, identity
from archgraph.analysis.iterate import power
from archgraph.analysis.pieces import disjoint, placed
from archgraph.analysis.readings import Moving, Pieces, Whole, axes_of

REST = ""
"""The key of the field of a value's content that none of its axes drives."""


@dataclass(frozen=True, slots=True)
class Region:
    """The fields of one value on one source, by axis of the source.

    Attributes:
        fields: what is read along every axis.
        boxes: the content as a union of boxes where it is no single one; empty where it is the product of the
            fields; None where neither is known, and the fields are only projections.
    """

    fields: Mapping[str, Field]
    boxes: Boxes = ()

    @property
    def box(self) -> bool:
        """Whether the content is proved to be the product of its axes' sets."""
        return self.boxes == ()

    def through(self, read: Region) -> Region:
        """Return the region of an output that reads this value by `read`."""
        fields = {axis: field.through(read.fields) for axis, field in self.fields.items()}
        if self.boxes is None or read.boxes is None or not _separable(self, read):
            return Region(fields, None)
        if not self.boxes and not read.boxes:
            return Region(fields)
        return _region(fields, crossed(self.parts, read.parts))

    def join(self, other: Region) -> Region:
        """Return the union of two regions."""
        fields = {axis: field.join(other.fields[axis]) for axis, field in self.fields.items()}
        if any(part.box and _fills(part.parts[0], fields) for part in (self, other)):
            return Region(fields)
        if self.box and other.box and _apart(self, other):
            return Region(fields)
        if self.boxes is None or other.boxes is None:
            return Region(fields, None)
        return _region(fields, pruned((*self.parts, *other.parts)))

    @property
    def parts(self) -> tuple[Box, ...]:
        """The boxes whose union is the content, where they are known."""
        return self.boxes or ({axis: field.content for axis, field in self.fields.items()},)

    def within(self, scope: Whole) -> Region:
        """Return the region with the origins of its wholes put under an enclosing scope."""
        return Region({axis: field.within(scope) for axis, field in self.fields.items()}, self.boxes)

    def placed(self, axis: str, extent: int, start: int, length: int) -> Region:
        """Return the region that only a stretch of the output's positions has."""

        def cut(field: Field) -> Field:
            return field.each(lambda reading: placed(reading, axis, extent, start, length))

        return Region({name: cut(field) for name, field in self.fields.items()}, self.boxes)

    def alone(self) -> Region:
        """Return the region of the positions that read anything."""
        return Region({axis: field.alone() for axis, field in self.fields.items()}, self.boxes)


def itself(axes: Mapping[str, int]) -> Region:
    """Return the region of a value of some axes and sizes on itself."""
    return Region({REST: THERE, **{axis: identity(axis, extent) for axis, extent in axes.items()}})


def _region(fields: Mapping[str, Field], boxes: Boxes) -> Region:
    if boxes is not None and len(boxes) < 2 and all(_fills(box, fields) for box in boxes):
        return Region(fields)
    return Region(fields, boxes)


def _fills(box: Box, fields: Mapping[str, Field]) -> bool:
    return all(covers(reading, fields[axis].content) for axis, reading in box.items())


def _apart(left: Region, right: Region) -> bool:
    """Say whether no position of the output has both regions."""
    return any(disjoint(field.content, right.fields[axis].content) for axis, field in left.fields.items())


def _separable(value: Region, read: Region) -> bool:
    """Say whether a product of sets stays one: no axis that drives two source axes is mixed in part."""
    drivers = Counter(axis for field in value.fields.values() for axis in axes_of(field.content))
    shared = (read.fields[axis].content for axis, count in drivers.items() if count > 1)
    return all(
        reading is None
        or isinstance(reading, Whole | Pieces)
        or (isinstance(reading, Moving) and reading.step is not None)
        for reading in shared
    )


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
    result: dict[int, Region] = {}
    for operand, read in transfer.items():
        for source, region in operands[operand].items():
            new = region.through(read)
            result[source] = result[source].join(new) if source in result else new
    return result


def within(row: Dependence, scope: Whole) -> Dependence:
    """Return the dependence with the origins of its wholes put under an enclosing scope."""
    return {source: region.within(scope) for source, region in row.items()}


def alone(row: Dependence) -> Dependence:
    """Return the dependence of the positions that read anything."""
    return {source: region.alone() for source, region in row.items()}


def compose(first: Transfer, then: Transfer) -> Transfer:
    """Return the transfer of two steps in a row."""
    return tuple(apply(row, first) for row in then)


def iterations(body: Transfer, identity: Transfer, count: int) -> Transfer:
    """Return what the operands of a repeated body read of the first operands after `count` iterations.

    The first operands are carried, as many as the body has outputs; the others stay what they are.

    Args:
        body: what the body's outputs read of its inputs.
        identity: that every input reads itself.
        count: the number of iterations.
    """
    return power((*body, *identity[len(body) :]), count, identity, compose)
