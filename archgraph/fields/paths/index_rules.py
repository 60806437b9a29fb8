"""What the coordinates of an output read in an operand, for whole sets of coordinates at once."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from archgraph.fields.sets.index_sets import common, every_index
from archgraph.fields.sets.indices import EMPTY, Indices, interval, union
from archgraph.fields.sets.read_border import folded
from archgraph.fields.sets.setmap import SetMap
from archgraph.ops.reach import Border


class IndexRule(ABC):
    """A map from coordinates to sets of coordinates, within the operand."""

    @abstractmethod
    def of(self, readers: Indices) -> Indices:
        """Return what some coordinates read together."""

    def at(self, reader: int) -> Indices:
        """Return what one coordinate reads."""
        return self.of(interval(reader, reader))

    def first(self, read: int, among: Indices) -> int | None:
        """Return the first of some coordinates that reads a given one."""
        return next((reader for reader in self.near(read, among) if read in self.at(reader)), None)

    def readers(self, read: Indices, among: Indices) -> Indices:
        """Return those of some coordinates that read any of a set."""
        near = union(self.near(each, among) for each in (read.lo, read.hi)) if read.length < 3 else among
        return union(interval(x, x) for x in near if common(self.at(x), read).length)

    def near(self, read: int, among: Indices) -> Indices:
        """Return those of some coordinates that may read a given one."""
        return among


@dataclass(frozen=True)
class Same(IndexRule):
    """All coordinates read the same ones, or none."""

    found: Indices

    def of(self, readers: Indices) -> Indices:
        """Return what is read, if anything reads."""
        return self.found if readers.length else EMPTY

    def first(self, read: int, among: Indices) -> int | None:
        """Return the first coordinate of all."""
        return among.lo if among.length and read in self.found else None

    def readers(self, read: Indices, among: Indices) -> Indices:
        """Return all of them, or none."""
        return among if common(self.found, read).length else EMPTY


@dataclass(frozen=True)
class Mapped(IndexRule):
    """A set map, and what becomes of what lies beyond the border.

    Attributes:
        map: the sets, borders ignored.
        extent: how many coordinates the operand has.
        border: what becomes of others.
    """

    map: SetMap
    extent: int
    border: Border = "drop"

    def of(self, readers: Indices) -> Indices:
        """Return what is read together."""
        return folded(self.map.image(readers), self.border, self.extent) if readers.length else EMPTY

    def readers(self, read: Indices, among: Indices) -> Indices:
        """Return those that read any of a set; a shift is undone at once."""
        (first, *others) = self.map.phases
        if not others and self.map.advance == 1 and first.length == 1 and self.border == "drop":
            return common(read.shift(-first.lo), among)
        return super().readers(read, among)

    def near(self, read: int, among: Indices) -> Indices:
        """Return those within the reach of the widest set, and those that read beyond a border."""
        if self.map.advance <= 0 or self.border in ("reflect", "wrap"):
            return among
        filled = [phase for phase in self.map.phases if phase.length]
        least, most = min((p.lo for p in filled), default=0), max((p.hi for p in filled), default=0)
        lo, hi = (read - most) // self.map.advance, (read - least) // self.map.advance + 1
        # What a border repeats is read from beyond it as well.
        lo = among.lo if read == 0 and self.border == "clamp" else lo * self.map.period
        hi = among.hi if read == self.extent - 1 and self.border == "clamp" else hi * self.map.period
        return among.clip(lo, hi)


@dataclass(frozen=True)
class UpTo(IndexRule):
    """All coordinates up to an edge that moves with the reader."""

    edge: SetMap
    extent: int

    def of(self, readers: Indices) -> Indices:
        """Return what the last reader reads."""
        edges = self.edge.image(readers) if readers.length else EMPTY
        return interval(0, min(edges.hi, self.extent - 1)) if edges.length else EMPTY


@dataclass(frozen=True, eq=False)
class Tabled(IndexRule):
    """A set for every coordinate."""

    sets: Mapping[int, Indices] | Sequence[Indices]
    count: int

    def of(self, readers: Indices) -> Indices:
        """Return the union of their sets."""
        return union(self.at(reader) for reader in readers.clip(0, self.count - 1))

    def at(self, reader: int) -> Indices:
        """Return one set."""
        if isinstance(self.sets, Mapping):
            return self.sets.get(reader, EMPTY)
        return self.sets[reader] if 0 <= reader < len(self.sets) else EMPTY


@dataclass(frozen=True)
class Several(IndexRule):
    """What any of some rules says."""

    rules: tuple[IndexRule, ...]

    def of(self, readers: Indices) -> Indices:
        """Return the union."""
        return union(rule.of(readers) for rule in self.rules)


@dataclass(frozen=True)
class Restricted(IndexRule):
    """What a rule says, as far as it lies among some coordinates."""

    rule: IndexRule
    found: Indices

    def of(self, readers: Indices) -> Indices:
        """Return what is read together."""
        return common(self.rule.of(readers), self.found)

    def near(self, read: int, among: Indices) -> Indices:
        """Return those of some coordinates that may read a given one."""
        return self.rule.near(read, among) if read in self.found else EMPTY


@dataclass(frozen=True)
class Stretched(IndexRule):
    """What a rule says of the coordinates of a stretch; others read nothing."""

    rule: IndexRule
    start: int
    stop: int

    def of(self, readers: Indices) -> Indices:
        """Return what those in the stretch read together."""
        return self.rule.of(self._within(readers))

    def first(self, read: int, among: Indices) -> int | None:
        """Return the first of those in the stretch that reads a given one."""
        return self.rule.first(read, self._within(among))

    def readers(self, read: Indices, among: Indices) -> Indices:
        """Return those in the stretch that read any of a set."""
        return self.rule.readers(read, self._within(among))

    def near(self, read: int, among: Indices) -> Indices:
        """Return those in the stretch that may read a given one."""
        return self.rule.near(read, self._within(among))

    def _within(self, readers: Indices) -> Indices:
        return readers.clip(self.start, self.stop - 1)


@dataclass(frozen=True)
class Among(IndexRule):
    """What a rule says of some coordinates; others read nothing."""

    rule: IndexRule
    chosen: Indices

    def of(self, readers: Indices) -> Indices:
        """Return what those among them read together."""
        return self.rule.of(common(readers, self.chosen))

    def near(self, read: int, among: Indices) -> Indices:
        """Return those among them that may read a given one."""
        return self.rule.near(read, common(among, self.chosen))


NONE_READ = Same(EMPTY)


def everything(count: int) -> Same:
    """Return that every coordinate reads all of so many."""
    return Same(every_index(count))
