"""Operations that move elements and compute nothing: concat, crop, split, pixel shuffle."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

from sympy import Add, Expr, Integer

from archgraph.errors import ShapeError
from archgraph.ops.arguments import PerAxis, per_axis, positions_of
from archgraph.ops.base import Kernel, NoMacs, Op, Saved, Types, Unweighted, Workspace
from archgraph.ops.modules import channel_first, functional
from archgraph.ops.reach import SAME, UNREAD, Enlarge, Parts, Placed, Reach, Window, pointwise, using
from archgraph.sizes.cut_sizes import cut_at_one_size
from archgraph.sizes.symbols import ZERO, decide, floor_divide, product, require, size, symbol
from archgraph.sizes.types import TensorType, tensor

if TYPE_CHECKING:
    from torch import Tensor, nn


class Rearrangement(Unweighted, NoMacs):
    """The shared facts of rearrangements: no arithmetic, and nothing kept for the backward pass."""

    def elementwise(self, *inputs: TensorType) -> Expr:
        """Return zero: copies are not counted."""
        return ZERO

    def saved(self, *inputs: TensorType) -> Saved:
        return Saved()


@dataclass(frozen=True)
class Concat(Rearrangement):
    """Joins values along one axis, the channel unless told.

    `{c: A, *positions}, {c: B, *positions} -> {c: A + B, *positions}`. A value without the axis counts as one
    position of it.

    >>> op, inputs = Concat.example()
    >>> print(op.infer(*inputs)[0])
    {c: A + B, h: H, w: W}
    """

    kind: ClassVar[str] = "concat"
    arity: ClassVar[tuple[int, int | None]] = (1, None)
    axis: str = "c"

    @property
    def joins(self) -> bool:
        """Always."""
        return True

    def _lengths(self, inputs: Types) -> list[Expr]:
        return [x.size(self.axis) if x.has(self.axis) else Integer(1) for x in inputs]

    def infer(self, *inputs: TensorType) -> Types:
        first = next((x for x in inputs if x.has(self.axis)), inputs[0])
        for x in inputs:
            self._agree(first, x)
        joined = first.with_sizes({self.axis: Add(*self._lengths(inputs))})
        return (joined,)

    def _agree(self, first: TensorType, other: TensorType) -> None:
        for axis in (*first.names, *other.names):
            if axis == self.axis:
                continue
            if not (first.has(axis) and other.has(axis)):
                raise ShapeError(f"cannot concat along {self.axis}: only one operand has axis {axis}")
            left, right = first.size(axis), other.size(axis)
            if not decide(left, "==", right, "concat on axis {}", axis):
                rule = f"cannot concat along {self.axis}: operands differ on axis {axis} ({left} and {right})"
                raise ShapeError(rule, hint="crop_like: [skip, up] crops a skip to the size of another value")

    def workspace(self, kernel: Kernel, *inputs: TensorType) -> Workspace:
        """Return that the gradients are parts of the output's."""
        return Workspace(passes=tuple(range(len(inputs))))

    def reach(self, *inputs: TensorType) -> tuple[Reach, ...]:
        """Return position by position; along a position axis every operand has its place."""
        lengths = self._lengths(inputs)
        if self.axis == "c":
            whole = Add(*lengths)
            pairs = zip(inputs, lengths, strict=True)
            return tuple(using(replace(pointwise(x.positions), share=length / whole), "joined") for x, length in pairs)
        starts = [Add(*lengths[:index]) for index in range(len(inputs))]
        return tuple(map(self._placed, inputs, starts, lengths))

    def _placed(self, x: TensorType, start: Expr, length: Expr) -> Reach:
        if not x.has(self.axis):
            return replace(pointwise(x.positions), position=(self.axis, start))
        place = Placed(start, length)
        return Reach(tuple((axis, place if axis == self.axis else SAME) for axis in x.positions))

    def lower(self, *inputs: TensorType) -> nn.Module:
        import torch

        (out,) = self.outputs(*inputs)
        place = out.names.index(self.axis) + 1

        def order(x: Tensor, operand: TensorType) -> Tensor:
            kept = [name for name in out.names if operand.has(name)]
            x = x.permute(0, *(operand.names.index(name) + 1 for name in kept))
            return x if operand.has(self.axis) else x.unsqueeze(place)

        return functional(lambda *tensors: torch.cat(list(map(order, tensors, inputs)), dim=place))

    @classmethod
    def example(cls) -> tuple[Op, Types]:
        """Return two feature maps of A and B channels."""
        h, w = symbol("H"), symbol("W")
        return cls(), (tensor(c=symbol("A"), h=h, w=w), tensor(c=symbol("B"), h=h, w=w))


@dataclass(frozen=True)
class CropLike(Rearrangement):
    """Crops the first value about its centre to the positions of the second, whose values are not read.

    `{c: C, *positions}, {*positions'} -> {c: C, *positions'}`. Where the margin is odd, the extra element is
    cut at the end.

    >>> op, inputs = CropLike.example()
    >>> print(op.infer(*inputs)[0])
    {c: C, h: H, w: W}
    """

    kind: ClassVar[str] = "crop_like"
    arity: ClassVar[tuple[int, int | None]] = (2, 2)

    def _margins(self, x: TensorType, like: TensorType) -> dict[str, Expr]:
        return {axis: floor_divide(x.size(axis) - like.size(axis), Integer(2)) for axis in x.positions}

    def infer(self, *inputs: TensorType) -> Types:
        x, like = inputs
        for axis in x.positions:
            wide, narrow = x.size(axis), like.size(axis)
            require(wide, ">=", narrow, "cannot crop axis {} of size {} to {}: it is smaller", axis, wide, narrow)
        return (x.with_sizes({axis: like.size(axis) for axis in x.positions}),)

    def saved(self, *inputs: TensorType) -> Saved:
        """Return that the output is a view of the first operand."""
        return Saved(aliases=((0, 0),))

    def reach(self, *inputs: TensorType) -> tuple[Reach, ...]:
        """Return a shift by the margin; the second operand is not read."""
        margins = self._margins(*inputs)
        return (Reach(tuple((axis, Window(before=-margin)) for axis, margin in margins.items())), UNREAD)

    def lower(self, *inputs: TensorType) -> nn.Module:
        """Return the crop as a slice."""
        x, like = inputs
        margins = {axis: int(margin) for axis, margin in self._margins(x, like).items()}
        cuts = [
            slice(margins[name], margins[name] + int(like.size(name))) if name in margins else slice(None)
            for name in x.names
        ]
        return functional(lambda wide, narrow: wide[(slice(None), *cuts)])

    @classmethod
    def example(cls) -> tuple[Op, Types]:
        """Return a crop by two elements on every side."""
        h, w = symbol("H"), symbol("W")
        return cls(), (tensor(c=symbol("C"), h=h + 4, w=w + 4), tensor(c=symbol("C"), h=h, w=w))


@dataclass(frozen=True)
class Split(Rearrangement):
    """Splits a value along one axis into equal `parts`, or into parts of the given `sizes`.

    `{c: C, *positions} -> parts times {c: C/parts, *positions}`. The parts are views.

    >>> op, inputs = Split.example()
    >>> [str(part) for part in op.infer(*inputs)]
    ['{n: N, c: D}', '{n: N, c: D}', '{n: N, c: D}']
    """

    kind: ClassVar[str] = "split"
    parts: int | None = None
    sizes: tuple[Expr, ...] | None = None
    axis: str = "c"

    def _sizes(self, x: TensorType) -> tuple[Expr, ...]:
        length = x.size(self.axis)
        if (self.parts is None) == (self.sizes is None):
            raise ShapeError("split takes either parts or sizes")
        if self.sizes is not None:
            whole = Add(*self.sizes)
            require(length, "==", whole, "sizes sum to {}, and axis {} has {}", whole, self.axis, length)
            return self.sizes
        if not self.parts or self.parts < 1:
            raise ShapeError(f"parts must be at least 1, and is {self.parts}")
        require(
            length,
            "multiple of",
            size(self.parts),
            "{} parts do not divide axis {} of size {}",
            self.parts,
            self.axis,
            length,
        )
        return (floor_divide(length, size(self.parts)),) * self.parts

    def infer(self, *inputs: TensorType) -> Types:
        (x,) = inputs
        return tuple(x.with_sizes({self.axis: length}) for length in self._sizes(x))

    def at_one_size(self, *inputs: TensorType) -> tuple[str, ...]:
        """Return the axis, unless every part is as long as all but a margin."""
        (x,) = inputs
        return (self.axis,) if any(cut_at_one_size(x.size(self.axis), part) for part in self._sizes(x)) else ()

    def saved(self, *inputs: TensorType) -> Saved:
        """Return that every part is a view of the operand."""
        return Saved(aliases=tuple((part, 0) for part in range(len(self._sizes(inputs[0])))))

    def reach(self, *inputs: TensorType) -> tuple[Reach, ...]:
        """Return position by position; along a position axis every part begins somewhere else."""
        (x,) = inputs
        sizes = self._sizes(x)
        cut = Parts(tuple(Add(*sizes[:index]) for index in range(len(sizes))))
        read = Reach(tuple((axis, cut if axis == self.axis else SAME) for axis in x.positions))
        return (using(read, "picked") if self.axis == "c" else read,)

    def lower(self, *inputs: TensorType) -> nn.Module:
        (x,) = inputs
        sizes = [int(value) for value in self._sizes(x)]
        return functional(lambda tensor_: tensor_.split(sizes, dim=x.names.index(self.axis) + 1))

    @classmethod
    def example(cls) -> tuple[Op, Types]:
        """Return q, k and v out of one projection."""
        return cls(parts=3), (tensor(n=symbol("N"), c=3 * symbol("D")),)


@dataclass(frozen=True)
class PixelShuffle(Rearrangement):
    """Moves blocks of channels into blocks of positions.

    `{c: C*prod(factor), *positions} -> {c: C, *positions*factor}`. Source: Shi et al. 2016, arXiv:1609.05158.

    >>> op, inputs = PixelShuffle.example()
    >>> print(op.infer(*inputs)[0])
    {c: C, h: 2*H, w: 2*W}
    """

    kind: ClassVar[str] = "pixel_shuffle"
    factor: PerAxis

    def _factors(self, x: TensorType) -> dict[str, Expr]:
        return per_axis(self.factor, positions_of(x, self.kind), "factor")

    def infer(self, *inputs: TensorType) -> Types:
        (x,) = inputs
        factors = self._factors(x)
        block = product(factors.values())
        require(x.channels, "multiple of", block, "blocks of {} do not divide the {} channels", block, x.channels)
        sizes = {axis: product((x.size(axis), factor)) for axis, factor in factors.items()}
        return (x.with_sizes({**sizes, "c": floor_divide(x.channels, block)}),)

    def workspace(self, kernel: Kernel, *inputs: TensorType) -> Workspace:
        """Return that the gradient is a view of the output's."""
        return Workspace(passes=(0,))

    def reach(self, *inputs: TensorType) -> tuple[Reach, ...]:
        """Return an enlargement by the factor."""
        maps = tuple((axis, Enlarge(factor)) for axis, factor in self._factors(inputs[0]).items())
        return (using(Reach(maps), "picked"),)

    def lower(self, *inputs: TensorType) -> nn.Module:
        """Return the shuffle for any number of position axes."""
        (x,) = inputs
        factors = [int(factor) for factor in self._factors(x).values()]
        rank = len(factors)
        order = [0, 1, *(place for axis in range(rank) for place in (2 + rank + axis, 2 + axis))]

        def shuffle(image: Tensor) -> Tensor:
            blocks = image.unflatten(1, (-1, *factors)).permute(*order)
            for axis in range(rank):
                blocks = blocks.flatten(2 + axis, 3 + axis)
            return blocks

        return channel_first(functional(shuffle), x.names.index("c"))

    @classmethod
    def example(cls) -> tuple[Op, Types]:
        """Return a 2x2 shuffle to C channels."""
        return cls(size(2)), (tensor(c=4 * symbol("C"), h=symbol("H"), w=symbol("W")),)
