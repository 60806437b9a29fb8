"""Functions of one element, and softmax."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, Literal

from sympy import Expr

from archgraph.ops.attending.masks import KeyMaps, check_weights, has_mask_words, masked_scores, scored
from archgraph.ops.base import Kernel, NoMacs, Op, Saved, Types, Unweighted, Workspace
from archgraph.ops.functions import function_row
from archgraph.ops.reach import All, Reach, pointwise
from archgraph.sizes.symbols import symbol
from archgraph.sizes.types import TensorType, tensor

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True)
class Pointwise(Unweighted, NoMacs):
    """The shared facts of activations: the type stays, and every position is read by itself."""

    def infer(self, *inputs: TensorType) -> Types:
        return inputs

    def reach(self, *inputs: TensorType) -> tuple[Reach, ...]:
        return (pointwise(inputs[0].positions),)

    @classmethod
    def example(cls) -> tuple[Op, Types]:
        """Return the function over a feature map."""
        return cls(), (tensor(c=symbol("C"), h=symbol("H"), w=symbol("W")),)


@dataclass(frozen=True)
class Activation(Pointwise):
    """The shared facts of one of PyTorch's functions of an element, as the table of functions states them."""

    function: ClassVar[str]
    """PyTorch's name of it."""

    def elementwise(self, *inputs: TensorType) -> Expr:
        return function_row(self.function).operations * inputs[0].numel

    def saved(self, *inputs: TensorType) -> Saved:
        return function_row(self.function).saved(inputs, inputs[0].numel)

    def reach(self, *inputs: TensorType) -> tuple[Reach, ...]:
        return (function_row(self.function).reach(inputs[0].positions),)


@dataclass(frozen=True)
class Relu(Activation):
    """max(x, 0). Any type stays as it is; autograd keeps the output.

    >>> op, inputs = Relu.example()
    >>> print(op.elementwise(*inputs))
    C*H*W
    """

    kind: ClassVar[str] = "relu"
    function: ClassVar[str] = "relu"

    def lower(self, *inputs: TensorType) -> nn.Module:
        from torch import nn

        return nn.ReLU()


@dataclass(frozen=True)
class LeakyRelu(Activation):
    """max(x, 0) + slope * min(x, 0). Any type stays as it is.

    Autograd keeps the input; `inplace` overwrites it and keeps the output instead, which the next layer often
    keeps anyway.

    >>> LeakyRelu.example()[0].kind
    'leaky_relu'
    """

    kind: ClassVar[str] = "leaky_relu"
    function: ClassVar[str] = "leaky_relu"
    keeps_written: ClassVar[bool] = True
    inplace: bool = False

    def saved(self, *inputs: TensorType) -> Saved:
        """Return the input, which the output may have overwritten."""
        return replace(super().saved(*inputs), aliases=((0, 0),) if self.inplace else ())

    def workspace(self, kernel: Kernel, *inputs: TensorType) -> Workspace:
        """Return, in the backward pass in place, the copies that PyTorch makes where the operand is a view."""
        return Workspace(backward=(3 * inputs[0].numel,)) if self.inplace else Workspace()

    def lower(self, *inputs: TensorType) -> nn.Module:
        from torch import nn

        return nn.LeakyReLU(inplace=self.inplace)


@dataclass(frozen=True)
class Silu(Activation):
    """x * sigmoid(x), also called swish. Any type stays as it is; one operation per element.

    >>> Silu.example()[0].kind
    'silu'
    """

    kind: ClassVar[str] = "silu"
    function: ClassVar[str] = "silu"

    def lower(self, *inputs: TensorType) -> nn.Module:
        from torch import nn

        return nn.SiLU()


@dataclass(frozen=True)
class Gelu(Activation):
    """x * Phi(x), exact or by tanh. Any type stays as it is; one operation per element.

    Source: Hendrycks & Gimpel 2016, arXiv:1606.08415.

    >>> Gelu(approximate="tanh").arguments
    {'approximate': 'tanh'}
    """

    kind: ClassVar[str] = "gelu"
    function: ClassVar[str] = "gelu"
    approximate: Literal["none", "tanh"] = "none"

    def lower(self, *inputs: TensorType) -> nn.Module:
        from torch import nn

        return nn.GELU(approximate=self.approximate)


@dataclass(frozen=True)
class Softmax(Pointwise):
    """exp(x) divided by its sum along one axis. Any type stays as it is; 5 operations per element.

    With `log` its logarithm, which PyTorch computes at once, for one operation more. With `mask` a position weighs only
    some of the axis: `mask: {m: {along: n, to: 0}}` up to its own place on axis n. What is masked is computed and
    counted.

    >>> op, inputs = Softmax.example()
    >>> print(op.elementwise(*inputs))
    5*C*H*W
    """

    kind: ClassVar[str] = "softmax"
    axis: str = "c"
    log: bool = False
    mask: KeyMaps | None = None

    @property
    def unspoken(self) -> tuple[str, ...]:
        return () if has_mask_words(self.mask) else ("mask",)

    def infer(self, *inputs: TensorType) -> Types:
        """Return the operand's type, which has the axis."""
        inputs[0].size(self.axis)
        check_weights(self.kind, self.mask or (), (self.axis,), inputs[0])
        return inputs

    def elementwise(self, *inputs: TensorType) -> Expr:
        """Return 5 operations per element, 6 with the logarithm."""
        return (6 if self.log else 5) * inputs[0].numel

    def saved(self, *inputs: TensorType) -> Saved:
        return Saved(outputs=(0,))

    def reach(self, *inputs: TensorType) -> tuple[Reach, ...]:
        """Return position by position, but all of the axis it sums over, or what a mask leaves of it."""
        maps = dict(pointwise(inputs[0].positions).maps)
        if self.axis not in maps:
            return (pointwise(inputs[0].positions, among=inputs[0].size(self.axis)),)
        masked = dict(self.mask or ()).get(self.axis)
        maps[self.axis] = All() if masked is None else scored(masked)
        return (Reach(tuple(maps.items()), mixing="dynamic", power="uniform", among=inputs[0].size(self.axis)),)

    def lower(self, *inputs: TensorType) -> nn.Module:
        from torch import nn

        layer = nn.LogSoftmax if self.log else nn.Softmax
        module = layer(dim=inputs[0].names.index(self.axis) + 1)
        for axis, read in self.mask or ():
            return masked_scores(module, axis, read, inputs[0])
        return module
