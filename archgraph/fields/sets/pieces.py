"""Readings that differ along an axis: tokens of a class, of a text and of an image one after another."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise

from archgraph.fields.sets.readings import Piece, Pieces, Reading, Unsettled, axes_of, join


def pieces(axis: str, extent: int, parts: Iterable[Piece]) -> Reading:
    """Return the pieces in their unique form: within the axis, in order, equal neighbours as one, one as itself.

    >>> from archgraph.fields.sets.readings import PRESENT
    >>> pieces("n", 8, [Piece(4, 9, PRESENT), Piece(0, 4, PRESENT)]) is PRESENT
    True
    """
    merged: list[Piece] = []
    for part in sorted(_flat(axis, extent, parts), key=lambda part: part.start):
        last = merged[-1] if merged else None
        if last and last.stop == part.start and last.reading == part.reading:
            merged[-1] = Piece(last.start, part.stop, last.reading)
        else:
            merged.append(part)
    if not merged:
        return None
    if len(merged) == 1 and merged[0].start <= 0 and merged[0].stop >= extent:
        return merged[0].reading
    return Pieces(axis, extent, tuple(merged))


def _flat(axis: str, extent: int, parts: Iterable[Piece]) -> Iterator[Piece]:
    for part in parts:
        start, stop, reading = max(part.start, 0), min(part.stop, extent), part.reading
        if start >= stop or reading is None:
            continue
        if not isinstance(reading, Pieces):
            yield Piece(start, stop, reading)
        elif reading.axis == axis:
            inner = (Piece(max(p.start, start), min(p.stop, stop), p.reading) for p in reading.parts)
            yield from _flat(axis, extent, inner)
        else:
            reason = f"what is read differs along {axis} and along {reading.axis}"
            yield Piece(start, stop, Unsettled(reason, axes_of(reading)))


def placed(reading: Reading, axis: str, extent: int, start: int, length: int) -> Reading:
    """Return what only the positions start ... start + length - 1 of an axis read."""
    return pieces(axis, extent, [Piece(start, start + length, reading)])


def overlay(left: Reading, right: Reading) -> Reading:
    """Return the union of two readings, at least one of which is in pieces."""
    cut = left if isinstance(left, Pieces) else right
    assert isinstance(cut, Pieces)
    ends = {0, cut.extent}
    for reading in (left, right):
        if isinstance(reading, Pieces) and reading.axis == cut.axis:
            ends.update(end for part in reading.parts for end in (part.start, part.stop))
    bounds = sorted(ends)
    spans = pairwise(bounds)
    parts = (Piece(a, b, join(part_of(left, cut.axis, a), part_of(right, cut.axis, a))) for a, b in spans)
    return pieces(cut.axis, cut.extent, parts)


def part_of(reading: Reading, axis: str, index: int) -> Reading:
    """Return the reading at one index of an axis."""
    if not isinstance(reading, Pieces) or reading.axis != axis:
        return reading
    return next((part.reading for part in reading.parts if part.start <= index < part.stop), None)


def alone(reading: Reading) -> Reading:
    """Return the reading of the only positions that read anything, where all of these read alike."""
    if not isinstance(reading, Pieces):
        return reading
    first, *others = (part.reading for part in reading.parts)
    return first if all(other == first for other in others) else reading


def disjoint(left: Reading, right: Reading) -> bool:
    """Say whether two readings are those of different stretches of one axis."""
    if not isinstance(left, Pieces) or not isinstance(right, Pieces) or left.axis != right.axis:
        return False
    return all(a.stop <= b.start or b.stop <= a.start for a in left.parts for b in right.parts)
