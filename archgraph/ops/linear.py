"""The linear layer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from sympy import Expr, Integer

from archgraph.ops.base import Op, Saved, Types, Weight
from archgraph.ops.modules import linear_on_first_axis, on_last_axis
from archgraph.ops.reach import SAME, All, Reach, pointwise, using, windowed
from archgraph.sizes.symbols import ZERO, product, require, symbol
from archgraph.sizes.types import TensorType, tensor

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True)
class Linear(Op):
    """Linear map along one axis, the channel unless told, the same at every place of the other axes.

    `{c: C, *positions} -> {c: out, *positions}`. Params C*out, plus out with bias. MACs C*out*prod(positions):
    every token is counted. Along a position axis it mixes all of its positions with fixed weights, as the
    token mixing of MLP-Mixer does (Tolstikhin et al. 2021, arXiv:2105.01601).

    >>> op, inputs = Linear.example()
    >>> print(op.macs(*inputs), op.weights(*inputs)["weight"].shape)
    C*M*N (M, C)
    """

    kind: ClassVar[str] = "linear"
    layer: ClassVar[bool] = True
    out: Expr
    bias: bool = True
    axis: str = "c"

    def infer(self, *inputs: TensorType) -> Types:
        """Return the type with the axis `out` long."""
        (x,) = inputs
        x.size(self.axis)
        require(self.out, ">=", Integer(1), "linear needs at least one output, and has {}", self.out)
        return (x.with_sizes({self.axis: self.out}),)

    def weights(self, *inputs: TensorType) -> Mapping[str, Weight]:
        """Return weight [out, C] and bias [out]."""
        weight = Weight((self.out, inputs[0].size(self.axis)))
        return {"weight": weight, "bias": Weight((self.out,))} if self.bias else {"weight": weight}

    def macs(self, *inputs: TensorType) -> Expr:
        """Return C*out per position."""
        return product((inputs[0].numel, self.out))

    def elementwise(self, *inputs: TensorType) -> Expr:
        """Return one addition per output element with bias."""
        return self.outputs(*inputs)[0].numel if self.bias else ZERO

    def saved(self, *inputs: TensorType) -> Saved:
        """Return that the input is kept, for the weight's gradient; a copy where its axis stands in the middle."""
        (x,) = inputs
        middle = x.names.index(self.axis) not in (0, len(x.names) - 1)
        return Saved(fresh=((x.numel, "float"),)) if middle else Saved(inputs=(0,))

    def reach(self, *inputs: TensorType) -> tuple[Reach, ...]:
        """Return position by position, and everything along the mapped axis where it is a position."""
        positions = inputs[0].positions
        if self.axis not in positions:
            return (using(pointwise(positions), "mixed"),)
        return (windowed({axis: All() if axis == self.axis else SAME for axis in positions}),)

    def lower(self, *inputs: TensorType) -> nn.Module:
        from torch import nn

        (x,) = inputs
        length, axis = int(x.size(self.axis)), x.names.index(self.axis)
        if axis == 0 and len(x.names) > 1:
            return linear_on_first_axis(length, int(self.out), bias=self.bias)
        layer = nn.Linear(length, int(self.out), bias=self.bias)
        return layer if axis == len(x.names) - 1 else on_last_axis(layer, axis)

    @classmethod
    def example(cls) -> tuple[Op, Types]:
        """Return a layer from C to M channels over N tokens."""
        return cls(symbol("M")), (tensor(n=symbol("N"), c=symbol("C")),)
