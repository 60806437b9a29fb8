"""Sums and products of values, broadcast by the names of their axes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import reduce
from typing import TYPE_CHECKING, Any, ClassVar

from sympy import Expr, Integer

from archgraph.errors import ShapeError
from archgraph.ops.arguments import Ratio, plain_number
from archgraph.ops.base import TRACED, Kernel, NoMacs, Op, Saved, Types, Unweighted, Workspace
from archgraph.ops.modules import around, functional
from archgraph.ops.reach import Reach, pointwise
from archgraph.sizes.dtypes import FLOAT, promoted
from archgraph.sizes.symbols import ONE, ZERO, decide, symbol
from archgraph.sizes.types import TensorType, tensor

if TYPE_CHECKING:
    from torch import Tensor, nn


def broadcast(kind: str, operands: tuple[TensorType, ...]) -> TensorType:
    """Return the type that has the axes of all operands.

    Raises:
        ShapeError: two operands have an axis in different sizes.
    """
    widest = max(operands, key=lambda operand: len(operand.axes))
    result = widest.as_dtype(promoted(operand.dtype for operand in operands))
    for operand in operands:
        for axis, length in operand.axes:
            if not result.has(axis):
                result = result.with_sizes({axis: length})
            elif not decide(length, "==", result.size(axis), "{} on axis {}", kind, axis):
                sizes = (result.size(axis), length)
                rule = f"cannot {kind}: operands differ on axis {axis} ({sizes[0]} and {sizes[1]})"
                raise ShapeError(rule, hint=_drop(axis) if ONE in sizes else "")
    return result


def _drop(axis: str) -> str:
    return f"what lacks an axis is broadcast, and what has it in size 1 is not: take: {{axis: {axis}}} drops it"


def kept_factors(needed: frozenset[int]) -> Saved:
    """Return what a product of two operands keeps: each for the gradient of the other one.

    >>> kept_factors(frozenset([0])).inputs
    (1,)
    """
    return Saved(inputs=tuple(place for place in (0, 1) if 1 - place in needed))


def aligned(function: Callable[..., Any], inputs: tuple[TensorType, ...], out: TensorType) -> nn.Module:
    """Return a module that folds `function` over tensors whose axes are brought into the output's order."""

    def align(x: Tensor, operand: TensorType) -> Tensor:
        order = [operand.names.index(name) + 1 for name in out.names if operand.has(name)]
        x = x.permute(0, *order)
        for index, name in enumerate(out.names):
            if not operand.has(name):
                x = x.unsqueeze(index + 1)
        return x

    def fold(*tensors: Tensor) -> Tensor:
        return reduce(function, map(align, tensors, inputs))

    return functional(fold)


class Broadcast(Unweighted, NoMacs):
    """The shared facts of pointwise arithmetic on several operands."""

    arity: ClassVar[tuple[int, int | None]] = (1, None)

    def infer(self, *inputs: TensorType) -> Types:
        """Return the type with all axes of all operands."""
        return (broadcast(self.kind, inputs),)

    def reach(self, *inputs: TensorType) -> tuple[Reach, ...]:
        return tuple(pointwise(x.positions) for x in inputs)


@dataclass(frozen=True)
class Add(Broadcast):
    """Sum of values, broadcast by axis name, plus a `constant`.

    `{c: C, *positions}, {c: C} -> {c: C, *positions}`. One operation per output element and addition.

    >>> op, inputs = Add.example()
    >>> print(op.infer(*inputs)[0])
    {c: C, h: H, w: W}
    """

    kind: ClassVar[str] = "add"
    constant: Ratio = ZERO

    @property
    def joins(self) -> bool:
        """Of one value where a constant is added."""
        return self.constant == 0

    def elementwise(self, *inputs: TensorType) -> Expr:
        """Return one operation per output element and addition."""
        additions = len(inputs) - 1 + (self.constant != 0)
        return additions * self.outputs(*inputs)[0].numel

    def saved(self, *inputs: TensorType) -> Saved:
        """Return nothing: a sum needs no operand for its gradient."""
        return Saved()

    def workspace(self, kernel: Kernel, *inputs: TensorType) -> Workspace:
        """Return that operands of the output's size take its gradient; several are added one by one."""
        (out,) = self.outputs(*inputs)
        whole = tuple(index for index, x in enumerate(inputs) if len(x.axes) == len(out.axes))
        return Workspace(training=(2 * out.numel,) if len(inputs) > 2 else (), passes=whole)

    def lower(self, *inputs: TensorType) -> nn.Module:
        constant = plain_number(self.constant)
        total = aligned(lambda left, right: left + right, inputs, self.outputs(*inputs)[0])
        return around(total, after=lambda y: y + constant) if constant else total

    @classmethod
    def example(cls) -> tuple[Op, Types]:
        """Return a feature map plus a vector."""
        image = tensor(c=symbol("C"), h=symbol("H"), w=symbol("W"))
        return cls(), (image, tensor(c=symbol("C")))


@dataclass(frozen=True)
class Multiply(Broadcast):
    """Product of values, broadcast by axis name, and of a `constant`.

    `{c: C, *positions}, {c: C} -> {c: C, *positions}`. One operation per output element and product. An operand
    that is broadcast over positions is a gate.

    >>> op, inputs = Multiply.example()
    >>> print(op.elementwise(*inputs))
    C*H*W
    """

    kind: ClassVar[str] = "multiply"
    constant: Ratio = ONE
    summed: bool = field(default=False, metadata={TRACED: True})
    """Whether it stands for a sum of products over a single place, whose factors are no gates."""

    @property
    def joins(self) -> bool:
        """Of one value where it is multiplied by a constant."""
        return self.constant == 1

    def elementwise(self, *inputs: TensorType) -> Expr:
        """Return one operation per output element and product."""
        products = len(inputs) - 1 + (self.constant != 1)
        return Integer(products) * self.outputs(*inputs)[0].numel

    def saved(self, *inputs: TensorType) -> Saved:
        """Return that all operands are kept, and the products of all but the last."""
        return self.saved_for(frozenset(range(len(inputs))), "math", *inputs)

    def saved_for(self, needed: frozenset[int], kernel: Kernel, *inputs: TensorType) -> Saved:
        """Return, of every product in turn, each factor for the gradient of the other one."""
        kept: set[int] = set()
        fresh = []
        flows = 0 in needed
        for index in range(1, len(inputs)):
            if index in needed and index == 1:
                kept.add(0)
            elif index in needed:
                fresh.append((broadcast(self.kind, inputs[:index]).numel, FLOAT))
            if flows:
                kept.add(index)
            flows = flows or index in needed
        return Saved(inputs=tuple(sorted(kept)), fresh=tuple(fresh))

    def reach(self, *inputs: TensorType) -> tuple[Reach, ...]:
        """Return position by position; what is broadcast over positions of another operand is a gate."""
        every = {axis for x in inputs for axis in x.positions}
        gated = not self.summed and any(every <= set(x.positions) for x in inputs)
        return tuple(replace(pointwise(x.positions), gate=gated and every > set(x.positions)) for x in inputs)

    def workspace(self, kernel: Kernel, *inputs: TensorType) -> Workspace:
        """Return, in the backward pass, the gradient of a factor before it is summed to the factor's own size."""
        (out,) = self.outputs(*inputs)
        narrow = any(len(x.axes) < len(out.axes) for x in inputs)
        return Workspace(backward=(2 * out.numel,) if narrow else ())

    def lower(self, *inputs: TensorType) -> nn.Module:
        constant = plain_number(self.constant)
        total = aligned(lambda left, right: left * right, inputs, self.outputs(*inputs)[0])
        return total if constant == 1 else around(total, after=lambda y: y * constant)

    @classmethod
    def example(cls) -> tuple[Op, Types]:
        """Return a feature map times a vector."""
        image = tensor(c=symbol("C"), h=symbol("H"), w=symbol("W"))
        return cls(), (image, tensor(c=symbol("C")))


@dataclass(frozen=True)
class Divide(Broadcast):
    """The first value divided by the second, broadcast by axis name.

    `{c: C, *positions}, {*positions} -> {c: C, *positions}`. One operation per output element. By a constant:
    `multiply: {constant: 1/8}`.

    >>> op, inputs = Divide.example()
    >>> print(op.elementwise(*inputs))
    C*H*W
    """

    kind: ClassVar[str] = "divide"
    arity: ClassVar[tuple[int, int | None]] = (2, 2)

    def elementwise(self, *inputs: TensorType) -> Expr:
        """Return one operation per output element."""
        return self.outputs(*inputs)[0].numel

    def saved(self, *inputs: TensorType) -> Saved:
        """Return both operands: the divisor for either gradient, the dividend for the divisor's."""
        return self.saved_for(frozenset((0, 1)), "math", *inputs)

    def saved_for(self, needed: frozenset[int], kernel: Kernel, *inputs: TensorType) -> Saved:
        """Return the divisor where any gradient is needed, and the dividend where the divisor's is."""
        return Saved(inputs=(0, 1) if 1 in needed else (1,) if needed else ())

    def workspace(self, kernel: Kernel, *inputs: TensorType) -> Workspace:
        """Return, in the backward pass, the gradient of the divisor before it is summed to its own size."""
        return Workspace(backward=(2 * self.outputs(*inputs)[0].numel,))

    def lower(self, *inputs: TensorType) -> nn.Module:
        return aligned(lambda left, right: left / right, inputs, self.outputs(*inputs)[0])

    @classmethod
    def example(cls) -> tuple[Op, Types]:
        """Return a feature map over a number per position."""
        image = tensor(c=symbol("C"), h=symbol("H"), w=symbol("W"))
        return cls(), (image, tensor(h=symbol("H"), w=symbol("W")))
