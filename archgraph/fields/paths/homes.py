"""Where a position of a value is at home in the input: its cell, whatever it reads besides."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import accumulate
from math import ceil, floor, gcd
from typing import TypeAlias

from archgraph.errors import QueryError
from archgraph.fields.paths.index_rules import IndexRule, Mapped, Tabled
from archgraph.fields.sets.field import Field
from archgraph.fields.sets.indices import EMPTY, Indices, indices, interval
from archgraph.fields.sets.limits import MOST_PLACES, check_places
from archgraph.fields.sets.readings import Moving, Pieces, Reading, Rows, on_axis
from archgraph.fields.sets.setmap import SetMap, check_period, minimal
from archgraph.fields.sets.terms import Term, own_index, values_of

HomeCell: TypeAlias = tuple[Fraction, Fraction]


@dataclass(frozen=True)
class Home:
    """The cells of a value's positions along one axis of the input.

    Coordinate x stands for the cell from `stride*x + offset`, as long as a stride; of a negative stride, as behind a
    flip, for the one that ends there.

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

    def cell(self, x: int) -> HomeCell:
        """Return where a cell begins and ends."""
        start = self.stride * x + self.offset
        return min(start, start + self.stride), max(start, start + self.stride)

    def at(self, place: int) -> int:
        """Return the coordinate whose cell holds a place, the nearest there is."""
        found = floor((place - self.offset) / self.stride)
        # Cells of a negative stride do not hold their beginning, but their end.
        found -= int(self.stride < 0 and (place - self.offset) / self.stride == found)
        return min(max(found, 0), self.count - 1)


@dataclass(frozen=True)
class ListedHome:
    """The cells of a value whose positions lie in no even order, as behind a list of indices.

    Attributes:
        term: as in `Home`.
        cells: one per coordinate, of no length for one that lies nowhere.
    """

    term: Term
    cells: tuple[HomeCell, ...]

    @property
    def count(self) -> int:
        """The number of coordinates."""
        return len(self.cells)

    def cell(self, x: int) -> HomeCell:
        """Return where a cell begins and ends."""
        return self.cells[x]

    def at(self, place: int) -> int:
        """Return the coordinate whose cell holds a place, the nearest there is."""
        return min(range(self.count), key=lambda x: max(self.cells[x][0] - place, place - self.cells[x][1] + 1, 0))


Located: TypeAlias = Home | ListedHome


def home_of(field: Field) -> Located | None:
    """Return the cells behind the local field of a value, None where it has none."""
    return _home_of(field.content)


def _home_of(reading: Reading) -> Located | None:
    if isinstance(reading, Rows):
        return _listed(reading)
    if isinstance(reading, Pieces):
        return _of_pieces(reading)
    if not isinstance(reading, Moving) or not reading.map.advance:
        return None
    if len(reading.form) != 1:
        plain = on_axis(reading) if reading.form else None
        if plain is None:
            return None
        reading = plain
    return Home(reading.form[0], reading.map.stride, reading.map.offset)


def _listed(reading: Rows) -> ListedHome | None:
    (term, *others) = reading.form
    if others or term.scale != 1 or values_of(reading.form).start:
        return None
    return ListedHome(term, tuple(_centred(reading.sets)))


def _of_pieces(reading: Pieces) -> Located | None:
    """Return the cells of an axis in pieces: as if it were whole, where all pieces lie in one order."""
    homes = {_home_of(part.reading) for part in reading.parts}
    if len(homes) == 1 and None not in homes:
        return homes.pop()
    own = own_index(reading.axis, reading.extent)
    if reading.extent > MOST_PLACES:
        return None
    sets = [EMPTY] * reading.extent
    for part in reading.parts:
        # What lies in one place, such as one position of several that are put together, moves along no axis.
        if not isinstance(part.reading, Moving) or part.reading.form not in ((), own):
            return None
        sets[part.start : part.stop] = [part.reading.map.at(index) for index in range(part.start, part.stop)]
    return ListedHome(own[0], tuple(_centred(tuple(sets))))


def _centred(sets: tuple[Indices, ...]) -> Iterator[HomeCell]:
    """Yield cells around the middles of sets, as long as the step of which all their distances are multiples."""
    # Twice the middles, which are whole.
    middles = [found.lo + found.hi for found in sets if found.length]
    step = Fraction(gcd(*(middle - middles[0] for middle in middles)) or 2, 2)
    for found in sets:
        start = Fraction(found.lo + found.hi, 2) - (step - 1) / 2
        yield (start, start + step) if found.length else (Fraction(-1), Fraction(-1))


def overlap(reader: Located, read: Located) -> IndexRule:
    """Return, per coordinate, the coordinates of another value whose cells overlap its cell."""
    if isinstance(reader, Home) and isinstance(read, Home):
        found = overlapping(reader, read)
        if found is not None:
            return Mapped(found, read.count)
    for home in (reader, read):
        check_places(home.term.axis, home.count)
    return _tabled(reader, read)


def overlapping(reader: Home, read: Home) -> SetMap | None:
    """Return the same as a set map, None where it has too many phases."""
    try:
        return _overlaps(reader.stride, reader.offset - read.offset, read.stride)
    except QueryError:
        return None


@lru_cache(maxsize=1024)
def _overlaps(stride: Fraction, distance: Fraction, other: Fraction) -> SetMap:
    ratio = stride / other
    phases = range(check_period(ratio.denominator))
    return minimal(ratio.numerator, (_overlapped(stride * x + distance, stride, other) for x in phases))


def _overlapped(start: Fraction, stride: Fraction, other: Fraction) -> Indices:
    """Return which cells of a length overlap one, counted from the first one's beginning."""
    ends = sorted((start / other, (start + stride) / other))
    return interval(floor(ends[0]), ceil(ends[1]) - 1)


@lru_cache(maxsize=256)
def _tabled(reader: Located, read: Located) -> Tabled:
    places = _Places([read.cell(y) for y in range(read.count)])
    return Tabled(tuple(places.met(reader.cell(x)) for x in range(reader.count)), reader.count)


class _Places:
    """Cells in the order in which they lie, so that only those near a place are looked at."""

    def __init__(self, cells: list[HomeCell]) -> None:
        self._order = sorted(range(len(cells)), key=lambda y: cells[y])
        self._starts = [cells[y][0] for y in self._order]
        self._stops = [cells[y][1] for y in self._order]
        # Cells of no length lie anywhere: no cell up to one ends behind the last of all their ends.
        self._last_stops = list(accumulate(self._stops, max))

    def met(self, cell: HomeCell) -> Indices:
        """Return the coordinates of the cells that overlap one."""
        start, stop = cell
        near = range(bisect_right(self._last_stops, start), bisect_left(self._starts, stop))
        return indices(self._order[place] for place in near if start < self._stops[place])
