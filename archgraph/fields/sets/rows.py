"""Readings with a set of its own for every position: composed and united position by position."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import lru_cache, reduce
from itertools import pairwise, product
from math import prod
from operator import or_

from archgraph.errors import QueryError
from archgraph.fields.sets.indices import EMPTY, Indices, indices, interval, of_mask, union
from archgraph.fields.sets.readings import (
    PRESENT,
    Folded,
    HalfLine,
    Moving,
    Piece,
    Pieces,
    Reading,
    Rows,
    Unsettled,
    Whole,
    axes_of,
    folds,
    listed_of,
)
from archgraph.fields.sets.setmap import SetMap, minimal
from archgraph.fields.sets.terms import Form, Sum, Term, is_radix, normal, radix, value_of, values_of
from archgraph.ops.position_sets import PositionSets

MOST_LISTED_ROWS = 1 << 13
"""Positions whose sets are listed one by one."""


def listed(form: Form, sets: Mapping[int, Indices], since: Whole) -> Reading:
    """Return the reading with a set for every value of a form that occurs, in its unique form.

    >>> from archgraph.fields.sets.terms import own_index
    >>> listed(own_index("n", 2), {0: interval(0, 3), 1: interval(0, 3)}, Whole((4,), "attention")).path
    'attention'
    """
    first = next(iter(sets.values()))
    # No position is told from another: the reading does not depend on where, and a list would hide that.
    if all(found == first for found in sets.values()):
        return Whole(since.order, since.path, first) if first.length else None
    return Rows(form, tuple(sets.get(value, EMPTY) for value in values_of(form)), since)


def bordered(reading: Moving, compute: Callable[[], Reading], extent: int | None = None) -> Reading:
    """Return a reading with the sets that its borders make of it, listed when they are asked for.

    What is the same for every output is not listed but looked at right away: there is no interior to speak of.

    Raises:
        QueryError: it is the same for every output, and something is not known.
    """
    if reading.form:
        return replace(reading, folded=Folded(compute, extent))
    counted = compute()
    # What borders bring in may differ from output to output where what is read but for them does not.
    return counted if axes_of(counted) else Moving((), SetMap(0, (row_at(counted, {}),)))


def row_at(reading: Reading, index: Mapping[str, int]) -> Indices:
    """Return the set that a value reads at one position.

    Raises:
        QueryError: it is not known.
    """
    if folds(reading):
        return row_at(listed_of(reading), index)
    if isinstance(reading, Moving):
        return reading.map.at(value_of(reading.form, index))
    if isinstance(reading, Pieces):
        place = index[reading.axis]
        inside = (part.reading for part in reading.parts if part.start <= place < part.stop)
        return row_at(next(inside, None), index)
    if isinstance(reading, Rows):
        return _row(reading, value_of(reading.form, index))
    if isinstance(reading, HalfLine):
        return _up_to(reading.edge.at(value_of(reading.form, index)))
    return _fixed(reading)


def _reader(reading: Reading) -> Callable[[Mapping[str, int]], Indices]:
    """Return `row_at` of many positions: what does not depend on them is found once."""
    if folds(reading):
        return _reader(listed_of(reading))
    if not isinstance(reading, Rows):
        return lambda index: row_at(reading, index)
    form, values, sets = reading.form, values_of(reading.form), reading.sets
    known = dict(zip(values, sets, strict=False))
    return lambda index: known.get(value_of(form, index), EMPTY)


def _row(reading: Rows, value: int) -> Indices:
    place = value - values_of(reading.form).start
    return reading.sets[place] if 0 <= place < len(reading.sets) else EMPTY


def _up_to(edge: Indices) -> Indices:
    return interval(0, edge.hi).from_(edge) if edge.length else EMPTY


def _fixed(reading: Whole | Unsettled | None) -> Indices:
    if reading is None:
        return EMPTY
    if isinstance(reading, Unsettled):
        raise QueryError(reading.reason)
    if not reading.span.length or reading.beside:
        raise QueryError("a list of positions meets a set that is not known")
    return reading.span


def extents_of(readings: Iterable[Reading]) -> dict[str, int]:
    """Return the axes of the value that drive some readings, with their sizes."""
    found: dict[str, int] = {}
    for reading in readings:
        if isinstance(reading, Moving | HalfLine | Rows):
            found.update((term.axis, term.extent) for term in reading.form)
        elif isinstance(reading, Pieces):
            found.update({reading.axis: reading.extent, **extents_of(part.reading for part in reading.parts)})
    return found


def _common_form(readings: list[Reading]) -> tuple[Form, list[dict[str, int]]]:
    """Return a form that tells all positions apart which some readings do, and these positions.

    Raises:
        QueryError: there are too many to list.
    """
    # Before anything is listed: the limit is there so that no memory is taken.
    _countable(readings)
    # What borders bring in may tell more positions apart.
    seen = [*readings, *map(listed_of, readings)]
    axes = _countable(seen)
    forms = (reading.form for reading in seen if isinstance(reading, Moving | HalfLine | Rows))
    fitting = (form for form in forms if {term.axis for term in form} == set(axes) and is_radix(form))
    places = [dict(zip(axes, index, strict=True)) for index in product(*map(range, axes.values()))]
    # A form of the readings themselves, where one tells all positions apart: the result is then a function of the same.
    return next(fitting, radix(axes)), places


def _countable(readings: list[Reading]) -> dict[str, int]:
    axes = dict(sorted(extents_of(readings).items()))
    count = prod(axes.values())
    if count > MOST_LISTED_ROWS:
        raise QueryError(f"the sets of {count:,} positions differ one by one; at most {MOST_LISTED_ROWS:,} are listed")
    return axes


def presence(reading: Reading) -> Reading:
    """Return that the positions whose sets are not empty pass on a constant content, and no others.

    Where nothing is read, nothing is passed on.

    >>> from archgraph.fields.sets.terms import own_index
    >>> [(part.start, part.stop) for part in presence(Rows(own_index("n", 2), (EMPTY, interval(0, 0)))).parts]
    [(1, 2)]
    """
    if isinstance(reading, Moving):
        return _phases_present(reading)
    if isinstance(reading, Pieces):
        return replace(reading, parts=tuple(replace(part, reading=PRESENT) for part in reading.parts))
    if reading is None:
        return None
    if not isinstance(reading, Rows) or all(found.length for found in reading.sets):
        return PRESENT
    term, *others = reading.form
    # Pieces are stretches of one axis; a pattern over two axes has none.
    if others or not term.pure:
        return Unsettled("some positions on several axes read nothing", axes_of(reading))
    empty = [-1, *(place for place, found in enumerate(reading.sets) if not found.length), term.extent]
    parts = (Piece(before + 1, place, PRESENT) for before, place in pairwise(empty) if place > before + 1)
    return Pieces(term.axis, term.extent, tuple(parts))


def _phases_present(reading: Moving) -> Reading:
    """Phases whose sets are empty pass on nothing."""
    if not reading.form or all(phase.length for phase in reading.map.phases):
        return PRESENT
    return Moving(reading.form, minimal(0, [interval(0, 0) if phase.length else EMPTY for phase in reading.map.phases]))


# -- unions ----------------------------------------------------------------------------------------------


def listed_union(left: Reading, right: Reading) -> Reading:
    """Return the union of two readings, at least one of which has a set of its own for every position.

    Raises:
        QueryError: there are too many positions, or one of the two is not known.
    """
    for whole, other in ((left, right), (right, left)):
        if isinstance(whole, Whole) and (not whole.span.length or _holds_rows(whole, other)):
            return whole
    form, places = _common_form([left, right])
    one, other = _reader(left), _reader(right)
    pairs = [(one(place), other(place)) for place in places]
    both = [union(pair) for pair in pairs]
    # Where one holds the other, it stays what it is, the more so if it is no list.
    # A window that already holds what the list adds stays a window, which later layers can compose at any size.
    for number, reading in sorted(enumerate((left, right)), key=lambda entry: isinstance(entry[1], Rows)):
        if all(pair[number] == together for pair, together in zip(pairs, both, strict=True)):
            return reading
    sets = {value_of(form, place): together for place, together in zip(places, both, strict=True)}
    return listed(form, sets, _since(left, right))


def _holds_rows(whole: Whole, other: Reading) -> bool:
    """Whether a set that is read with something besides holds all of a list."""
    return whole.beside and isinstance(other, Rows) and union((whole.span, *other.sets)) == whole.span


def borders_counted(plain: Reading, listed: Callable[[], Reading]) -> Reading:
    """Return a reading where borders bring something in; as it is where they add nothing to its sets.

    Args:
        plain: what is read, borders ignored.
        listed: gives the sets with what borders bring in.

    Raises:
        QueryError: there are too many positions, or something is not known.
    """
    counted = listed()
    if not isinstance(plain, Moving | HalfLine):
        return counted
    _, places = _common_form([plain, counted])
    one, other = _reader(plain), _reader(counted)
    pairs = ((one(place), other(place)) for place in places)
    return plain if all(union(pair) == pair[0] for pair in pairs) else counted


def _since(*readings: Reading) -> Whole:
    made = [reading.since for reading in readings if isinstance(reading, Rows | HalfLine)]
    return max(made, key=lambda since: since.order, default=PRESENT)


# -- composition -----------------------------------------------------------------------------------------


def listed_through(inner: Reading, found: Mapping[str, Reading]) -> Reading:
    """Return what an output reads by way of a value, where one of the two has a set of its own for every position.

    Args:
        inner: what the value reads.
        found: what the output reads of every axis of the value that drives it.

    Raises:
        QueryError: there are too many positions, or something is not known.
    """
    if not axes_of(listed_of(inner)) <= found.keys():
        raise QueryError("what borders bring in moves along an axis that is not known")
    form, places = _common_form(list(found.values()))
    image = _Image(inner)
    readers = [(axis, _reader(reading)) for axis, reading in found.items()]
    sets = {value_of(form, place): image.of(tuple((axis, read(place)) for axis, read in readers)) for place in places}
    return listed(form, sets, _since(inner, *found.values()))


Read = tuple[tuple[str, Indices], ...]


class _Image:
    """The union of what a value reads at a product of positions, each such product looked at once."""

    def __init__(self, inner: Reading) -> None:
        self.inner = inner
        self._known: dict[Read, Indices] = {}

    def of(self, read: Read) -> Indices:
        if read not in self._known:
            self._known[read] = image_of(self.inner, dict(read))
        return self._known[read]


def image_of(inner: Reading, read: Mapping[str, Indices]) -> Indices:
    """Return the union of what a value reads at a product of sets of positions.

    Raises:
        QueryError: it is not known.
    """
    if not all(positions.length for positions in read.values()):
        return EMPTY
    if folds(inner):
        return image_of(listed_of(inner), read)
    if isinstance(inner, Pieces):
        return union(_image_of_pieces(inner, read))
    if not isinstance(inner, Moving | HalfLine | Rows):
        return _fixed(inner)
    values = _values(inner.form, read)
    if isinstance(inner, Moving):
        return inner.map.image(values)
    if isinstance(inner, HalfLine):
        return _up_to(inner.edge.image(values))
    return _united(inner, values)


def _image_of_pieces(inner: Pieces, read: Mapping[str, Indices]) -> Iterator[Indices]:
    for part in inner.parts:
        inside = read[inner.axis].clip(part.start, part.stop - 1)
        yield image_of(part.reading, {**read, inner.axis: inside})


def _values(form: Form, read: Mapping[str, Indices]) -> Indices:
    """Return the values that a form takes at a product of sets of positions."""
    if len(form) == 1 and form[0].pure and form[0].scale == 1:
        return read[form[0].axis]
    total = interval(0, 0)
    for axis in dict.fromkeys(term.axis for term in form):
        terms = [term for term in form if term.axis == axis]
        # Beyond the end of its axis a digit would turn over.
        inside = read[axis].clip(0, terms[0].extent - 1)
        digits = indices({sum(t.at(i) for t in terms) for i in inside})
        total = union(total.shift(value) for value in digits)
    return total.from_(*(read[term.axis] for term in form))


class _These:
    """Some sets, known by their identity: to hash thousands takes longer than what is asked of them."""

    def __init__(self, sets: tuple[Indices, ...]) -> None:
        self.sets = sets

    def __hash__(self) -> int:
        return id(self.sets)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _These) and other.sets is self.sets


@lru_cache(maxsize=64)
def _row_masks(these: _These) -> tuple[int, list[int]]:
    """Return sets as bits, and the position of the lowest bit."""
    base = min((found.lo for found in these.sets if found.length), default=0)
    return base, [found.bits(1) << found.lo - base if found.length else 0 for found in these.sets]


def _united(inner: Rows, values: Indices) -> Indices:
    domain = values_of(inner.form)
    inside = values.clip(domain.start, domain.stop - 1)
    base, masks = _row_masks(_These(inner.sets))
    found = of_mask(reduce(or_, (masks[value - domain.start] for value in inside), 0)).shift(base)
    # One bound among the sets makes the union a bound: the label must not get lost on the way.
    exact = values.exact and all(inner.sets[value - domain.start].exact for value in inside)
    return found if exact else Indices(found.start, found.step, found.length, found.teeth, exact=False)


def moved_rows(total: Sum, inner: Rows) -> Reading:
    """Return rows as a function of a sum that takes the place of their form.

    >>> from archgraph.fields.sets.terms import own_index
    >>> rows = Rows(own_index("n", 3), (EMPTY, interval(7, 7), EMPTY))
    >>> [list(found) for found in moved_rows(Sum(own_index("m", 2), 1), rows).sets]
    [[7], []]
    """
    terms, constant = normal(*total)
    if not terms:
        return Moving((), SetMap(0, (_row(inner, constant),)))
    # A single term that skips values is listed only where it stands, not for all values between.
    scale = terms[0].scale if len(terms) == 1 else 1
    form: Form = (Term(terms[0].axis, terms[0].extent, 1, terms[0].shift, terms[0].stride, terms[0].modulus),)
    form = form if len(terms) == 1 else terms
    return listed(form, {value: _row(inner, scale * value + constant) for value in values_of(form)}, inner.since)


def stated_rows(form: Form, sets: tuple[Indices, ...], since: Whole) -> Reading:
    """Return the rows that an operation states, one per value of a form."""
    return listed(form, dict(enumerate(sets)), since)


@lru_cache(maxsize=256)
def listed_sets(found: PositionSets) -> tuple[Indices, ...]:
    """Return sets of positions as combs."""
    return tuple(map(of_mask, found.masks))
