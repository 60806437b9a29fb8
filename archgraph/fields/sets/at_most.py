"""Readings that are upper bounds: what an operation may read, where what it does read is not known."""

from __future__ import annotations

from dataclasses import replace

from archgraph.fields.sets.indices import Indices
from archgraph.fields.sets.pieces import pieces
from archgraph.fields.sets.readings import Folded, HalfLine, Moving, Piece, Pieces, Reading, Rows, Whole, listed_of
from archgraph.fields.sets.setmap import SetMap


def at_most(reading: Reading) -> Reading:
    """Return the same reading as an upper bound.

    >>> from archgraph.fields.sets.readings import PRESENT
    >>> from archgraph.fields.sets.indices import interval
    >>> at_most(replace(PRESENT, span=interval(0, 3))).span.exact
    False
    """
    if isinstance(reading, Moving):
        folded = reading.folded and Folded(lambda: at_most(listed_of(reading)))
        return replace(reading, map=_map_at_most(reading.map), folded=folded)
    if isinstance(reading, HalfLine):
        return replace(reading, edge=_map_at_most(reading.edge), since=_whole_at_most(reading.since))
    if isinstance(reading, Rows):
        return replace(reading, sets=tuple(map(_set_at_most, reading.sets)))
    if isinstance(reading, Pieces):
        parts = (Piece(part.start, part.stop, at_most(part.reading)) for part in reading.parts)
        return pieces(reading.axis, reading.extent, parts)
    return _whole_at_most(reading) if isinstance(reading, Whole) else reading


def _whole_at_most(whole: Whole) -> Whole:
    return replace(whole, span=_set_at_most(whole.span))


def _map_at_most(reads: SetMap) -> SetMap:
    return SetMap(reads.advance, tuple(map(_set_at_most, reads.phases)))


def _set_at_most(found: Indices) -> Indices:
    return replace(found, exact=False)
