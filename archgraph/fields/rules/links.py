"""Which axes of an operand are read along which axes of an output, and how."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from math import prod
from typing import TypeAlias

from archgraph.fields.rules.digit_boxes import DigitBox, Radix, digits_of
from archgraph.fields.rules.read_tables import ReadTable
from archgraph.fields.sets.area import Area, Mask, Masks, area_box, boxes, unite
from archgraph.fields.sets.index_sets import common, one_index, united
from archgraph.fields.sets.indices import EMPTY, interval, of_bits
from archgraph.fields.sets.limits import check_one_by_one
from archgraph.fields.sets.map_images import repeated
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
        return self.table.beyond() if self.bordered else EMPTY

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
    return table.together(outputs)


@lru_cache(maxsize=1 << 14)
def _pushed(table: ReadTable, read: Mask) -> Mask:
    return table.readers(read)


@dataclass(frozen=True)
class Every:
    """An axis of the operand that is read in the same way by every output: all of it, or a fixed part."""

    axis: str
    mask: Mask
    drivers: tuple[str, ...] = ()
    outside: Mask = EMPTY
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
        if common(masks[0], self.mask).length:
            yield ()


@dataclass(frozen=True)
class Only:
    """That only some positions on an axis of the output read the operand at all, which has no such axis."""

    driver: str
    mask: Mask
    axes: tuple[str, ...] = ()
    outside: Mask = EMPTY
    exact: bool = True

    @property
    def drivers(self) -> tuple[str, ...]:
        """The axis of the output."""
        return (self.driver,)

    def pull(self, masks: Masks) -> Iterator[Masks]:
        """Yield that the operand is read, if it is."""
        if common(masks[0], self.mask).length:
            yield ()

    def push(self, masks: Masks) -> Iterator[Masks]:
        """Yield the outputs."""
        yield (self.mask,)


DigitPart: TypeAlias = tuple[int, int, int, int]
"""A driver by its number, or -1 for all values of the digit; then scale, stride and size of the digit."""


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
    parts: tuple[tuple[DigitPart, ...], ...]
    outside: Mask = EMPTY
    exact: bool = True

    def pull(self, masks: Masks) -> Iterator[Masks]:
        """Yield what some outputs read together."""
        yield from boxes(_untangled(self, masks))

    def push(self, masks: Masks) -> Iterator[Masks]:
        """Yield the outputs that read something of a box."""
        yield from boxes(_tangled(self, masks))

    def read(self, index: Sequence[int]) -> Masks:
        """Return what one output reads."""
        ends = [{stride: (place, place) for stride, place in self._places(driver, i)} for driver, i in enumerate(index)]
        return tuple(self._sum(parts, ends) for parts in self.parts)

    def _places(self, driver: int, index: int) -> Iterator[tuple[int, int]]:
        strides = ((stride, size) for _, _, stride, size in self._of(driver))
        return ((stride, index // stride % size) for stride, size in strides)

    def _of(self, driver: int) -> list[DigitPart]:
        return [part for parts in self.parts for part in parts if part[0] == driver]

    def _sum(self, parts: Iterable[DigitPart], digits: Sequence[DigitBox]) -> Mask:
        """Return the sums of digits that lie within ends."""
        # Built up as a set, for a list of all sums may be as long as the axis.
        found = interval(0, 0)
        for driver, scale, stride, size in parts:
            low, high = (0, size - 1) if driver < 0 else digits[driver].get(stride, (0, 0)) if size > 1 else (0, 0)
            found = repeated(found.shift(scale * low), scale, high - low + 1)
        return found

    def drivers_digits(self) -> list[Radix] | None:
        """Return the digits of every driver, None where parts share some of them."""
        found = [
            digits_of([(stride, size) for _, _, stride, size in self._of(driver)], extent)
            for driver, extent in enumerate(self.sizes)
        ]
        return [each for each in found if each] if all(found) else None

    def operands_digits(self, masks: Masks) -> list[Radix] | None:
        """Return the digits of every axis of the operand, None where different digits have equal sums."""
        found = [
            digits_of([(scale, size) for _, scale, _, size in parts], max(mask.hi + 1, 1))
            for parts, mask in zip(self.parts, masks, strict=True)
        ]
        return [each for each in found if each] if all(found) else None

    def outputs_of(self, digits: Sequence[DigitBox], radices: Sequence[Radix]) -> Area:
        """Return the outputs that read something of a box of the operand's digits."""
        wanted: list[dict[int, tuple[int, int]]] = [{} for _ in self.sizes]
        for parts, ends in zip(self.parts, digits, strict=True):
            left = dict(ends)
            for driver, scale, stride, size in parts:
                # Digits beyond the last index of the set are nought, and so are those beyond the last output.
                low, high = left.pop(scale, (0, 0)) if size > 1 else (0, 0)
                if low >= size or (driver >= 0 and low and stride >= self.sizes[driver]):
                    return ()
                if driver >= 0 and size > 1:
                    wanted[driver][stride] = (low, min(high, size - 1))
            # Sums have no digits but those of their parts.
            if any(low for low, _ in left.values()):
                return ()
        return area_box([digits.numbers(ends) for digits, ends in zip(radices, wanted, strict=True)])


@lru_cache(maxsize=1 << 10)
def _untangled(tangle: Tangle, masks: Masks) -> Area:
    radices = tangle.drivers_digits()
    if radices is None:
        check_one_by_one(prod(mask.touched for mask in masks))
        return unite(area_box(tangle.read(index)) for index in product(*masks))
    choices = product(*(digits.boxes(mask) for digits, mask in zip(radices, masks, strict=True)))
    return unite(area_box([tangle._sum(parts, digits) for parts in tangle.parts]) for digits in choices)


@lru_cache(maxsize=1 << 10)
def _tangled(tangle: Tangle, masks: Masks) -> Area:
    outputs, operands = tangle.drivers_digits(), tangle.operands_digits(masks)
    if outputs is None or operands is None:
        # Sums of digits cannot be undone for a whole set at once, so that every output is asked.
        check_one_by_one(prod(tangle.sizes))
        every = product(*map(range, tangle.sizes))
        return unite(area_box(list(map(one_index, index))) for index in every if _meets(tangle.read(index), masks))
    choices = product(*(digits.boxes(mask) for digits, mask in zip(operands, masks, strict=True)))
    return unite(tangle.outputs_of(digits, outputs) for digits in choices)


def _meets(reads: Masks, masks: Masks) -> bool:
    return all(common(read, mask).length for read, mask in zip(reads, masks, strict=True))


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
    outside: Mask = EMPTY
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
        check_one_by_one(prod(mask.touched for mask in masks))
        yield (united(map(self.read, product(*masks))),)

    def push(self, masks: Masks) -> Iterator[Masks]:
        """Yield the outputs that read something of a set."""
        check_one_by_one(prod(size for _, _, size in self.digits))
        every = product(*(range(size) for _, _, size in self.digits))
        hit = (place for place in every if common(self.read(place), masks[0]).length)
        yield from boxes(unite(area_box(list(map(one_index, place))) for place in hit))

    def read(self, place: Sequence[int]) -> Mask:
        """Return what one output reads."""
        number = sum(scale * index for (_, scale, _), index in zip(self.digits, place, strict=True))
        return of_bits(0, self.sets.masks[number])


@dataclass(frozen=True)
class Joint:
    """Groups that share an axis of the output: what one output reads is their product, of several it is not.

    Attributes:
        groups: which share axes.
        sizes: the axes of the output that drive them, with their sizes.
    """

    groups: tuple[LinkGroup, ...]
    sizes: tuple[tuple[str, int], ...]
    outside: Mask = EMPTY

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
        check_one_by_one(prod(mask.touched for mask in masks))
        # One by one: of several outputs together, what one group reads for the first is not joined with what another
        # reads for the second.
        for place in product(*masks):
            choices = product(*(group.pull(self._for(group, place)) for group in self.groups))
            yield from (tuple(mask for part in choice for mask in part) for choice in choices)

    def _for(self, group: LinkGroup, place: Sequence[int]) -> Masks:
        return tuple(one_index(place[self.drivers.index(driver)]) for driver in group.drivers)

    def push(self, masks: Masks) -> Iterator[Masks]:
        """Yield the outputs that read something of a box."""
        check_one_by_one(prod(size for _, size in self.sizes))
        every = product(*(range(size) for _, size in self.sizes))
        hit = (place for place in every if self._reads(place, masks))
        yield from boxes(unite(area_box(list(map(one_index, place))) for place in hit))

    def _reads(self, place: Sequence[int], masks: Masks) -> bool:
        return any(_meets(reads, masks) for reads in self._each(tuple(map(one_index, place))))


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
        # Again and again, for a group that is joined brings axes that others share with it.
        while sharing := [group for group in left if drivers & set(group.drivers)]:
            left = [group for group in left if not any(group is other for other in sharing)]
            joined += sharing
            drivers.update(driver for group in sharing for driver in group.drivers)
        sizes = tuple((axis, outputs[axis]) for axis in outputs if axis in drivers)
        found.append(joined[0] if len(joined) == 1 else Joint(tuple(joined), sizes))
    return tuple(found)
