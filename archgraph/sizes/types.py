"""The type of a value: an ordered tuple of named axes with symbolic sizes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from sympy import Expr

from archgraph.errors import ShapeError, did_you_mean
from archgraph.keywords import strict_methods
from archgraph.sizes.dtypes import StoredType, stored_type
from archgraph.sizes.law_text import law_text
from archgraph.sizes.symbols import product, size

CHANNEL = "c"


@strict_methods
@dataclass(frozen=True)
class TensorType:
    """Named axes and a dtype. Batch is implicit.

    The axis `c` is the channel; all others are positions. No axes at all is a scalar. The dtype is a row of
    `archgraph.sizes.dtypes`: `float` is the network's own floating type.

    >>> image = tensor(c=3, h=32, w=32)
    >>> print(image, image.positions, image.numel)
    {c: 3, h: 32, w: 32} ('h', 'w') 3072
    """

    axes: tuple[tuple[str, Expr], ...]
    dtype: str = "float"

    @cached_property
    def sizes(self) -> Mapping[str, Expr]:
        """Axis name to size, in order."""
        return dict(self.axes)

    @property
    def names(self) -> tuple[str, ...]:
        """The axes' names, in order."""
        return tuple(name for name, _ in self.axes)

    @cached_property
    def positions(self) -> tuple[str, ...]:
        """The names of all axes but the channel."""
        return tuple(name for name, _ in self.axes if name != CHANNEL)

    @property
    def channels(self) -> Expr:
        """The size of the channel axis."""
        return self.size(CHANNEL)

    @cached_property
    def numel(self) -> Expr:
        """The number of elements of one sample."""
        return product(self.sizes.values())

    @cached_property
    def area(self) -> Expr:
        """The number of positions: the product of all position sizes."""
        return product(self.sizes[name] for name in self.positions)

    @property
    def stored(self) -> StoredType:
        """How its elements are stored."""
        return stored_type(self.dtype)

    @property
    def has_gradient(self) -> bool:
        """Whether gradients can flow into it: integers and tests have none."""
        return self.stored.has_gradient

    def has(self, axis: str) -> bool:
        """Return whether the type has that axis."""
        return axis in self.sizes

    def size(self, axis: str) -> Expr:
        """Return the size of one axis.

        Raises:
            ShapeError: there is no such axis.
        """
        if axis not in self.sizes:
            raise ShapeError(f"{self} has no axis '{axis}'.{did_you_mean(axis, self.names)}")
        return self.sizes[axis]

    def with_sizes(self, changes: Mapping[str, Expr]) -> TensorType:
        """Return the type with some sizes replaced, or appended if the axis is new."""
        kept = tuple((name, changes.get(name, old)) for name, old in self.axes)
        new = tuple((name, value) for name, value in changes.items() if not self.has(name))
        return TensorType(kept + new, self.dtype)

    def with_channels(self, channels: Expr) -> TensorType:
        """Return the type with another channel size; the channel comes first if there was none."""
        if self.has(CHANNEL):
            return self.with_sizes({CHANNEL: channels})
        return TensorType(((CHANNEL, channels), *self.axes), self.dtype)

    def without(self, *axes: str) -> TensorType:
        """Return the type without some axes."""
        return TensorType(tuple(axis for axis in self.axes if axis[0] not in axes), self.dtype)

    def as_dtype(self, dtype: str) -> TensorType:
        """Return the type with another dtype."""
        return TensorType(self.axes, dtype)

    def __str__(self) -> str:
        return "{" + ", ".join(f"{name}: {law_text(value)}" for name, value in self.axes) + "}"


def tensor(dtype: str = "float", **axes: int | Expr) -> TensorType:
    """Make a type from axes in order.

    >>> print(tensor(c=4, n=16))
    {c: 4, n: 16}
    """
    return TensorType(tuple((name, size(value)) for name, value in axes.items()), dtype)
