"""The three receptive fields of a value along one input axis: content, gate, statistics."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from archgraph.fields.sets.pieces import alone, join, pieces
from archgraph.fields.sets.readings import PRESENT, HalfLine, Moving, Piece, Pieces, Reading, Rows, Whole
from archgraph.fields.sets.terms import own_index
from archgraph.fields.sets.through import through
from archgraph.fields.sets.windows import IDENTITY

ReadKind = Literal["content", "gate", "stat"]


@dataclass(frozen=True, slots=True)
class Field:
    """The three receptive fields along one axis, each within the next.

    Attributes:
        content: with normalisation statistics and gates held fixed.
        gate: and what enters through gates: factors that a product broadcasts over positions.
        stat: and what enters through normalisation statistics.
    """

    content: Reading
    gate: Reading
    stat: Reading

    def through(self, reads: Mapping[str, Field]) -> Field:
        """Return the field of an output that reads this value's axes by `reads`."""
        content = through(self.content, lambda axis: reads[axis].content)
        plain = all(read.gate is read.content for read in reads.values())
        gate = content if plain and self.gate is self.content else through(self.gate, lambda a: reads[a].gate)
        plain = all(read.stat is read.gate for read in reads.values())
        stat = gate if plain and self.stat is self.gate else through(self.stat, lambda a: reads[a].stat)
        return Field(content, gate, stat)

    def join(self, other: Field) -> Field:
        """Return the union of two fields."""
        content = join(self.content, other.content)
        plain = self.gate is self.content and other.gate is other.content
        gate = content if plain else join(self.gate, other.gate)
        plain = self.stat is self.gate and other.stat is other.gate
        return Field(content, gate, gate if plain else join(self.stat, other.stat))

    def each(self, change: Callable[[Reading], Reading]) -> Field:
        """Return the field with every reading changed."""
        content = change(self.content)
        gate = content if self.gate is self.content else change(self.gate)
        return Field(content, gate, gate if self.stat is self.gate else change(self.stat))

    def within(self, scope: Whole) -> Field:
        """Return the field with the origins of its wholes put under an enclosing scope."""
        return self.each(lambda reading: _within(reading, scope)) if scope.path else self

    def alone(self) -> Field:
        """Return the field of the positions that read anything, where all of these read alike."""
        return self.each(alone)


def _within(reading: Reading, scope: Whole) -> Reading:
    if isinstance(reading, Whole):
        return reading.under(scope) if reading.path else reading
    if isinstance(reading, HalfLine | Rows):
        return replace(reading, since=reading.since.under(scope))
    if isinstance(reading, Pieces):
        parts = (Piece(part.start, part.stop, _within(part.reading, scope)) for part in reading.parts)
        return pieces(reading.axis, reading.extent, parts)
    return reading


def same(reading: Reading) -> Field:
    """Return the field whose three kinds are equal.

    >>> same(None).stat is None
    True
    """
    return Field(reading, reading, reading)


def identity(axis: str, extent: int) -> Field:
    """Return the field of a value on itself."""
    return same(Moving(own_index(axis, extent), IDENTITY))


NOTHING = same(None)
THERE = same(PRESENT)
"""What keeps a constant content as it is."""
HELD = Field(None, PRESENT, PRESENT)
"""What keeps a constant content out of the content, as a gate does."""
