"""Cross products of vectors in space."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from sympy import Expr

from archgraph.errors import ShapeError
from archgraph.ops.arithmetic import Broadcast, aligned, broadcast, kept_factors
from archgraph.ops.base import Kernel, Op, Saved, Types
from archgraph.ops.position_sets import position_sets
from archgraph.ops.reach import SAME, Listed, Reach, windowed
from archgraph.sizes.symbols import symbol
from archgraph.sizes.types import TensorType, tensor

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True)
class Cross(Broadcast):
    """Cross product of vectors along `axis`, which has size 3, broadcast by name along all others.

    `{axis: 3, *axes}, {axis: 3, *axes} -> {axis: 3, *axes}`. Three operations per output element. Each factor is kept
    for the gradient of the other.

    >>> op, inputs = Cross.example()
    >>> print(op.infer(*inputs)[0], op.elementwise(*inputs))
    {n: N, c: 3} 9*N
    """

    kind: ClassVar[str] = "cross"
    arity: ClassVar[tuple[int, int | None]] = (2, 2)
    axis: str = "c"

    def infer(self, *inputs: TensorType) -> Types:
        """Return the common type."""
        if any(x.size(self.axis) != 3 for x in inputs):
            raise ShapeError(f"cross needs vectors of 3 numbers along '{self.axis}'")
        return (broadcast(self.kind, inputs),)

    def elementwise(self, *inputs: TensorType) -> Expr:
        return 3 * self.outputs(*inputs)[0].numel

    def saved(self, *inputs: TensorType) -> Saved:
        return Saved(inputs=(0, 1))

    def saved_for(self, needed: frozenset[int], kernel: Kernel, *inputs: TensorType) -> Saved:
        """Return each factor for the gradient of the other one."""
        return kept_factors(needed)

    def reach(self, *inputs: TensorType) -> tuple[Reach, ...]:
        """Return the other two numbers of a vector, position by position."""
        others = Listed(position_sets([[1, 2], [0, 2], [0, 1]], 3), proved=True)
        return tuple(windowed({a: others if a == self.axis else SAME for a in x.positions}) for x in inputs)

    def lower(self, *inputs: TensorType) -> nn.Module:
        import torch

        (out,) = self.outputs(*inputs)
        place = out.names.index(self.axis) + 1
        return aligned(lambda x, y: torch.linalg.cross(x, y, dim=place), inputs, out)

    @classmethod
    def example(cls) -> tuple[Op, Types]:
        """Return the cross products of N pairs of vectors."""
        return cls(), (tensor(n=symbol("N"), c=3),) * 2
