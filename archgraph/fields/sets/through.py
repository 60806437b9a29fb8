"""Composition of readings: what an output reads of the input, by way of a value."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from functools import reduce
from typing import TypeAlias

from archgraph.errors import QueryError
from archgraph.fields.sets.at_most import at_most
from archgraph.fields.sets.indices import EMPTY, NOT_KNOWN, Indices, indices, interval
from archgraph.fields.sets.pieces import join, part_of, pieces
from archgraph.fields.sets.readings import (
    PRESENT,
    HalfLine,
    Moving,
    Piece,
    Pieces,
    Reading,
    Rows,
    Unsettled,
    Whole,
    axes_of,
    ends,
    folds,
    furthest,
    halfline,
    indexed,
    listed_of,
    moving,
    settled,
)
from archgraph.fields.sets.rows import (
    bordered,
    borders_counted,
    extents_of,
    image_of,
    listed_through,
    moved_rows,
    row_at,
)
from archgraph.fields.sets.setmap import SetMap, minimal
from archgraph.fields.sets.terms import Form, Sum, Term, shown, substitute
from archgraph.fields.sets.windows import IDENTITY

MAYBE = at_most(PRESENT)
"""Content that no axis drives is passed on, or not."""
Reads: TypeAlias = Callable[[str], Reading]
"""What an output reads of a value, by axis of the value; "" stands for content that no axis drives."""


def through(inner: Reading, reads: Reads) -> Reading:
    """Return what an output reads of the input, by way of a value.

    Args:
        inner: what the value reads of the input.
        reads: what the output reads of the value.

    >>> from archgraph.fields.sets.terms import own_index
    >>> from archgraph.fields.sets.windows import window
    >>> value = Moving(own_index("h", 8), window(3, before=1))
    >>> through(value, lambda axis: Moving(own_index("h", 8), window(5, before=2))).map.size_max
    7
    """
    if inner is None:
        return None
    if isinstance(inner, Pieces):
        return _through_pieces(inner, reads)
    axes = axes_of(inner)
    # The same for every output: all that matters is whether it is passed on.
    if not axes:
        return _constant(inner, reads(""))
    found = {axis: reads(axis) for axis in axes}
    # A value is read at one index per axis: where one of them is not read, nothing is.
    if None in found.values():
        return None
    # Along a cut axis what is composed differs from stretch to stretch.
    cut = next((read for read in found.values() if isinstance(read, Pieces)), None)
    if cut is not None:
        return _by_piece(cut, inner, reads)
    return settled(lambda: _with_borders(inner, found, reads), _driving(found))


def _driving(found: dict[str, Reading]) -> frozenset[str]:
    return frozenset().union(*map(axes_of, found.values()))


def _with_borders(inner: Reading, found: dict[str, Reading], reads: Reads) -> Reading:
    """Compose, with what borders bring in wherever the result tells positions apart one by one."""
    if not any(map(folds, (inner, *found.values()))):
        return _through(inner, found)
    if isinstance(inner, Rows) or any(isinstance(read, Rows) for read in found.values()):
        return _listed(inner, found, reads)
    plain = _through(inner, found)
    if isinstance(plain, Moving):
        # Where windows leak over the borders of digits, only a list says what comes in over them.
        if plain.form and not plain.map.exact:
            return _listed(inner, found, reads)
        return bordered(plain, lambda: _listed(inner, found, reads), _extent(inner))
    if isinstance(plain, Whole):
        return _whole_with_borders(plain, inner, found, reads)
    return borders_counted(plain, lambda: _listed(inner, found, reads))


def _listed(inner: Reading, found: dict[str, Reading], reads: Reads) -> Reading:
    """Compose by lists. What borders bring in may move along more axes than what is read without them."""
    more = axes_of(listed_of(inner)) - found.keys() if folds(inner) else ()
    read = {axis: reads(axis) for axis in sorted(more)}
    known = {axis: reading for axis, reading in read.items() if reading is not None}
    if len(known) < len(read):
        raise QueryError("what borders bring in moves along an axis that is not read")
    return listed_through(inner, {**found, **known})


def _extent(inner: Reading) -> int | None:
    """Return how many positions the input has, where a reading tells."""
    if not isinstance(inner, Moving):
        return None
    if inner.folded:
        return inner.folded.extent
    return inner.form[0].extent if inner.map == IDENTITY and len(inner.form) == 1 and inner.form[0].pure else None


def _whole_with_borders(plain: Whole, inner: Reading, found: dict[str, Reading], reads: Reads) -> Reading:
    extent = _extent(inner)
    if not plain.span.length or not folds(inner) or (extent and plain.covers(extent)):
        return plain
    if _driving(found):
        # What borders bring in differs from output to output where what they read does.
        return _listed(inner, found, reads)
    return replace(plain, span=image_of(inner, {axis: row_at(read, {}) for axis, read in found.items()}))


def _covers(span: Indices, extent: int) -> bool:
    return Whole(span=replace(span, exact=True)).covers(extent)


def _constant(inner: Reading, rest: Reading) -> Reading:
    if isinstance(rest, Pieces):
        parts = (Piece(part.start, part.stop, _constant(inner, part.reading)) for part in rest.parts)
        return pieces(rest.axis, rest.extent, parts)
    if isinstance(rest, Moving):
        return rest if inner == PRESENT else _where_present(inner, rest)
    return at_most(inner) if rest == MAYBE else inner if rest == PRESENT else rest


def _where_present(inner: Reading, rest: Moving) -> Reading:
    """Return what some outputs read, the same for all of them, and the others do not read at all."""
    if isinstance(inner, Whole) and (not inner.span.length or inner.beside):
        return Unsettled("what is gathered has holes in it, and no known positions", axes_of(rest))
    held = inner.span if isinstance(inner, Whole) else inner.map.phases[0] if isinstance(inner, Moving) else None
    if held is None or all(phase.length for phase in rest.map.phases):
        return inner
    return Moving(rest.form, minimal(0, [held if phase.length else EMPTY for phase in rest.map.phases]))


def _by_piece(cut: Pieces, inner: Reading, reads: Reads) -> Reading:
    """Compose separately for every stretch of an axis of the output."""

    def at(start: int) -> Reads:
        return lambda axis: part_of(reads(axis), cut.axis, start)

    parts = (Piece(part.start, part.stop, through(inner, at(part.start))) for part in cut.parts)
    return pieces(cut.axis, cut.extent, parts)


def _through_pieces(inner: Pieces, reads: Reads) -> Reading:
    read = reads(inner.axis)
    if isinstance(read, Pieces):
        return _by_piece(read, inner, reads)
    if read is None or isinstance(read, Unsettled):
        return read
    if isinstance(read, Rows) or folds(read):
        found = {axis: reads(axis) for axis in axes_of(inner)}
        return settled(lambda: listed_through(inner, found), _driving(found))
    parts = [(part, through(part.reading, reads)) for part in inner.parts]
    if isinstance(read, Whole):
        return reduce(join, (reading for _, reading in parts), None)
    if isinstance(read, Moving) and not read.form:
        touched = read.map.phases[0]
        chosen = (reading for part, reading in parts if any(part.start <= i < part.stop for i in touched))
        return reduce(join, chosen, None)
    axes = axes_of(read).union(*(axes_of(reading) for _, reading in parts))
    joined = settled(lambda: reduce(join, (_moved(read, part, reading) for part, reading in parts), None), axes)
    if not isinstance(joined, Unsettled):
        return joined
    # Position by position, as long as these can be counted.
    found = {axis: reads(axis) for axis in axes_of(inner)}
    return settled(lambda: listed_through(inner, found), axes)


def _moved(read: Reading, part: Piece, reading: Reading) -> Reading:
    """Return a stretch's reading at the outputs that read something of it."""
    mixed = QueryError("what differs between stretches of an axis is mixed")
    if not isinstance(read, Moving) or read.map.advance < 1:
        raise mixed
    # A stretch of the value's axis is a stretch of one axis of the output only if the leading digit alone decides: if
    # the cuts fall on whole steps of it.
    leading = max(read.form, key=lambda term: (term.scale, term.stride))
    start, stop = _outputs(read.map, part)
    if len(read.form) > 1:
        (start, cut), (stop, cut_too) = divmod(start, leading.scale), divmod(stop, leading.scale)
        if read.step is None or (cut and start >= 0) or (cut_too and stop < leading.extent):
            raise mixed
    elif leading.modulus is not None:
        raise mixed
    elif leading.stride > 1:
        start, stop = start * leading.stride - leading.shift, stop * leading.stride - leading.shift
    return pieces(leading.axis, leading.extent, [Piece(start, stop, reading)])


def _outputs(reads: SetMap, part: Piece) -> tuple[int, int]:
    """Return the outputs that read something of a stretch: exactly for a shift, else no fewer."""
    phases = [(r, phase) for r, phase in enumerate(reads.phases) if phase.length]
    ahead = max((phase.hi - r * reads.stride for r, phase in phases), default=Fraction(0))
    behind = min((phase.lo - r * reads.stride for r, phase in phases), default=Fraction(0))
    first, last = (part.start - ahead) / reads.stride, (part.stop - 1 - behind) / reads.stride
    return -int(-first // 1), int(last // 1) + 1


def _through(inner: Reading, found: dict[str, Reading]) -> Reading:
    sizes = extents_of([inner])
    found = {axis: r.within(sizes[axis]) if isinstance(r, Whole) and axis in sizes else r for axis, r in found.items()}
    wholes = [read for read in found.values() if isinstance(read, Whole)]
    # First, for reading everything settles also what no set map describes.
    if len(wholes) == len(found):
        spans = {axis: read.span for axis, read in found.items() if isinstance(read, Whole)}
        return _gathered(inner, min(wholes, key=lambda whole: whole.order), spans)
    unsettled = next((read for read in (inner, *found.values()) if isinstance(read, Unsettled)), None)
    if unsettled is not None:
        return Unsettled(unsettled.reason, _driving(found))
    assert isinstance(inner, Moving | HalfLine | Rows)
    # Before composing maps of one index: that turns digits into phases, and several axes cannot be brought back from
    # there.
    shifted = _shifted(inner, found)
    if shifted is not None:
        return shifted
    if isinstance(inner, Rows) or any(isinstance(read, Rows) for read in found.values()):
        return listed_through(inner, found)
    if len(found) == 1:
        (read,) = found.values()
        assert isinstance(read, Moving | HalfLine)
        plain = indexed(inner)
        if isinstance(read, HalfLine) and isinstance(plain, Moving) and not plain.map.advance:
            return _up_to_again(plain, read)
        return _composed(plain, read)
    if isinstance(inner, HalfLine):
        raise QueryError(f"a causal reading driven by {shown(inner.form)} is mixed along one of these axes")
    return _partly(inner, found)


def _gathered(inner: Reading, place: Whole, spans: dict[str, Indices]) -> Reading:
    """Return what is read where everything along all driving axes is read."""
    if isinstance(inner, Moving):
        return replace(place, span=_image(inner, spans))
    if isinstance(inner, Rows):
        return replace(place, span=image_of(inner, spans))
    if isinstance(inner, HalfLine):
        last = _image(Moving(inner.form, inner.edge), spans)
        return replace(place, span=interval(0, last.hi).from_(last))
    sources = (*spans.values(), *([inner.span] if isinstance(inner, Whole) else ()))
    return replace(place, span=EMPTY if all(span.exact for span in sources) else NOT_KNOWN)


def _image(inner: Moving, spans: dict[str, Indices]) -> Indices:
    """Return what is read where the driving indices are some spans; the digits of an index take all values."""
    if len(inner.form) == 1 and inner.form[0].pure:
        return inner.map.image(spans[inner.form[0].axis])
    if not all(_covers(spans[term.axis], term.extent) for term in inner.form):
        return image_of(inner, spans)
    digits = interval(0, sum(term.scale * (term.count - 1) for term in inner.form))
    return inner.map.image(digits.from_(*spans.values()))


def _shifted(inner: Moving | HalfLine | Rows, found: dict[str, Reading]) -> Reading:
    """Return the reading where every axis is merely shifted, renamed, split or joined; None otherwise."""
    steps = {axis: read.step for axis, read in found.items() if isinstance(read, Moving)}
    if len(steps) < len(found) or None in steps.values():
        return None
    terms: Form = ()
    constant = 0
    for term in inner.form:
        read = found[term.axis]
        assert isinstance(read, Moving)
        part = substitute(term, Sum(read.form, steps[term.axis] or 0))
        if part is None:
            return None
        terms, constant = terms + part.terms, constant + part.constant
    if isinstance(inner, Moving):
        return moving(Sum(terms, constant), inner.map)
    if isinstance(inner, Rows):
        return moved_rows(Sum(terms, constant), inner)
    moved = moving(Sum(terms, constant), inner.edge)
    return halfline(moved.form, moved.map, inner.since)


def _composed(inner: Moving | HalfLine, read: Moving | HalfLine) -> Reading:
    """Compose set maps of one index."""
    if isinstance(inner, Moving) and isinstance(read, Moving):
        return moving(Sum(read.form), inner.map.through(read.map))
    if isinstance(read, Moving):
        assert isinstance(inner, HalfLine)
        return halfline(read.form, ends(inner.edge.through(read.map)), inner.since)
    # A half-line of the value reads as far as any of its positions does, which need not be the last one.
    ahead = furthest(inner.map if isinstance(inner, Moving) else inner.edge)
    span = read.since.span
    reached = ahead.image(span)
    since = replace(read.since, span=interval(0, reached.hi).from_(reached) if span.length else span)
    return halfline(read.form, ends(ahead.through(read.edge)), since)


def _up_to_again(inner: Moving, read: HalfLine) -> Reading:
    """Return what a half-line reads of something that comes again and again, as the columns of a picture do by rows.

    All of it, but for the outputs that lie before its first end.
    """
    (term,) = inner.form
    try:
        return listed_through(inner, {term.axis: read})
    except QueryError:
        return at_most(_composed(inner, read))


def _partly(inner: Moving, found: dict[str, Reading]) -> Reading:
    """Return the reading where some of several driving axes are mixed: their windows join the set map.

    A window on one digit leaks over the digit's border, which cannot be told from the neighbouring block: the
    sets are upper bounds.
    """
    reads, rest, steps = inner.map, [], {}
    for term in inner.form:
        read = found[term.axis]
        if isinstance(read, Whole):
            reads = reads.through(SetMap(1, (_values_of(term, read.span),)))
            continue
        # The same window at every position, at this digit's place in the sum; see above for its leaks.
        if isinstance(read, Moving) and read.step is None and term.pure and read.map.advance == read.map.period == 1:
            reads = bounded(reads.through(_scaled(read.map, term.scale)))
            read = Moving(read.form, IDENTITY)
        rest, steps = [*rest, term], {**steps, term.axis: read}
    plain = moving(Sum(tuple(rest)), reads)
    shifted = _shifted(plain, steps)
    if shifted is None:
        raise QueryError(f"what is read is driven by {shown(inner.form)}, and some of these axes are mixed")
    return shifted


def _values_of(term: Term, span: Indices) -> Indices:
    """Return the values of a digit, at its place in the sum: a comb, where all positions are read."""
    if not span.length or _covers(span, term.extent):
        return indices(term.scale * value for value in range(term.count)).from_(span)
    inside = span.clip(0, term.extent - 1)
    return indices({term.at(place) for place in inside}).from_(span)


def _scaled(mixed: SetMap, scale: int) -> SetMap:
    (taps,) = mixed.phases
    return SetMap(1, (indices(scale * tap for tap in taps),))


def bounded(reads: SetMap) -> SetMap:
    """Return a map whose sets are upper bounds."""
    return SetMap(reads.advance, tuple(replace(phase, exact=False) for phase in reads.phases))
