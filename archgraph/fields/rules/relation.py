"""Which positions of an operand every position of an output reads, borders included: finite and exact."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, reduce
from itertools import product
from operator import or_

from archgraph.fields.sets.area import NO_AREA, Area, Mask, Masks, area_box, bits, boxes, full, unite
from archgraph.fields.sets.indices import Indices
from archgraph.fields.sets.limits import check_pairs
from archgraph.fields.sets.setmap import SetMap
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


@lru_cache(maxsize=1 << 12)
def _beyond(table: MapTable) -> Mask:
    check_pairs(table.outputs, table.outputs)
    found = (index for index in range(table.outputs) if _sticks_out(table.reads.at(index), table.extent))
    return reduce(or_, (1 << index for index in found), 0)


@dataclass(frozen=True)
class PrefixTable(ReadTable):
    """That an output reads everything up to its own position.

    >>> list(PrefixTable(3, 4))
    [1, 3, 7, 7]
    """

    extent: int
    outputs: int

    def read(self, index: int) -> Mask:
        """Return what one output reads."""
        return full(min(index + 1, self.extent))


@dataclass(frozen=True)
class Link:
    """How one axis of an operand is read along one axis of the output.

    Attributes:
        axis: the axis of the operand.
        driver: the axis of the output.
        table: what every output reads.
        bordered: whether the map has a border, beyond which outputs may read.
    """

    axis: str
    driver: str
    table: ReadTable
    bordered: bool = False

    @property
    def outside(self) -> Mask:
        """The outputs that read beyond the border: padding, a repeated border, a window that it cuts."""
        return self.table.beyond() if self.bordered else 0

    @property
    def axes(self) -> tuple[str, ...]:
        """The axes of the operand that it describes."""
        return (self.axis,)

    @property
    def drivers(self) -> tuple[str, ...]:
        """The axes of the output that it depends on."""
        return (self.driver,)

    def pull(self, masks: Masks) -> Iterator[Masks]:
        """Yield what some outputs read together."""
        yield (_pulled(self.table, masks[0]),)

    def push(self, masks: Masks) -> Iterator[Masks]:
        """Yield the outputs that read something of a set."""
        yield (_pushed(self.table, masks[0]),)


# All iterations of a repeat, and most layers of a network, have the same few tables and ask for the same sets.
@lru_cache(maxsize=1 << 14)
def _pulled(table: ReadTable, outputs: Mask) -> Mask:
    check_pairs(outputs.bit_count(), table.extent)
    return reduce(or_, (table[index] for index in bits(outputs)), 0)


@lru_cache(maxsize=1 << 14)
def _pushed(table: ReadTable, read: Mask) -> Mask:
    check_pairs(len(table), table.extent)
    return reduce(or_, (1 << index for index, reads in enumerate(table) if reads & read), 0)


@dataclass(frozen=True)
class Every:
    """An axis of the operand that is read in the same way by every output: all of it, or a fixed part."""

    axis: str
    mask: Mask
    drivers: tuple[str, ...] = ()
    outside: Mask = 0

    @property
    def axes(self) -> tuple[str, ...]:
        """The axes of the operand that it describes."""
        return (self.axis,)

    def pull(self, masks: Masks) -> Iterator[Masks]:
        """Yield what is read."""
        yield (self.mask,)

    def push(self, masks: Masks) -> Iterator[Masks]:
        """Yield that outputs read it, if it is read."""
        # Nothing that the outputs would have to meet: a choice of no axes, where no choice at all would mean that none
        # reads it.
        if masks[0] & self.mask:
            yield ()


@dataclass(frozen=True)
class Only:
    """That only some positions on an axis of the output read the operand at all, which has no such axis."""

    driver: str
    mask: Mask
    axes: tuple[str, ...] = ()
    outside: Mask = 0

    @property
    def drivers(self) -> tuple[str, ...]:
        """The axis of the output."""
        return (self.driver,)

    def pull(self, masks: Masks) -> Iterator[Masks]:
        """Yield that the operand is read, if it is."""
        if masks[0] & self.mask:
            yield ()

    def push(self, masks: Masks) -> Iterator[Masks]:
        """Yield the outputs."""
        yield (self.mask,)


@dataclass(frozen=True)
class Tangle:
    """Axes of the operand and of the output that are made of each other's digits.

    Attributes:
        axes: axes of the operand.
        drivers: axes of the output.
        sizes: their sizes.
        parts: per axis of the operand, (driver or -1, scale, stride, size) of the digits it is the sum of.
    """

    axes: tuple[str, ...]
    drivers: tuple[str, ...]
    sizes: tuple[int, ...]
    parts: tuple[tuple[tuple[int, int, int, int], ...], ...]
    outside: Mask = 0

    def pull(self, masks: Masks) -> Iterator[Masks]:
        """Yield what some outputs read together."""
        yield from boxes(_untangled(self, masks))

    def push(self, masks: Masks) -> Iterator[Masks]:
        """Yield the outputs that read something of a box."""
        # Sums of digits cannot be undone for a whole set at once, so that every output is asked.
        every = product(*map(range, self.sizes))
        hit = (index for index in every if all(read & mask for read, mask in zip(self.read(index), masks, strict=True)))
        yield from boxes(unite(area_box([1 << i for i in index]) for index in hit))

    def read(self, index: Sequence[int]) -> Masks:
        """Return what one output reads."""
        return tuple(reduce(or_, (1 << total for total in self._sums(parts, index)), 0) for parts in self.parts)

    @staticmethod
    def _sums(parts: tuple[tuple[int, int, int, int], ...], index: Sequence[int]) -> Iterator[int]:
        choices = (
            [scale * digit for digit in (range(size) if driver < 0 else [index[driver] // stride % size])]
            for driver, scale, stride, size in parts
        )
        return map(sum, product(*choices))


@lru_cache(maxsize=1 << 10)
def _untangled(tangle: Tangle, masks: Masks) -> Area:
    return unite(area_box(tangle.read(index)) for index in product(*map(bits, masks)))


LinkGroup = Link | Every | Only | Tangle


@dataclass(frozen=True)
class Relation:
    """Everything that an output reads of one operand.

    Attributes:
        axes: the axes of the operand, in order.
        outputs: the axes of the output with their sizes, in order.
        groups: which of the operand's axes are read along which of the output's.
    """

    axes: tuple[str, ...]
    outputs: Mapping[str, int]
    groups: tuple[LinkGroup, ...]

    def pull(self, area: Area) -> Area:
        """Return what some outputs read together."""
        # Box by box: what the groups read is a product for one output, and for a product of outputs, but not for any
        # set of them.
        names = tuple(self.outputs)
        return unite(self._pulled(dict(zip(names, masks, strict=True))) for masks in boxes(area))

    def _pulled(self, masks: Mapping[str, Mask]) -> Area:
        choices = [group.pull(tuple(masks[driver] for driver in group.drivers)) for group in self.groups]
        return unite(area_box(self._ordered(choice)) for choice in product(*choices))

    def _ordered(self, choice: tuple[Masks, ...]) -> list[Mask]:
        found = {
            axis: mask
            for group, masks in zip(self.groups, choice, strict=True)
            for axis, mask in zip(group.axes, masks, strict=True)
        }
        return [found[axis] for axis in self.axes]

    def push(self, area: Area) -> Area:
        """Return the outputs that read something of a set."""
        return unite(self._pushed(dict(zip(self.axes, masks, strict=True))) for masks in boxes(area))

    def _pushed(self, masks: Mapping[str, Mask]) -> Area:
        choices = [group.push(tuple(masks[axis] for axis in group.axes)) for group in self.groups]
        return unite(area_box(self._met(choice)) for choice in product(*choices))

    def _met(self, choice: tuple[Masks, ...]) -> list[Mask]:
        found = {name: full(extent) for name, extent in self.outputs.items()}
        for group, masks in zip(self.groups, choice, strict=True):
            for driver, mask in zip(group.drivers, masks, strict=True):
                # Exact, for what one output reads is a product: it meets the box if it does so in each group.
                found[driver] &= mask
        return list(found.values())

    @property
    def beyond(self) -> Area:
        """The outputs that read beyond the border."""
        parts = []
        for group in self.groups:
            if isinstance(group, Link) and group.outside:
                masks = {**{name: full(extent) for name, extent in self.outputs.items()}, group.driver: group.outside}
                parts.append(area_box(list(masks.values())))
        return unite(parts) if parts else NO_AREA


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
