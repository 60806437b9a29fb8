"""Functions of elements, and arithmetic with broadcasting."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf
from typing import Any

from sympy import Integer

from archgraph.graph.execution import SINGLE_BYTES
from archgraph.graph.ir import Value
from archgraph.ops import activations, pointwise
from archgraph.ops.arithmetic import Add, Multiply
from archgraph.ops.base import Op
from archgraph.ops.functions import FUNCTIONS, function_row
from archgraph.ops.traced.values import Function
from archgraph.pytorch.trace.align import broadcast_dimensions
from archgraph.pytorch.trace.arguments import Arguments
from archgraph.pytorch.trace.builder import Pending, Tracked
from archgraph.pytorch.trace.handlers.cuts import Cut
from archgraph.pytorch.trace.interpret import ProgramInterpreter
from archgraph.pytorch.trace.layout import whole_axis
from archgraph.pytorch.trace.recording.node import RecordedNode
from archgraph.pytorch.trace.registry import HANDLERS, aten
from archgraph.sizes.types import CHANNEL

SIMPLE: dict[str, type[Op]] = {
    op.function: op
    for op in (
        pointwise.Relu,
        pointwise.Silu,
        pointwise.LeakyRelu,
        activations.Sigmoid,
        activations.Tanh,
        activations.Relu6,
        activations.Elu,
        activations.Softplus,
        activations.HardSwish,
        activations.HardSigmoid,
    )
}
"""Functions that are operations of their own, by PyTorch's name."""
RENAMED: dict[str, str] = {
    "__and__": "bitwise_and",
    "__lshift__": "bitwise_left_shift",
    "__or__": "bitwise_or",
    "__rshift__": "bitwise_right_shift",
    "__rsub__": "rsub",
    "__xor__": "bitwise_xor",
    "absolute": "abs",
    "arccos": "acos",
    "arccosh": "acosh",
    "arcsin": "asin",
    "arcsinh": "asinh",
    "arctan": "atan",
    "arctan2": "atan2",
    "arctanh": "atanh",
    "clip": "clamp",
    "divide": "div",
    "fix": "trunc",
    "greater": "gt",
    "greater_equal": "ge",
    "less": "lt",
    "less_equal": "le",
    "log_sigmoid": "logsigmoid",
    "multiply": "mul",
    "negative": "neg",
    "not_equal": "ne",
    "special_expit": "sigmoid",
    "subtract": "sub",
    "true_divide": "div",
}
"""Operators that are another name of a function in the table."""


def on_one(i: ProgramInterpreter, op: Op, t: Tracked) -> Tracked:
    """Return a function of the elements of one tensor."""
    t = i.builder.materialised(t)
    assert isinstance(t.value, Value)
    return Tracked(i.builder.emit(op, [t.value])[0], t.layout)


def in_single(i: ProgramInterpreter, t: Tracked, node: RecordedNode) -> Tracked:
    """Return a tensor that was recorded in half precision in single, any other as it is."""
    return i.builder.cast(t, i.program.single) if node.meta["val"].dtype.itemsize < SINGLE_BYTES else t


def operand_of(a: Arguments) -> Tracked:
    return a.self if a.nodes.get("self") is not None else a.input


def _called(a: Arguments) -> str:
    """Return the function in the table that an operator computes, in place or not."""
    name = a.node.target._schema.name.removeprefix("aten::")
    plain = name if name.endswith("__") else name.rstrip("_")
    return RENAMED[plain] if plain in RENAMED else plain  # noqa: SIM401  typed


def _simple(i: ProgramInterpreter, a: Arguments) -> Tracked:
    return on_one(i, SIMPLE[_called(a)](), operand_of(a))


@aten("gelu")
def gelu(i: ProgramInterpreter, a: Arguments) -> Tracked:
    """GELU, exact or by tanh."""
    return on_one(i, pointwise.Gelu(a.approximate or "none"), a.self)


@aten("hardtanh", "hardtanh_")
def hardtanh(i: ProgramInterpreter, a: Arguments) -> Any:
    """ReLU6 where its bounds are 0 and 6: PyTorch calls it by no other name."""
    bounds = (a.nodes.get("min_val", -1), a.nodes.get("max_val", 1))
    return on_one(i, activations.Relu6(), a.self) if bounds == (0, 6) else function(i, a)


@aten("glu")
def glu(i: ProgramInterpreter, a: Arguments) -> Tracked:
    """One half of a dimension times the sigmoid of the other; of positions as two operations."""
    dim = (-1 if a.nodes.get("dim") is None else a.dim) % a.self.rank
    half = i.sizes.expression(a.shape[dim])
    content = a.self.layout[dim]
    if len(content) == 1 and content[0].axis == CHANNEL and isinstance(a.self.value, Value):
        t, _ = i.builder.grouped(a.self, [(CHANNEL, (dim,))])
        assert isinstance(t.value, Value)
        return Tracked(
            i.builder.emit(activations.Glu(), [t.value])[0], t.replace(dim, whole_axis(CHANNEL, half)).layout
        )
    first, second = Cut(i, a.self, dim).parts([half, half])
    return arithmetic(i, Multiply(), [first, on_one(i, activations.Sigmoid(), second)])


def is_number(item: Any) -> bool:
    """Whether an operand is a number, or a constant tensor of one element."""
    if not isinstance(item, Tracked):
        return True
    return isinstance(item.value, Pending) and item.value.name == "constant" and all(n == 1 for n in item.value.sizes)


def _float(item: Any) -> float | None:
    if isinstance(item, Tracked) or item is None:
        return 0.0
    if isinstance(item, int) and not isinstance(item, bool):
        return item
    try:
        return float(item)
    except (TypeError, ValueError):
        return 0.0


def arithmetic(i: ProgramInterpreter, op: Op, tensors: Sequence[Tracked]) -> Tracked:
    """Return an operation on tensors that are broadcast by dimension."""
    values, layout = broadcast_dimensions(i.builder, tensors)
    return Tracked(i.builder.emit(op, values)[0], layout)


@aten("add")
def add(i: ProgramInterpreter, a: Arguments) -> Any:
    """A sum; of a value and an integer, too."""
    alpha = a.nodes.get("alpha", 1)
    if is_number(a.self) or is_number(a.other):
        return _with_number(i, a)
    other = a.other if alpha in (1, None) else on_one(i, Function("mul", (None, _float(alpha))), a.other)
    return _ranked(arithmetic(i, Add(), [a.self, other]), a)


def _with_number(i: ProgramInterpreter, a: Arguments) -> Any:
    number = a.other if is_number(a.other) else a.self
    if isinstance(number, int) and isinstance(a.self, Tracked):
        return _ranked(on_one(i, Add(Integer(number)), a.self), a)
    return function(i, a)


@aten("mul", "multiply")
def mul(i: ProgramInterpreter, a: Arguments) -> Any:
    """A product of values; by a number it is a function."""
    if is_number(a.self) or is_number(a.other):
        return function(i, a)
    return _ranked(arithmetic(i, Multiply(), [a.self, a.other]), a)


def function(i: ProgramInterpreter, a: Arguments) -> Any:
    """A function by name, on tensors and numbers in the operator's order."""
    schema = a.node.target._schema
    name = _called(a)
    given = [argument.name for argument in schema.arguments if not argument.kwarg_only]
    items = [getattr(a, key) for key in given if key in a.nodes]
    tensors = [item for item in items if not is_number(item)]
    if not tensors:
        return i.moved(name, [item for item in items if isinstance(item, Tracked)], a.node.meta["val"])
    # A bound that is not given is one without end, unless the function has no operand in its place.
    ends = len(tensors) < len(function_row(name).gradients)
    numbers = any(is_number(item) and (ends or item is not None) for item in items)
    bounds = (-inf if place == 1 else inf for place in range(len(items)))
    filled = [bound if item is None else item for item, bound in zip(items, bounds, strict=True)]
    call = tuple(_float(item) if is_number(item) else None for item in filled) if numbers else None
    return _ranked(arithmetic(i, Function(name, call), tensors), a)


def _ranked(t: Tracked, a: Arguments) -> Tracked:
    """Add dimensions of size 1 that came from operands that are numbers here."""
    missing = len(a.shape) - t.rank
    return t.with_layout([*[()] * missing, *t.layout]) if missing > 0 else t


@aten("outer", "ger")
def outer(i: ProgramInterpreter, a: Arguments) -> Tracked:
    """All products of two vectors."""
    other = a.vec2
    return arithmetic(i, Multiply(), [a.self.with_layout([*a.self.layout, ()]), other])


@aten("prelu")
def prelu(i: ProgramInterpreter, a: Arguments) -> Any:
    """A leaky ReLU whose slope is a weight: one, or one per entry of dimension 1."""
    slopes = a.weight.with_layout([*a.weight.layout, *[()] * (a.self.rank - 2)])
    return _ranked(arithmetic(i, Function("prelu"), [a.self, slopes]), a)


@aten("normal_", "uniform_", "exponential_")
def noise(i: ProgramInterpreter, a: Arguments) -> Any:
    """Random numbers, which overwrite a tensor without a look at it."""
    return i.moved("noise", [], a.node.meta["val"])


for _name in SIMPLE:
    HANDLERS[_name] = HANDLERS[f"{_name}_"] = _simple
for _name in (*FUNCTIONS, *RENAMED):
    HANDLERS.setdefault(_name.partition(".")[0], function)
