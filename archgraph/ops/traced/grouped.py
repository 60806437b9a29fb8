"""Products of rows with the weight of the group that each is in: experts of which every row takes one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, ClassVar

from sympy import Expr

from archgraph.ops.base import TRACED, Op, Saved, Types, Weight
from archgraph.ops.reach import Reach, pointwise, using
from archgraph.sizes.symbols import ZERO, product, symbol
from archgraph.sizes.types import TensorType, tensor

if TYPE_CHECKING:
    from torch import Tensor, nn


@dataclass(frozen=True)
class GroupedLinear(Op):
    """A linear map of `experts` sets of weights, of which every row uses the one of its group.

    `{n: N, c: C} -> {n: N, c: out}`. Params experts*C*out, and as many MACs as of one set, C*out*N, however the rows
    are shared out. A position uses `active` sets: as many as its router chooses, all where that is not known.

    >>> op, inputs = GroupedLinear.example()
    >>> print(op.macs(*inputs), op.weights(*inputs)["weight"].numel)
    C*M*N C*E*M
    """

    kind: ClassVar[str] = "grouped_linear"
    layer: ClassVar[bool] = True
    experts: Expr
    out: Expr
    active: Expr | None = field(default=None, metadata={TRACED: True})

    def infer(self, *inputs: TensorType) -> Types:
        """Return the type with `out` channels."""
        (x,) = inputs
        return (x.with_sizes({"c": self.out}),)

    def weights(self, *inputs: TensorType) -> Mapping[str, Weight]:
        """Return weight [experts, C, out]."""
        each = product((inputs[0].channels, self.out))
        used = None if self.active is None else product((self.active, each))
        return {"weight": Weight((self.experts, inputs[0].channels, self.out), used=used)}

    def macs(self, *inputs: TensorType) -> Expr:
        """Return C*out per row."""
        return product((inputs[0].numel, self.out))

    def elementwise(self, *inputs: TensorType) -> Expr:
        """Return zero: all its operations are multiply-accumulates."""
        return ZERO

    def saved(self, *inputs: TensorType) -> Saved:
        return Saved(inputs=(0,))

    def reach(self, *inputs: TensorType) -> tuple[Reach, ...]:
        return (using(pointwise(inputs[0].positions), "mixed"),)

    def lower(self, *inputs: TensorType) -> nn.Module:
        """Return a module whose rows are in groups of equal size, one after another."""
        (x,) = inputs
        sizes = (int(self.experts), int(x.channels), int(self.out))
        return _module_class()(sizes, x.names.index("c") + 1)

    @classmethod
    def example(cls) -> tuple[Op, Types]:
        """Return maps from C to M channels of E experts over N tokens."""
        return cls(symbol("E"), symbol("M")), (tensor(n=symbol("N"), c=symbol("C")),)


@cache
def _module_class() -> type[nn.Module]:
    import torch
    from torch import nn

    class GroupedLinearLayer(nn.Module):
        def __init__(self, sizes: tuple[int, int, int], place: int) -> None:
            super().__init__()
            self.weight = nn.Parameter(torch.rand(sizes) / sizes[1])
            self._place = place

        def forward(self, value: Tensor) -> Tensor:
            rows = value.movedim(self._place, -1)
            parts = rows.reshape(-1, rows.shape[-1]).tensor_split(len(self.weight))
            made = torch.cat([part @ own for part, own in zip(parts, self.weight, strict=True)])
            return made.unflatten(0, rows.shape[:-1]).movedim(-1, self._place)

    return GroupedLinearLayer
