"""Resampling of positions: up-sampling, adaptive and global pooling, broadcasting back."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Literal

from sympy import Expr, Integer

from archgraph.errors import ShapeError
from archgraph.ops.arguments import Axes, PerAxis, per_axis, positions_of
from archgraph.ops.base import TRACED, NoMacs, Op, Saved, Types, Unweighted
from archgraph.ops.modules import channel_first, functional, of_rank
from archgraph.ops.reach import (
    SAME,
    UNREAD,
    All,
    AxisMap,
    Enlarge,
    Interpolated,
    Power,
    Reach,
    Resized,
    windowed,
)
from archgraph.sizes.symbols import ZERO, product, size, symbol
from archgraph.sizes.types import TensorType, tensor

if TYPE_CHECKING:
    from torch import Tensor, nn


@dataclass(frozen=True)
class Upsample(Unweighted, NoMacs):
    """Enlarges the positions by a factor, by copying the nearest value or by linear interpolation.

    `{c: C, *positions} -> {c: C, *positions*factor}`. Nearest copies and counts nothing; linear counts 2
    operations per tap, 2**rank taps per output element. `to_size` says of a traced one that its code names a size,
    whose ratio to that of the operand is the factor.

    >>> op, inputs = Upsample.example()
    >>> print(op.infer(*inputs)[0])
    {c: C, h: 2*H, w: 2*W}
    """

    kind: ClassVar[str] = "upsample"
    factor: PerAxis
    mode: Literal["nearest", "linear"] = "nearest"
    align_corners: bool = False
    to_size: bool = field(default=False, metadata={TRACED: True})

    def _factors(self, x: TensorType) -> dict[str, Expr]:
        return per_axis(self.factor, positions_of(x, self.kind), "factor")

    def infer(self, *inputs: TensorType) -> Types:
        (x,) = inputs
        if self.align_corners and self.mode == "nearest":
            raise ShapeError("align_corners belongs to mode linear")
        return (x.with_sizes({axis: product((x.size(axis), f)) for axis, f in self._factors(x).items()}),)

    def at_one_size(self, *inputs: TensorType) -> tuple[str, ...]:
        """Return the axes whose factor is that of two numbers."""
        (x,) = inputs
        return tuple(a for a in self._factors(x) if not x.size(a).free_symbols) if self.to_size else ()

    def elementwise(self, *inputs: TensorType) -> Expr:
        """Return 2 per tap for linear interpolation, nothing for copies."""
        taps = 2 ** len(inputs[0].positions)
        return 2 * taps * self.outputs(*inputs)[0].numel if self.mode == "linear" else ZERO

    def saved(self, *inputs: TensorType) -> Saved:
        """Return nothing: the weights are constants."""
        return Saved()

    def reach(self, *inputs: TensorType) -> tuple[Reach, ...]:
        """Return the nearest position, or its neighbours, per axis."""
        (x,) = inputs
        maps = {axis: self._map(x.size(axis), factor) for axis, factor in self._factors(x).items()}
        return (windowed(maps, "none" if self.mode == "nearest" else "static"),)

    def _map(self, length: Expr, factor: Expr) -> AxisMap:
        if self.mode == "nearest":
            return Enlarge(factor)
        return Resized(length, length * factor, "corners") if self.align_corners else Interpolated(factor)

    def lower(self, *inputs: TensorType) -> nn.Module:
        from torch import nn

        (x,) = inputs
        factors = tuple(float(factor) for factor in self._factors(x).values())
        linear = {1: "linear", 2: "bilinear", 3: "trilinear"}[len(factors)]
        if self.mode == "nearest":
            layer = nn.Upsample(scale_factor=factors, mode="nearest")
        else:
            layer = nn.Upsample(scale_factor=factors, mode=linear, align_corners=self.align_corners)
        return channel_first(layer, x.names.index("c"))

    @classmethod
    def example(cls) -> tuple[Op, Types]:
        """Return a doubling of both sides."""
        return cls(size(2)), (tensor(c=symbol("C"), h=symbol("H"), w=symbol("W")),)


@dataclass(frozen=True)
class AdaptivePool(Unweighted, NoMacs):
    """The shared facts of pooling to a given size: output i reads from floor(i*n/m) to ceil((i+1)*n/m)."""

    size: PerAxis
    power: ClassVar[Power] = "uniform"
    """The tap power: one position is chosen, or all are averaged."""
    torch_name: ClassVar[str]

    def _sizes(self, x: TensorType) -> dict[str, Expr]:
        return per_axis(self.size, positions_of(x, self.kind), "size")

    def infer(self, *inputs: TensorType) -> Types:
        """Return the type with the given position sizes."""
        return (inputs[0].with_sizes(self._sizes(inputs[0])),)

    def elementwise(self, *inputs: TensorType) -> Expr:
        return inputs[0].numel

    def reach(self, *inputs: TensorType) -> tuple[Reach, ...]:
        """Return the pooled interval per axis."""
        (x,) = inputs
        sizes = self._sizes(x).items()
        maps = {axis: Resized(x.size(axis), length, "adaptive") for axis, length in sizes}
        return (windowed(maps, power=self.power),)

    def lower(self, *inputs: TensorType) -> nn.Module:
        (x,) = inputs
        sizes = tuple(int(v) for v in self._sizes(x).values())
        return channel_first(of_rank(self.torch_name, len(sizes))(sizes), x.names.index("c"))

    @classmethod
    def example(cls) -> tuple[Op, Types]:
        """Return the 7x7 grid in front of a classifier."""
        return cls(size(7)), (tensor(c=symbol("C"), h=7 * symbol("H"), w=7 * symbol("W")),)


@dataclass(frozen=True)
class AdaptiveMaxPool(AdaptivePool):
    """Takes the largest of every cell of a grid of a given size, whatever the input's size.

    `{c: C, *positions} -> {c: C, *size}`. Output i reads the positions from floor(i*n/m) to ceil((i+1)*n/m); one
    operation per input element is counted.

    >>> op, inputs = AdaptiveMaxPool.example()
    >>> print(op.infer(*inputs)[0])
    {c: C, h: 7, w: 7}
    """

    kind: ClassVar[str] = "adaptive_max_pool"
    torch_name: ClassVar[str] = "AdaptiveMaxPool"

    def saved(self, *inputs: TensorType) -> Saved:
        """Return the input, and the 8-byte indices of the maxima."""
        return Saved(inputs=(0,), fresh=((self.outputs(*inputs)[0].numel, "int"),))


@dataclass(frozen=True)
class AdaptiveAvgPool(AdaptivePool):
    """Averages the positions into a grid of a given size, whatever the input's size.

    `{c: C, *positions} -> {c: C, *size}`. Output i averages the positions from floor(i*n/m) to
    ceil((i+1)*n/m); one operation per input element is counted.

    >>> op, inputs = AdaptiveAvgPool.example()
    >>> print(op.infer(*inputs)[0])
    {c: C, h: 7, w: 7}
    """

    kind: ClassVar[str] = "adaptive_avg_pool"
    power: ClassVar[Power] = "mean"
    torch_name: ClassVar[str] = "AdaptiveAvgPool"

    def saved(self, *inputs: TensorType) -> Saved:
        return Saved(inputs=(0,))


def _listed(axes: Axes | None, x: TensorType) -> tuple[str, ...]:
    if axes is None:
        return x.positions
    chosen = (axes,) if isinstance(axes, str) else axes
    for axis in chosen:
        x.size(axis)
    return chosen


@dataclass(frozen=True)
class GlobalPool(Unweighted, NoMacs):
    """The shared facts of global pooling: the pooled axes vanish, one operation per input element."""

    over: Axes | None = None
    power: ClassVar[Power] = "uniform"
    """The tap power: one position is chosen, or all are averaged."""

    def infer(self, *inputs: TensorType) -> Types:
        """Return the type without the pooled axes."""
        (x,) = inputs
        if not _listed(self.over, x):
            raise ShapeError(f"{self.kind} needs an axis to pool over, and its operand is {x}")
        return (x.without(*_listed(self.over, x)),)

    def elementwise(self, *inputs: TensorType) -> Expr:
        return inputs[0].numel

    def reach(self, *inputs: TensorType) -> tuple[Reach, ...]:
        """Return everything along the pooled axes."""
        (x,) = inputs
        pooled = _listed(self.over, x)
        maps = {axis: All() if axis in pooled else SAME for axis in x.positions}
        return (windowed(maps, power=self.power),)

    def _dims(self, x: TensorType) -> tuple[int, ...]:
        return tuple(x.names.index(axis) + 1 for axis in _listed(self.over, x))

    @classmethod
    def example(cls) -> tuple[Op, Types]:
        """Return pooling over all positions."""
        return cls(), (tensor(c=symbol("C"), h=symbol("H"), w=symbol("W")),)


@dataclass(frozen=True)
class GlobalAvgPool(GlobalPool):
    """Mean over all positions, or over the axes in `over`. `{c: C, *positions} -> {c: C}`.

    >>> op, inputs = GlobalAvgPool.example()
    >>> print(op.infer(*inputs)[0])
    {c: C}
    """

    kind: ClassVar[str] = "global_avg_pool"
    power: ClassVar[Power] = "mean"

    def saved(self, *inputs: TensorType) -> Saved:
        """Return nothing: the gradient is a constant."""
        return Saved()

    def lower(self, *inputs: TensorType) -> nn.Module:
        dims = self._dims(inputs[0])
        return functional(lambda x: x.mean(dim=dims))


@dataclass(frozen=True)
class GlobalMaxPool(GlobalPool):
    """Maximum over all positions, or over the axes in `over`. `{c: C, *positions} -> {c: C}`.

    >>> GlobalMaxPool.example()[0].kind
    'global_max_pool'
    """

    kind: ClassVar[str] = "global_max_pool"

    def saved(self, *inputs: TensorType) -> Saved:
        """Return the input and the output, which tell where the maximum stands."""
        return Saved(inputs=(0,), outputs=(0,))

    def lower(self, *inputs: TensorType) -> nn.Module:
        dims = self._dims(inputs[0])
        return functional(lambda x: x.amax(dim=dims))


@dataclass(frozen=True)
class BroadcastLike(Unweighted, NoMacs):
    """Repeats a value over the positions of a second one, whose values are not read.

    `{c: C}, {*axes} -> {c: C, *positions}`: the way back from a global pool. Copies count nothing.

    >>> op, inputs = BroadcastLike.example()
    >>> print(op.infer(*inputs)[0])
    {c: C, h: H, w: W}
    """

    kind: ClassVar[str] = "broadcast_like"
    arity: ClassVar[tuple[int, int | None]] = (2, 2)

    def infer(self, *inputs: TensorType) -> Types:
        """Return the first type with the positions of the second."""
        x, like = inputs
        missing = {axis: like.size(axis) for axis in like.positions if not x.has(axis)}
        return (x.with_sizes(missing),)

    def elementwise(self, *inputs: TensorType) -> Expr:
        """Return zero: copies are not counted."""
        return ZERO

    def saved(self, *inputs: TensorType) -> Saved:
        return Saved(aliases=((0, 0),))

    def reach(self, *inputs: TensorType) -> tuple[Reach, ...]:
        """Return position by position on the axes it has; the second operand is not read."""
        return (Reach(tuple((axis, SAME) for axis in inputs[0].positions)), UNREAD)

    def lower(self, *inputs: TensorType) -> nn.Module:
        x = inputs[0]
        (out,) = self.outputs(*inputs)
        new = len(out.names) - len(x.names)
        sizes = [int(length) for length in out.sizes.values()]

        def expand(value: Tensor, like: Tensor) -> Tensor:
            return value[(..., *[None] * new)].expand(value.shape[0], *sizes)

        return functional(expand)

    @classmethod
    def example(cls) -> tuple[Op, Types]:
        """Return a vector over a feature map."""
        vector = tensor(c=symbol("C"))
        return cls(), (vector, tensor(c=Integer(3), h=symbol("H"), w=symbol("W")))
