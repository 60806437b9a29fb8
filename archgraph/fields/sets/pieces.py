"""Unions of readings, and readings that differ along an axis: tokens of a class, a text and an image in a row."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import reduce
from itertools import pairwise

from archgraph.errors import QueryError
from archgraph.fields.sets.indices import EMPTY, Indices, interval, union
from archgraph.fields.sets.readings import (
    HalfLine,
    Moving,
    Piece,
    Pieces,
    Reading,
    Rows,
    Unsettled,
    Whole,
    axes_of,
    edge,
    folds,
    halfline,
    indexed,
    moving,
    settled,
)
from archgraph.fields.sets.rows import bordered, borders_counted, listed_union
from archgraph.fields.sets.terms import Form, Sum, coarseness, shown, values_of
from archgraph.fields.sets.windows import enlarge, window


def pieces(axis: str, extent: int, parts: Iterable[Piece]) -> Reading:
    """Return the pieces in their unique form: within the axis, in order, equal neighbours as one, one as itself.

    >>> from archgraph.fields.sets.readings import PRESENT
    >>> pieces("n", 8, [Piece(4, 9, PRESENT), Piece(0, 4, PRESENT)]) is PRESENT
    True
    """
    merged: list[Piece] = []
    for part in sorted(_flat(axis, extent, parts), key=lambda part: part.start):
        last = merged[-1] if merged else None
        # One form for one set: fields are compared by equality, and a repeat ends where its field comes back.
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
            # Pieces within pieces would make boxes of every pair of cuts; one axis is what networks need, and the rest
            # says so.
            reason = f"what is read differs along {axis} and along {reading.axis}"
            yield Piece(start, stop, Unsettled(reason, axes_of(reading)))


def placed(reading: Reading, axis: str, extent: int, start: int, length: int) -> Reading:
    """Return what only the positions start ... start + length - 1 of an axis read."""
    return pieces(axis, extent, [Piece(start, start + length, reading)])


def overlay(left: Reading, right: Reading) -> Reading:
    """Return the union of two readings, at least one of which is in pieces."""
    cut = left if isinstance(left, Pieces) else right
    assert isinstance(cut, Pieces)
    # Between two neighbouring ends neither reading changes, so that one index speaks for all.
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


def join(left: Reading, right: Reading) -> Reading:
    """Return what a sum or concatenation reads: the union. Of two wholes the earlier one is kept.

    >>> join(Whole((2,), "b"), Whole((1, 5), "a.c")).path
    'a.c'
    """
    if left is None or right is None:
        return right if left is None else left
    # A border that reflects or wraps reads positions that the interior does not; these are united one by one.
    if left is not right and (folds(left) or folds(right)):
        return settled(lambda: _with_borders(left, right), axes_of(left) | axes_of(right))
    return _united(left, right)


def _with_borders(left: Reading, right: Reading) -> Reading:
    """Unite, with what borders bring in wherever the result tells positions apart one by one."""
    plain = _united(left, right)
    if isinstance(plain, Moving):
        return bordered(replace(plain, folded=None), lambda: listed_union(left, right))
    return borders_counted(plain, lambda: listed_union(left, right)) if isinstance(plain, HalfLine) else plain


def _united(left: Reading, right: Reading) -> Reading:
    if left is None or right is None or left == right:
        return right if left is None else left
    if isinstance(left, Pieces) or isinstance(right, Pieces):
        return overlay(left, right)
    if isinstance(left, Rows) or isinstance(right, Rows):
        return settled(lambda: listed_union(left, right), axes_of(left) | axes_of(right))
    # All positions and some positions are all positions: of the two only the first place at which it happened matters.
    if isinstance(left, Whole) or isinstance(right, Whole):
        return _with_whole(left, right)
    if isinstance(left, Unsettled) or isinstance(right, Unsettled):
        reason = next(reading.reason for reading in (left, right) if isinstance(reading, Unsettled))
        return Unsettled(reason, axes_of(left) | axes_of(right))
    held = _holding(left, right) or _holding(right, left)
    if held is not None:
        return held
    joined = settled(lambda: _joined(left, right), axes_of(left) | axes_of(right))
    # Windows on grids that do not match have no common form at any size, so that counting would not help either.
    if not isinstance(joined, Unsettled) or joined.label == "misaligned":
        return joined
    # Position by position, as long as these can be counted.
    return settled(lambda: listed_union(left, right), axes_of(left) | axes_of(right))


def _holding(outer: Moving | HalfLine, inner: Moving | HalfLine) -> Reading:
    """Return a reading that holds all that another one reads when axes that it does not depend on vary; else None.

    Such are the keys of a window beside the query: the window is read whichever of its positions asks.
    """
    if not isinstance(outer, Moving) or not isinstance(inner, Moving):
        return None
    # With an axis of its own the inner reading is many sets, one for each of its positions; their union is compared.
    missing = axes_of(inner) - axes_of(outer)
    varying = [term for term in inner.form if term.axis in missing]
    if not missing or len(varying) != len(missing):
        return None
    reads = reduce(lambda reads, term: reads.through(window(term.count, 1, term.scale)), varying, inner.map)
    widened = moving(Sum(tuple(term for term in inner.form if term.axis not in missing)), reads)
    return outer if settled(lambda: _same_form(outer, widened), frozenset()) == outer else None


def _same_form(left: Moving, right: Moving) -> Reading:
    if left.form != right.form:
        return None
    return Moving(left.form, left.map.union(right.map))


def _with_whole(left: Reading, right: Reading) -> Whole:
    """Return what is the same for every output, with a note where it is not: where it may not hold the other one."""
    whole = _wholes([reading for reading in (left, right) if isinstance(reading, Whole)])
    others = (reading for reading in (left, right) if not isinstance(reading, Whole))
    return replace(whole, beside=whole.beside or not all(_holds(whole.span, other) for other in others))


def _holds(span: Indices, reading: Reading) -> bool:
    """Whether a span holds all that the outputs read together; nothing is missing in one that is not known."""
    if not span.length:
        return True
    if not isinstance(reading, Moving):
        return False
    values = values_of(reading.form)
    read = reading.map.image(interval(values.start, values.stop - 1))
    return union((span, read)) == span


def _wholes(wholes: list[Whole]) -> Whole:
    first = min(wholes, key=lambda whole: whole.order)
    # An unknown span is not an empty one: with it the union is unknown as well.
    known = all(whole.span.length for whole in wholes)
    span = union(whole.span for whole in wholes) if known else EMPTY
    return replace(first, span=span, beside=any(whole.beside for whole in wholes))


def _joined(left: Moving | HalfLine, right: Moving | HalfLine) -> Reading:
    left, right = _alike(left, right)
    if isinstance(left, Moving) and isinstance(right, Moving):
        return Moving(left.form or right.form, left.map.union(right.map))
    since = left.since if isinstance(left, HalfLine) else right.since if isinstance(right, HalfLine) else Whole()
    return halfline(left.form or right.form, edge(left).union(edge(right)), since)


def _alike(left: Moving | HalfLine, right: Moving | HalfLine) -> tuple[Moving | HalfLine, Moving | HalfLine]:
    """Bring two readings to one form."""
    if left.form == right.form or not left.form or not right.form:
        return left, right
    pair = axes_of(left), axes_of(right)
    if len(pair[0] | pair[1]) == 1:
        return indexed(left), indexed(right)
    # x // 4 is known of x // 2, and not the other way round: the finer form can say both.
    for coarse, fine in ((left, right), (right, left)):
        ratio = coarseness(coarse.form, fine.form)
        if ratio:
            finer = _finer(coarse, fine.form, ratio)
            return (finer, right) if coarse is left else (left, finer)
    raise QueryError(f"branches driven by other positions are joined: {shown(left.form)}, {shown(right.form)}")


def _finer(coarse: Moving | HalfLine, form: Form, ratio: int) -> Moving | HalfLine:
    """Return a reading as a function of a form of which its own is the quotient by a ratio."""
    if isinstance(coarse, Moving):
        return Moving(form, coarse.map.through(enlarge(ratio)))
    return HalfLine(form, coarse.edge.through(enlarge(ratio)), coarse.since)
