"""What every position of an output reads within an operand, borders included."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, reduce
from operator import or_

from archgraph.fields.sets.index_sets import common, every_index, one_index, united
from archgraph.fields.sets.indices import EMPTY, Indices, interval, of_bits
from archgraph.fields.sets.map_images import image, readers
from archgraph.fields.sets.read_border import folded, folding_into
from archgraph.fields.sets.setmap import SetMap
from archgraph.ops.position_sets import PositionSets
from archgraph.ops.reach import Border


class ReadTable(Sequence[Indices]):
    """What every output reads within the operand: asked for single outputs, or for sets of them at once."""

    extent: int
    outputs: int

    @abstractmethod
    def together(self, outputs: Indices) -> Indices:
        """Return what some outputs read together."""

    @abstractmethod
    def readers(self, read: Indices) -> Indices:
        """Return the outputs that read any of a set."""

    def beyond(self) -> Indices:
        """Return the outputs that read beyond the border."""
        return EMPTY

    def __len__(self) -> int:
        return self.outputs

    def __getitem__(self, index: int) -> Indices:  # type: ignore[override]
        if not 0 <= index < self.outputs:
            raise IndexError(index)
        return self.together(one_index(index))


@dataclass(frozen=True)
class MapTable(ReadTable):
    """What a set map says.

    >>> from archgraph.fields.sets.windows import window
    >>> table = MapTable(window(3, before=1), 4, 4, "clamp")
    >>> [list(reads) for reads in table], list(table.beyond())
    ([[0, 1], [0, 1, 2], [1, 2, 3], [2, 3]], [0, 3])
    """

    reads: SetMap
    extent: int
    outputs: int
    border: Border = "drop"

    def together(self, outputs: Indices) -> Indices:
        """Return what some outputs read together."""
        return folded(image(self.reads, outputs), self.border, self.extent)

    def readers(self, read: Indices) -> Indices:
        """Return the outputs that read any of a set, also where a border brings it in."""
        return readers(self.reads, folding_into(read, self.border, self.extent, self._hull), self.outputs)

    def beyond(self) -> Indices:
        """Return the outputs that read beyond the border."""
        lo, hi = self._hull
        outside = (interval(lo, -1), interval(self.extent, hi))
        return united(readers(self.reads, part, self.outputs) for part in outside if part.length)

    @property
    def _hull(self) -> tuple[int, int]:
        """The first and the last position that any output reads, borders ignored."""
        return self.reads.interval(0, self.outputs - 1) or (0, -1)

    def brings_in(self) -> bool:
        """Say whether the border makes some outputs read what they would not read if it dropped what lies beyond.

        >>> from archgraph.fields.sets.windows import window
        >>> [MapTable(window(3, before=1), 4, 4, border).brings_in() for border in ("clamp", "wrap")]
        [False, True]
        """
        return _brings_in(self)


@lru_cache(maxsize=1 << 12)
def _brings_in(table: MapTable) -> bool:
    dropping = replace(table, border="drop")
    return any(table[index] != dropping[index] for index in _outermost(table))


def _outermost(table: MapTable) -> Iterator[int]:
    """Yield the outputs that may read beyond a border: those before and behind all whose whole period does not."""
    for order in (range(table.outputs), range(table.outputs - 1, -1, -1)):
        within = 0
        for index in order:
            within = 0 if _sticks_out(table.reads.at(index), table.extent) else within + 1
            if within > table.reads.period:
                break
            yield index


@dataclass(frozen=True)
class PrefixTable(ReadTable):
    """That an output reads everything up to its own position, or some positions ahead of it.

    >>> [list(reads) for reads in PrefixTable(3, 4)], [list(reads) for reads in PrefixTable(3, 3, -1)]
    ([[0], [0, 1], [0, 1, 2], [0, 1, 2]], [[], [0], [0, 1]])
    """

    extent: int
    outputs: int
    ahead: int = 0

    def together(self, outputs: Indices) -> Indices:
        """Return what the last one of some outputs reads."""
        return interval(0, min(outputs.hi + self.ahead, self.extent - 1)) if outputs.length else EMPTY

    def readers(self, read: Indices) -> Indices:
        """Return the outputs that read up to the first of a set."""
        return interval(max(read.lo - self.ahead, 0), self.outputs - 1) if read.length else EMPTY


@dataclass(frozen=True)
class StretchTable(ReadTable):
    """That the outputs of a stretch read their own position, and others nothing.

    >>> [list(reads) for reads in StretchTable(4, 4, 1, 3)]
    [[], [1], [2], []]
    """

    extent: int
    outputs: int
    start: int
    stop: int

    def together(self, outputs: Indices) -> Indices:
        """Return those of some outputs that lie in the stretch."""
        return outputs.clip(max(self.start, 0), min(self.stop, self.extent) - 1)

    def readers(self, read: Indices) -> Indices:
        """Return those of a set that lie in the stretch."""
        return read.clip(max(self.start, 0), min(self.stop, self.outputs) - 1)


@dataclass(frozen=True)
class MirrorTable(ReadTable):
    """That an output reads the position as far from one end as it is from the other.

    >>> [list(reads) for reads in MirrorTable(3, 4, 2)]
    [[2], [1], [0], []]
    """

    extent: int
    outputs: int
    last: int

    def together(self, outputs: Indices) -> Indices:
        """Return what some outputs read together."""
        return outputs.mirrored(self.last).clip(0, self.extent - 1)

    def readers(self, read: Indices) -> Indices:
        """Return the outputs that read any of a set."""
        return read.mirrored(self.last).clip(0, self.outputs - 1)


@dataclass(frozen=True)
class LaterTable(ReadTable):
    """That the outputs from one on read what another table says, and those before it nothing.

    >>> [list(reads) for reads in LaterTable(PrefixTable(3, 3), 1)]
    [[], [0, 1], [0, 1, 2]]
    """

    table: ReadTable
    start: int

    @property
    def extent(self) -> int:  # type: ignore[override]
        """The positions of the operand."""
        return self.table.extent

    @property
    def outputs(self) -> int:  # type: ignore[override]
        """The positions of the output."""
        return self.table.outputs

    def together(self, outputs: Indices) -> Indices:
        """Return what the later ones of some outputs read together."""
        return self.table.together(self._later(outputs))

    def readers(self, read: Indices) -> Indices:
        """Return the later ones of the outputs that read any of a set."""
        return self._later(self.table.readers(read))

    def beyond(self) -> Indices:
        """Return the later ones of the outputs that read beyond the border."""
        return self._later(self.table.beyond())

    def _later(self, outputs: Indices) -> Indices:
        return outputs.clip(self.start, self.outputs - 1)


@dataclass(frozen=True)
class EveryTable(ReadTable):
    """That every output reads the same."""

    found: Indices
    extent: int
    outputs: int

    def together(self, outputs: Indices) -> Indices:
        """Return what is read, if anything reads."""
        return self.found if outputs.length else EMPTY

    def readers(self, read: Indices) -> Indices:
        """Return all outputs, or none."""
        return every_index(self.outputs) if common(self.found, read).length else EMPTY


@dataclass(frozen=True)
class ListTable(ReadTable):
    """That every output reads a set of its own."""

    sets: PositionSets
    extent: int
    outputs: int

    def together(self, outputs: Indices) -> Indices:
        """Return what some outputs read together."""
        return of_bits(0, reduce(or_, (self.sets.masks[index] for index in outputs), 0))

    def readers(self, read: Indices) -> Indices:
        """Return the outputs that read any of a set."""
        bits = read.bits(1) << read.lo if read.length else 0
        return united(one_index(index) for index, mask in enumerate(self.sets.masks) if mask & bits)


@dataclass(frozen=True)
class AnyTable(ReadTable):
    """That an output reads what any of some tables says.

    >>> [list(reads) for reads in AnyTable((PrefixTable(3, 3), PrefixTable(3, 3, 1)), 3, 3)]
    [[0, 1], [0, 1, 2], [0, 1, 2]]
    """

    tables: tuple[ReadTable, ...]
    extent: int
    outputs: int

    def together(self, outputs: Indices) -> Indices:
        """Return what some outputs read together."""
        return united(table.together(outputs) for table in self.tables)

    def readers(self, read: Indices) -> Indices:
        """Return the outputs that read any of a set."""
        return united(table.readers(read) for table in self.tables)


def _sticks_out(read: Indices, extent: int) -> bool:
    return bool(read.length) and (read.lo < 0 or read.hi >= extent)
