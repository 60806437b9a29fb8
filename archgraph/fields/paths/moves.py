"""The graph of positions: which coordinates of an operand an operation connects, and which of them by a move."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

from archgraph.fields.paths.homes import Home
from archgraph.fields.rules.links import Every, Joint, Link, LinkGroup, Lookup, Tangle
from archgraph.fields.rules.relation import Relation
from archgraph.fields.sets.area import Mask, bits, full
from archgraph.fields.sets.limits import check_places


@dataclass(frozen=True, eq=False)
class Edges:
    """What the positions of an output are connected with in one operand; one object for all nodes that do the same.

    Attributes:
        table: per coordinate of the output, the operand's coordinates; None where all are connected with all, or
            with all up to their own.
        still: per coordinate of the output, the operand's coordinates in the same place: no move leads there.
        count: how many coordinates the operand has.
        causal: whether only coordinates up to the output's own are read.
    """

    table: tuple[Mask, ...] | None
    still: tuple[Mask, ...]
    count: int
    causal: bool = False


def edges(relation: Relation, operand: Home | None, output: Home | None) -> Edges:
    """Return the connections of one operand.

    A value without a home is one position that lies nowhere: gathering into it is a move, reading it is none.
    """
    for home in (operand, output):
        if home is not None:
            check_places(home.term.axis, home.count)
    if operand is None:
        width = 1 if output is None else output.count
        return Edges(None, (1,) * width, 1)
    if output is None:
        return Edges(None, (0,), operand.count)
    still = output.overlapping(operand)
    group = _group_of(relation.groups, operand.term.axis)
    if isinstance(group, Every) or output.term.axis not in group.drivers:
        return Edges(None, still, operand.count)
    table = [0] * output.count
    for x, reads in _pairs(group, operand, output):
        if 0 <= x < output.count:
            table[x] |= reads
    if all(reads == full(x + 1) for x, reads in enumerate(table)) and output.count == operand.count > 1:
        return Edges(None, tuple(a & b for a, b in zip(still, table, strict=True)), operand.count, causal=True)
    return Edges(tuple(table), still, operand.count)


def _group_of(groups: tuple[LinkGroup, ...], axis: str) -> LinkGroup:
    group = next(group for group in groups if axis in group.axes)
    return _group_of(group.groups, axis) if isinstance(group, Joint) else group


def _pairs(group: LinkGroup, operand: Home, output: Home) -> Iterator[tuple[int, Mask]]:
    """Yield a coordinate of the output and the operand's that it reads, for every index."""
    if isinstance(group, Link):
        for index, reads in enumerate(group.table):
            yield output.term.at(index), _coordinates(reads, operand)
    elif isinstance(group, Lookup):
        driver = group.drivers.index(output.term.axis)
        for index in product(*(range(size) for _, _, size in group.digits)):
            yield output.term.at(index[driver]), _coordinates(group.read(index), operand)
    elif isinstance(group, Tangle):
        place, driver = group.axes.index(operand.term.axis), group.drivers.index(output.term.axis)
        for index in product(*map(range, group.sizes)):
            yield output.term.at(index[driver]), _coordinates(group.read(index)[place], operand)


def _coordinates(reads: Mask, home: Home) -> Mask:
    if home.term.pure:
        return reads & full(home.count)
    found = 0
    for index in bits(reads):
        x = home.term.at(index)
        found |= 1 << x if 0 <= x < home.count else 0
    return found
