"""Look-ups by index, and operators that only move elements."""

from __future__ import annotations

from functools import partial
from typing import Any

from archgraph.graph.ir import Value
from archgraph.ops.sources import Embedding
from archgraph.ops.traced.moves import Gather
from archgraph.ops.traced.values import Constant, Reduce
from archgraph.pytorch.trace.arguments import Arguments
from archgraph.pytorch.trace.builder import Tracked
from archgraph.pytorch.trace.interpret import ProgramInterpreter
from archgraph.pytorch.trace.layout import whole_axis
from archgraph.pytorch.trace.moving.known_moves import move_followed
from archgraph.pytorch.trace.registry import HANDLERS, aten
from archgraph.sizes.types import CHANNEL

MOVES = [
    "flip",
    "sort",
    "argsort",
    "topk",
    "gather",
    "scatter",
    "scatter_add",
    "scatter_reduce",
    "index_put",
    "index_add",
    "index_reduce",
    "index_copy",
    "index_fill",
    "tril",
    "triu",
    "diagonal",
    "diag_embed",
    "diagonal_scatter",
    "slice_scatter",
    "select_scatter",
    "unfold",
    "im2col",
    "col2im",
    "as_strided",
    "masked_select",
    "searchsorted",
    "bucketize",
    "nonzero",
    "one_hot",
    "rot90",
    "copy",
    "fill",
    "zero",
    "channel_shuffle",
    "grid_sampler",
    "grid_sampler_2d",
    "masked_scatter",
    "put",
    "unfold_copy",
    "unfold_backward",
    "histc",
    "constant",
    "native_channel_shuffle",
    "cummax",
    "cummin",
    "max_unpool2d",
    "max_unpool3d",
    "take",
    "narrow_copy",
]
SOURCES = [
    "arange",
    "zeros",
    "ones",
    "full",
    "empty",
    "zeros_like",
    "ones_like",
    "full_like",
    "empty_like",
    "new_zeros",
    "new_ones",
    "new_full",
    "new_empty",
    "rand",
    "randn",
    "rand_like",
    "randn_like",
    "randint",
    "linspace",
    "scalar_tensor",
    "eye",
    "tril_indices",
    "triu_indices",
    "logspace",
    "_efficientzerotensor",
    "randperm",
    "hann_window",
]


BAGS: tuple[Any, ...] = ("sum", "mean", "max")


@aten("embedding")
def embedding(i: ProgramInterpreter, a: Arguments) -> Tracked:
    """A table of learned vectors; a look-up in a value where the table is shared or computed."""
    ids = indices(i, a.indices)
    weight = a.nodes["weight"]
    assert isinstance(ids.value, Value)
    if i.program.is_natural(weight):
        i.program.used(weight)
        count, out = map(i.sizes.expression, weight.meta["val"].shape)
        (value,) = i.builder.emit(Embedding(count, out), [ids.value])
        return Tracked(value, (*ids.layout, whole_axis(CHANNEL, out)))
    known = a.node.known_operand(a.nodes["indices"]) is not None
    return moved(i, a) if known and weight.op == "call_function" else look_up(i, a.weight, 0, ids)


@aten("embedding_bag", "_embedding_bag")
def embedding_bag(i: ProgramInterpreter, a: Arguments) -> Any:
    """Learned vectors looked up and pooled; of one bag, for several are pooled by offsets."""
    weight, ids = a.nodes["weight"], indices(i, a.indices)
    if (
        len(a.node.meta["val"][0].shape) != 2
        or a.node.meta["val"][0].shape[0] != 1
        or a.nodes.get("per_sample_weights")
    ):
        return NotImplemented
    if not i.program.is_natural(weight) or not isinstance(ids.value, Value):
        return NotImplemented
    i.program.used(weight)
    count, out = map(i.sizes.expression, weight.meta["val"].shape)
    (value,) = i.builder.emit(Embedding(count, out), [ids.value])
    (pooled,) = i.builder.emit(Reduce(BAGS[a.mode or 0], ids.value.type.names), [value])
    others = (i.source_of(part) for part in a.node.meta["val"][1:])
    return [Tracked(pooled, ((), whole_axis(CHANNEL, out))), *others]


def indices(i: ProgramInterpreter, t: Tracked) -> Tracked:
    """Return indices without a channel axis."""
    t = i.builder.settled(t)
    if CHANNEL not in t.axes:
        return t
    dims = [dim for dim, content in enumerate(t.layout) if any(d.axis == CHANNEL for d in content)]
    name = "n" if "n" not in t.axes else "m"
    if not dims:
        return Tracked(i.builder.arrange(t, [(n, whole_axis(n, s)) for n, s in t.axes.items() if s != 1]), t.layout)
    return i.builder.grouped(t, [(name, (dims[0],))])[0]


def look_up(i: ProgramInterpreter, table: Tracked, dim: int, ids: Tracked) -> Tracked:
    """Return rows of a table by index."""
    ids = indices(i, ids)
    assert isinstance(ids.value, Value)
    others = [
        (_other_name(ids, place), (place,)) for place in range(table.rank) if place != dim and table.layout[place]
    ]
    t, (axis, *names) = i.builder.grouped(i.builder.settled(table), [("rows", (dim,)), *others])
    assert isinstance(t.value, Value)
    (value,) = i.builder.emit(Gather(axis), [t.value, ids.value])
    layout = [*t.layout[:dim], *ids.layout, *t.layout[dim + 1 :]]
    assert len(names) == len(others)
    return Tracked(value, tuple(layout))


def _other_name(ids: Tracked, place: int) -> str:
    return CHANNEL if place == 1 else f"r{place}"


def moved(i: ProgramInterpreter, a: Arguments) -> Any:
    """An operator that moves elements: from where is found by running it on their numbers."""
    results = a.node.meta["val"]
    if isinstance(results, (list, tuple)):
        return [move_followed(i, a.node, place) for place in range(len(results))]
    return move_followed(i, a.node)


def source(i: ProgramInterpreter, a: Arguments) -> Tracked:
    """A tensor that depends on a shape only."""
    dtype = i.program.dtype(a.node.meta["val"])
    return i.pending(a.shape, partial(Constant, dtype=dtype), "constant", dtype)


@aten("index")
def index(i: ProgramInterpreter, a: Arguments) -> Any:
    """A look-up with tensors of indices: one that is not known is a look-up in a table."""
    nodes = a.nodes["indices"]
    given = [place for place, node in enumerate(nodes) if node is not None]
    known = all(a.node.known_operand(nodes[place]) is not None for place in given)
    if known or len(given) != 1 or nodes[given[0]].meta["val"].dtype.is_floating_point:
        return moved(i, a)
    place = given[0]
    if str(nodes[place].meta["val"].dtype) == "torch.bool":
        return moved(i, a)
    return look_up(i, a.self, place, i.fetch(nodes[place]))


@aten("scatter")
def scatter(i: ProgramInterpreter, a: Arguments) -> object:
    """Elements written to given places; what multiplies them has no gradient, and keeps nothing."""
    return moved(i, a) if a.nodes.get("reduce") is None else NotImplemented


@aten("index_select")
def index_select(i: ProgramInterpreter, a: Arguments) -> Any:
    """A look-up of rows."""
    if a.node.known_operand(a.nodes["index"]) is not None:
        return moved(i, a)
    return look_up(i, a.self, a.dim % a.self.rank, a.index)


for _name in MOVES:
    HANDLERS.setdefault(_name, moved)
for _name in SOURCES:
    HANDLERS.setdefault(_name, source)
