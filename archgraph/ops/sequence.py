"""Operations on ordered tokens: rotary positions and the selective scan of state-space models."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from sympy import Expr

from archgraph.errors import ShapeError
from archgraph.ops.base import NoMacs, Op, Saved, Types, Unweighted, Weight
from archgraph.ops.modules import functional, recomputed
from archgraph.ops.reach import Causal, Reach, pointwise
from archgraph.sizes.symbols import product, require, size, symbol
from archgraph.sizes.types import TensorType, tensor

if TYPE_CHECKING:
    from torch import Tensor, nn


@dataclass(frozen=True)
class Rotary(Unweighted, NoMacs):
    """Rotates pairs of channels of every head by angles that grow with the position.

    Any type stays as it is. 3 operations per element: two products and a sum; the sines and cosines of the
    positions are constants and not counted. Source: Su et al. 2021, arXiv:2104.09864.

    >>> op, inputs = Rotary.example()
    >>> print(op.elementwise(*inputs))
    6*D*N*h
    """

    kind: ClassVar[str] = "rotary"
    alone: ClassVar[bool] = False  # it turns by the index of the position
    heads: Expr

    def infer(self, *inputs: TensorType) -> Types:
        """Return the operand's type, whose heads have an even number of channels."""
        (x,) = inputs
        if not x.positions:
            raise ShapeError(f"rotary needs a position axis, and its operand is {x}")
        rule = "rotary needs an even number of channels per head: {} channels, {} heads"
        require(x.channels, "multiple of", 2 * self.heads, rule, x.channels, self.heads)
        return inputs

    def elementwise(self, *inputs: TensorType) -> Expr:
        """Return 3 operations per element."""
        return 3 * inputs[0].numel

    def saved(self, *inputs: TensorType) -> Saved:
        """Return the tables of sines and cosines, which all samples share."""
        (x,) = inputs
        table = product((x.area, x.channels / self.heads))
        return Saved(batch=((table, "float"), (table, "float")))

    def reach(self, *inputs: TensorType) -> tuple[Reach, ...]:
        return (pointwise(inputs[0].positions),)

    def lower(self, *inputs: TensorType) -> nn.Module:
        """Return the rotation of the two halves of every head, with row-major positions."""
        import torch

        (x,) = inputs
        axis, heads = x.names.index("c") + 1, int(self.heads)
        width = int(x.channels) // heads
        sizes = [int(length) for name, length in x.axes if name != "c"]

        def rotate(value: Tensor) -> Tensor:
            place = torch.arange(int(x.area), device=value.device, dtype=torch.float32)
            rates = 10000.0 ** (-torch.arange(0, width, 2, device=value.device) / width)
            angles = torch.outer(place, rates).repeat(1, 2).view(*sizes, 1, width).to(value.dtype)
            tokens = value.movedim(axis, -1).unflatten(-1, (heads, width))
            first, second = tokens.chunk(2, dim=-1)
            turned = tokens * angles.cos() + torch.cat([-second, first], dim=-1) * angles.sin()
            return turned.flatten(-2).movedim(-1, axis)

        return functional(rotate)

    @classmethod
    def example(cls) -> tuple[Op, Types]:
        """Return h heads of 2*D channels over N tokens."""
        heads = symbol("h")
        return cls(heads), (tensor(n=symbol("N"), c=2 * symbol("D") * heads),)


@dataclass(frozen=True)
class SelectiveScan(NoMacs):
    """State-space recurrence whose step, input and output matrices come from the input; causal, linear in N.

    `{n: N, c: C}, {n: N, c: C}, {n: N, c: S}, {n: N, c: S} -> {n: N, c: C}`: the operands are x, the step delta, and
    the matrices B and C of state size S. Per position h = exp(delta*A)*h + delta*B*x and y = C*h + D*x. Params
    C*S for A and C for D. 8*S + 2 operations per element, none of them a matrix product.
    Source: Gu & Dao 2023, arXiv:2312.00752, algorithm 2.

    >>> op, inputs = SelectiveScan.example()
    >>> print(op.elementwise(*inputs))
    130*C*N
    """

    kind: ClassVar[str] = "selective_scan"
    arity: ClassVar[tuple[int, int | None]] = (4, 4)

    def infer(self, *inputs: TensorType) -> Types:
        """Return the type of x."""
        x, delta, b, c = inputs
        if len(x.positions) != 1:
            raise ShapeError(f"selective_scan runs along one position axis, and x is {x}")
        if x.sizes != delta.sizes or b.sizes != c.sizes or x.without("c").sizes != b.without("c").sizes:
            raise ShapeError("selective_scan needs x and delta of one type, B and C of one type, on the same positions")
        return (x,)

    def weights(self, *inputs: TensorType) -> Mapping[str, Weight]:
        """Return A_log [C, S] and D [C]."""
        x, _, b, _ = inputs
        return {"A_log": Weight((x.channels, b.channels)), "D": Weight((x.channels,))}

    def elementwise(self, *inputs: TensorType) -> Expr:
        """Return 8*S + 2 operations per element of x."""
        x, _, b, _ = inputs
        return product((x.numel, 8 * b.channels + 2))

    def saved(self, *inputs: TensorType) -> Saved:
        """Return the operands; a fused kernel computes the states again in the backward pass."""
        return Saved(inputs=(0, 1, 2, 3))

    def reach(self, *inputs: TensorType) -> tuple[Reach, ...]:
        """Return every earlier position, with weights of the input, and x itself by D; C position by position."""
        *earlier, readout = inputs
        maps = [tuple((axis, Causal()) for axis in x.positions) for x in earlier]
        causal = [Reach(axes, mixing="dynamic", power="uniform", beside=not index) for index, axes in enumerate(maps)]
        return (*causal, pointwise(readout.positions))

    def lower(self, *inputs: TensorType) -> nn.Module:
        """Return the recurrence as a scan of doubling strides; the backward pass computes the states again."""
        import torch
        from torch import nn

        x, _, b, _ = inputs
        channels, states = int(x.channels), int(b.channels)
        places = [value.names.index(value.positions[0]) + 1 for value in inputs]

        class Scan(nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.A_log = nn.Parameter(torch.zeros(channels, states))
                self.D = nn.Parameter(torch.ones(channels))

            def forward(self, x: Tensor, delta: Tensor, b: Tensor, c: Tensor) -> Tensor:
                return recomputed(recurrence, x, delta, b, c, self.A_log, self.D)

        def recurrence(*operands: Tensor) -> Tensor:
            *sequences, log_rates, skip = operands
            u, step, into, out = (value.movedim(place, 1) for value, place in zip(sequences, places, strict=True))
            decay = torch.exp(-step.unsqueeze(-1) * log_rates.exp())
            state = (step * u).unsqueeze(-1) * into.unsqueeze(2)
            # After each turn a state has seen twice as many positions; what it saw before, its decay tells.
            stride = 1
            while stride < state.shape[1]:
                grown = state[:, stride:] + decay[:, stride:] * state[:, :-stride]
                state = torch.cat([state[:, :stride], grown], 1)
                decay = torch.cat([decay[:, :stride], decay[:, stride:] * decay[:, :-stride]], 1)
                stride *= 2
            y = (state * out.unsqueeze(2)).sum(-1) + skip * u
            return y.movedim(1, places[0])

        return Scan()

    @classmethod
    def example(cls) -> tuple[Op, Types]:
        """Return 16 states over N tokens."""
        tokens = tensor(n=symbol("N"), c=symbol("C"))
        states = tensor(n=symbol("N"), c=size(16))
        return cls(), (tokens, tokens, states, states)
