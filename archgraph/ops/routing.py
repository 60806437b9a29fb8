"""The weighting of experts in a mixture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from sympy import Expr

from archgraph.errors import ShapeError
from archgraph.ops.arithmetic import kept_factors
from archgraph.ops.base import Kernel, NoMacs, Op, Saved, Types, Unweighted
from archgraph.ops.modules import functional
from archgraph.ops.reach import Reach, pointwise
from archgraph.sizes.symbols import symbol
from archgraph.sizes.types import TensorType, tensor

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True)
class ExpertWeight(Unweighted, NoMacs):
    """Multiplies an expert's output by its score and adds it to the mixture.

    `{c: C, *positions}, {c: E, *positions} -> {c: C, *positions}`: the second operand holds the scores of all E
    experts. Two operations per element: the product and the sum over experts. `mixture` adds it by itself; the
    choice of the highest scores is not counted. Source: Shazeer et al. 2017, arXiv:1701.06538, eq. 1.

    >>> op, inputs = ExpertWeight.example()
    >>> print(op.elementwise(*inputs))
    2*C*N
    """

    kind: ClassVar[str] = "expert_weight"
    arity: ClassVar[tuple[int, int | None]] = (2, 2)

    def infer(self, *inputs: TensorType) -> Types:
        """Return the type of the expert's output."""
        x, scores = inputs
        if x.without("c").sizes != scores.without("c").sizes:
            raise ShapeError(f"a mixture needs scores at the positions of its operand, and they are {scores}")
        return (x,)

    def elementwise(self, *inputs: TensorType) -> Expr:
        """Return 2 operations per element."""
        return 2 * inputs[0].numel

    def saved(self, *inputs: TensorType) -> Saved:
        return Saved(inputs=(0, 1))

    def saved_for(self, needed: frozenset[int], kernel: Kernel, *inputs: TensorType) -> Saved:
        """Return each operand for the gradient of the other one."""
        return kept_factors(needed)

    def reach(self, *inputs: TensorType) -> tuple[Reach, ...]:
        return tuple(pointwise(x.positions) for x in inputs)

    def lower(self, *inputs: TensorType) -> nn.Module:
        """Return the product with the first of the scores it is given: those of its own expert."""
        axis = inputs[1].names.index("c") + 1
        return functional(lambda x, scores: x * scores.narrow(axis, 0, 1))

    @classmethod
    def example(cls) -> tuple[Op, Types]:
        """Return an expert among E over N tokens."""
        n = symbol("N")
        return cls(), (tensor(n=n, c=symbol("C")), tensor(n=n, c=symbol("E")))
