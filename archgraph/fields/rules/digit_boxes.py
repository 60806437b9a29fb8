"""Sets of numbers as boxes of digits, and back: how axes are read that are cut out of each other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from archgraph.fields.sets.index_sets import common, every_index
from archgraph.fields.sets.indices import Indices, interval
from archgraph.fields.sets.limits import check_one_by_one
from archgraph.fields.sets.map_images import repeated

Ends = tuple[int, int]
"""The first and the last value of a digit."""
DigitBox = Mapping[int, Ends]
"""A box of digits, each by its stride."""


@dataclass(frozen=True)
class Radix:
    """The digits of the numbers below an extent, the highest first.

    >>> digits = digits_of([(4, 2)], 10)
    >>> digits.strides, [tuple(box.values()) for box in digits.boxes(interval(2, 8))]
    ((8, 4, 1), [((0, 0), (0, 0), (2, 3)), ((0, 0), (1, 1), (0, 3)), ((1, 1), (0, 0), (0, 0))])
    """

    strides: tuple[int, ...]
    extent: int

    @cached_property
    def sizes(self) -> tuple[int, ...]:
        """How many values each digit has."""
        top = -(-self.extent // self.strides[0])
        return (top, *(larger // stride for larger, stride in pairwise(self.strides)))

    def boxes(self, found: Indices) -> Iterator[DigitBox]:
        """Yield disjoint boxes of digits that make up a set of numbers.

        Raises:
            QueryError: they are too many.
        """
        check_one_by_one(found.runs_count if found.step == 1 else found.touched)
        for start, step, length in found.runs():
            runs = (
                [(start, start + length - 1)]
                if step == 1
                else ((i, i) for i in range(start, start + step * length, step))
            )
            for first, last in runs:
                yield from (dict(zip(self.strides, box, strict=True)) for box in self._split(first, last, 0))

    def _split(self, first: int, last: int, level: int) -> Iterator[tuple[Ends, ...]]:
        """Yield an interval: the end of its first turn, its whole turns, the beginning of its last."""
        stride = self.strides[level]
        if level + 1 == len(self.strides):
            yield ((first, last),)
            return
        (low, start), (high, stop) = divmod(first, stride), divmod(last, stride)
        if low == high:
            yield from (((low, low), *rest) for rest in self._split(start, stop, level + 1))
            return
        if start:
            yield from (((low, low), *rest) for rest in self._split(start, stride - 1, level + 1))
            low += 1
        whole = stop == stride - 1
        if low < high + whole:
            yield ((low, high - 1 + whole), *((0, size - 1) for size in self.sizes[level + 1 :]))
        if not whole:
            yield from (((high, high), *rest) for rest in self._split(0, stop, level + 1))

    def numbers(self, digits: DigitBox) -> Indices:
        """Return the numbers below the extent whose digits lie within ends; others take all their values."""
        found = interval(0, 0)
        for stride, size in zip(reversed(self.strides), reversed(self.sizes), strict=True):
            low, high = digits.get(stride, (0, size - 1))
            found = repeated(found.shift(stride * low), stride, min(high, size - 1) - low + 1)
        return common(found, every_index(self.extent))


def digits_of(places: Iterable[tuple[int, int]], extent: int) -> Radix | None:
    """Return the digits that some places make of numbers, None where places overlap or do not fit each other.

    Args:
        places: the stride of a digit, and how many values it has.
        extent: how many numbers there are.
    """
    # A digit of one value, or beyond all numbers, is always nought.
    ordered = sorted((stride, size) for stride, size in places if size > 1 and stride < extent)
    cuts = {1, *(stride for stride, _ in ordered), *(stride * size for stride, size in ordered)}
    strides = sorted((cut for cut in cuts if cut < max(extent, 2)), reverse=True)
    apart = all(stride * size <= above for (stride, size), (above, _) in pairwise(ordered))
    nested = all(larger % smaller == 0 for larger, smaller in pairwise(strides))
    return Radix(tuple(strides), extent) if apart and nested else None
