"""Further activations, and operations that do nothing at inference."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from sympy import Expr

from archgraph.ops.base import Saved
from archgraph.ops.pointwise import Activation, Pointwise
from archgraph.sizes.symbols import ZERO
from archgraph.sizes.types import TensorType

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
