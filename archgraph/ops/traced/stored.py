"""Operations that change how a value is stored, or whether a gradient comes back through it, and no value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from sympy import Expr

from archgraph.ops.arguments import StoredName
from archgraph.ops.base import NoMacs, Op, Saved, Types, Unweighted
from archgraph.ops.modules import functional, torch_dtype
from archgraph.ops.reach import Reach, pointwise
from archgraph.sizes.dtypes import stored_type
from archgraph.sizes.symbols import ZERO, symbol
from archgraph.sizes.types import TensorType, tensor

if TYPE_CHECKING:
    from torch import nn


class SameValues(Unweighted, NoMacs):
    """The shared facts of operations that leave every element what it is."""

    def infer(self, *inputs: TensorType) -> Types:
        return inputs

    def elementwise(self, *inputs: TensorType) -> Expr:
        """Return zero: nothing is computed."""
        return ZERO

    def reach(self, *inputs: TensorType) -> tuple[Reach, ...]:
        return (pointwise(inputs[0].positions),)


@dataclass(frozen=True)
class Cast(SameValues):
    """The same values stored in another type. Any type stays as it is, but for its dtype; copies count nothing.

    A layer has its weights in the type that it computes in: after a cast, in that one.

    >>> op, inputs = Cast.example()
    >>> op.infer(*inputs)[0].dtype
    'float64'
    """

    kind: ClassVar[str] = "cast"
    dtype: StoredName

    def __post_init__(self) -> None:
        stored_type(self.dtype)

    def infer(self, *inputs: TensorType) -> Types:
        return (inputs[0].as_dtype(self.dtype),)

    def saved(self, *inputs: TensorType) -> Saved:
        """Return nothing: the gradient is cast back."""
        return Saved()

    def lower(self, *inputs: TensorType) -> nn.Module:
        """Return torch's copy in that dtype."""
        name = self.dtype
        return functional(lambda x: x.to(torch_dtype(name)))

    @classmethod
    def example(cls) -> tuple[Op, Types]:
        """Return a feature map in double precision."""
        return cls("float64"), (tensor(c=symbol("C"), h=symbol("H"), w=symbol("W")),)


@dataclass(frozen=True)
class Detach(SameValues):
    """The same values, through which no gradient comes back. Any type stays as it is.

    >>> op, inputs = Detach.example()
    >>> op.stops
    True
    """

    kind: ClassVar[str] = "detach"
    stops: ClassVar[bool] = True

    def saved(self, *inputs: TensorType) -> Saved:
        """Return that the output is a view."""
        return Saved(aliases=((0, 0),))

    def lower(self, *inputs: TensorType) -> nn.Module:
        """Return torch's detach."""
        return functional(lambda x: x.detach())

    @classmethod
    def example(cls) -> tuple[Op, Types]:
        """Return a feature map as a constant."""
        return cls(), (tensor(c=symbol("C"), h=symbol("H"), w=symbol("W")),)


@dataclass(frozen=True)
class Clone(SameValues):
    """The same values in memory of their own. Any type stays as it is; copies count nothing.

    >>> op, inputs = Clone.example()
    >>> op.saved(*inputs).aliases
    ()
    """

    kind: ClassVar[str] = "clone"

    def saved(self, *inputs: TensorType) -> Saved:
        """Return nothing: the gradient is handed on."""
        return Saved()

    def lower(self, *inputs: TensorType) -> nn.Module:
        """Return torch's clone."""
        return functional(lambda x: x.clone())

    @classmethod
    def example(cls) -> tuple[Op, Types]:
        """Return a second feature map."""
        return cls(), (tensor(c=symbol("C"), h=symbol("H"), w=symbol("W")),)
