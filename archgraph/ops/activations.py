"""Further activations, and operations that do nothing at inference."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from sympy import Expr, Integer, Rational

from archgraph.ops.base import NoMacs, Op, Saved, Types, Unweighted
from archgraph.ops.pointwise import Activation, Pointwise
from archgraph.ops.reach import Reach, pointwise, using
from archgraph.sizes.symbols import ZERO, product, require, symbol
from archgraph.sizes.types import TensorType, tensor

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True)
class Sigmoid(Activation):
    """1 / (1 + exp(-x)). Any type stays as it is; one operation per element.

    >>> Sigmoid.example()[0].kind
    'sigmoid'
    """

    kind: ClassVar[str] = "sigmoid"
    function: ClassVar[str] = "sigmoid"

    def lower(self, *inputs: TensorType) -> nn.Module:
        from torch import nn

        return nn.Sigmoid()


@dataclass(frozen=True)
class Tanh(Activation):
    """Hyperbolic tangent. Any type stays as it is; one operation per element.

    >>> Tanh.example()[0].kind
    'tanh'
    """

    kind: ClassVar[str] = "tanh"
    function: ClassVar[str] = "tanh"

    def lower(self, *inputs: TensorType) -> nn.Module:
        from torch import nn

        return nn.Tanh()


@dataclass(frozen=True)
class Relu6(Activation):
    """min(max(x, 0), 6). Any type stays as it is. Source: Sandler et al. 2018, arXiv:1801.04381.

    >>> Relu6.example()[0].kind
    'relu6'
    """

    kind: ClassVar[str] = "relu6"
    function: ClassVar[str] = "relu6"

    def lower(self, *inputs: TensorType) -> nn.Module:
        from torch import nn

        return nn.ReLU6()


@dataclass(frozen=True)
class Elu(Activation):
    """x where positive, exp(x) - 1 elsewhere. Any type stays as it is; one operation per element.

    >>> Elu.example()[0].kind
    'elu'
    """

    kind: ClassVar[str] = "elu"
    function: ClassVar[str] = "elu"
    keeps_written: ClassVar[bool] = True

    def lower(self, *inputs: TensorType) -> nn.Module:
        from torch import nn

        return nn.ELU()


@dataclass(frozen=True)
class Softplus(Activation):
    """log(1 + exp(x)). Any type stays as it is; one operation per element.

    >>> Softplus.example()[0].kind
    'softplus'
    """

    kind: ClassVar[str] = "softplus"
    function: ClassVar[str] = "softplus"

    def lower(self, *inputs: TensorType) -> nn.Module:
        from torch import nn

        return nn.Softplus()


@dataclass(frozen=True)
class HardSwish(Activation):
    """x * relu6(x + 3) / 6. Any type stays as it is. Source: Howard et al. 2019, arXiv:1905.02244.

    >>> HardSwish.example()[0].kind
    'hard_swish'
    """

    kind: ClassVar[str] = "hard_swish"
    function: ClassVar[str] = "hardswish"

    def lower(self, *inputs: TensorType) -> nn.Module:
        from torch import nn

        return nn.Hardswish()


@dataclass(frozen=True)
class HardSigmoid(Activation):
    """relu6(x + 3) / 6. Any type stays as it is. Source: Howard et al. 2019, arXiv:1905.02244.

    >>> HardSigmoid.example()[0].kind
    'hard_sigmoid'
    """

    kind: ClassVar[str] = "hard_sigmoid"
    function: ClassVar[str] = "hardsigmoid"

    def lower(self, *inputs: TensorType) -> nn.Module:
        from torch import nn

        return nn.Hardsigmoid()


@dataclass(frozen=True)
class Glu(Unweighted, NoMacs):
    """The first half of the channels times the sigmoid of the second. `{c: 2*C, *positions} -> {c: C, *positions}`.

    Two operations per output element. Source: Dauphin et al. 2017, arXiv:1612.08083.

    >>> op, inputs = Glu.example()
    >>> print(op.infer(*inputs)[0])
    {c: C, h: H, w: W}
    """

    kind: ClassVar[str] = "gated_linear_unit"

    def infer(self, *inputs: TensorType) -> Types:
        """Return the type with half of the channels."""
        (x,) = inputs
        require(
            x.channels, "multiple of", Integer(2), "gated_linear_unit halves its channels, and they are {}", x.channels
        )
        return (x.with_channels(product((x.channels, Rational(1, 2)))),)

    def elementwise(self, *inputs: TensorType) -> Expr:
        """Return two operations per output element."""
        return 2 * self.outputs(*inputs)[0].numel

    def saved(self, *inputs: TensorType) -> Saved:
        """Return the operand: the sigmoid is computed again."""
        return Saved(inputs=(0,))

    def reach(self, *inputs: TensorType) -> tuple[Reach, ...]:
        """Return position by position."""
        return (using(pointwise(inputs[0].positions), "mixed"),)

    def lower(self, *inputs: TensorType) -> nn.Module:
        """Return torch's GLU along the channels."""
        from torch import nn

        return nn.GLU(inputs[0].names.index("c") + 1)

    @classmethod
    def example(cls) -> tuple[Op, Types]:
        """Return a gate over a feature map."""
        return cls(), (tensor(c=2 * symbol("C"), h=symbol("H"), w=symbol("W")),)


class Identity(Pointwise):
    """The shared facts of what does nothing at inference: no operations, nothing kept."""

    def elementwise(self, *inputs: TensorType) -> Expr:
        return ZERO

    def saved(self, *inputs: TensorType) -> Saved:
        """Return that the output is the input."""
        return Saved(aliases=((0, 0),))

    def lower(self, *inputs: TensorType) -> nn.Module:
        from torch import nn

        return nn.Identity()


@dataclass(frozen=True)
class Dropout(Identity):
    """Random zeros in training; the identity at inference, which is what is counted. Any type stays as it is.

    >>> op, inputs = Dropout.example()
    >>> op.elementwise(*inputs)
    0
    """

    kind: ClassVar[str] = "dropout"


@dataclass(frozen=True)
class DropPath(Identity):
    """Random skipping of a residual branch in training; the identity at inference. Any type stays as it is.

    Source: Huang et al. 2016, arXiv:1603.09382.

    >>> op, inputs = DropPath.example()
    >>> op.macs(*inputs)
    0
    """

    kind: ClassVar[str] = "drop_path"
