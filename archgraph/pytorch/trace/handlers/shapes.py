"""Operators that regroup, permute and repeat dimensions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sympy import Expr, Integer

from archgraph.graph.ir import Value
from archgraph.ops.traced.stored import Detach
from archgraph.pytorch.trace.arguments import Arguments
from archgraph.pytorch.trace.builder import Tracked
from archgraph.pytorch.trace.interpret import ProgramInterpreter
from archgraph.pytorch.trace.layout import COPIES, AxisDigit, Dim, divide, extent, merged_digits, regroup
from archgraph.pytorch.trace.moving.known_moves import picked
from archgraph.pytorch.trace.moving.orders import REORDERING, dimension_order
from archgraph.pytorch.trace.recording.node import RecordedNode
from archgraph.pytorch.trace.registry import aten
from archgraph.pytorch.trace.strides import row_major
from archgraph.sizes.symbols import product


@aten(
    "to",
    "_to_copy",
    "contiguous",
    "alias",
    "type_as",
    "native_dropout",
    "lift_fresh_copy",
    "lift_fresh",
    "float",
    "half",
    "double",
    "resolve_conj",
    "_conj",
    "_conj_physical",
    "conj_physical",
    "positive",
    "requires_grad_",
    "to_dense",
    "bernoulli",
)
def identity(i: ProgramInterpreter, a: Arguments) -> Any:
    """What changes neither shape nor values, or only how they are stored."""
    x = next(getattr(a, name) for name in ("self", "input") if name in a.nodes)
    return (x, None) if isinstance(a.node.meta["val"], (list, tuple)) else x


@aten("clone")
def clone(i: ProgramInterpreter, a: Arguments) -> Tracked:
    """A copy, which autograd may keep beside what it was made of."""
    return i.builder.copied(a.self, asked=True) if isinstance(a.self.value, Value) else a.self


@aten("detach", "detach_")
def detach(i: ProgramInterpreter, a: Arguments) -> Tracked:
    """What no gradient comes back through."""
    t = i.builder.settled(a.self)
    assert isinstance(t.value, Value)
    return Tracked(i.builder.emit(Detach(), [t.value])[0], t.layout)


# -- views ---------------------------------------------------------------------------------------------------


@aten(
    "view", "reshape", "flatten", "unflatten", "_unsafe_view", "squeeze", "unsqueeze", "view_as", "reshape_as", "ravel"
)
def view(i: ProgramInterpreter, a: Arguments) -> Tracked:
    """A row-major view in another shape."""
    shape = [i.sizes.expression(length) for length in a.shape]
    return viewed(i, a.self, shape, a.node)


def viewed(i: ProgramInterpreter, t: Tracked, shape: Sequence[Expr], node: RecordedNode) -> Tracked:
    """Return the tensor in another shape."""
    layout = regroup([digit for dim in t.layout for digit in dim], shape)
    if layout is not None:
        return Tracked(t.value, layout)
    settled = i.builder.settled(t)
    return i.moved(
        "view" if _lies_in_order(i, settled, node.target._schema.name) else "reshape", [settled], node.meta["val"]
    )


def _lies_in_order(i: ProgramInterpreter, t: Tracked, name: str) -> bool:
    """Whether a tensor is seen in another shape as it lies in memory, without a copy."""
    if "view" in name:
        return True
    assert isinstance(t.value, Value)
    usual = row_major(t.value.type)
    digits = [(d.axis, d.stride) for dim in t.layout for d in dim]
    return i.builder.strides(t.value) == usual and digits == [(axis, 1) for axis, size in t.axes.items() if size != 1]


@aten(*sorted(REORDERING))
def reordered(i: ProgramInterpreter, a: Arguments) -> Tracked:
    """Dimensions in another order."""
    order = dimension_order(a.node, a.self.rank)
    assert order is not None
    return a.self.with_layout([a.self.layout[dim] for dim in order])


@aten("expand", "expand_as", "broadcast_to")
def expand(i: ProgramInterpreter, a: Arguments) -> Tracked:
    """Dimensions of size 1 repeated."""
    shape = [i.sizes.expression(length) for length in a.shape]
    layout = [(), *[()] * (len(shape) - a.self.rank - 1), *a.self.layout][-len(shape) :] if shape else []
    dims = [_repeated(dim, length) for dim, length in zip(layout, shape, strict=True)]
    return a.self.with_layout(dims)


def _repeated(dim: Dim, length: Expr) -> Dim:
    return (AxisDigit(COPIES, Integer(1), length),) if not dim and length != 1 else dim


@aten("repeat", "tile")
def repeat(i: ProgramInterpreter, a: Arguments) -> Tracked:
    """Dimensions repeated as a whole."""
    times = list(a.repeats if a.nodes.get("repeats") is not None else a.dims)
    layout: list[Dim] = [*[()] * (len(times) - a.self.rank), *a.self.layout]
    times = [1] * (len(layout) - len(times)) + times
    made = [(*copies(count), *dim) for count, dim in zip(times, layout, strict=True)]
    return i.builder.copied(a.self.with_layout(made))


@aten("repeat_interleave")
def repeat_interleave(i: ProgramInterpreter, a: Arguments) -> Any:
    """Every element of a dimension, or of all in order, repeated as often as a number says, or one of several."""
    if isinstance(a.repeats, Tracked):
        known = a.self is not None and a.node.known_operand(a.nodes["repeats"]) is not None
        dim = 0 if a.nodes.get("dim") is None else a.dim
        return picked(i, a.node, a.nodes["self"], a.shape[dim]) if known else NotImplemented
    if a.nodes.get("dim") is None:
        content = merged_digits((*(digit for dim in a.self.layout for digit in dim), *copies(a.repeats)))
        return i.builder.copied(a.self.with_layout([content]))
    dim = a.dim % a.self.rank
    return i.builder.copied(a.self.replace(dim, merged_digits((*a.self.layout[dim], *copies(a.repeats)))))


@aten("meshgrid")
def meshgrid(i: ProgramInterpreter, a: Arguments) -> list[Tracked]:
    """Every operand along a dimension of its own, repeated along the others; `xy` swaps the first two."""
    tensors: list[Tracked] = a.tensors
    places = list(range(len(tensors)))
    if a.nodes.get("indexing") == "xy" and len(places) > 1:
        places[:2] = 1, 0
    sizes = [product(t.shape) for t in tensors]
    shape = [sizes[place] for place in places]
    flat = [t.layout[0] if t.rank else () for t in tensors]
    return [
        t.with_layout([flat[k] if place == at else copies(size) for at, size in enumerate(shape)])
        for k, (t, place) in enumerate(zip(tensors, places, strict=True))
    ]


def copies(count: Any) -> Dim:
    size = Integer(count) if isinstance(count, int) else count
    return () if size == 1 else (AxisDigit(COPIES, Integer(1), size),)


@aten("pixel_shuffle")
def pixel_shuffle(i: ProgramInterpreter, a: Arguments) -> Tracked:
    """Channels moved into blocks of positions."""
    r = Integer(a.upscale_factor)
    *front, channel, rows, columns = a.self.layout
    parts = regroup(channel, [divide(extent(channel), r * r), r, r])
    assert parts is not None
    return a.self.with_layout([*front, parts[0], (*rows, *parts[1]), (*columns, *parts[2])])


@aten("pixel_unshuffle")
def pixel_unshuffle(i: ProgramInterpreter, a: Arguments) -> Tracked:
    """Blocks of positions moved into channels."""
    r = Integer(a.downscale_factor)
    *front, channel, rows, columns = a.self.layout
    y, x = (regroup(dim, [divide(extent(dim), r), r]) for dim in (rows, columns))
    assert y is not None and x is not None
    return a.self.with_layout([*front, (*channel, *y[1], *x[1]), y[0], x[0]])
