"""What a value reads of one input axis: nothing, a set that moves with positions, a half-line, all, or pieces."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from archgraph.errors import QueryError
from archgraph.fields.sets.indices import EMPTY, Indices, interval
from archgraph.fields.sets.setmap import SetMap
from archgraph.fields.sets.terms import Form, Sum, Term, as_map, normal, shown, values_of
from archgraph.fields.sets.windows import shift, window


@dataclass(frozen=True, slots=True)
class Whole:
    """The same positions for every output: those that attention, global pooling or statistics gather.

    Attributes:
        order: the place of the node that made it so, in topological order, one number per enclosing scope.
        path: the dotted path of that node. Without a path it stands for what a constant content of a value
            has read, whatever that is (see `PRESENT`).
        span: the positions; empty where they are not known.
        beside: whether something was read besides that its span does not hold: nothing of the input where the span is
            all of it, and else positions that differ from output to output.
    """

    order: tuple[int, ...] = ()
    path: str = ""
    span: Indices = EMPTY
    beside: bool = False

    def under(self, scope: Whole) -> Whole:
        """Return the same seen from outside the scope, itself given by order and path; the top has none.

        >>> Whole((4,), "sdpa").under(Whole((2,), "attention")).path
        'attention.sdpa'
        """
        path = f"{scope.path}.{self.path}" if scope.path else self.path
        return replace(self, order=(*scope.order, *self.order), path=path)

    def within(self, extent: int) -> Whole:
        """Return the same where the size of the axis that is read is known: all of it at most, where that differs.

        >>> whole = Whole((4,), "sdpa", interval(0, 5), beside=True)
        >>> whole.within(6).span.exact, whole.within(9).span.length, whole.within(9).span.exact
        (True, 9, False)
        """
        if not self.beside or self.covers(extent):
            return replace(self, beside=False)
        return replace(self, span=replace(interval(0, extent - 1), exact=False), beside=False)

    def covers(self, extent: int) -> bool:
        """Whether its positions are known to be all those of an axis."""
        span = self.span
        return span.exact and span.teeth is None and span.step == 1 and span.lo <= 0 and span.hi >= extent - 1


class Folded:
    """What is really read where a border wraps, reflects or repeats: a set per output, listed when asked for.

    A set map says nothing of borders. Whoever lists positions one by one needs what a border brings in.

    Args:
        compute: lists the sets.
        extent: how many positions the input has, where that is known.
    """

    __slots__ = ("_compute", "_listed", "extent")

    def __init__(self, compute: Callable[[], Reading], extent: int | None = None) -> None:
        self.extent: int | None = extent
        self._compute: Callable[[], Reading] | None = compute
        self._listed: Reading = None

    @property
    def listed(self) -> Reading:
        """The sets.

        Raises:
            QueryError: there are too many positions, or something is not known.
        """
        # Chains share what they are made of: each link is listed once.
        if self._compute is not None:
            self._listed, self._compute = self._compute(), None
        return self._listed


@dataclass(frozen=True, slots=True)
class Moving:
    """A set that moves with the position: the set map at the value of a form.

    Attributes:
        form: which positions of the value drive it. Without terms it is one fixed set.
        map: the sets, borders ignored.
        folded: the sets with what borders bring in, where one does more than drop what lies beyond it.
    """

    form: Form
    map: SetMap
    # Like the borders themselves it makes no difference to what is read on average.
    folded: Folded | None = field(default=None, compare=False)

    @property
    def step(self) -> int | None:
        """By how much it is merely shifted, None where it is more than a shift, or a shift at most."""
        (first, *others) = self.map.phases
        # A fixed single position is a shift too: that of a sum without terms.
        still = not self.form and not self.map.advance
        shifted = self.map.advance == 1 or still
        return first.lo if shifted and not others and first.length == 1 and first.exact else None


def goes_beyond(reading: Reading, extent: int) -> bool:
    """Return whether a set that moves leaves an axis at some position; a half-line has no first end of its own.

    >>> [goes_beyond(Moving((Term("i", 8),), window(3, before=before)), 10) for before in (0, 1)]
    [False, True]
    """
    if not isinstance(reading, Moving):
        return isinstance(reading, HalfLine)
    values, period = values_of(reading.form), reading.map.period
    sets = map(reading.map.at, {*values[:period], *values[-period:]})
    return any(each.length and (each.lo < 0 or each.hi >= extent) for each in sets)


@dataclass(frozen=True, slots=True)
class HalfLine:
    """All input positions up to an edge that moves with the output, as behind causal attention or a scan.

    Attributes:
        form: which positions of the value drive it.
        edge: the last position read, one index per phase.
        since: the node that made it so, which reads all where the edge does not move.
    """

    form: Form
    edge: SetMap
    # Equal sets are equal whoever made them; the origin is for reports.
    since: Whole = field(default=Whole(), compare=False)


@dataclass(frozen=True, slots=True)
class Rows:
    """A set of its own for every value of a form, as a mask or a list of indices states it.

    Unlike set maps it is finite: behind the borders of an axis nothing is read.

    Attributes:
        form: which positions of the value drive it.
        sets: one per value of the form, from the least on.
        since: the node that made it so, which reads all where all sets are equal.
    """

    form: Form
    sets: tuple[Indices, ...]
    since: Whole = field(default=Whole(), compare=False)


@dataclass(frozen=True, slots=True)
class Unsettled:
    """No set map describes it; `reason` says why. Reading all of its axes afterwards settles it again.

    Attributes:
        reason: for the user.
        axes: the axes of the value that may drive it.
    """

    reason: str
    axes: frozenset[str] = field(default=frozenset(), compare=False)

    @property
    def label(self) -> str:
        """One word for tables and figures."""
        return "misaligned" if self.reason.startswith("misaligned") else "unsettled"


@dataclass(frozen=True, slots=True)
class Piece:
    """The reading of the positions start ... stop - 1."""

    start: int
    stop: int
    reading: Reading


@dataclass(frozen=True, slots=True)
class Pieces:
    """Another reading for every stretch of an axis, as behind a concatenation of tokens.

    Attributes:
        axis: the axis of the value that is cut.
        extent: its size.
        parts: in order, disjoint; between them nothing is read.
    """

    axis: str
    extent: int
    parts: tuple[Piece, ...]


Reading: TypeAlias = "Moving | HalfLine | Rows | Pieces | Unsettled | Whole | None"
"""None reads nothing. Ordered by inclusion: None, Moving, HalfLine, Whole; Unsettled lies below Whole."""

PRESENT = Whole()


def moving(total: Sum, reads: SetMap) -> Moving:
    """Return a set map of a sum, in its unique form: a fixed set, or a multiple of one index, has no factors.

    >>> moving(Sum((Term("n", 16, scale=3),), 2), window(1)).map.advance
    3
    """
    terms, constant = normal(*total)
    if not terms:
        return Moving((), SetMap(0, (reads.at(constant),)))
    # Constants and factors go into the map, so that branches which differ in them alone can be joined.
    reads = reads.through(shift(constant)) if constant else reads
    if len(terms) == 1 and terms[0].scale != 1:
        reads = reads.through(window(1, terms[0].scale))
        terms = (replace(terms[0], scale=1),)
    # The same set wherever the positions are.
    return Moving((), reads) if not reads.advance and reads.period == 1 else Moving(terms, reads)


def on_axis(reading: Moving) -> Moving | None:
    """Return a reading as a function of the index on one axis itself, None where several axes take part."""
    if len(reading.form) == 1 and reading.form[0].pure:
        return reading
    digits = as_map(reading.form)
    if digits is None:
        return None
    return Moving((Term(reading.form[0].axis, reading.form[0].extent),), reading.map.through(digits))


def halfline(form: Form, edge: SetMap, since: Whole) -> Reading:
    """Return a half-line; where the edge stands still, all of its span if that is so long, else a fixed set.

    >>> from archgraph.fields.sets.setmap import SetMap
    >>> first = SetMap(0, (interval(2, 2),))
    >>> halfline((), first, Whole((1,), "scan", interval(0, 7))).map.phases[0] == interval(0, 2)
    True
    """
    if edge.advance:
        return HalfLine(form, edge, since)
    if since.span.length and all(place.hi >= since.span.hi for place in edge.phases):
        return since
    phases = tuple(interval(0, place.hi).from_(place) for place in edge.phases)
    return Moving(form if len(phases) > 1 else (), SetMap(0, phases))


def indexed(reading: Moving | HalfLine) -> Moving | HalfLine:
    """Return a reading as a function of the index on its one axis."""
    plain = on_axis(Moving(reading.form, edge(reading) if isinstance(reading, HalfLine) else reading.map))
    if plain is None:
        raise QueryError(f"what is read is driven by {shown(reading.form)}")
    return HalfLine(plain.form, plain.map, reading.since) if isinstance(reading, HalfLine) else plain


def axes_of(reading: Reading) -> frozenset[str]:
    """Return the axes of the value that drive a reading."""
    if isinstance(reading, Moving | HalfLine | Rows):
        return frozenset(term.axis for term in reading.form)
    if isinstance(reading, Pieces):
        return frozenset({reading.axis}).union(*(axes_of(part.reading) for part in reading.parts))
    return reading.axes if isinstance(reading, Unsettled) else frozenset()


def settled(compute: Callable[[], Reading], axes: frozenset[str]) -> Reading:
    """Return what is computed, `Unsettled` where there is no such set map."""
    # What no set map describes is an answer, not a failure of the fold: a later node may read all of it.
    try:
        return compute()
    except QueryError as error:
        return Unsettled(error.message, axes)


def listed_of(reading: Reading) -> Reading:
    """Return a reading with what borders bring in.

    Raises:
        QueryError: there are too many positions to list, or something is not known.
    """
    return reading.folded.listed if isinstance(reading, Moving) and reading.folded else reading


def folds(reading: Reading) -> bool:
    """Say whether borders bring something in."""
    return isinstance(reading, Moving) and reading.folded is not None


def edge(reading: Moving | HalfLine) -> SetMap:
    """Return the last position that is read, as a map."""
    return ends(reading.map) if isinstance(reading, Moving) else reading.edge


def ends(reads: SetMap) -> SetMap:
    """Return the largest index of every set."""
    return SetMap(reads.advance, tuple(map(_end, reads.phases)))


def _end(reads: Indices) -> Indices:
    return interval(reads.hi, reads.hi).from_(reads) if reads.length else EMPTY


def furthest(reads: SetMap) -> SetMap:
    """Return the largest index that the outputs up to and including i read."""
    # Within a period ends may fall from one output to the next; a period earlier all of them lie lower.
    period = reads.period
    return SetMap(
        reads.advance,
        tuple(_end(reads.image(interval(phase - period + 1, phase))) for phase in range(period)),
    )
