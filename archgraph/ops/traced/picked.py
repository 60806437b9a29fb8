"""The loss that takes one number of several, where a label says which."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from sympy import Expr

from archgraph.errors import ShapeError
from archgraph.ops.base import Kernel, NoMacs, Op, Saved, Types, Unweighted
from archgraph.ops.modules import functional
from archgraph.ops.reach import SAME, All, Reach, pointwise, using
from archgraph.sizes.symbols import ONE, symbol
from archgraph.sizes.types import TensorType, tensor

if TYPE_CHECKING:
    from torch import Tensor, nn


@dataclass(frozen=True)
class NegativeLogLikelihood(Unweighted, NoMacs):
    """Takes the number of the class that a label names, with its sign turned. `{axis: C, *axes}, {*axes} -> {*axes}`.

    One operation per label. PyTorch keeps the operand, the labels, and the sum of the classes' weights.

    >>> op, inputs = NegativeLogLikelihood.example()
    >>> print(op.infer(*inputs)[0], op.elementwise(*inputs))
    {n: N} N
    """

    kind: ClassVar[str] = "nll_loss"
    arity: ClassVar[tuple[int, int | None]] = (2, 2)
    axis: str = "c"

    def infer(self, *inputs: TensorType) -> Types:
        """Return the type without the classes."""
        x, labels = inputs
        x.size(self.axis)
        out = x.without(self.axis)
        if out.sizes != labels.sizes:
            raise ShapeError(f"nll_loss needs a label for each of {out}, and has {labels}")
        return (out,)

    def elementwise(self, *inputs: TensorType) -> Expr:
        return self.outputs(*inputs)[0].numel

    def saved(self, *inputs: TensorType) -> Saved:
        return Saved(inputs=(0, 1), batch=((ONE, "float"),))

    def saved_for(self, needed: frozenset[int], kernel: Kernel, *inputs: TensorType) -> Saved:
        """Return nothing where only the labels need a gradient: they have none."""
        return self.saved(*inputs) if 0 in needed else Saved()

    def reach(self, *inputs: TensorType) -> tuple[Reach, ...]:
        """Return position by position, and any class: the label decides."""
        x, labels = inputs
        read = Reach(tuple((a, All() if a == self.axis else SAME) for a in x.positions), mixing="dynamic")
        return using(read, "picked") if self.axis == "c" else read, pointwise(labels.positions)

    def lower(self, *inputs: TensorType) -> nn.Module:
        """Return torch's loss of a row of classes for every label."""
        from torch.nn.functional import nll_loss

        x, labels = inputs
        place = x.names.index(self.axis) + 1
        order = [0, *(labels.names.index(name) + 1 for name in x.names if name != self.axis)]
        straight = order == list(range(len(order)))

        def take(values: Tensor, given: Tensor) -> Tensor:
            found = given.long() if straight else given.long().permute(order)
            rows = values.movedim(place, -1)
            return nll_loss(rows.flatten(0, -2), found.flatten(), reduction="none").view(rows.shape[:-1])

        return functional(take)

    @classmethod
    def example(cls) -> tuple[Op, Types]:
        """Return the loss of N tokens among C + 1 classes."""
        return cls(), (tensor(n=symbol("N"), c=symbol("C") + 1), tensor("int", n=symbol("N")))
