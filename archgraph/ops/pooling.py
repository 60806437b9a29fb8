"""Pooling over windows of all position axes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from sympy import Expr

from archgraph.ops.arguments import Padding, PerAxis
from archgraph.ops.base import NoMacs, Op, Saved, Types, Unweighted
from archgraph.ops.convolution import Geometry, geometry, padded_input, window_size
from archgraph.ops.modules import channel_first, of_rank, padded
from archgraph.ops.reach import Power, Reach, Window, windowed
from archgraph.sizes.symbols import ONE, ZERO, product, size, symbol
from archgraph.sizes.types import TensorType, tensor

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True)
class Pool(Unweighted, NoMacs):
    """The shared facts of pooling: `{c: C, *positions} -> {c: C, *positions'}`."""

    kernel: PerAxis
    stride: PerAxis | None = None
    padding: Padding = ZERO
    ceil: bool = False
    power: ClassVar[Power] = "uniform"
    """The tap power: one tap is chosen, or all are averaged."""

    @property
    def _dilation(self) -> PerAxis:
        return ONE

    def _geometry(self, x: TensorType) -> dict[str, Geometry]:
        stride = self.kernel if self.stride is None else self.stride
        return geometry(x, self.kind, self.kernel, stride, self._dilation, self.padding)

    def infer(self, *inputs: TensorType) -> Types:
        (x,) = inputs
        items = self._geometry(x).items()
        return (x.with_sizes({axis: window_size(axis, x.size(axis), g, ceil=self.ceil) for axis, g in items}),)

    def elementwise(self, *inputs: TensorType) -> Expr:
        """Return the window's size per output element."""
        taps = product(g.kernel for g in self._geometry(inputs[0]).values())
        return product((taps, self.outputs(*inputs)[0].numel))

    def reach(self, *inputs: TensorType) -> tuple[Reach, ...]:
        """Return a window per axis, with static weights."""
        items = self._geometry(inputs[0]).items()
        maps = {axis: Window(g.kernel, g.stride, g.dilation, g.before) for axis, g in items}
        return (windowed(maps, power=self.power),)

    def _kept(self, x: TensorType) -> Saved:
        return padded_input(x, self._geometry(x)) or Saved(inputs=(0,))

    def _lowered(self, x: TensorType, name: str, outside: float) -> nn.Module:
        """Return torch's pooling; a padding that torch cannot do itself stands before it."""
        geometries = list(self._geometry(x).values())
        sides = [(int(g.before), int(g.after)) for g in geometries]
        kernels = [int(g.kernel) for g in geometries]
        strides = tuple(int(g.stride) for g in geometries)
        inside = all(before == after <= kernel // 2 for (before, after), kernel in zip(sides, kernels, strict=True))
        dilations = tuple(int(g.dilation) for g in geometries)
        spread = {"dilation": dilations} if set(dilations) != {1} else {}
        layer = of_rank(name, len(sides))(
            tuple(kernels),
            strides,
            tuple(before for before, _ in sides) if inside else 0,
            ceil_mode=self.ceil,
            **spread,
        )
        return channel_first(layer if inside else padded(layer, sides, outside), x.names.index("c"))

    @classmethod
    def example(cls) -> tuple[Op, Types]:
        """Return a 2x2 pooling."""
        op = cls(kernel=size(2))
        return op, (tensor(c=symbol("C"), h=2 * symbol("H"), w=2 * symbol("W")),)


@dataclass(frozen=True)
class MaxPool(Pool):
    """Maximum over windows. `{c: C, *positions} -> {c: C, *positions'}`; the stride defaults to the kernel.

    No params, no MACs; prod(kernel) comparisons per output element. `ceil: true` rounds the size up.

    >>> op, inputs = MaxPool.example()
    >>> print(op.infer(*inputs)[0])
    {c: C, h: H, w: W}
    """

    kind: ClassVar[str] = "max_pool"
    dilation: PerAxis = ONE

    @property
    def _dilation(self) -> PerAxis:
        return self.dilation

    def saved(self, *inputs: TensorType) -> Saved:
        """Return the input, or a padded copy of it, and the 8-byte indices of the maxima."""
        kept = self._kept(inputs[0])
        return Saved(inputs=kept.inputs, fresh=(*kept.fresh, (self.outputs(*inputs)[0].numel, "int")))

    def lower(self, *inputs: TensorType) -> nn.Module:
        return self._lowered(inputs[0], "MaxPool", float("-inf"))


@dataclass(frozen=True)
class AvgPool(Pool):
    """Mean over windows. `{c: C, *positions} -> {c: C, *positions'}`; the stride defaults to the kernel.

    No params, no MACs; prod(kernel) additions per output element. Padding counts as zeros.

    >>> op, inputs = AvgPool.example()
    >>> print(op.elementwise(*inputs))
    4*C*H*W
    """

    kind: ClassVar[str] = "avg_pool"
    power: ClassVar[Power] = "mean"

    def saved(self, *inputs: TensorType) -> Saved:
        """Return that the input is kept, or a padded copy of it."""
        return self._kept(inputs[0])

    def lower(self, *inputs: TensorType) -> nn.Module:
        return self._lowered(inputs[0], "AvgPool", 0.0)
