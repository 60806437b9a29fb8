"""Where a position of a value is at home in the input: its cell, whatever it reads besides."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from archgraph.fields.paths.local_reads import LocalReads
from archgraph.fields.sets.area import Mask
from archgraph.fields.sets.field import Field
from archgraph.fields.sets.readings import Moving, on_axis
from archgraph.fields.sets.region import reading_alone
from archgraph.fields.sets.terms import Term
from archgraph.graph.ir import Graph, Value
from archgraph.sizes.exact import Evaluate


def homes(graph: Graph, input: Value, axis: str, evaluate: Evaluate) -> dict[Value, Home | None]:
    """Return the home of every value of a graph along one axis of an input."""
    number, found = graph.inputs.index(input), LocalReads(evaluate).of(graph)
    rows = {value: reading_alone(row).get(number) for value, row in found.items()}
    return {value: None if region is None else home_of(region.fields[axis]) for value, region in rows.items()}


@dataclass(frozen=True)
class Home:
    """The cells of a value's positions along one axis of the input.

    Coordinate x stands for the cell from `stride*x + offset`, as long as a stride.

    Attributes:
        term: gives the coordinate of an index on an axis of the value.
        stride: the length of a cell.
        offset: where the cell of coordinate 0 begins.
    """

    term: Term
    stride: Fraction
    offset: Fraction

    @property
    def count(self) -> int:
        """The number of coordinates; what lies before the first one, as a class token does, has none."""
        last = (self.term.extent - 1 + self.term.shift) // self.term.stride
        return self.term.modulus or last + 1

    def cell(self, x: int) -> tuple[Fraction, Fraction]:
        """Return where a cell begins and ends."""
        start = self.stride * x + self.offset
        return start, start + self.stride

    def overlapping(self, other: Home) -> tuple[Mask, ...]:
        """Return, per coordinate, the coordinates of another value whose cells overlap its cell."""
        return _overlaps(self.stride, self.offset, self.count, other.stride, other.offset, other.count)


@lru_cache(maxsize=1024)
def _overlaps(
    stride: Fraction, offset: Fraction, count: int, other: Fraction, start: Fraction, others: int
) -> tuple[Mask, ...]:
    """Return the masks of `Home.overlapping`: all iterations of a repeat ask for the same ones."""
    masks = []
    for x in range(count):
        begin = stride * x + offset - start
        first, last = max(int(begin // other), 0), min(-int(-(begin + stride) // other) - 1, others - 1)
        masks.append(((1 << last - first + 1) - 1) << first if first <= last else 0)
    return tuple(masks)


def home_of(field: Field) -> Home | None:
    """Return the cells behind the local field of a value, None where it has none."""
    reading = field.content
    if not isinstance(reading, Moving) or reading.map.advance < 1:
        return None
    if len(reading.form) != 1:
        plain = on_axis(reading) if reading.form else None
        if plain is None:
            return None
        reading = plain
    return Home(reading.form[0], reading.map.stride, reading.map.offset)
