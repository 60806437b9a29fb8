"""Fourier transforms and complex numbers."""

from __future__ import annotations

from typing import Literal

from sympy import Expr

from archgraph.graph.ir import Value
from archgraph.ops.arguments import Named
from archgraph.ops.traced.transforms import ComplexOfPairs, Fourier, PairsOfComplex
from archgraph.ops.traced.values import Function
from archgraph.pytorch.trace.arguments import Arguments
from archgraph.pytorch.trace.axes import finish
from archgraph.pytorch.trace.builder import Tracked
from archgraph.pytorch.trace.handlers.pointwise import arithmetic
from archgraph.pytorch.trace.interpret import ProgramInterpreter
from archgraph.pytorch.trace.layout import whole_axis
from archgraph.pytorch.trace.registry import aten
from archgraph.sizes.types import CHANNEL

TRANSFORMS: dict[str, Literal["real", "complex", "halved"]] = {
    "_fft_r2c": "real",
    "_fft_c2c": "complex",
    "_fft_c2r": "halved",
}
"""Operators that transform, and of what numbers."""


@aten(*TRANSFORMS)
def fourier(i: ProgramInterpreter, a: Arguments) -> Tracked:
    """A transform along some dimensions, of which the last may be half as long on one side."""
    x, of = a.self, TRANSFORMS[a.node.target._schema.name.removeprefix("aten::")]
    dims = [d % x.rank for d in a.dim]
    t, axes = i.builder.grouped(i.builder.materialised(x), [(_own_name(x, dim), (dim,)) for dim in dims])
    assert isinstance(t.value, Value)
    sizes = [i.sizes.expression(a.shape[dim]) for dim in dims]
    lengths = sizes if of == "halved" else [_size(t, axis) for axis in axes]
    names = [axis for axis in axes if axis in t.axes]
    lengths_of = {axis: n for axis, n in zip(axes, lengths, strict=True) if axis in names}
    result_of = {axis: n for axis, n in zip(axes, sizes, strict=True) if axis in names}
    back = of == "halved" or not a.nodes.get("forward", True)
    op = Fourier(Named(lengths_of), Named(result_of), of, i.program.dtype(a.node.meta["val"]), back)
    (value,) = i.builder.emit(op, [t.value])
    return finish(t, value, dict(zip(dims, axes, strict=True)))


def _size(t: Tracked, axis: str) -> Expr:
    return t.axes[axis]


def _own_name(x: Tracked, dim: int) -> str | None:
    """Channels that are transformed stay channels."""
    content = x.layout[dim]
    return CHANNEL if len(content) == 1 and content[0].axis == CHANNEL else None


@aten("view_as_complex")
def complex_view(i: ProgramInterpreter, a: Arguments) -> Tracked:
    """Pairs along the last dimension as complex numbers."""
    last = a.self.rank - 1
    t, (axis,) = i.builder.grouped(i.builder.materialised(a.self), [(None, (last,))])
    assert isinstance(t.value, Value)
    (value,) = i.builder.emit(ComplexOfPairs(axis, i.program.dtype(a.node.meta["val"])), [t.value])
    return Tracked(value, t.layout[:last])


@aten("view_as_real")
def real_view(i: ProgramInterpreter, a: Arguments) -> Tracked:
    """Complex numbers as pairs along a new dimension."""
    t = i.builder.materialised(a.self)
    assert isinstance(t.value, Value)
    axis = next(name for name in ("parts", "parts2", "parts3") if name not in t.axes)
    (value,) = i.builder.emit(PairsOfComplex(axis, i.program.dtype(a.node.meta["val"])), [t.value])
    return Tracked(value, (*t.layout, whole_axis(axis, value.type.size(axis))))


@aten("complex")
def complex_number(i: ProgramInterpreter, a: Arguments) -> Tracked:
    """Complex numbers of their two parts."""
    return arithmetic(i, Function("complex"), [a.real, a.imag])
