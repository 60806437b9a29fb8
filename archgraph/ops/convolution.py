"""Convolution and transposed convolution, of any rank: the rank is the number of position axes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from sympy import Expr

from archgraph.errors import ShapeError
from archgraph.ops.arguments import Padding, PerAxis, padding_pairs, per_axis, positions_of
from archgraph.ops.base import Op, Saved, Types, Weight
from archgraph.ops.modules import channel_first, cropped, of_rank, padded, standardised
from archgraph.ops.reach import Reach, Transposed, Window, using, windowed
from archgraph.sizes.symbols import ONE, ZERO, decide, floor_divide, product, require, size, symbol
from archgraph.sizes.types import TensorType, tensor

if TYPE_CHECKING:
    from torch import nn


class Geometry(NamedTuple):
    """Kernel, stride, dilation and padding of one position axis."""

    kernel: Expr
    stride: Expr
    dilation: Expr
    before: Expr
    after: Expr

    @property
    def span(self) -> Expr:
        """The distance between the first and the last tap."""
        return self.dilation * (self.kernel - 1)


def geometry(
    operand: TensorType, kind: str, kernel: PerAxis, stride: PerAxis, dilation: PerAxis, padding: Padding
) -> dict[str, Geometry]:
    """Return the geometry of a windowed operation per position axis."""
    positions = positions_of(operand, kind)
    kernels = per_axis(kernel, positions, "kernel")
    strides = per_axis(stride, positions, "stride")
    dilations = per_axis(dilation, positions, "dilation")
    pads = padding_pairs(padding, kernels, dilations)
    for name, given in (("kernel", kernels), ("stride", strides), ("dilation", dilations)):
        for axis, value in given.items():
            require(value, ">=", ONE, "{} must be at least 1, and is {} on axis {}", name, value, axis)
    for axis, (before, after) in pads.items():
        require(
            before,
            ">=",
            ZERO,
            "padding must not be negative, and is {} on axis {}",
            before,
            axis,
            hint="use crop",
        )
        require(
            after,
            ">=",
            ZERO,
            "padding must not be negative, and is {} on axis {}",
            after,
            axis,
            hint="use crop",
        )
    return {axis: Geometry(kernels[axis], strides[axis], dilations[axis], *pads[axis]) for axis in positions}


def window_size(axis: str, length: Expr, g: Geometry, *, ceil: bool = False) -> Expr:
    """Return the number of window positions along an axis; with `ceil`, a window may hang over the end.

    Raises:
        ShapeError: the window is larger than the padded axis.
    """
    room = length + g.before + g.after - g.span - 1
    out = floor_divide(room + (g.stride - 1 if ceil else 0), g.stride) + 1
    rule, hint = (
        "a window of {} does not fit on axis {} of size {}",
        "pad the input, or use fewer down-samplings",
    )
    require(out, ">=", ONE, rule, g.span + 1, axis, length, hint=hint)
    return out - 1 if ceil and _ends_outside(length, g, out) else out


def _ends_outside(length: Expr, g: Geometry, out: Expr) -> bool:
    """Say whether the last window begins behind the input, where torch leaves it out."""
    # The last window hangs over by less than a stride: as long as stride and padding together, it begins inside.
    if (g.span + 1 - g.after - g.stride).is_nonnegative:
        return False
    return not decide(length + g.before - 1, ">=", (out - 1) * g.stride, "the last window begins inside")


def padded_input(x: TensorType, geometries: Mapping[str, Geometry]) -> Saved | None:
    """Return the copy that a padding in front of the layer makes: where its two sides differ, else nothing."""
    if all(g.before == g.after for g in geometries.values()):
        return None
    sizes = {axis: x.size(axis) + g.before + g.after for axis, g in geometries.items()}
    return Saved(fresh=((x.with_sizes(sizes).numel, "float"),))


def _groups_divide(groups: Expr, channels: Expr, out: Expr) -> None:
    require(channels, "multiple of", groups, "groups {} do not divide the {} input channels", groups, channels)
    require(out, "multiple of", groups, "groups {} do not divide the {} output channels", groups, out)


def _as_ints(geometries: Mapping[str, Geometry]) -> dict[str, tuple[int, ...]]:
    columns = zip(*geometries.values(), strict=True)
    return {name: tuple(int(v) for v in column) for name, column in zip(Geometry._fields, columns, strict=True)}


def _sides(given: Mapping[str, tuple[int, ...]]) -> list[tuple[int, int]]:
    return list(zip(given["before"], given["after"], strict=True))


@dataclass(frozen=True)
class Conv(Op):
    """Convolution over all position axes.

    `{c: C, *positions} -> {c: out, *positions'}` with positions' = floor((n + before + after -
    dilation*(kernel-1) - 1) / stride) + 1.

    Params prod(kernel)*C/groups*out, plus out with bias. MACs prod(kernel)*C/groups*out*prod(positions').
    With `standardise` the weight of every output channel is brought to mean 0 and variance 1 first, for 5 operations
    per weight (Qiao et al. 2019, arXiv:1903.10520). Source: Dumoulin & Visin 2016, arXiv:1603.07285.

    >>> op, inputs = Conv.example()
    >>> print(op.infer(*inputs)[0], op.macs(*inputs))
    {c: M, h: H, w: W} 9*C*H*M*W
    """

    kind: ClassVar[str] = "conv"
    layer: ClassVar[bool] = True
    out: Expr
    kernel: PerAxis
    stride: PerAxis = ONE
    padding: Padding = ZERO
    dilation: PerAxis = ONE
    groups: Expr = ONE
    bias: bool = True
    standardise: bool = False

    def _geometry(self, x: TensorType) -> dict[str, Geometry]:
        return geometry(x, self.kind, self.kernel, self.stride, self.dilation, self.padding)

    def infer(self, *inputs: TensorType) -> Types:
        (x,) = inputs
        if self.standardise and self._weight(x).numel == self.out:
            raise ShapeError("standardise needs more than one weight per output channel: one alone would be 0")
        sizes = {axis: window_size(axis, x.size(axis), g) for axis, g in self._geometry(x).items()}
        _groups_divide(self.groups, x.channels, self.out)
        return (x.with_sizes({**sizes, "c": self.out}),)

    def weights(self, *inputs: TensorType) -> Mapping[str, Weight]:
        """Return weight [out, C/groups, *kernel] and bias [out]."""
        weight = self._weight(inputs[0])
        return {"weight": weight, "bias": Weight((self.out,))} if self.bias else {"weight": weight}

    def _weight(self, x: TensorType) -> Weight:
        kernel = per_axis(self.kernel, x.positions, "kernel")
        return Weight((self.out, x.channels / self.groups, *kernel.values()))

    def macs(self, *inputs: TensorType) -> Expr:
        """Return the weight's size times the output's positions."""
        (out,) = self.outputs(*inputs)
        return product((self.weights(*inputs)["weight"].numel, out.area))

    def elementwise(self, *inputs: TensorType) -> Expr:
        """Return one addition per output element with bias, and 5 operations per weight that is standardised."""
        added = self.outputs(*inputs)[0].numel if self.bias else ZERO
        return added + 5 * self._weight(inputs[0]).numel if self.standardise else added

    def saved(self, *inputs: TensorType) -> Saved:
        """Return that the input is kept, for the weight's gradient; padded unevenly, a padded copy of it.

        A standardised weight is a copy, which all samples share, with a mean and a deviation per output channel.
        """
        kept = padded_input(inputs[0], self._geometry(inputs[0])) or Saved(inputs=(0,))
        if not self.standardise:
            return kept
        return replace(kept, batch=((self._weight(inputs[0]).numel, "float"),), batch_statistics=2 * self.out)

    def reach(self, *inputs: TensorType) -> tuple[Reach, ...]:
        """Return a window per axis, with static weights."""
        items = self._geometry(inputs[0]).items()
        read = windowed({axis: Window(g.kernel, g.stride, g.dilation, g.before) for axis, g in items})
        return (using(read, "mixed") if self.groups == 1 else read,)

    def lower(self, *inputs: TensorType) -> nn.Module:
        (x,) = inputs
        given = _as_ints(self._geometry(x))
        make = of_rank("Conv", len(x.positions))
        symmetric = given["before"] == given["after"]
        layer = make(
            int(x.channels),
            int(self.out),
            given["kernel"],
            stride=given["stride"],
            padding=given["before"] if symmetric else 0,
            dilation=given["dilation"],
            groups=int(self.groups),
            bias=self.bias,
        )
        if self.standardise:
            standardised(layer)
        return channel_first(layer if symmetric else padded(layer, _sides(given)), x.names.index("c"))

    @classmethod
    def example(cls) -> tuple[Op, Types]:
        """Return a padded 3x3 convolution from C to M channels."""
        op = cls(symbol("M"), kernel=size(3), padding=size(1))
        return op, (tensor(c=symbol("C"), h=symbol("H"), w=symbol("W")),)


@dataclass(frozen=True)
class ConvTranspose(Op):
    """Transposed convolution over all position axes: the adjoint of a convolution.

    `{c: C, *positions} -> {c: out, *positions'}` with positions' = (n-1)*stride - before - after +
    dilation*(kernel-1) + output_padding + 1.

    Params prod(kernel)*C*out/groups, plus out with bias. MACs are counted on the *input* grid:
    prod(kernel)*C*out/groups*prod(positions), for each input position is multiplied once with each tap.
    Source: Dumoulin & Visin 2016, arXiv:1603.07285, chapter 4.

    >>> op, inputs = ConvTranspose.example()
    >>> print(op.infer(*inputs)[0], op.macs(*inputs))
    {c: M, h: 2*H, w: 2*W} 4*C*H*M*W
    """

    kind: ClassVar[str] = "conv_transpose"
    layer: ClassVar[bool] = True
    out: Expr
    kernel: PerAxis
    stride: PerAxis = ONE
    padding: Padding = ZERO
    output_padding: PerAxis = ZERO
    dilation: PerAxis = ONE
    groups: Expr = ONE
    bias: bool = True

    def _geometry(self, x: TensorType) -> dict[str, Geometry]:
        return geometry(x, self.kind, self.kernel, self.stride, self.dilation, self.padding)

    def infer(self, *inputs: TensorType) -> Types:
        (x,) = inputs
        extra = per_axis(self.output_padding, x.positions, "output_padding")
        sizes = {}
        for axis, g in self._geometry(x).items():
            length = (x.size(axis) - 1) * g.stride - g.before - g.after + g.span + extra[axis] + 1
            sizes[axis] = product((length,))
            require(sizes[axis], ">=", ONE, "padding leaves nothing of axis {}: its size is {}", axis, sizes[axis])
        _groups_divide(self.groups, x.channels, self.out)
        return (x.with_sizes({**sizes, "c": self.out}),)

    def weights(self, *inputs: TensorType) -> Mapping[str, Weight]:
        """Return weight [C, out/groups, *kernel] and bias [out]."""
        (x,) = inputs
        kernel = per_axis(self.kernel, x.positions, "kernel")
        weight = Weight((x.channels, self.out / self.groups, *kernel.values()))
        return {"weight": weight, "bias": Weight((self.out,))} if self.bias else {"weight": weight}

    def macs(self, *inputs: TensorType) -> Expr:
        """Return the weight's size times the input's positions."""
        return product((self.weights(*inputs)["weight"].numel, inputs[0].area))

    def elementwise(self, *inputs: TensorType) -> Expr:
        """Return one addition per output element with bias."""
        return self.outputs(*inputs)[0].numel if self.bias else ZERO

    def saved(self, *inputs: TensorType) -> Saved:
        """Return that the input is kept, for the weight's gradient."""
        return Saved(inputs=(0,))

    def reach(self, *inputs: TensorType) -> tuple[Reach, ...]:
        """Return a transposed window per axis, with static weights."""
        items = self._geometry(inputs[0]).items()
        read = windowed({axis: Transposed(g.kernel, g.stride, g.dilation, g.before) for axis, g in items})
        return (using(read, "mixed") if self.groups == 1 else read,)

    def lower(self, *inputs: TensorType) -> nn.Module:
        """Return torch's transposed convolution of that rank; extra padding after is cropped."""
        (x,) = inputs
        given = _as_ints(self._geometry(x))
        make = of_rank("ConvTranspose", len(x.positions))
        symmetric = given["before"] == given["after"]
        extra = per_axis(self.output_padding, x.positions, "output_padding")
        layer = make(
            int(x.channels),
            int(self.out),
            given["kernel"],
            stride=given["stride"],
            padding=given["before"] if symmetric else 0,
            output_padding=tuple(int(v) for v in extra.values()),
            groups=int(self.groups),
            bias=self.bias,
            dilation=given["dilation"],
        )
        layer = layer if symmetric else cropped(layer, _sides(given))
        return channel_first(layer, x.names.index("c"))

    @classmethod
    def example(cls) -> tuple[Op, Types]:
        """Return a 2x2 up-convolution from C to M channels."""
        op = cls(symbol("M"), kernel=size(2), stride=size(2))
        return op, (tensor(c=symbol("C"), h=symbol("H"), w=symbol("W")),)
