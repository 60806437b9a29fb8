"""What every position of an output reads within an operand, borders included, as bits."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, reduce
from operator import or_

from archgraph.fields.sets.area import Mask, full
from archgraph.fields.sets.indices import Indices
from archgraph.fields.sets.limits import check_pairs
from archgraph.fields.sets.setmap import SetMap
from archgraph.ops.position_sets import PositionSets
from archgraph.ops.reach import Border


class ReadTable(Sequence[Mask]):
    """What every output reads within the operand, made when it is asked for: of a long axis only some outputs are."""

    extent: int
    outputs: int

    @abstractmethod
    def read(self, index: int) -> Mask:
        """Return what one output reads."""

    def beyond(self) -> Mask:
        """Return the outputs that read beyond the border."""
        return 0

    def __len__(self) -> int:
        return self.outputs

    def __getitem__(self, index: int) -> Mask:  # type: ignore[override]
        if not 0 <= index < self.outputs:
            raise IndexError(index)
        return self.read(index)


@dataclass(frozen=True)
class MapTable(ReadTable):
    """What a set map says.

    >>> from archgraph.fields.sets.windows import window
    >>> table = MapTable(window(3, before=1), 4, 4, "clamp")
    >>> list(table), table.beyond()
    ([3, 7, 14, 12], 9)
    """

    reads: SetMap
    extent: int
    outputs: int
    border: Border = "drop"

    def read(self, index: int) -> Mask:
        """Return what one output reads."""
        return _folded(self.reads.at(index), self.border, self.extent)

    def beyond(self) -> Mask:
        """Return the outputs that read beyond the border."""
        return _beyond(self)

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
    return any(table.read(index) != dropping.read(index) for index in _outermost(table))


def _outermost(table: MapTable) -> Iterator[int]:
    """Yield the outputs that may read beyond a border: those before and behind all whose whole period does not."""
    for order in (range(table.outputs), range(table.outputs - 1, -1, -1)):
        within = 0
        for index in order:
            within = 0 if _sticks_out(table.reads.at(index), table.extent) else within + 1
            if within > table.reads.period:
                break
            yield index


@lru_cache(maxsize=1 << 12)
def _beyond(table: MapTable) -> Mask:
    check_pairs(table.outputs, table.outputs)
    found = (index for index in range(table.outputs) if _sticks_out(table.reads.at(index), table.extent))
    return reduce(or_, (1 << index for index in found), 0)


@dataclass(frozen=True)
class PrefixTable(ReadTable):
    """That an output reads everything up to its own position, or some positions ahead of it.

    >>> list(PrefixTable(3, 4)), list(PrefixTable(3, 3, -1))
    ([1, 3, 7, 7], [0, 1, 3])
    """

    extent: int
    outputs: int
    ahead: int = 0

    def read(self, index: int) -> Mask:
        """Return what one output reads."""
        return full(min(max(index + self.ahead + 1, 0), self.extent))


@dataclass(frozen=True)
class ListTable(ReadTable):
    """That every output reads a set of its own."""

    sets: PositionSets
    extent: int
    outputs: int

    def read(self, index: int) -> Mask:
        """Return what one output reads."""
        return self.sets.masks[index]


@dataclass(frozen=True)
class AnyTable(ReadTable):
    """That an output reads what any of some tables says.

    >>> list(AnyTable((PrefixTable(3, 3), PrefixTable(3, 3, 1)), 3, 3))
    [3, 7, 7]
    """

    tables: tuple[ReadTable, ...]
    extent: int
    outputs: int

    def read(self, index: int) -> Mask:
        """Return what one output reads."""
        return reduce(or_, (table.read(index) for table in self.tables), 0)


def _sticks_out(read: Indices, extent: int) -> bool:
    return bool(read.length) and (read.lo < 0 or read.hi >= extent)


def _folded(read: Indices, border: Border, extent: int) -> Mask:
    # Of almost all outputs the set is shifted as bits; only those at the border are folded position by position.
    if border == "drop" or not _sticks_out(read, extent):
        inside = read.clip(0, extent - 1)
        return inside.bits(1) << inside.lo if inside.length else 0
    fold = {"clamp": _clamp, "reflect": _reflect, "wrap": _wrap}[border]
    return reduce(or_, (1 << fold(index, extent) for index in read), 0)


def _clamp(index: int, extent: int) -> int:
    return min(max(index, 0), extent - 1)


def _reflect(index: int, extent: int) -> int:
    # Reflection does not repeat the border itself, so that its period is two short of twice the extent.
    span = 2 * (extent - 1)
    return extent - 1 - abs(extent - 1 - index % span) if span else 0


def _wrap(index: int, extent: int) -> int:
    return index % extent
