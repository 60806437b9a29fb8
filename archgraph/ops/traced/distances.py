"""Distances of all pairs of vectors, one of each operand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from sympy import Expr, Integer

from archgraph.ops.arguments import Ratio
from archgraph.ops.arithmetic import broadcast
from archgraph.ops.base import Kernel, Op, Saved, Types, Unweighted
from archgraph.ops.modules import functional
from archgraph.ops.reach import SAME, All, Reach, windowed
from archgraph.sizes.symbols import ZERO, symbol
from archgraph.sizes.types import TensorType, tensor

if TYPE_CHECKING:
    from torch import Tensor, nn


@dataclass(frozen=True)
class Distances(Unweighted):
    """Distances between vectors along `over`, of each of one operand to each of the other.

    `{over, *axes}, {over, *others} -> {*axes, *others}`; operands are broadcast by name along all other axes.
    `p` is the norm. Two operations per element of all differences. With `product` euclidean distances come of a matrix
    product, as PyTorch computes those of more than 25 vectors: then 2 operations per element of the operands, for
    their squares, and 4 per distance.

    >>> op, inputs = Distances.example()
    >>> print(op.infer(*inputs)[0], op.elementwise(*inputs))
    {n: N, m: M} 2*C*M*N
    """

    kind: ClassVar[str] = "distances"
    arity: ClassVar[tuple[int, int | None]] = (2, 2)
    over: str = "c"
    p: Ratio = Integer(2)
    product: bool = False

    def infer(self, *inputs: TensorType) -> Types:
        """Return the type without the axis of the vectors."""
        for x in inputs:
            x.size(self.over)
        return (broadcast(self.kind, inputs).without(self.over),)

    def macs(self, *inputs: TensorType) -> Expr:
        """Return those of the matrix product, if there is one."""
        return self._differences(inputs) if self.product else ZERO

    def elementwise(self, *inputs: TensorType) -> Expr:
        if not self.product:
            return 2 * self._differences(inputs)
        return 4 * self.outputs(*inputs)[0].numel + 2 * inputs[0].numel + 2 * inputs[1].numel

    def _differences(self, inputs: Types) -> Expr:
        return broadcast(self.kind, inputs).numel

    def saved(self, *inputs: TensorType) -> Saved:
        """Return the vectors and the distances, whichever gradients are needed."""
        return Saved(inputs=(0, 1), outputs=(0,))

    def saved_for(self, needed: frozenset[int], kernel: Kernel, *inputs: TensorType) -> Saved:
        return self.saved(*inputs) if needed else Saved()

    def reach(self, *inputs: TensorType) -> tuple[Reach, ...]:
        """Return whole vectors, position by position."""
        return tuple(windowed({a: All() if a == self.over else SAME for a in x.positions}) for x in inputs)

    def lower(self, *inputs: TensorType) -> nn.Module:
        """Return torch's distances of rows, in whose order the axes are brought."""
        import torch

        shared, *own = self._shares(inputs)
        mode = "use_mm_for_euclid_dist" if self.product else "donot_use_mm_for_euclid_dist"
        made, (out,) = [*shared, *own[0], *own[1]], self.outputs(*inputs)
        order = [made.index(name) + 1 for name in out.names]

        def distances(*tensors: Tensor) -> Tensor:
            rows = [
                value.permute(0, *(x.names.index(name) + 1 for name in (*shared, *names, self.over)))
                for value, x, names in zip(tensors, inputs, own, strict=True)
            ]
            last = len(shared) + 1
            found = torch.cdist(*(row.flatten(last, -2) for row in rows), p=float(self.p), compute_mode=mode)
            return found.view(*rows[0].shape[:-1], *rows[1].shape[last:-1]).permute(0, *order)

        return functional(distances)

    def _shares(self, inputs: Types) -> tuple[list[str], list[str], list[str]]:
        """The axes of both operands, of the first alone, and of the second alone."""
        first, second = ([name for name in x.names if name != self.over] for x in inputs)
        both = [name for name in first if name in second]
        return both, [name for name in first if name not in both], [name for name in second if name not in both]

    @classmethod
    def example(cls) -> tuple[Op, Types]:
        """Return the distances of N vectors to M others."""
        c = symbol("C")
        return cls(), (tensor(n=symbol("N"), c=c), tensor(m=symbol("M"), c=c))
