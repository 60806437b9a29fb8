"""Sets of coordinates for many outputs at once, piece by piece, and what they read."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property, reduce

from archgraph.fields.paths.index_rules import IndexRule, Mapped, Same, Several, Stretched, UpTo
from archgraph.fields.paths.strips import (
    EvenEnd,
    Leg,
    RaggedError,
    Strip,
    Strips,
    between_cuts,
    border_cuts,
    check_listed,
    clipped,
    rigid,
    settled_strips,
    single,
)
from archgraph.fields.sets.indices import Indices
from archgraph.fields.sets.setmap import SetMap
from archgraph.fields.sets.windows import shift


@dataclass(frozen=True)
class Course:
    """A set for every output of some, numbered from 0: pieces in order, one after another."""

    pieces: tuple[Leg, ...]

    # Courses are looked up by the thousand, and hold many numbers.
    @cached_property
    def _hash(self) -> int:
        return hash(self.pieces)

    def __hash__(self) -> int:
        return self._hash

    @cached_property
    def empty(self) -> bool:
        """Whether no output has any coordinate."""
        return not any(piece.strips for piece in self.pieces)

    def at(self, j: int) -> Indices:
        """Return the set of one output."""
        return self.pieces[bisect_right(self.pieces, j, key=lambda piece: piece.first) - 1].at(j)

    @property
    def total(self) -> int:
        """How many coordinates all outputs have together."""
        # Along a piece a length changes evenly: the mean of its ends counts for all.
        sizes = ((piece, piece.at(piece.first).touched + piece.at(piece.last).touched) for piece in self.pieces)
        return sum((piece.last - piece.first + 1) * both // 2 for piece, both in sizes)


def own_course(count: int, first: int, step: int) -> Course:
    """Return that each of some outputs has its own coordinate: `first + step*j`."""
    return Course((Leg(0, count - 1, (Strip(EvenEnd(first, step), EvenEnd(first, step)),)),))


def together(courses: Iterable[Course]) -> Course:
    """Return the union of courses of the same outputs."""
    return reduce(_both, courses)


def _both(left: Course, right: Course) -> Course:
    if left == right or right.empty:
        return left
    if left.empty:
        return right
    found: list[Leg] = []
    for first, last, a, b in _common(left, right):
        found += [Leg(first, last, a)] if a == b or not b else settled_strips(first, last, (*a, *b))
    return _joined(found)


def _common(left: Course, right: Course) -> Iterator[tuple[int, int, Strips, Strips]]:
    """Yield the stretches that both are in one piece, with the strips of either."""
    a, b = iter(left.pieces), iter(right.pieces)
    one, other = next(a, None), next(b, None)
    while one is not None and other is not None:
        last = min(one.last, other.last)
        yield max(one.first, other.first), last, one.strips, other.strips
        one = next(a, None) if one.last == last else one
        other = next(b, None) if other is not None and other.last == last else other


def alike(left: Course, right: Course) -> bool:
    """Say whether two courses are the same sets, whatever pieces they are in."""
    if left == right:
        return True
    stretches = ((Leg(first, last, a), Leg(first, last, b)) for first, last, a, b in _common(left, right) if a != b)
    # Ends that move evenly are equal everywhere where they are so twice.
    return all(a.at(end) == b.at(end) for a, b in stretches for end in (a.first, a.last))


def _joined(pieces: list[Leg]) -> Course:
    """Return neighbouring pieces that are one as one."""
    found: list[Leg] = []
    for piece in pieces:
        last = found[-1] if found else None
        if last is None:
            found.append(piece)
        elif last.strips == piece.strips or (piece.first == piece.last and _continues(last, piece)):
            found[-1] = Leg(last.first, piece.last, last.strips)
        elif last.first == last.last and _continues(piece, last):
            found[-1] = Leg(last.first, piece.last, piece.strips)
        else:
            found.append(piece)
    return Course(tuple(found))


def _continues(long: Leg, one: Leg) -> bool:
    """Say whether a piece holds for one more output."""
    j = one.first
    if len(long.strips) != len(one.strips):
        return False
    for strip, own in zip(long.strips, one.strips, strict=True):
        if strip.lo.at(j) != own.lo.at(j) or strip.hi.at(j) != own.hi.at(j):
            return False
        if (strip.comb or own.comb) and strip.at(j) != own.at(j):
            return False
    return True


def read_of(rule: IndexRule, course: Course) -> Course:
    """Return what every output of some reads by way of the coordinates that it has.

    Raises:
        QueryError: very many outputs differ one by one.
    """
    if isinstance(rule, Several):
        return together(read_of(part, course) for part in rule.rules)
    if isinstance(rule, Stretched):
        return read_of(rule.rule, _within(course, rule.start, rule.stop))
    found: list[Leg] = []
    for piece in course.pieces:
        found += _read(rule, piece)
    return _joined(found)


def _within(course: Course, start: int, stop: int) -> Course:
    """Return what lies in a stretch: what a border leaves, with the stretch as the axis."""
    return read_of(Mapped(shift(start), stop), read_of(Mapped(shift(-start), stop - start), course))


def _read(rule: IndexRule, piece: Leg) -> list[Leg]:
    first, last, strips = piece
    if not strips:
        return [piece]
    # All outputs of the piece have the same set: what they read is read once.
    if first == last or not any(strip.lo.rate or strip.hi.rate for strip in strips):
        return [Leg(first, last, rigid(rule.of(piece.at(first)), 0, first))]
    try:
        if isinstance(rule, Same):
            return [Leg(first, last, rigid(rule.found, 0, first))]
        if isinstance(rule, UpTo):
            return _up_to(rule, piece)
        if isinstance(rule, Mapped):
            return list(together(Course(tuple(_mapped(rule, first, last, strip))) for strip in strips).pieces)
        raise RaggedError
    except RaggedError:
        check_listed(last - first + 1)
        return [single(j, rule.of(piece.at(j))) for j in range(first, last + 1)]


def _up_to(rule: UpTo, piece: Leg) -> list[Leg]:
    """Return all up to what the last reader reads."""
    if not _single_steps(rule.edge):
        raise RaggedError
    end = _image_end(rule.edge, piece.strips[-1].hi, piece.first, last=True)
    return clipped(piece.first, piece.last, Strip(EvenEnd(0, 0), end), rule.extent)


def _single_steps(edge: SetMap) -> bool:
    return edge.period == 1 and edge.advance > 0


def _mapped(rule: Mapped, first: int, last: int, strip: Strip) -> list[Leg]:
    found: list[Leg] = []
    for moved in _moved(rule.map, first, last, strip):
        found = _overlaid(found, _bordered(rule, first, last, strip, moved))
    return found or [Leg(first, last, ())]


def _overlaid(left: list[Leg], right: list[Leg]) -> list[Leg]:
    return list(_both(Course(tuple(left)), Course(tuple(right))).pieces) if left else right


def _bordered(rule: Mapped, first: int, last: int, strip: Strip, moved: Strip) -> list[Leg]:
    """Return what a border makes of a strip that is read."""
    if rule.border == "drop":
        return clipped(first, last, moved, rule.extent)
    found: list[Leg] = []
    cuts = border_cuts(moved, rule.extent)
    for start, stop in between_cuts(first, last, cuts):
        lo, hi = moved.lo.at(start), moved.hi.at(start)
        inside = lo >= 0 and hi < rule.extent
        clamps = rule.border == "clamp" and moved.comb is None and lo < rule.extent and hi >= 0
        # Clamped to the axis, an interval stays one, and its ends move evenly; all other borders break it up.
        if inside or clamps:
            found += clipped(start, stop, moved, rule.extent)
        else:
            check_listed(stop - start + 1)
            found += [single(j, rule.of(strip.at(j))) for j in range(start, stop + 1)]
    return found


def _moved(reads: SetMap, first: int, last: int, strip: Strip) -> Iterator[Strip]:
    """Yield what a strip reads, borders ignored."""
    if strip.rigid:
        yield from rigid(reads.image(strip.at(first)), _rate(reads, strip.lo.rate), first)
        return
    if reads.connected:
        yield Strip(_image_end(reads, strip.lo, first, last=False), _image_end(reads, strip.hi, first, last=True))
        return
    if reads.period != 1 or reads.advance != 1:
        raise RaggedError
    # Tap by tap: a strip that is longer than their distance leaves no holes between them.
    (phase,) = reads.phases
    if not phase.length:
        return
    least = min(strip.hi.at(j) - strip.lo.at(j) + 1 for j in (first, last))
    runs = [(phase.lo, phase.hi)] if phase.teeth is None and least >= phase.step else _runs(phase)
    for lo, hi in runs:
        yield Strip(EvenEnd(strip.lo.start + lo, strip.lo.rate), EvenEnd(strip.hi.start + hi, strip.hi.rate))


def _runs(phase: Indices) -> list[tuple[int, int]]:
    """Return the intervals that a set is made of."""
    found: list[tuple[int, int]] = []
    for start, step, length in phase.runs():
        starts = range(start, start + step * length, step)
        found += [(start, start + length - 1)] if step == 1 else [(place, place) for place in starts]
    check_listed(len(found))
    return found


def _image_end(reads: SetMap, line: EvenEnd, j: int, *, last: bool) -> EvenEnd:
    rate, found = _rate(reads, line.rate), reads.at(line.at(j))
    return EvenEnd((found.hi if last else found.lo) - rate * j, rate)


def _rate(reads: SetMap, rate: int) -> int:
    turns, rest = divmod(rate, reads.period)
    if rest:
        raise RaggedError
    return turns * reads.advance
