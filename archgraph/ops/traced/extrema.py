"""The least and the largest of the same elements, which one kernel finds together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from sympy import Expr

from archgraph.ops.base import NoMacs, Op, Saved, Types, Unweighted
from archgraph.ops.modules import functional
from archgraph.ops.reach import SAME, All, Reach, windowed
from archgraph.sizes.symbols import symbol
from archgraph.sizes.types import TensorType, tensor

if TYPE_CHECKING:
    from torch import Tensor, nn


@dataclass(frozen=True)
class Extrema(Unweighted, NoMacs):
    """Least and largest element over the axes in `over`, which vanish. `{*over, *axes} -> {*axes}, {*axes}`.

    Two operations per input element. PyTorch keeps the operand and both results, whichever is used.

    >>> op, inputs = Extrema.example()
    >>> print(*op.infer(*inputs), op.elementwise(*inputs))
    {n: N} {n: N} 2*C*N
    """

    kind: ClassVar[str] = "extrema"
    over: tuple[str, ...]

    def infer(self, *inputs: TensorType) -> Types:
        """Return the type without the axes, twice."""
        (x,) = inputs
        for axis in self.over:
            x.size(axis)
        return (x.without(*self.over),) * 2

    def elementwise(self, *inputs: TensorType) -> Expr:
        return 2 * inputs[0].numel

    def saved(self, *inputs: TensorType) -> Saved:
        return Saved(inputs=(0,), outputs=(0, 1))

    def reach(self, *inputs: TensorType) -> tuple[Reach, ...]:
        """Return everything along the axes."""
        return (windowed({axis: All() if axis in self.over else SAME for axis in inputs[0].positions}),)

    def lower(self, *inputs: TensorType) -> nn.Module:
        """Return torch's function of the axes, which are one dimension, last."""
        import torch

        (x,) = inputs
        order = [x.names.index(name) + 1 for name in (*x.without(*self.over).names, *self.over)]

        def both(value: Tensor) -> tuple[Tensor, ...]:
            return tuple(torch.aminmax(value.permute(0, *order).flatten(-len(self.over)), dim=-1))

        return functional(both)

    @classmethod
    def example(cls) -> tuple[Op, Types]:
        """Return the least and the largest channel of N tokens."""
        return cls(("c",)), (tensor(n=symbol("N"), c=symbol("C")),)
