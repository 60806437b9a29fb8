"""Normalisations by the root mean square: RMSNorm and global response normalisation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from sympy import Expr

from archgraph.errors import ShapeError
from archgraph.ops.base import Kernel, NoMacs, Op, Saved, Types, Weight
from archgraph.ops.reach import Reach, pointwise
from archgraph.sizes.symbols import ONE, product, require, symbol
from archgraph.sizes.types import TensorType, tensor

if TYPE_CHECKING:
    from torch import Tensor, nn


@dataclass(frozen=True)
class RmsNorm(NoMacs):
    """Divides the channels of every position by their root mean square. `{c: C, *positions} -> same`.

    With `heads`, every head is normalised by itself with one weight for all (query-key norm). Params C/heads
    when affine. 5 operations per element, 7 when affine, as for every norm.
    Nothing mixes between positions. Source: Zhang & Sennrich 2019, arXiv:1910.07467.

    >>> op, inputs = RmsNorm.example()
    >>> print(op.weights(*inputs)["weight"].shape)
    (C,)
    """

    kind: ClassVar[str] = "rms_norm"
    affine: bool = True
    heads: Expr = ONE

    def infer(self, *inputs: TensorType) -> Types:
        channels = inputs[0].channels
        require(
            channels,
            "multiple of",
            self.heads,
            "{} heads do not divide the {} channels",
            self.heads,
            channels,
        )
        return inputs

    def _width(self, x: TensorType) -> Expr:
        return product((x.channels, 1 / self.heads))

    def weights(self, *inputs: TensorType) -> Mapping[str, Weight]:
        """Return weight [C/heads] when affine."""
        return {"weight": Weight((self._width(inputs[0]),))} if self.affine else {}

    def elementwise(self, *inputs: TensorType) -> Expr:
        """Return 5 operations per element, 7 when affine: the convention of all norms."""
        return (7 if self.affine else 5) * inputs[0].numel

    def saved(self, *inputs: TensorType) -> Saved:
        """Return the input, the inverse root mean square of every head and position, the scaled input."""
        (x,) = inputs
        return Saved(inputs=(0,), fresh=((product((x.area, self.heads)), "float"), *self._scaled(x)))

    def saved_for(self, needed: frozenset[int], kernel: Kernel, *inputs: TensorType) -> Saved:
        """Return the scaled input alone where only the weight needs a gradient: the norm is a chain of operations."""
        return self.saved(*inputs) if needed else Saved(fresh=self._scaled(inputs[0]))

    def _scaled(self, x: TensorType) -> tuple[tuple[Expr, str], ...]:
        return ((x.numel, "float"),) if self.affine else ()

    def reach(self, *inputs: TensorType) -> tuple[Reach, ...]:
        return (pointwise(inputs[0].positions),)

    def lower(self, *inputs: TensorType) -> nn.Module:
        """Return torch's RMS norm, per head."""
        import torch
        from torch import nn
        from torch.nn.functional import rms_norm

        (x,) = inputs
        heads, width, axis, affine = int(self.heads), int(self._width(x)), x.names.index("c") + 1, self.affine

        class Norm(nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.weight = nn.Parameter(torch.ones(width)) if affine else None

            def forward(self, value: Tensor) -> Tensor:
                split = value.movedim(axis, -1).unflatten(-1, (heads, width))
                return rms_norm(split, (width,), self.weight).flatten(-2).movedim(-1, axis)

        return Norm()

    @classmethod
    def example(cls) -> tuple[Op, Types]:
        """Return the norm over N tokens."""
        return cls(), (tensor(n=symbol("N"), c=symbol("C")),)


@dataclass(frozen=True)
class GlobalResponseNorm(NoMacs):
    """Scales every channel by its norm over all positions, relative to the mean over channels.

    `{c: C, *positions} -> same`: gamma * (x * n) + beta + x. Params 2C; 7 operations per element. Its statistics
    reach every position. Source: Woo et al. 2023, arXiv:2301.00808.

    >>> op, inputs = GlobalResponseNorm.example()
    >>> op.reach(*inputs)[0].statistics
    ('h', 'w')
    """

    kind: ClassVar[str] = "global_response_norm"

    def infer(self, *inputs: TensorType) -> Types:
        """Return the operand's type, which has channels and positions."""
        (x,) = inputs
        x.size("c")
        if not x.positions:
            raise ShapeError(f"global_response_norm needs a position axis, and its operand is {x}")
        return inputs

    def weights(self, *inputs: TensorType) -> Mapping[str, Weight]:
        """Return gamma [C] and beta [C]."""
        weight = Weight((inputs[0].channels,))
        return {"gamma": weight, "beta": weight}

    def elementwise(self, *inputs: TensorType) -> Expr:
        """Return 7 operations per element."""
        return 7 * inputs[0].numel

    def saved(self, *inputs: TensorType) -> Saved:
        """Return the input, the norms and the products of the chain."""
        (x,) = inputs
        return Saved(
            inputs=(0,), fresh=((x.channels, "float"), (ONE, "float"), (x.channels, "float"), (x.numel, "float"))
        )

    def saved_for(self, needed: frozenset[int], kernel: Kernel, *inputs: TensorType) -> Saved:
        """Return the product that gamma multiplies alone where only the weights need a gradient."""
        return self.saved(*inputs) if needed else Saved(fresh=((inputs[0].numel, "float"),))

    def reach(self, *inputs: TensorType) -> tuple[Reach, ...]:
        """Return position by position, with statistics over all positions."""
        positions = inputs[0].positions
        return (pointwise(positions, statistics=positions),)

    def lower(self, *inputs: TensorType) -> nn.Module:
        """Return the norm over the positions, then over the channels."""
        import torch
        from torch import nn

        (x,) = inputs
        channels, axis = int(x.channels), x.names.index("c") + 1
        dims = tuple(x.names.index(name) + 1 for name in x.positions)
        shape = [channels if name == "c" else 1 for name in x.names]

        class Norm(nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.gamma = nn.Parameter(torch.zeros(channels))
                self.beta = nn.Parameter(torch.zeros(channels))

            def forward(self, value: Tensor) -> Tensor:
                norms = torch.linalg.vector_norm(value, dim=dims, keepdim=True)
                relative = norms / (norms.mean(dim=axis, keepdim=True) + 1e-6)
                return self.gamma.view(shape) * (value * relative) + self.beta.view(shape) + value

        return Norm()

    @classmethod
    def example(cls) -> tuple[Op, Types]:
        """Return the norm over a feature map."""
        return cls(), (tensor(c=symbol("C"), h=symbol("H"), w=symbol("W")),)
