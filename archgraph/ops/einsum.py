"""Products of values summed over named axes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from sympy import Expr

from archgraph.errors import ShapeError
from archgraph.ops.arguments import SummedAxes
from archgraph.ops.arithmetic import broadcast, kept_factors
from archgraph.ops.attending.masks import KeyMaps, check_weights, check_zeros, has_mask_words
from archgraph.ops.base import Kernel, Op, Saved, Types, Unweighted
from archgraph.ops.modules import functional
from archgraph.ops.reach import SAME, All, Reach
from archgraph.sizes.symbols import ZERO, symbol
from archgraph.sizes.types import TensorType, tensor

if TYPE_CHECKING:
    from torch import Tensor, nn


@dataclass(frozen=True)
class Einsum(Unweighted):
    """Product of two values, summed over the axes in `over`; all other axes are kept, matched by name.

    `{n: N, c: C}, {n: N, d: D} -> {c: C, d: D}` with `over: n`. MACs are the product of all axes of both.
    Rename an axis first where both have it and it must not be matched. `over: []` sums nothing.

    With `mask` the first operand is zero beside it, as the weights of a softmax with the same mask are: nothing is read
    there. Every product is computed and counted.

    >>> op, inputs = Einsum.example()
    >>> print(op.infer(*inputs)[0], op.macs(*inputs))
    {c: C, d: D} C*D*N
    """

    kind: ClassVar[str] = "einsum"
    arity: ClassVar[tuple[int, int | None]] = (2, 2)
    over: SummedAxes
    mask: KeyMaps | None = None

    @property
    def unspoken(self) -> tuple[str, ...]:
        return () if has_mask_words(self.mask) else ("mask",)

    def _summed(self, inputs: Types) -> tuple[str, ...]:
        summed = (self.over,) if isinstance(self.over, str) else self.over
        for axis in summed:
            if not any(x.has(axis) for x in inputs):
                raise ShapeError(f"einsum sums over axis {axis}, which no operand has")
        return summed

    def infer(self, *inputs: TensorType) -> Types:
        """Return the type with all axes of both operands but the summed ones."""
        summed = self._summed(inputs)
        every = broadcast(self.kind, inputs)
        first, second = inputs
        order = [*first.axes, *((name, length) for name, length in second.axes if not first.has(name))]
        assert len(order) == len(every.axes)
        check_weights(self.kind, self.mask or (), summed, first)
        return (TensorType(tuple(order), every.dtype).without(*summed),)

    def macs(self, *inputs: TensorType) -> Expr:
        """Return the product of all axes of both operands."""
        return broadcast(self.kind, inputs).numel

    def elementwise(self, *inputs: TensorType) -> Expr:
        """Return zero: all its operations are multiply-accumulates."""
        return ZERO

    def saved(self, *inputs: TensorType) -> Saved:
        return Saved(inputs=(0, 1))

    def saved_for(self, needed: frozenset[int], kernel: Kernel, *inputs: TensorType) -> Saved:
        """Return each operand for the gradient of the other one."""
        return kept_factors(needed)

    def reach(self, *inputs: TensorType) -> tuple[Reach, ...]:
        """Return everything along summed positions, or what a mask leaves, with weights computed from the input."""
        summed = self._summed(inputs)
        masks = dict(self.mask or ())
        return tuple(
            Reach(
                tuple((axis, masks.get(axis, All()) if axis in summed else SAME) for axis in x.positions),
                mixing="dynamic" if set(summed) & set(x.positions) else "none",
                power="uniform",
            )
            for x in inputs
        )

    def lower(self, *inputs: TensorType) -> nn.Module:
        import torch

        (out,) = self.outputs(*inputs)
        names = list(dict.fromkeys(name for x in inputs for name in x.names))
        letters = {name: chr(ord("b") + index) for index, name in enumerate(names)}
        left, right, result = ("a" + "".join(letters[name] for name in x.names) for x in (*inputs, out))

        def multiply(x: Tensor, y: Tensor) -> Tensor:
            check_zeros(x, self.mask or (), inputs[0])
            # Contiguous, as a product of matrices gives it: in memory the axes stand in their order.
            return torch.einsum(f"{left},{right}->{result}", x, y).contiguous()

        return functional(multiply)

    @classmethod
    def example(cls) -> tuple[Op, Types]:
        """Return the sum of outer products over N tokens."""
        n = symbol("N")
        return cls("n"), (tensor(n=n, c=symbol("C")), tensor(n=n, d=symbol("D")))
