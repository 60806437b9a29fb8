"""Where values come from besides inputs: parameters, embedding tables, sinusoids."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from sympy import Expr, Integer

from archgraph.errors import ShapeError
from archgraph.ops.arguments import Named, StoredName
from archgraph.ops.base import NoMacs, Op, Saved, Types, Unweighted, Weight
from archgraph.ops.modules import around, functional, torch_dtype
from archgraph.ops.reach import UNREAD, Reach, pointwise
from archgraph.sizes.dtypes import FLOAT
from archgraph.sizes.symbols import ZERO, product, require, size, symbol
from archgraph.sizes.types import TensorType, tensor

if TYPE_CHECKING:
    from torch import Tensor, nn


@dataclass(frozen=True)
class Parameter(NoMacs):
    """A tensor of its own: learned, frozen (a parameter that is not trained), or a buffer.

    `() -> {shape}`, or `{*axes} -> {*axes}` where it takes the shape of an operand, whose values are not read.
    `unused: true` is for what a published network holds and never reads, as a mask token after pre-training: it is
    counted, no step takes it, and the step after it goes on with the value before.

    >>> op, inputs = Parameter.example()
    >>> print(op.infer(*inputs)[0])
    {n: N, c: D}
    """

    kind: ClassVar[str] = "parameter"
    arity: ClassVar[tuple[int, int | None]] = (0, 1)
    shape: Named | None = None
    status: Literal["learned", "frozen", "buffer"] = "learned"
    dtype: StoredName = FLOAT
    unused: bool = False

    @property
    def unread(self) -> bool:
        """Where it is said to be unused."""
        return self.unused

    def infer(self, *inputs: TensorType) -> Types:
        """Return the given shape, or the operand's."""
        if (self.shape is None) == (not inputs):
            raise ShapeError("parameter takes either a shape or an operand whose shape it has")
        if self.shape is None:
            return (inputs[0].as_dtype(self.dtype),)
        axes = tuple((name, length) for name, length in self.shape if length != 0)
        for name, length in axes:
            require(length, ">=", Integer(1), "axis {} of a parameter has size {}", name, length)
        return (TensorType(axes, self.dtype),)

    def weights(self, *inputs: TensorType) -> Mapping[str, Weight]:
        (out,) = self.outputs(*inputs)
        kind = "trainable" if self.status == "learned" else self.status
        return {"weight": Weight(tuple(out.sizes.values()), kind, self.dtype)}

    def elementwise(self, *inputs: TensorType) -> Expr:
        """Return zero: nothing is computed."""
        return ZERO

    def saved(self, *inputs: TensorType) -> Saved:
        """Return nothing: parameters are counted as weights."""
        return Saved()

    def reach(self, *inputs: TensorType) -> tuple[Reach, ...]:
        return (UNREAD,) * len(inputs)

    def lower(self, *inputs: TensorType) -> nn.Module:
        """Return a module that holds the tensor, and gives it the batch axis of its operand, or one of 1."""
        import torch
        from torch import nn

        shape = [int(length) for length in self.outputs(*inputs)[0].sizes.values()]
        status = self.status
        tensor = torch.zeros(shape, dtype=torch_dtype(self.dtype))

        class Held(nn.Module):
            def __init__(self) -> None:
                super().__init__()
                if status == "buffer":
                    self.register_buffer("weight", tensor)
                else:
                    self.weight = nn.Parameter(tensor, requires_grad=status == "learned")
                if status == "learned":
                    nn.init.normal_(self.weight, std=0.02)

            def _get_name(self) -> str:
                return "Parameter"

            def extra_repr(self) -> str:
                return ", ".join([*map(str, shape), status])

            def forward(self, *operands: Tensor) -> Tensor:
                return self.weight.expand(operands[0].shape[0] if operands else 1, *shape)

        return Held()

    @classmethod
    def example(cls) -> tuple[Op, Types]:
        """Return a learned table of N positions."""
        return cls(shape=Named({"n": symbol("N"), "c": symbol("D")})), ()


@dataclass(frozen=True)
class Embedding(NoMacs):
    """A table of learned vectors, looked up by index.

    `{*positions} of indices -> {*positions, c: out}`. Params count*out; a look-up multiplies nothing.

    >>> op, inputs = Embedding.example()
    >>> print(op.infer(*inputs)[0], op.weights(*inputs)["weight"].numel)
    {n: N, c: D} D*V
    """

    kind: ClassVar[str] = "embedding"
    count: Expr
    out: Expr

    def infer(self, *inputs: TensorType) -> Types:
        """Return the indices' positions with `out` channels."""
        (ids,) = inputs
        if ids.has("c"):
            raise ShapeError(f"embedding looks up indices, and its operand {ids} has channels")
        return (TensorType((*ids.axes, ("c", self.out))),)

    def weights(self, *inputs: TensorType) -> Mapping[str, Weight]:
        """Return weight [count, out]."""
        return {"weight": Weight((self.count, self.out))}

    def elementwise(self, *inputs: TensorType) -> Expr:
        """Return zero: rows are copied."""
        return ZERO

    def saved(self, *inputs: TensorType) -> Saved:
        return Saved(inputs=(0,))

    def reach(self, *inputs: TensorType) -> tuple[Reach, ...]:
        return (pointwise(inputs[0].positions),)

    def lower(self, *inputs: TensorType) -> nn.Module:
        from torch import nn

        return around(nn.Embedding(int(self.count), int(self.out)), lambda indices: indices.long())

    @classmethod
    def example(cls) -> tuple[Op, Types]:
        """Return a vocabulary of V vectors for N tokens."""
        return cls(symbol("V"), symbol("D")), (tensor("int", n=symbol("N")),)


@dataclass(frozen=True)
class Sinusoid(Unweighted, NoMacs):
    """Sines and cosines of a number at geometric frequencies.

    `{*positions} -> {*positions, c: out}`. One operation per output element. Source: Vaswani et al. 2017,
    arXiv:1706.03762, section 3.5.

    >>> op, inputs = Sinusoid.example()
    >>> print(op.infer(*inputs)[0])
    {c: 256}
    """

    kind: ClassVar[str] = "sinusoid"
    out: Expr

    def infer(self, *inputs: TensorType) -> Types:
        """Return the operand's positions with `out` channels."""
        (x,) = inputs
        if x.has("c"):
            raise ShapeError(f"sinusoid takes numbers, and its operand {x} has channels")
        require(self.out, "multiple of", Integer(2), "sinusoid needs an even number of channels, not {}", self.out)
        return (TensorType((*x.axes, ("c", self.out))),)

    def elementwise(self, *inputs: TensorType) -> Expr:
        return product((inputs[0].numel, self.out))

    def saved(self, *inputs: TensorType) -> Saved:
        """Return nothing: its operand needs no gradient."""
        return Saved()

    def reach(self, *inputs: TensorType) -> tuple[Reach, ...]:
        return (pointwise(inputs[0].positions),)

    def lower(self, *inputs: TensorType) -> nn.Module:
        """Return cosines, then sines, of the number at frequencies down to 1/10000, computed in single precision."""
        import torch

        half = int(self.out) // 2

        def encode(numbers: Tensor) -> Tensor:
            frequencies = torch.exp(torch.arange(half, device=numbers.device) * (-9.210340371976184 / half))
            angles = numbers.float().unsqueeze(-1) * frequencies
            encoded = torch.cat([angles.cos(), angles.sin()], dim=-1)
            return encoded.to(numbers.dtype) if numbers.is_floating_point() else encoded

        return functional(encode)

    @classmethod
    def example(cls) -> tuple[Op, Types]:
        """Return 256 channels of a scalar."""
        return cls(size(256)), (tensor(),)
