"""Scaled dot-product attention."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from sympy import Expr, Integer

from archgraph.errors import ShapeError
from archgraph.ops.base import Op, Saved, Types, Unweighted
from archgraph.ops.modules import functional
from archgraph.ops.reach import All, Reach, pointwise
from archgraph.symbols import product, require, same_size, symbol
from archgraph.types import TensorType, tensor

if TYPE_CHECKING:
    from torch import Tensor, nn

ONE = Integer(1)


@dataclass(frozen=True)
class ScaledDotProductAttention(Unweighted):
    """softmax(q k^T / sqrt(d)) v in `heads` groups of channels.

    `{c: D, *positions}, {c: D, *others}, {c: V, *others} -> {c: V, *positions}`: every position of q attends
    to every position of k and v, whatever their axes. With N = prod(positions) and M = prod(others), MACs are
    N*M*(D + V): scores and values; causal masks are not halved; projections are layers of their own.
    The softmax counts 5 and the scale 1 per score. Source: Vaswani et al. 2017, arXiv:1706.03762, eq. 1.

    >>> op, inputs = ScaledDotProductAttention.example()
    >>> print(op.macs(*inputs))
    2*D*N**2
    """

    kind: ClassVar[str] = "scaled_dot_product_attention"
    arity: ClassVar[tuple[int, int | None]] = (3, 3)
    heads: Expr = ONE

    def infer(self, *inputs: TensorType) -> Types:
        """Return q's positions with v's channels."""
        q, k, v = inputs
        if same_size(q.channels, k.channels) is False:
            raise ShapeError(f"q and k need the same channels, and have {q.channels} and {k.channels}")
        if k.without("c").axes != v.without("c").axes:
            raise ShapeError("k and v need the same positions")
        for operand, name in ((q, "q"), (v, "v")):
            channels = operand.channels
            require(channels, "multiple of", self.heads, "{} heads do not divide the {} channels of {}", self.heads, channels, name)
        return (q.with_channels(v.channels),)

    def scores(self, *inputs: TensorType) -> Expr:
        """Return the number of scores: heads * N * M."""
        q, k, _ = inputs
        return product((self.heads, q.area, k.area))

    def macs(self, *inputs: TensorType) -> Expr:
        """Return N*M*(D + V)."""
        q, k, v = inputs
        return product((q.area, k.area, q.channels + v.channels))

    def elementwise(self, *inputs: TensorType) -> Expr:
        """Return 6 per score: 1 for the scale, 5 for the softmax."""
        return 6 * self.scores(*inputs)

    def saved(self, *inputs: TensorType) -> Saved:
        """Return what the math kernel keeps: scaled q and k, the attention weights, and v."""
        q, k, _ = inputs
        fresh = ((q.numel, 4), (k.numel, 4), (self.scores(*inputs), 4))
        return Saved(inputs=(2,), fresh=fresh)

    def reach(self, *inputs: TensorType) -> tuple[Reach, ...]:
        """Return q position by position, and all of k and v with weights computed from the input."""
        q, k, v = inputs
        everything = [Reach(tuple((axis, All()) for axis in x.positions), mixing="dynamic", power="uniform") for x in (k, v)]
        return (pointwise(q.positions), *everything)

    def lower(self, *inputs: TensorType) -> nn.Module:
        """Return torch's fused attention over flattened positions."""
        from torch.nn.functional import scaled_dot_product_attention

        heads = int(self.heads)
        axes = [x.names.index("c") for x in inputs]
        (out,) = self.outputs(*inputs)
        shape = [int(value) for name, value in out.axes if name != "c"]

        def split(x: Tensor, axis: int) -> Tensor:
            tokens = x.movedim(axis + 1, -1).flatten(1, -2) if x.ndim > 2 else x.unsqueeze(1)
            return tokens.unflatten(-1, (heads, -1)).transpose(1, 2)

        def attend(*operands: Tensor) -> Tensor:
            mixed = scaled_dot_product_attention(*map(split, operands, axes))
            tokens = mixed.transpose(1, 2).flatten(2).unflatten(1, shape or (1,))
            return (tokens if shape else tokens.squeeze(1)).movedim(-1, axes[0] + 1)

        return functional(attend)

    @classmethod
    def example(cls) -> tuple[Op, Types]:
        """Return one head over N tokens of D channels."""
        tokens = tensor(n=symbol("N"), c=symbol("D"))
        return cls(), (tokens, tokens, tokens)
