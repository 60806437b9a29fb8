"""What one position axis of a value reads of one input axis: nothing, a set map, a half-line, all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from archgraph.analysis.indices import EMPTY, Indices, interval
from archgraph.analysis.setmap import SetMap, swept
from archgraph.analysis.windows import IDENTITY
from archgraph.errors import QueryError


@dataclass(frozen=True, slots=True)
class Whole:
    """Every position of the input axis.

    Attributes:
        order: the place of the node that made it so, in topological order, one number per enclosing scope.
        path: the dotted path of that node. Without a path it stands for all that a value without the axis
            has read, whatever that is (see `PRESENT`).
    """

    order: tuple[int, ...] = ()
    path: str = ""

    def under(self, scope: Whole) -> Whole:
        """Return the same seen from outside the scope, itself given by order and path; the top has none.

        >>> Whole((4,), "sdpa").under(Whole((2,), "attention"))
        Whole(order=(2, 4), path='attention.sdpa')
        """
        path = f"{scope.path}.{self.path}" if scope.path else self.path
        return Whole((*scope.order, *self.order), path)


@dataclass(frozen=True, slots=True)
class HalfLine:
    """All input positions up to an edge that moves with the output, as behind causal attention or a scan.

    Attributes:
        edge: the last position read, one index per phase.
    """

    edge: SetMap


@dataclass(frozen=True, slots=True)
class Unsettled:
    """No set map describes it; `reason` says why. Reading all of the axis afterwards settles it again."""

    reason: str

    @property
    def label(self) -> str:
        """One word for tables and figures."""
        return "misaligned" if self.reason.startswith("misaligned") else "unsettled"


Reading: TypeAlias = "SetMap | HalfLine | Unsettled | Whole | None"
"""None reads nothing. Ordered by inclusion: None, SetMap, HalfLine, Whole; Unsettled lies below Whole."""

PRESENT = Whole()


def through(inner: Reading, read: Reading) -> Reading:
    """Return what an output reads of the input, by way of a value.

    Args:
        inner: what the value reads of the input.
        read: what the output reads of the value.

    >>> from archgraph.analysis.windows import window
    >>> through(window(3), Whole((4,), "attention")).path
    'attention'
    >>> through(window(3), None) is None
    True
    """
    if inner is None or read is None or isinstance(inner, Whole):
        return inner if read is not None else None
    if isinstance(read, Whole):
        return _through_whole(inner, read)
    if isinstance(inner, Unsettled) or isinstance(read, Unsettled):
        return inner if isinstance(inner, Unsettled) else read
    return _settled(lambda: _through(inner, read))


def _through_whole(inner: SetMap | HalfLine | Unsettled, read: Whole) -> Reading:
    if not read.path:
        return inner
    if isinstance(inner, SetMap) and not inner.advance:
        return swept(inner)
    return read


def _through(inner: SetMap | HalfLine, read: SetMap | HalfLine) -> Reading:
    if isinstance(inner, SetMap):
        if isinstance(read, SetMap):
            return inner.through(read)
        return HalfLine(_ends(_furthest(inner).through(read.edge)))
    if isinstance(read, SetMap):
        return HalfLine(_ends(inner.edge.through(read)))
    return HalfLine(_ends(_furthest(inner.edge).through(read.edge)))


def join(left: Reading, right: Reading) -> Reading:
    """Return what a sum or concatenation reads: the union. Of two wholes the earlier one is kept.

    >>> join(Whole((2,), "b"), Whole((1, 5), "a.c")).path
    'a.c'
    """
    if left is None or right is None:
        return left if right is None else right
    if isinstance(left, Whole) or isinstance(right, Whole):
        wholes = [reading for reading in (left, right) if isinstance(reading, Whole)]
        return min(wholes, key=lambda whole: whole.order)
    if isinstance(left, Unsettled) or isinstance(right, Unsettled):
        return left if isinstance(left, Unsettled) else right
    return _settled(lambda: _joined(left, right))


def _joined(left: SetMap | HalfLine, right: SetMap | HalfLine) -> Reading:
    if isinstance(left, SetMap) and isinstance(right, SetMap):
        return left.union(right)
    return HalfLine(_ends(_edge(left).union(_edge(right))))


def _settled(compute: Callable[[], Reading]) -> Reading:
    try:
        return compute()
    except QueryError as error:
        return Unsettled(error.message)


def _edge(reads: SetMap | HalfLine) -> SetMap:
    return _ends(reads) if isinstance(reads, SetMap) else reads.edge


def _ends(reads: SetMap) -> SetMap:
    """Return the largest index of every set."""
    return SetMap(reads.advance, tuple(map(_end, reads.phases)))


def _end(reads: Indices) -> Indices:
    return interval(reads.hi, reads.hi) if reads.length else EMPTY


def _furthest(reads: SetMap) -> SetMap:
    """Return the largest index that the outputs up to and including i read."""
    period = reads.period
    return SetMap(
        reads.advance,
        tuple(_end(reads.image(interval(phase - period + 1, phase))) for phase in range(period)),
    )


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

    def through(self, read: Field) -> Field:
        """Return the field of an output that reads this value by `read`."""
        return self._combine(read, through)

    def join(self, other: Field) -> Field:
        """Return the union of two fields."""
        return self._combine(other, join)

    def _combine(self, other: Field, combine: Callable[[Reading, Reading], Reading]) -> Field:
        content = combine(self.content, other.content)
        same = self.gate is self.content and other.gate is other.content
        gate = content if same else combine(self.gate, other.gate)
        same = self.stat is self.gate and other.stat is other.gate
        return Field(content, gate, gate if same else combine(self.stat, other.stat))

    def within(self, scope: Whole) -> Field:
        """Return the field with the origins of its wholes put under an enclosing scope."""
        content = _within(self.content, scope)
        gate = content if self.gate is self.content else _within(self.gate, scope)
        return Field(content, gate, gate if self.stat is self.gate else _within(self.stat, scope))


def _within(reading: Reading, scope: Whole) -> Reading:
    if not isinstance(reading, Whole) or not reading.path or not scope.path:
        return reading
    return reading.under(scope)


def same(reading: Reading) -> Field:
    """Return the field whose three kinds are equal.

    >>> same(IDENTITY).stat.size_max
    1
    """
    return Field(reading, reading, reading)


SAME = same(IDENTITY)
THERE = same(PRESENT)
