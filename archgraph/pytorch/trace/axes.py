"""Operands of operations that move along positions or reduce them, in whole axes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sympy import Expr, Integer

from archgraph.graph.ir import Value
from archgraph.ops.arguments import Named, PerAxis
from archgraph.ops.base import Op
from archgraph.pytorch.trace.builder import Builder, Tracked
from archgraph.pytorch.trace.interpret import ProgramInterpreter
from archgraph.pytorch.trace.layout import whole_axis
from archgraph.sizes.types import CHANNEL


def per_position(values: Mapping[str, Expr]) -> PerAxis:
    """Return one size where all axes have the same, else sizes by name."""
    distinct = set(values.values())
    return distinct.pop() if len(distinct) == 1 else Named(dict(values))


def per_dimension(value: Any, count: int, default: int = 1) -> list[Any]:
    """Return one size per dimension: an integer or an expression."""
    if value is None or (isinstance(value, (list, tuple)) and not value):
        return [default] * count
    if isinstance(value, (int, Expr)):
        return [value] * count
    given = list(value)
    return given * count if len(given) == 1 else given


def finish(t: Tracked, value: Value, changes: Mapping[int, str]) -> Tracked:
    """Return the result of an operation that changed the size of some dimensions, each a whole axis."""
    layout = list(t.layout)
    for dim, axis in changes.items():
        layout[dim] = whole_axis(axis, value.type.size(axis))
    return Tracked(value, tuple(layout))


class Windows:
    """An operand of a windowed operation: channels and positions as whole axes, other positions beside them."""

    def __init__(self, i: ProgramInterpreter, t: Tracked, count: int) -> None:
        self.builder: Builder = i.builder
        first = t.rank - count
        self.dims: tuple[int, ...] = tuple(range(first, t.rank))
        wanted = [(CHANNEL, (first - 1,)), *((_place(t, d), (d,)) for d in self.dims)]
        self.t: Tracked
        self.t, names = i.builder.grouped(i.builder.materialised(t), wanted)
        self.names: list[str] = names[1:]
        self.channel: int = first - 1

    def by_name(self, values: Sequence[Any], default: int = 1) -> PerAxis:
        """Return numbers per position; axes that the windows do not move along have the default."""
        assert isinstance(self.t.value, Value)
        given = dict(zip(self.names, values, strict=True))
        sizes = {axis: given.get(axis, Integer(default)) for axis in self.t.value.type.positions}
        return per_position({axis: Integer(v) if isinstance(v, int) else v for axis, v in sizes.items()})

    def apply(self, op: Op, operands: Sequence[Value] = ()) -> Tracked:
        """Return the result of the operation."""
        assert isinstance(self.t.value, Value)
        (value,) = self.builder.emit(op, [self.t.value, *operands])
        changes = dict(zip(self.dims, self.names, strict=True))
        return finish(self.t, value, {self.channel: CHANNEL, **changes})


def _place(t: Tracked, dim: int) -> str | None:
    """The usual name of a position of size 1, which has no digits to take one from."""
    if t.layout[dim]:
        return None
    usual = ("d", "h", "w")[-min(3, t.rank) :]
    name = usual[dim - t.rank] if t.rank - dim <= len(usual) else None
    taken = {digit.axis for other in t.layout for digit in other}
    return name if name not in taken else None


def reduced(i: ProgramInterpreter, t: Tracked, dims: Sequence[int], make: Any, *, varies: bool = False) -> Tracked:
    """Return a reduction over whole dimensions, which stay with size 1.

    Of one value alone it returns the value, unless it says how much values vary.
    """
    t, _ = i.builder.grouped(i.builder.materialised(t), [], touched=[d for d in dims if t.layout[d]])
    axes = tuple(digit.axis for dim in dims for digit in t.layout[dim] if digit.axis)
    layout = tuple(() if d in dims else dim for d, dim in enumerate(t.layout))
    if not axes and not varies:
        return Tracked(t.value, layout)
    assert isinstance(t.value, Value)
    return Tracked(i.builder.emit(make(axes), [t.value])[0], layout)
