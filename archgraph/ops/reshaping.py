"""Flattening, unflattening and renaming of axes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from sympy import Expr, Integer

from archgraph.errors import ShapeError
from archgraph.ops.arguments import Axes, Named
from archgraph.ops.base import Op, Saved, Types
from archgraph.ops.modules import channel_first, functional
from archgraph.ops.reach import SAME, All, Along, AxisMap, Digit, Digits, Reach, Unflattened, Window, using
from archgraph.ops.rearrangement import Rearrangement
from archgraph.sizes.symbols import product, require, size, symbol
from archgraph.sizes.types import TensorType, tensor

if TYPE_CHECKING:
    from torch import Tensor, nn


@dataclass(frozen=True)
class Flatten(Rearrangement):
    """Joins several axes into one, row-major in the order written.

    `{*axes, h: H, w: W} -> {*axes, n: H*W}`; the new axis stands where the first of the old ones stood. Into
    `c`, positions become channels and every channel may hold any position.

    >>> op, inputs = Flatten.example()
    >>> print(op.infer(*inputs)[0])
    {c: C, n: H*W}
    """

    kind: ClassVar[str] = "flatten"
    axes: Axes
    into: str

    def _axes(self, x: TensorType) -> tuple[str, ...]:
        axes = (self.axes,) if isinstance(self.axes, str) else self.axes
        if x.has(self.into) and self.into not in axes:
            raise ShapeError(f"cannot flatten into '{self.into}': the operand {x} has that axis already")
        for axis in axes:
            x.size(axis)
        return axes

    def infer(self, *inputs: TensorType) -> Types:
        (x,) = inputs
        axes = self._axes(x)
        length = product(x.size(axis) for axis in axes)
        first = min(x.names.index(axis) for axis in axes)
        kept = [axis for axis in x.axes if axis[0] not in axes]
        before = sum(name not in axes for name in x.names[:first])
        kept.insert(before, (self.into, length))
        return (TensorType(tuple(kept), x.dtype),)

    def saved(self, *inputs: TensorType) -> Saved:
        """Return that the output is a view, where the joined axes stand side by side in their order."""
        (x,) = inputs
        return Saved(aliases=((0, 0),) if self._order(x) == x.names else ())

    def _order(self, x: TensorType) -> tuple[str, ...]:
        """The operand's axes in the order in which the output has them."""
        (out,) = self.outputs(x)
        return tuple(axis for name in out.names for axis in (self._axes(x) if name == self.into else (name,)))

    def reach(self, *inputs: TensorType) -> tuple[Reach, ...]:
        """Return, for every joined axis, its digit of the new position."""
        (x,) = inputs
        maps: dict[str, AxisMap] = dict.fromkeys(x.positions, SAME)
        stride: Expr = Integer(1)
        for axis in reversed(self._axes(x)):
            if axis != "c":
                digit = Digit(stride, x.size(axis))
                maps[axis] = All() if self.into == "c" else Along(self.into, digit)
            stride = product((stride, x.size(axis)))
        if self.into == "c":
            return (using(Reach(tuple(maps.items()), power="uniform"), "gathered"),)
        read = Reach(tuple(maps.items()))
        return (using(read, "picked") if "c" in self._axes(x) else read,)

    def lower(self, *inputs: TensorType) -> nn.Module:
        """Return a permutation and torch's reshape."""
        (x,) = inputs
        (out,) = self.outputs(*inputs)
        permutation = [0, *(x.names.index(name) + 1 for name in self._order(x))]
        sizes = [int(length) for length in out.sizes.values()]
        return functional(lambda value: value.permute(permutation).reshape(-1, *sizes))

    @classmethod
    def example(cls) -> tuple[Op, Types]:
        """Return a feature map as tokens."""
        return cls(("h", "w"), "n"), (tensor(c=symbol("C"), h=symbol("H"), w=symbol("W")),)


@dataclass(frozen=True)
class Unflatten(Rearrangement):
    """Splits one axis into several, row-major in the order written. `{n: H*W, *axes} -> {h: H, w: W, *axes}`.

    >>> op, inputs = Unflatten.example()
    >>> print(op.infer(*inputs)[0])
    {c: C, h: H, w: W}
    """

    kind: ClassVar[str] = "unflatten"
    axis: str
    into: Named

    def infer(self, *inputs: TensorType) -> Types:
        (x,) = inputs
        whole = product(length for _, length in self.into)
        rule = "cannot unflatten axis {} of size {} into {} elements"
        require(x.size(self.axis), "==", whole, rule, self.axis, x.size(self.axis), whole)
        axes: list[tuple[str, Expr]] = []
        for name, length in x.axes:
            axes += self.into if name == self.axis else [(name, length)]
        names = [name for name, _ in axes]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise ShapeError(f"unflatten gives two axes named '{twice}'")
        return (TensorType(tuple(axes), x.dtype),)

    def saved(self, *inputs: TensorType) -> Saved:
        return Saved(aliases=((0, 0),))

    def reach(self, *inputs: TensorType) -> tuple[Reach, ...]:
        """Return the flattened position as a function of the new ones."""
        split = self._split()
        read = Reach(tuple((a, split if a == self.axis else SAME) for a in inputs[0].positions))
        if self.axis == "c":
            return (using(read, "picked"),)
        return (using(read, "gathered") if isinstance(split, Digits) else read,)

    def _split(self) -> AxisMap:
        """Where the digits of the axis went; one that became the channels takes all its values."""
        strides, stride = [], Integer(1)
        for name, length in reversed(self.into):
            strides.append((name, stride))
            stride = product((stride, length))
        if all(name != "c" for name, _ in strides):
            return Unflattened(tuple(reversed(strides)))
        sizes = dict(self.into)
        return Digits(
            tuple(("" if name == "c" else name, step, Integer(1), sizes[name]) for name, step in strides[::-1])
        )

    def lower(self, *inputs: TensorType) -> nn.Module:
        place = inputs[0].names.index(self.axis) + 1
        sizes = [int(length) for _, length in self.into]
        return functional(lambda value: value.unflatten(place, sizes))

    @classmethod
    def example(cls) -> tuple[Op, Types]:
        """Return tokens as a feature map."""
        into = Named({"h": symbol("H"), "w": symbol("W")})
        return cls("n", into), (tensor(c=symbol("C"), n=symbol("H") * symbol("W")),)


@dataclass(frozen=True)
class Rename(Rearrangement):
    """Gives an axis another name, so that `einsum` can tell it from one of the same name. `{c: C} -> {d: C}`.

    >>> op, inputs = Rename.example()
    >>> print(op.infer(*inputs)[0])
    {n: N, d: C}
    """

    kind: ClassVar[str] = "rename"
    axis: str
    to: str

    def infer(self, *inputs: TensorType) -> Types:
        (x,) = inputs
        x.size(self.axis)
        if x.has(self.to):
            raise ShapeError(f"cannot rename {self.axis} to '{self.to}': the operand {x} has that axis already")
        return (TensorType(tuple((self.to if n == self.axis else n, s) for n, s in x.axes), x.dtype),)

    def saved(self, *inputs: TensorType) -> Saved:
        return Saved(aliases=((0, 0),))

    def reach(self, *inputs: TensorType) -> tuple[Reach, ...]:
        """Return position by position, under the new name."""
        maps: dict[str, AxisMap] = dict.fromkeys(inputs[0].positions, SAME)
        if self.axis != "c":
            maps[self.axis] = All() if self.to == "c" else Along(self.to, SAME)
        read = Reach(tuple(maps.items()))
        if self.axis == "c":
            # Every position of the new axis is one channel.
            return (using(read, "picked"),)
        return (using(read, "gathered") if self.to == "c" else read,)

    def lower(self, *inputs: TensorType) -> nn.Module:
        from torch import nn

        return nn.Identity()

    @classmethod
    def example(cls) -> tuple[Op, Types]:
        """Return tokens whose channels are called d."""
        return cls("c", "d"), (tensor(n=symbol("N"), c=symbol("C")),)


@dataclass(frozen=True)
class PixelUnshuffle(Rearrangement):
    """Moves blocks of positions into channels: the inverse of `pixel_shuffle`, the gathering of patch merging.

    `{c: C, *positions*factor} -> {c: C*prod(factor), *positions}`.

    >>> op, inputs = PixelUnshuffle.example()
    >>> print(op.infer(*inputs)[0])
    {c: 4*C, h: H, w: W}
    """

    kind: ClassVar[str] = "pixel_unshuffle"
    factor: Expr

    def infer(self, *inputs: TensorType) -> Types:
        """Return the type with fewer positions and more channels."""
        (x,) = inputs
        if not x.has("c") or not x.positions:
            raise ShapeError(f"pixel_unshuffle needs channels and positions, and its operand is {x}")
        for axis in x.positions:
            rule = "a factor of {} does not divide axis {} of size {}"
            require(x.size(axis), "multiple of", self.factor, rule, self.factor, axis, x.size(axis))
        sizes = {axis: product((x.size(axis), 1 / self.factor)) for axis in x.positions}
        return (x.with_sizes({**sizes, "c": product((x.channels, self.factor ** len(x.positions)))}),)

    def reach(self, *inputs: TensorType) -> tuple[Reach, ...]:
        """Return a block per axis."""
        block = Window(self.factor, self.factor)
        read = Reach(tuple((axis, block) for axis in inputs[0].positions), power="uniform")
        return (using(read, "gathered"),)

    def lower(self, *inputs: TensorType) -> nn.Module:
        """Return the gathering for any number of position axes."""
        (x,) = inputs
        factor, rank = int(self.factor), len(x.positions)
        inner = [3 + 2 * axis for axis in range(rank)]
        outer = [2 + 2 * axis for axis in range(rank)]

        def gather(value: Tensor) -> Tensor:
            blocks = value
            for axis in range(rank):
                blocks = blocks.unflatten(2 + 2 * axis, (-1, factor))
            return blocks.permute(0, 1, *inner, *outer).flatten(1, 1 + rank)

        return channel_first(functional(gather), x.names.index("c"))

    @classmethod
    def example(cls) -> tuple[Op, Types]:
        """Return 2x2 blocks as channels."""
        return cls(size(2)), (tensor(c=symbol("C"), h=2 * symbol("H"), w=2 * symbol("W")),)
