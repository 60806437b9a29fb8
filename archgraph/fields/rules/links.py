"""Which axes of an operand are read along which axes of an output, and how."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, reduce
from itertools import product
from operator import or_
from typing import TypeAlias

from archgraph.fields.rules.read_tables import ReadTable
from archgraph.fields.sets.area import Area, Mask, Masks, area_box, bits, boxes, unite
from archgraph.fields.sets.limits import check_pairs
from archgraph.ops.position_sets import PositionSets


@dataclass(frozen=True)
class Link:
    """How one axis of an operand is read along one axis of the output.

    Attributes:
        axis: the axis of the operand.
        driver: the axis of the output.
        table: what every output reads.
        bordered: whether the map has a border, beyond which outputs may read.
        exact: False where less may be read.
    """

    axis: str
    driver: str
    table: ReadTable
    bordered: bool = False
    exact: bool = True

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
    exact: bool = True

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
    exact: bool = True

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
    exact: bool = True

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


@dataclass(frozen=True)
class Lookup:
    """An axis of the operand that is read by sets listed one by one.

    Attributes:
        axis: the axis of the operand.
        digits: (driver, scale, size) of the axes of the output whose sum is the number of the set.
        sets: what every output reads.
    """

    axis: str
    digits: tuple[tuple[str, int, int], ...]
    sets: PositionSets
    outside: Mask = 0
    exact: bool = True

    @property
    def axes(self) -> tuple[str, ...]:
        """The axis of the operand."""
        return (self.axis,)

    @property
    def drivers(self) -> tuple[str, ...]:
        """The axes of the output that it depends on."""
        return tuple(driver for driver, _, _ in self.digits)

    def pull(self, masks: Masks) -> Iterator[Masks]:
        """Yield what some outputs read together."""
        yield (reduce(or_, map(self.read, product(*map(bits, masks))), 0),)

    def push(self, masks: Masks) -> Iterator[Masks]:
        """Yield the outputs that read something of a set."""
        every = product(*(range(size) for _, _, size in self.digits))
        hit = (place for place in every if self.read(place) & masks[0])
        yield from boxes(unite(area_box([1 << i for i in place]) for place in hit))

    def read(self, place: Sequence[int]) -> Mask:
        """Return what one output reads."""
        return self.sets.masks[sum(scale * index for (_, scale, _), index in zip(self.digits, place, strict=True))]


@dataclass(frozen=True)
class Joint:
    """Groups that share an axis of the output: what one output reads is their product, of several it is not.

    Attributes:
        groups: which share axes.
        sizes: the axes of the output that drive them, with their sizes.
    """

    groups: tuple[LinkGroup, ...]
    sizes: tuple[tuple[str, int], ...]
    outside: Mask = 0

    @property
    def axes(self) -> tuple[str, ...]:
        """The axes of the operand."""
        return tuple(axis for group in self.groups for axis in group.axes)

    @property
    def drivers(self) -> tuple[str, ...]:
        """The axes of the output."""
        return tuple(axis for axis, _ in self.sizes)

    @property
    def exact(self) -> bool:
        """False where less may be read."""
        return all(group.exact for group in self.groups)

    def pull(self, masks: Masks) -> Iterator[Masks]:
        """Yield what some outputs read together."""
        yield from boxes(unite(map(area_box, self._each(masks))))

    def _each(self, masks: Masks) -> Iterator[Masks]:
        for place in product(*map(bits, masks)):
            choices = product(*(group.pull(self._for(group, place)) for group in self.groups))
            yield from (tuple(mask for part in choice for mask in part) for choice in choices)

    def _for(self, group: LinkGroup, place: Sequence[int]) -> Masks:
        return tuple(1 << place[self.drivers.index(driver)] for driver in group.drivers)

    def push(self, masks: Masks) -> Iterator[Masks]:
        """Yield the outputs that read something of a box."""
        every = product(*(range(size) for _, size in self.sizes))
        hit = (place for place in every if self._reads(place, masks))
        yield from boxes(unite(area_box([1 << i for i in place]) for place in hit))

    def _reads(self, place: Sequence[int], masks: Masks) -> bool:
        found = self._each(tuple(1 << index for index in place))
        return any(all(read & mask for read, mask in zip(reads, masks, strict=True)) for reads in found)


LinkGroup: TypeAlias = "Link | Every | Only | Tangle | Lookup | Joint"


def plain_links(groups: tuple[LinkGroup, ...]) -> Iterator[Link]:
    """Yield what is read along one axis by a table, wherever it stands."""
    for group in groups:
        if isinstance(group, Joint):
            yield from plain_links(group.groups)
        elif isinstance(group, Link):
            yield group


def untangled(groups: Sequence[LinkGroup], outputs: Mapping[str, int]) -> tuple[LinkGroup, ...]:
    """Return groups of which no two share an axis of the output: those that do are joined."""
    left, found = list(groups), []
    while left:
        joined = [left.pop(0)]
        drivers = set(joined[0].drivers)
        while sharing := [group for group in left if drivers & set(group.drivers)]:
            left = [group for group in left if not any(group is other for other in sharing)]
            joined += sharing
            drivers.update(driver for group in sharing for driver in group.drivers)
        sizes = tuple((axis, outputs[axis]) for axis in outputs if axis in drivers)
        found.append(joined[0] if len(joined) == 1 else Joint(tuple(joined), sizes))
    return tuple(found)
