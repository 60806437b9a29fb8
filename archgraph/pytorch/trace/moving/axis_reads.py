"""Pairs of elements in the words of axes: how every axis of an operand is read along axes of the result."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from math import prod
from typing import TYPE_CHECKING

from sympy import Expr, Integer

from archgraph.ops.position_sets import PositionSets
from archgraph.ops.reach import All, Along, AtMost, AxisMap, Listed, Mirrored, Window
from archgraph.pytorch.trace.moving.pairs import MovedPairs
from archgraph.sizes.types import CHANNEL

if TYPE_CHECKING:
    from torch import Tensor

MOST_TABLE = 1 << 22
"""Positions of the result times those along an axis of the operand."""
MOVE_CROSSED = "elements are moved in a way that is no product over axes"
TOO_MANY = "too many elements are moved to list their places"
AxisReads = tuple[tuple[str, AxisMap], ...]


@dataclass(frozen=True)
class NamedDims:
    """The dimensions that are axes, with their names and sizes."""

    dims: tuple[int, ...]
    names: tuple[str, ...]
    sizes: tuple[int, ...]


def positions(names: Sequence[str | None], shape: Sequence[int]) -> NamedDims:
    """Return the position axes among some dimensions."""
    kept = [(dim, name, shape[dim]) for dim, name in enumerate(names) if name and name != CHANNEL]
    return NamedDims(*(tuple(column) for column in zip(*kept, strict=True))) if kept else NamedDims((), (), ())


def unknown_reads(names: Sequence[str | None], reason: str) -> AxisReads:
    """Return that any position may be read."""
    return tuple((name, AtMost(All(), reason)) for name in names if name and name != CHANNEL)


def axis_reads(
    pairs: MovedPairs,
    output: NamedDims,
    operand: NamedDims,
    *,
    closed: bool = True,
    apart: bool = False,
    like: Mapping[str, AxisMap] | None = None,
) -> AxisReads:
    """Return how the axes of an operand are read.

    Args:
        pairs: which elements are made of which.
        output: the position axes of the result.
        operand: those of the operand.
        closed: whether closed forms are looked for; lists hold at one size alone.
        apart: whether every axis says by itself which outputs read nothing.
        like: closed forms at other sizes, taken where they say the same: of few positions many forms do.
    """
    return _Reads(pairs, output, operand, like or {}, closed=closed).found(apart=apart)


class _Reads:
    def __init__(
        self, pairs: MovedPairs, output: NamedDims, operand: NamedDims, like: Mapping[str, AxisMap], *, closed: bool
    ) -> None:
        self.output, self.operand, self.closed, self.like = output, operand, closed, like
        into, of = pairs.coordinates
        self.into, self.of = into[:, list(output.dims)], of[:, list(operand.dims)]
        self.count = self._distinct()

    def _distinct(self) -> int:
        """The number of pairs of positions: the elements of one position count once."""
        import torch

        return len(torch.unique(_flat(self.into, self.output.sizes) * prod(self.operand.sizes) + self._ofs()))

    def _ofs(self) -> Tensor:
        return _flat(self.of, self.operand.sizes)

    def found(self, *, apart: bool) -> AxisReads:
        drivers = [self._first(place) for place in range(len(self.operand.dims))]
        for size in range(2, len(self.output.dims) + 1):
            if self._is_product(drivers) and not apart:
                break
            drivers = [self._better(place, drivers, size) for place in range(len(drivers))]
        exact = self._is_product(drivers)
        maps = [self._known(place) or self._map(place, driver) for place, driver in enumerate(drivers)]
        if not exact:
            maps = [read if isinstance(read, AtMost) else AtMost(_plain(read), MOVE_CROSSED) for read in maps]
        return tuple(zip(self.operand.names, maps, strict=True))

    # -- drivers -----------------------------------------------------------------------------------------

    def _first(self, place: int) -> tuple[int, ...]:
        """The axis of the result that says most about an axis of the operand; of its own name where they are equal."""
        name = self.operand.names[place]
        order = sorted(range(len(self.output.dims)), key=lambda axis: self.output.names[axis] != name)
        return min(((axis,) for axis in order), key=lambda driver: self._weight(place, driver), default=())

    def _better(self, place: int, drivers: list[tuple[int, ...]], size: int) -> tuple[int, ...]:
        several = combinations(range(len(self.output.dims)), size)
        best = min(several, key=lambda driver: self._weight(place, driver))
        return best if self._weight(place, best) < self._weight(place, drivers[place]) else drivers[place]

    def _weight(self, place: int, driver: tuple[int, ...]) -> float:
        """How many positions an output reads along an axis, on average, if these axes alone decide."""
        table = self._table(place, driver)
        return float("inf") if table is None else float(table.sum()) / max(table.shape[0], 1)

    def _table(self, place: int, driver: tuple[int, ...]) -> Tensor | None:
        import torch

        sizes = [self.output.sizes[axis] for axis in driver]
        rows, extent = prod(sizes), self.operand.sizes[place]
        if rows * extent > MOST_TABLE:
            return None
        table = torch.zeros(rows, extent, dtype=torch.bool)
        table[_flat(self.into[:, list(driver)], sizes), self.of[:, place]] = True
        return table

    def _is_product(self, drivers: list[tuple[int, ...]]) -> bool:
        """Whether the axes' sets have no more pairs among their products than there are."""
        import torch

        if prod(self.output.sizes) > MOST_TABLE:
            return False
        total = torch.ones(self.output.sizes, dtype=torch.long)
        for place, driver in enumerate(drivers):
            table = self._table(place, driver)
            if table is None:
                return False
            shape = [size if axis in driver else 1 for axis, size in enumerate(self.output.sizes)]
            total = total * table.sum(1).reshape(shape)
        return int(total.sum()) == self.count

    # -- maps --------------------------------------------------------------------------------------------

    def _known(self, place: int) -> AxisMap | None:
        """The form at other sizes, if it is that of an axis here too."""
        read = self.like.get(self.operand.names[place])
        window, name = (read.map, read.axis) if isinstance(read, Along) else (read, self.operand.names[place])
        if not isinstance(window, Window | All | Mirrored) or name not in self.output.names:
            return None
        table = self._table(place, (self.output.names.index(name),))
        if isinstance(window, Mirrored):
            # Where it ends differs with the size.
            turned = None if table is None else _mirrored(table)
            return turned and (Along(name, turned) if isinstance(read, Along) else turned)
        if table is None or isinstance(window, All):
            return read if table is not None and bool(table.all()) else None
        rows = [row.nonzero().flatten().tolist() for row in table]
        return read if _agrees((int(window.stride), -int(window.before)), rows, table.shape[1]) else None

    def _map(self, place: int, driver: tuple[int, ...]) -> AxisMap:
        table = self._table(place, driver)
        if table is None:
            return AtMost(All(), TOO_MANY)
        if bool(table.all()):
            return All()
        if not driver:
            # The result has no axis that could tell its elements apart.
            return Listed(_sets(table), alike=True)
        if len(driver) == 1:
            read = (_closed(table) or _mirrored(table) if self.closed else None) or Listed(_sets(table))
            name = self.output.names[driver[0]]
            return read if name == self.operand.names[place] else Along(name, read)
        sizes = [self.output.sizes[axis] for axis in driver]
        scales = [prod(sizes[k + 1 :]) for k in range(len(sizes))]
        over = zip((self.output.names[axis] for axis in driver), scales, sizes, strict=True)
        return Listed(_sets(table), tuple(over))


def _plain(read: AxisMap) -> All | Listed | Mirrored | Window | Along:
    assert isinstance(read, All | Listed | Mirrored | Window | Along)
    return read


def _flat(coordinates: Tensor, sizes: Sequence[int]) -> Tensor:
    number = coordinates.new_zeros(len(coordinates))
    for column, size in enumerate(sizes):
        number = number * size + coordinates[:, column]
    return number


def _sets(table: Tensor) -> PositionSets:
    masks = (sum(1 << place for place in row.nonzero().flatten().tolist()) for row in table)
    return PositionSets(masks, table.shape[1])


def _closed(table: Tensor) -> Window | None:
    """The window that says the same, where there is one."""
    rows = [row.nonzero().flatten().tolist() for row in table]
    found = next((window for window in _candidates(rows) if _agrees(window, rows, table.shape[1])), None)
    return None if found is None else Window(stride=Integer(found[0]), before=Integer(-found[1]))


def _mirrored(table: Tensor) -> Mirrored | None:
    """The axis the other way round, where that is what is read."""
    rows = [row.nonzero().flatten().tolist() for row in table]
    last = next((index + row[0] for index, row in enumerate(rows) if len(row) == 1), None)
    if last is None:
        return None
    places = ([last - index] if 0 <= last - index < table.shape[1] else [] for index in range(len(rows)))
    return Mirrored(Integer(last)) if all(row == place for row, place in zip(rows, places, strict=True)) else None


def with_law(reads: Sequence[AxisMap], ends: Sequence[int], law: Expr) -> Sequence[AxisMap]:
    """Return readings of an axis in several recordings, with the law of where mirrored ones end.

    Args:
        reads: how it is read in every recording.
        ends: its last position there.
        law: the same as a law.
    """
    turned = [read.map if isinstance(read, Along) else read for read in reads]
    shifts = {int(one.last) - end for one, end in zip(turned, ends, strict=True) if isinstance(one, Mirrored)}
    if len(shifts) != 1 or not all(isinstance(one, Mirrored) for one in turned):
        return reads
    found = Mirrored(law + shifts.pop())
    return [replace(read, map=found) if isinstance(read, Along) else found for read in reads]


def _candidates(rows: list[list[int]]) -> Iterator[tuple[int, int]]:
    read = [(index, row[0]) for index, row in enumerate(rows) if len(row) == 1]
    if len(read) < len([row for row in rows if row]) or not read:
        return
    (first, place), (last, end) = read[0], read[-1]
    span = max(last - first, 1)
    stride = (end - place) // span if last > first else 1
    if stride > 0:
        yield stride, place - stride * first


def _agrees(window: tuple[int, int], rows: list[list[int]], extent: int) -> bool:
    stride, start = window
    places = (stride * index + start for index in range(len(rows)))
    return all(row == ([place] if 0 <= place < extent else []) for place, row in zip(places, rows, strict=True))
