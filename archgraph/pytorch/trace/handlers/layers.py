"""Convolution and linear layers."""

from __future__ import annotations

from typing import Any

from sympy import Expr, Integer

from archgraph.graph.ir import Value
from archgraph.ops.arguments import Named
from archgraph.ops.arithmetic import Add
from archgraph.ops.convolution import Conv, ConvTranspose
from archgraph.ops.linear import Linear
from archgraph.ops.traced.values import Convolve
from archgraph.pytorch.trace.align import broadcast_dimensions
from archgraph.pytorch.trace.arguments import Arguments
from archgraph.pytorch.trace.axes import Windows, finish, per_dimension
from archgraph.pytorch.trace.builder import Tracked
from archgraph.pytorch.trace.handlers.contractions import linear_product
from archgraph.pytorch.trace.interpret import ProgramInterpreter
from archgraph.pytorch.trace.registry import aten
from archgraph.sizes.symbols import ZERO, floor_divide, product
from archgraph.sizes.types import CHANNEL


@aten("conv1d", "conv2d", "conv3d")
def convolution(i: ProgramInterpreter, a: Arguments) -> Tracked:
    """A convolution, or a linear layer where there is a single position and tap."""
    return _convolution(i, a, int(a.node.target._schema.name[-2]), transposed=False)


@aten("conv_transpose1d", "conv_transpose2d", "conv_transpose3d")
def transposed_convolution(i: ProgramInterpreter, a: Arguments) -> Tracked:
    """A transposed convolution."""
    return _convolution(i, a, int(a.node.target._schema.name[-2]), transposed=True)


@aten("convolution", "_convolution")
def any_convolution(i: ProgramInterpreter, a: Arguments) -> Tracked:
    """A convolution of any rank."""
    count = len(a.nodes["weight"].meta["val"].shape) - 2
    return _convolution(i, a, count, transposed=bool(a.nodes.get("transposed")))


def _convolution(i: ProgramInterpreter, a: Arguments, count: int, *, transposed: bool) -> Tracked:
    weight = a.nodes["weight"]
    shape = [i.sizes.expression(length) for length in weight.meta["val"].shape]
    origin = i.program.origin(weight)
    natural = i.program.is_natural(origin)
    if natural and not transposed and _is_linear(a, origin, shape, count):
        return linear_over(i, a, a.input, shape, origin, a.input.rank - count - 1)
    w = Windows(i, a.input, count)
    bias = _bias(i, a) if natural else None
    op = _conv_op(i, w, a, shape, count, transposed=transposed, bias=bias is True)
    if natural:
        i.program.used(origin)
        result = w.apply(op)
    else:
        result = w.apply(Convolve(op), [_weight_value(i, a.weight)])
    return result if bias is True else _with_bias(i, result, a, w.channel)


def _is_linear(a: Arguments, origin: Any, shape: list[Expr], count: int) -> bool:
    """Whether a convolution is a linear layer: at a single position, or with the weight of one."""
    x: Tracked = a.input
    single = all(not dim for dim in x.layout[x.rank - count :]) or len(origin.meta["val"].shape) == 2
    given = a.nodes.get("padding")
    plain = isinstance(given, str) or not any(per_dimension(given, count, 0))
    steps = all(step == 1 for step in per_dimension(a.nodes.get("stride"), count))
    return single and plain and steps and set(shape[2:]) == {1} and (a.nodes.get("groups") or 1) == 1


def linear_over(i: ProgramInterpreter, a: Arguments, x: Tracked, shape: list[Expr], origin: Any, dim: int) -> Tracked:
    """A linear layer along one dimension."""
    bias = _bias(i, a)
    i.program.used(origin)
    t, (axis,) = i.builder.grouped(i.builder.materialised(x), [(_linear_axis(x, dim), (dim,))])
    op = Linear(shape[0], bias is True, axis)
    t = _as_read(i, t, op)
    assert isinstance(t.value, Value)
    (value,) = i.builder.emit(op, [t.value])
    result = finish(t, value, {dim: axis})
    return result if bias is True else _with_bias(i, result, a, dim)


def _as_read(i: ProgramInterpreter, t: Tracked, op: Linear) -> Tracked:
    """Return an operand that is read as it lies: with its axis last where the operation else says that it is copied."""
    assert isinstance(t.value, Value)
    if op.saved(t.value.type).inputs:
        return t
    order = (*(axis for axis in t.axes if axis != op.axis), op.axis)
    return i.builder.reordered(t, order)


def _conv_op(
    i: ProgramInterpreter, w: Windows, a: Arguments, shape: list[Expr], count: int, *, transposed: bool, bias: bool
) -> Any:
    given = a.nodes.get("padding")
    groups = i.sizes.expression(a.nodes.get("groups") or 1)
    common: dict[str, Any] = {
        "kernel": w.by_name(shape[2:]),
        "stride": w.by_name(per_dimension(a.stride, count)),
        "dilation": w.by_name(per_dimension(a.dilation, count)),
        "padding": given if isinstance(given, str) else w.by_name(per_dimension(a.padding, count, 0), 0),
        "groups": groups,
        "bias": bias,
    }
    if isinstance(given, str) and given == "same":
        common["padding"] = _same(w, shape[2:], per_dimension(a.dilation, count))
    if not transposed:
        return Conv(shape[0], **common)
    extra = w.by_name(per_dimension(a.output_padding, count, 0), 0)
    return ConvTranspose(product((shape[1], groups)), output_padding=extra, **common)


def _same(w: Windows, kernels: list[Expr], dilations: list[Any]) -> Any:
    """Padding that keeps the size; an odd total has its extra element at the end."""
    totals = [d * (k - 1) for k, d in zip(kernels, dilations, strict=True)]
    halves = [floor_divide(total, Integer(2)) for total in totals]
    assert isinstance(w.t.value, Value)
    given = {n: (half, total - half) for n, total, half in zip(w.names, totals, halves, strict=True)}
    return Named({axis: given.get(axis, (ZERO, ZERO)) for axis in w.t.value.type.positions})


def _weight_value(i: ProgramInterpreter, weight: Tracked) -> Value:
    names = ["o", "i", "k0", "k1", "k2"]
    return i.builder.arrange(weight, [(names[d], dim) for d, dim in enumerate(weight.layout) if dim])


def _bias(i: ProgramInterpreter, a: Arguments) -> bool | None:
    """True where a layer has its own bias; None where there is none or it is a value."""
    node = a.nodes.get("bias")
    if node is None or not i.program.is_natural(node):
        return None
    i.program.used(node)
    return True


def _with_bias(i: ProgramInterpreter, result: Tracked, a: Arguments, dim: int) -> Tracked:
    if a.nodes.get("bias") is None:
        return result
    bias: Tracked = a.bias
    spread = bias.with_layout([*bias.layout, *[()] * (result.rank - dim - 1)])
    values, layout = broadcast_dimensions(i.builder, [result, spread])
    return Tracked(i.builder.emit(Add(), values)[0], layout)


@aten("linear")
def linear(i: ProgramInterpreter, a: Arguments) -> Tracked:
    """A linear layer; a product with a value where the weight is shared or computed."""
    weight = a.nodes["weight"]
    origin = i.program.origin(weight)
    x: Tracked = i.builder.copied(a.input) if i.copies(a, "input") else a.input
    if not i.program.is_natural(origin):
        return _with_bias(i, linear_product(i, x, a.weight), a, x.rank - 1)
    shape = [i.sizes.expression(length) for length in weight.meta["val"].shape]
    return linear_over(i, a, x, shape, origin, x.rank - 1)


def _linear_axis(x: Tracked, dim: int) -> str | None:
    """A linear layer runs along the axis that its dimension is; one of size 1 is a channel."""
    return CHANNEL if not x.layout[dim] and x.axes.get(CHANNEL, 1) == 1 else None
