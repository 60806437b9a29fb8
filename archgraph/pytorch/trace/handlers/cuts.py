"""Operators that cut, shift, pad and join dimensions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any, Literal, TypeAlias

from sympy import Expr, Integer

from archgraph.graph.ir import Value
from archgraph.ops.arguments import Named
from archgraph.ops.base import Op
from archgraph.ops.cropping import Pad, Roll, Slice, Take
from archgraph.ops.rearrangement import Concat, Split
from archgraph.ops.traced.moves import Subsample
from archgraph.pytorch.trace.align import Alignment, Operand
from archgraph.pytorch.trace.arguments import Arguments
from archgraph.pytorch.trace.builder import Pending, Tracked
from archgraph.pytorch.trace.handlers.shapes import copies
from archgraph.pytorch.trace.interpret import ProgramInterpreter
from archgraph.pytorch.trace.layout import COPIES, AxisDigit, Dim, equal, extent, whole_axis
from archgraph.pytorch.trace.moving.orders import as_list
from archgraph.pytorch.trace.registry import aten
from archgraph.sizes.symbols import ZERO, product
from archgraph.sizes.types import CHANNEL

PadMode: TypeAlias = Literal["zero", "reflect", "replicate", "circular"]
Pads: TypeAlias = "dict[int, tuple[int | Expr, ...]]"
"""What is added before and behind, by dimension; what is negative is cut off."""


class Cut:
    """One dimension as a run of elements of one axis, `unit` of which make a step."""

    def __init__(self, i: ProgramInterpreter, t: Tracked, dim: int) -> None:
        t = i.builder.settled(t)
        content = t.layout[dim]
        self.copies: bool = len(content) == 1 and content[0].axis == COPIES
        self.i: ProgramInterpreter = i
        self.dim: int = dim
        # A cut of an inner digit takes a piece out of every row of the axis; as an axis of its own it is one piece.
        if not self.copies and not _is_outermost(t, content):
            t, _ = i.builder.grouped(t, [(None, (dim,))])
            content = t.layout[dim]
        self.t = t
        self.digit: AxisDigit = content[0]

    def range(self, start: Expr, length: Expr) -> Tracked:
        """Return a contiguous part."""
        if equal(length, self.digit.size):
            return self.t
        if self.copies:
            return self.t.replace(self.dim, copies(length))
        unit = self.digit.stride
        op = Slice(self.digit.axis, product((start, unit)), product((length, unit)))
        assert isinstance(self.t.value, Value)
        (value,) = self.i.builder.emit(op, [self.t.value])
        return self.resized(value, length)

    def resized(self, value: Value, length: Expr) -> Tracked:
        """Return a value whose dimension has another length."""
        content = () if length == 1 else (self.digit._replace(size=length),)
        return Tracked(value, tuple(content if d == self.dim else dim for d, dim in enumerate(self.t.layout)))

    def parts(self, sizes: Sequence[Expr]) -> list[Tracked]:
        """Return contiguous parts that make up the whole."""
        if self.copies:
            return [self.range(ZERO, length) for length in sizes]
        # Only channels are split by one operation that gives several results; positions are sliced, each part by
        # itself.
        if self.digit.axis != CHANNEL:
            starts = [sum(sizes[:place], ZERO) for place in range(len(sizes))]
            return [self.range(start, length) for start, length in zip(starts, sizes, strict=True)]
        widths = tuple(product((length, self.digit.stride)) for length in sizes)
        op = Split(parts=len(sizes)) if len(set(widths)) == 1 else Split(sizes=widths)
        assert isinstance(self.t.value, Value)
        values = self.i.builder.emit(op, [self.t.value])
        return [self.resized(value, length) for value, length in zip(values, sizes, strict=True)]

    def element(self, index: Expr) -> Tracked:
        """Return one element, without its dimension."""
        if self.copies:
            return _dropped(self.t, self.dim)
        # An element is then a run of several, which a slice keeps and taking one position would not.
        if self.digit.stride != 1:
            return _dropped(self.range(index, Integer(1)), self.dim)
        assert isinstance(self.t.value, Value)
        (value,) = self.i.builder.emit(Take(self.digit.axis, index), [self.t.value])
        return _dropped(Tracked(value, self.t.layout), self.dim)


def _is_outermost(t: Tracked, content: Dim) -> bool:
    """Whether a dimension is the outermost digit of an axis: a cut of it is a contiguous part of the axis."""
    if len(content) != 1:
        return False
    (digit,) = content
    return digit.axis != COPIES and equal(product((digit.stride, digit.size)), t.axes[digit.axis])


def _dropped(t: Tracked, dim: int) -> Tracked:
    return Tracked(t.value, tuple(content for place, content in enumerate(t.layout) if place != dim))


def _index(value: Any, length: Expr) -> Expr:
    """An index from the front, in the bounds of a dimension."""
    index = Integer(value) if isinstance(value, int) else value
    return index + length if index.is_negative else index


@aten("slice")
def slice_(i: ProgramInterpreter, a: Arguments) -> Tracked:
    """A part of one dimension."""
    dim = (a.dim or 0) % a.self.rank
    length = extent(a.self.layout[dim])
    after = i.sizes.expression(a.shape[dim])
    step = i.sizes.expression(a.step or 1)
    if equal(after, length) and step == 1:
        return a.self
    start = _index(a.start or 0, length)
    if not a.self.layout[dim]:
        return a.self
    cut = Cut(i, a.self, dim)
    if step == 1:
        return cut.range(start, after)
    return _strided(i, a.self, dim, start, step, after)


def _strided(i: ProgramInterpreter, t: Tracked, dim: int, start: Expr, step: Expr, after: Expr) -> Tracked:
    t, (axis,) = i.builder.grouped(i.builder.settled(t), [(None, (dim,))])
    assert isinstance(t.value, Value)
    op = Subsample(axis, step, start)
    # It stops before the end: the result has fewer positions than a step alone would leave.
    if not equal(op.infer(t.value.type)[0].size(axis), after):
        op = Subsample(axis, step, start, start + (after - 1) * step + 1)
    (value,) = i.builder.emit(op, [t.value])
    return Tracked(value, tuple(whole_axis(axis, after) if d == dim else content for d, content in enumerate(t.layout)))


@aten("narrow")
def narrow(i: ProgramInterpreter, a: Arguments) -> Tracked:
    """A part of one dimension of a given length."""
    dim = a.dim % a.self.rank
    length = i.sizes.expression(a.shape[dim])
    return Cut(i, a.self, dim).range(_index(a.start, extent(a.self.layout[dim])), length)


@aten("select")
def select(i: ProgramInterpreter, a: Arguments) -> Tracked:
    """One element of a dimension, which vanishes."""
    dim = a.dim % a.self.rank
    if not a.self.layout[dim]:
        return _dropped(a.self, dim)
    return Cut(i, a.self, dim).element(_index(a.index, extent(a.self.layout[dim])))


@aten("unbind")
def unbind(i: ProgramInterpreter, a: Arguments) -> list[Tracked]:
    """All elements of a dimension, which vanishes."""
    dim = (a.dim or 0) % a.self.rank
    if not a.self.layout[dim]:
        return [_dropped(a.self, dim)]
    cut = Cut(i, a.self, dim)
    count = len(a.node.meta["val"])
    # Where an element is a run, the parts come from one split and stay views of one memory.
    if cut.copies or cut.digit.stride == 1:
        return [cut.element(Integer(index)) for index in range(count)]
    return [_dropped(part, dim) for part in cut.parts([Integer(1)] * count)]


@aten("split", "split_with_sizes", "chunk", "tensor_split", "unsafe_chunk", "unsafe_split", "split_copy")
def split(i: ProgramInterpreter, a: Arguments) -> list[Tracked]:
    """A dimension in parts."""
    dim = (a.dim or 0) % a.self.rank
    sizes = [i.sizes.expression(part.shape[dim]) for part in a.node.meta["val"]]
    if len(sizes) == 1:
        return [a.self]
    parts = Cut(i, a.self, dim).parts(sizes)
    return [i.builder.copied(part) for part in parts] if a.node.target._schema.name.endswith("_copy") else parts


@aten("roll")
def roll(i: ProgramInterpreter, a: Arguments) -> Any:
    """A circular shift."""
    dims = [d % a.self.rank for d in as_list(a.dims)]
    if not dims:
        return NotImplemented
    t, names = i.builder.grouped(i.builder.settled(a.self), [(None, (d,)) for d in dims])
    if CHANNEL in names:
        return i.moved("roll", [t], a.node.meta["val"])
    shifts = dict(zip(names, map(i.sizes.expression, as_list(a.shifts)), strict=True))
    assert isinstance(t.value, Value)
    op = Roll(Named({axis: shifts.get(axis, ZERO) for axis in t.value.type.positions}))
    return Tracked(i.builder.emit(op, [t.value])[0], t.layout)


@aten("pad", "constant_pad_nd", "reflection_pad1d", "reflection_pad2d", "replication_pad1d", "replication_pad2d")
def pad(i: ProgramInterpreter, a: Arguments) -> Any:
    """Elements added, or cut off, on both sides."""
    x: Tracked = a.self
    widths = list(a.pad if a.nodes.get("pad") is not None else a.padding)
    pairs = [(widths[k], widths[k + 1]) for k in range(0, len(widths), 2)]
    # Torch lists the last dimension first.
    dims = {x.rank - 1 - k: pair for k, pair in enumerate(pairs) if pair != (0, 0)}
    if not dims:
        return x
    known: dict[str, Any] = {"constant": "zero", "reflect": "reflect", "replicate": "replicate", "circular": "circular"}
    name = a.node.target._schema.name
    mode: Any = (
        "reflect" if "reflection" in name else "replicate" if "replication" in name else known[a.mode or "constant"]
    )
    t, names = i.builder.grouped(i.builder.settled(x), [(None, (d,)) for d in dims])
    negative = any(map(_is_negative, chain(*dims.values())))
    result = a.node.meta["val"]
    # Channels are padded by no operation of the language; what is reflected may be what is cut off.
    if CHANNEL in names or 0 in result.shape or (negative and mode not in ("zero", "replicate")):
        return i.moved(f"{mode}_pad" if mode in ("reflect", "replicate") else "pad", [t], result)
    if negative:
        t, dims = _narrowed(i, t, dims)
    return _padded(i, t, dict(zip(dims, names, strict=True)), dims, mode)


def _narrowed(i: ProgramInterpreter, t: Tracked, dims: Pads) -> tuple[Tracked, Pads]:
    """Cut off what is added a negative number of times, and return what else is added."""
    for dim, pair in dims.items():
        before, after = (_expr(-width) if _is_negative(width) else ZERO for width in pair)
        t = Cut(i, t, dim).range(before, extent(t.layout[dim]) - before - after)
    left = {dim: tuple(0 if _is_negative(width) else width for width in pair) for dim, pair in dims.items()}
    return t, left


def _padded(i: ProgramInterpreter, t: Tracked, names: Mapping[int, str], dims: Pads, mode: PadMode) -> Tracked:
    assert isinstance(t.value, Value)
    sizes = {names[dim]: pair for dim, pair in dims.items()}
    if not any(chain(*sizes.values())):
        return i.builder.copied(t, asked=True)
    by = {axis: tuple(map(_expr, sizes.get(axis, (0, 0)))) for axis in t.value.type.positions}
    (value,) = i.builder.emit(Pad(Named(by), mode), [t.value])
    layout = list(t.layout)
    for dim, axis in names.items():
        layout[dim] = whole_axis(axis, value.type.size(axis))
    return Tracked(value, tuple(layout))


def _expr(value: Any) -> Expr:
    return Integer(value) if isinstance(value, int) else value


def _is_negative(value: Any) -> bool:
    return value < 0 if isinstance(value, int) else bool(value.is_negative)


# -- joins ---------------------------------------------------------------------------------------------------


@aten("cat", "concat", "concatenate")
def cat(i: ProgramInterpreter, a: Arguments) -> Tracked:
    """Tensors joined along a dimension."""
    rank = len(a.shape)
    tensors = [t for t in a.tensors if t.rank == rank and 0 not in t.shape]
    return joined(i, tensors, (a.dim or 0) % tensors[-1].rank)


@aten("stack")
def stack(i: ProgramInterpreter, a: Arguments) -> Tracked:
    """Tensors joined along a new dimension."""
    rank = a.tensors[0].rank + 1
    dim = (a.dim or 0) % rank
    return joined(i, [Tracked(t.value, (*t.layout[:dim], (), *t.layout[dim:])) for t in a.tensors], dim)


def joined(i: ProgramInterpreter, tensors: Sequence[Tracked], dim: int) -> Tracked:
    """Return tensors joined along one dimension."""
    if len(tensors) == 1:
        return tensors[0]
    rank = tensors[0].rank
    # One tensor that is joined with itself is settled once, so that it stays one value in the graph.
    distinct: dict[int, Tracked] = {}
    settled = [
        distinct.setdefault(id(t), i.builder.settled(t) if not any(t.layout) and isinstance(t.value, Pending) else t)
        for t in tensors
    ]
    align = Alignment(i.builder, [Operand(t, tuple(range(rank))) for t in settled], joined=dim, fill=True)
    values = align.values()
    op: Op = Concat(align.joined_name)
    (value,) = i.builder.emit(op, values)
    layout = tuple(
        whole_axis(align.joined_name, value.type.size(align.joined_name)) if label == dim else align.digits(label)
        for label in range(rank)
    )
    return Tracked(value, layout)
