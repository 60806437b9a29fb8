"""What a value reads of one source: a field per axis; and how regions compose over repeated bodies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from archgraph.analysis.field import Field, Reading, Whole
from archgraph.analysis.iterate import power


@dataclass(frozen=True, slots=True)
class Region:
    """The fields of one value on one source, one per axis of the source that is asked about.

    Attributes:
        fields: in the order of the axes.
        box: whether the content is proved to be the product of its axes' sets. Where branches join of which
            neither contains the other (rows beside columns), the fields are only its projections.
    """

    fields: tuple[Field, ...]
    box: bool = True

    def through(self, read: Region) -> Region:
        """Return the region of an output that reads this value by `read`."""
        fields = tuple(own.through(other) for own, other in zip(self.fields, read.fields, strict=True))
        return Region(fields, self.box and read.box)

    def join(self, other: Region) -> Region:
        """Return the union of two regions."""
        fields = tuple(own.join(new) for own, new in zip(self.fields, other.fields, strict=True))
        nested = _contains(fields, self) or _contains(fields, other)
        return Region(fields, self.box and other.box and nested)

    def within(self, scope: Whole) -> Region:
        """Return the region with the origins of its wholes put under an enclosing scope."""
        return Region(tuple(field.within(scope) for field in self.fields), self.box)


def _contains(union: tuple[Field, ...], part: Region) -> bool:
    return all(_covers(own.content, whole.content) for own, whole in zip(part.fields, union, strict=True))


def _covers(part: Reading, union: Reading) -> bool:
    return part == union or (isinstance(part, Whole) and isinstance(union, Whole))


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
