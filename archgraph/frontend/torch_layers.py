"""Layers: convolution, linear, norms, embeddings, pooling, resampling."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sympy import Expr, Integer

from archgraph.frontend.torch_align import broadcast
from archgraph.frontend.torch_builder import Tracked
from archgraph.frontend.torch_contractions import linear_product
from archgraph.frontend.torch_interpret import Arguments, Interpreter, aten
from archgraph.frontend.torch_layout import whole
from archgraph.ir import Value
from archgraph.ops.arguments import Named, PerAxis
from archgraph.ops.arithmetic import Add, Multiply
from archgraph.ops.base import Op
from archgraph.ops.convolution import Conv, ConvTranspose
from archgraph.ops.linear import Linear
from archgraph.ops.normalisation import BatchNorm, GroupNorm, InstanceNorm, LayerNorm
from archgraph.ops.pooling import AvgPool, MaxPool
from archgraph.ops.resizing import AdaptiveAvgPool, GlobalAvgPool, Upsample
from archgraph.ops.rms import RmsNorm
from archgraph.ops.sources import Embedding
from archgraph.ops.traced import Convolve, Resize
from archgraph.ops.traced_moves import Gather
from archgraph.symbols import product
from archgraph.types import CHANNEL

ONE, ZERO = Integer(1), Integer(0)


def per_position(values: Mapping[str, Expr]) -> PerAxis:
    """Return one size where all axes have the same, else sizes by name."""
    distinct = set(values.values())
    return distinct.pop() if len(distinct) == 1 else Named(dict(values))


def listed(value: Any, count: int, default: int = 1) -> list[int]:
    """Return one number per dimension."""
    if value is None or (isinstance(value, (list, tuple)) and not value):
        return [default] * count
    if isinstance(value, (int, Expr)):
        return [int(value)] * count
    given = [int(item) for item in value]
    return given * count if len(given) == 1 else given


def finish(t: Tracked, value: Value, changes: Mapping[int, str]) -> Tracked:
    """Return the result of an operation that changed the size of some dimensions, each a whole axis."""
    layout = list(t.layout)
    for dim, axis in changes.items():
        layout[dim] = whole(axis, value.type.size(axis))
    return Tracked(value, tuple(layout))


class Windows:
    """An operand of a windowed operation: channels and positions as whole axes, other positions beside them."""

    def __init__(self, i: Interpreter, t: Tracked, count: int) -> None:
        self.builder = i.builder
        first = t.rank - count
        self.dims = tuple(range(first, t.rank))
        wanted = [(CHANNEL, (first - 1,)), *((_place(t, d), (d,)) for d in self.dims)]
        self.t, names = i.builder.grouped(i.builder.settled(t), wanted)
        self.names = names[1:]
        self.channel = first - 1

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


# -- convolution ---------------------------------------------------------------------------------------------


@aten("conv1d", "conv2d", "conv3d")
def convolution(i: Interpreter, a: Arguments) -> Tracked:
    """A convolution, or a linear layer where there is a single position and tap."""
    return _convolution(i, a, int(a.node.target._schema.name[-2]), transposed=False)


@aten("conv_transpose1d", "conv_transpose2d", "conv_transpose3d")
def transposed_convolution(i: Interpreter, a: Arguments) -> Tracked:
    """A transposed convolution."""
    return _convolution(i, a, int(a.node.target._schema.name[-2]), transposed=True)


@aten("convolution", "_convolution")
def any_convolution(i: Interpreter, a: Arguments) -> Tracked:
    """A convolution of any rank."""
    count = len(a.nodes["weight"].meta["val"].shape) - 2
    return _convolution(i, a, count, bool(a.nodes.get("transposed")))


def _convolution(i: Interpreter, a: Arguments, count: int, transposed: bool) -> Tracked:
    weight = a.nodes["weight"]
    shape = [int(length) for length in weight.meta["val"].shape]
    origin = i.program.origin(weight)
    natural = i.program.is_natural(origin)
    if natural and not transposed and _is_linear(a, origin, shape, count):
        return linear_over(i, a, a.input.rank - count - 1, shape, origin)
    w = Windows(i, a.input, count)
    bias = _bias(i, a) if natural else None
    op = _conv_op(w, a, shape, count, transposed, bias is True)
    if natural:
        i.program.used(origin)
        result = w.apply(op)
    else:
        result = w.apply(Convolve(op), [_weight_value(i, a.weight)])
    return result if bias is True else _with_bias(i, result, a, w.channel)


def _is_linear(a: Arguments, origin: Any, shape: list[int], count: int) -> bool:
    """Whether a convolution is a linear layer: at a single position, or with the weight of one."""
    x: Tracked = a.input
    single = all(not dim for dim in x.layout[x.rank - count :]) or len(origin.meta["val"].shape) == 2
    given = a.nodes.get("padding")
    plain = isinstance(given, str) or not any(listed(given, count, 0))
    steps = all(step == 1 for step in listed(a.nodes.get("stride"), count))
    return single and plain and steps and set(shape[2:]) == {1} and int(a.nodes.get("groups") or 1) == 1


def linear_over(i: Interpreter, a: Arguments, dim: int, shape: list[int], origin: Any) -> Tracked:
    """A linear layer along one dimension."""
    bias = _bias(i, a)
    i.program.used(origin)
    t, (axis,) = i.builder.grouped(i.builder.settled(a.input), [(_linear_axis(a.input, dim), (dim,))])
    assert isinstance(t.value, Value)
    (value,) = i.builder.emit(Linear(Integer(shape[0]), bias is True, axis), [t.value])
    result = finish(t, value, {dim: axis})
    return result if bias is True else _with_bias(i, result, a, dim)


def _conv_op(w: Windows, a: Arguments, shape: list[int], count: int, transposed: bool, bias: bool) -> Any:
    given = a.nodes.get("padding")
    groups = int(a.nodes.get("groups") or 1)
    common: dict[str, Any] = {
        "kernel": w.by_name(shape[2:]),
        "stride": w.by_name(listed(a.stride, count)),
        "dilation": w.by_name(listed(a.dilation, count)),
        "padding": given if isinstance(given, str) else w.by_name(listed(a.padding, count, 0), 0),
        "groups": Integer(groups),
        "bias": bias,
    }
    if isinstance(given, str) and given == "same":
        common["padding"] = _same(w, shape[2:], listed(a.dilation, count))
    if not transposed:
        return Conv(Integer(shape[0]), **common)
    extra = w.by_name(listed(a.output_padding, count, 0), 0)
    return ConvTranspose(Integer(shape[1] * groups), output_padding=extra, **common)


def _same(w: Windows, kernels: list[int], dilations: list[int]) -> Any:
    """Padding that keeps the size; an odd total has its extra element at the end."""
    totals = [d * (k - 1) for k, d in zip(kernels, dilations, strict=True)]
    assert isinstance(w.t.value, Value)
    given = {n: (Integer(total // 2), Integer(total - total // 2)) for n, total in zip(w.names, totals, strict=True)}
    return Named({axis: given.get(axis, (ZERO, ZERO)) for axis in w.t.value.type.positions})


def _weight_value(i: Interpreter, weight: Tracked) -> Value:
    names = ["o", "i", "k0", "k1", "k2"]
    return i.builder.arrange(weight, [(names[d], dim) for d, dim in enumerate(weight.layout) if dim])


def _bias(i: Interpreter, a: Arguments) -> bool | None:
    """True where a layer has its own bias; None where there is none or it is a value."""
    node = a.nodes.get("bias")
    if node is None or not i.program.is_natural(node):
        return None
    i.program.used(node)
    return True


def _with_bias(i: Interpreter, result: Tracked, a: Arguments, dim: int) -> Tracked:
    if a.nodes.get("bias") is None:
        return result
    bias: Tracked = a.bias
    spread = bias.with_layout([*bias.layout, *[()] * (result.rank - dim - 1)])
    values, layout = broadcast(i.builder, [result, spread])
    return Tracked(i.builder.emit(Add(), values)[0], layout)


@aten("linear")
def linear(i: Interpreter, a: Arguments) -> Tracked:
    """A linear layer; a product with a value where the weight is shared or computed."""
    weight = a.nodes["weight"]
    origin = i.program.origin(weight)
    if not i.program.is_natural(origin):
        return _with_bias(i, linear_product(i, a.input, a.weight), a, a.input.rank - 1)
    shape = [int(length) for length in weight.meta["val"].shape]
    return linear_over(i, a, a.input.rank - 1, shape, origin)


def _linear_axis(x: Tracked, dim: int) -> str | None:
    """A linear layer runs along the axis that its dimension is; one of size 1 is a channel."""
    return CHANNEL if not x.layout[dim] and x.axes.get(CHANNEL, 1) == 1 else None


# -- norms ---------------------------------------------------------------------------------------------------


def normalised(i: Interpreter, a: Arguments, t: Tracked, make: Any, dim: int) -> Tracked:
    """A norm over channels, with its own weights where they are its own, else followed by products and sums."""
    assert isinstance(t.value, Value)
    weight, bias = a.nodes.get("weight"), a.nodes.get("bias")
    own = weight is not None and i.program.is_natural(weight) and (bias is None or i.program.is_natural(bias))
    if own:
        for node in (weight, bias):
            if node is not None:
                i.program.used(node)
    (value,) = i.builder.emit(make(own, bias is not None), [t.value])
    result = Tracked(value, t.layout)
    return result if own else _affine(i, result, a, dim)


def _affine(i: Interpreter, result: Tracked, a: Arguments, dim: int) -> Tracked:
    for name, op in (("weight", Multiply()), ("bias", Add())):
        if a.nodes.get(name) is not None:
            operand: Tracked = getattr(a, name)
            spread = operand.with_layout([*operand.layout, *[()] * (result.rank - dim - 1)])
            values, layout = broadcast(i.builder, [result, spread])
            result = Tracked(i.builder.emit(op, values)[0], layout)
    return result


@aten("layer_norm", "native_layer_norm")
def layer_norm(i: Interpreter, a: Arguments) -> Tracked:
    """Layer norm over the last dimensions."""
    count = len(a.normalized_shape)
    dims = tuple(range(a.input.rank - count, a.input.rank))
    t, _ = i.builder.grouped(i.builder.settled(a.input), [(CHANNEL, dims)])
    return normalised(i, a, t, lambda own, bias: LayerNorm(own, bias or not own), a.input.rank - 1)


@aten("rms_norm")
def rms_norm(i: Interpreter, a: Arguments) -> Tracked:
    """RMS norm over the last dimensions."""
    count = len(a.normalized_shape)
    dims = tuple(range(a.input.rank - count, a.input.rank))
    t, _ = i.builder.grouped(i.builder.settled(a.input), [(CHANNEL, dims)])
    return normalised(i, a, t, lambda own, bias: RmsNorm(own), a.input.rank - 1)


@aten("group_norm")
def group_norm(i: Interpreter, a: Arguments) -> Tracked:
    """Group norm."""
    t, _ = i.builder.grouped(i.builder.settled(a.input), [(CHANNEL, (1,))])
    return normalised(i, a, t, lambda own, bias: GroupNorm(own, Integer(a.num_groups)), 1)


@aten("instance_norm")
def instance_norm(i: Interpreter, a: Arguments) -> Tracked:
    """Instance norm."""
    t, _ = i.builder.grouped(i.builder.settled(a.input), [(CHANNEL, (1,))])
    return normalised(i, a, t, lambda own, bias: InstanceNorm(own), 1)


@aten("batch_norm", "_native_batch_norm_legit_no_training", "cudnn_batch_norm")
def batch_norm(i: Interpreter, a: Arguments) -> Any:
    """Batch norm, with its running statistics."""
    statistics = [a.nodes.get("running_mean"), a.nodes.get("running_var")]
    if any(node is None or not i.program.is_natural(node, buffer=True) for node in statistics):
        return NotImplemented
    for node in statistics:
        i.program.used(node)
    t, _ = i.builder.grouped(i.builder.settled(a.input), [(CHANNEL, (1,))])
    return normalised(i, a, t, lambda own, bias: BatchNorm(own), 1)


# -- tables --------------------------------------------------------------------------------------------------


@aten("embedding")
def embedding(i: Interpreter, a: Arguments) -> Tracked:
    """A table of learned vectors; a look-up in a value where the table is shared or computed."""
    ids = indices(i, a.indices)
    weight = a.nodes["weight"]
    assert isinstance(ids.value, Value)
    if i.program.is_natural(weight):
        i.program.used(weight)
        count, out = (Integer(int(length)) for length in weight.meta["val"].shape)
        (value,) = i.builder.emit(Embedding(count, out), [ids.value])
        return Tracked(value, (*ids.layout, whole(CHANNEL, out)))
    return look_up(i, a.weight, 0, ids)


def indices(i: Interpreter, t: Tracked) -> Tracked:
    """Return indices without a channel axis."""
    t = i.builder.settled(t)
    if CHANNEL not in t.axes:
        return t
    dims = [dim for dim, content in enumerate(t.layout) if any(d.axis == CHANNEL for d in content)]
    name = "n" if "n" not in t.axes else "m"
    if not dims:
        return Tracked(i.builder.arrange(t, [(n, whole(n, s)) for n, s in t.axes.items() if s != 1]), t.layout)
    return i.builder.grouped(t, [(name, (dims[0],))])[0]


def look_up(i: Interpreter, table: Tracked, dim: int, ids: Tracked) -> Tracked:
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


# -- pooling and resampling ----------------------------------------------------------------------------------


@aten("max_pool1d", "max_pool2d", "max_pool3d", "avg_pool1d", "avg_pool2d", "avg_pool3d", "max_pool2d_with_indices")
def pool(i: Interpreter, a: Arguments) -> Any:
    """Pooling over windows."""
    name = a.node.target._schema.name
    count = next(int(char) for char in name if char.isdigit())
    x = a.self if a.nodes.get("self") is not None else a.input
    if any(d != 1 for d in listed(a.dilation, count)):
        return NotImplemented
    w = Windows(i, x, count)
    kernel = listed(a.kernel_size, count)
    stride = listed(a.stride, count) if a.stride else kernel
    make = MaxPool if "max" in name else AvgPool
    padding = w.by_name(listed(a.padding, count, 0), 0)
    result = w.apply(make(w.by_name(kernel), w.by_name(stride), padding, bool(a.ceil_mode)))
    return (result, result) if "indices" in name else result


@aten("adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_avg_pool3d")
def adaptive_pool(i: Interpreter, a: Arguments) -> Tracked:
    """Average pooling to a given size."""
    sizes = [i.sizes.expression(length) for length in a.shape[-len(a.output_size) :]]
    count = len(sizes)
    if any(length != 1 for length in sizes):
        w = Windows(i, a.self, count)
        assert isinstance(w.t.value, Value)
        given = {**dict(w.t.axes), **dict(zip(w.names, sizes, strict=True))}
        return w.apply(AdaptiveAvgPool(per_position({n: given[n] for n in w.t.value.type.positions})))
    dims = tuple(range(a.self.rank - count, a.self.rank))
    return reduced(i, a.self, dims, lambda axes: GlobalAvgPool(axes))


def reduced(i: Interpreter, t: Tracked, dims: Sequence[int], make: Any) -> Tracked:
    """Return a reduction over whole dimensions, which stay with size 1."""
    t, _ = i.builder.grouped(i.builder.settled(t), [], touched=[d for d in dims if t.layout[d]])
    axes = tuple(digit.axis for dim in dims for digit in t.layout[dim] if digit.axis)
    layout = tuple(() if d in dims else dim for d, dim in enumerate(t.layout))
    if not axes:
        return Tracked(t.value, layout)
    assert isinstance(t.value, Value)
    return Tracked(i.builder.emit(make(axes), [t.value])[0], layout)


@aten(
    "upsample_nearest1d", "upsample_nearest2d", "upsample_nearest3d", "upsample_linear1d", "upsample_bilinear2d",
    "upsample_trilinear3d", "upsample_bicubic2d", "_upsample_nearest_exact2d", "_upsample_bilinear2d_aa",
    "_upsample_bicubic2d_aa",
)  # fmt: skip
def upsample(i: Interpreter, a: Arguments) -> Tracked:
    """Resampling by an integer factor, or to a size."""
    name = a.node.target._schema.name
    count = next(int(char) for char in name if char.isdigit())
    x = a.input if a.nodes.get("input") is not None else a.self
    w = Windows(i, x, count)
    mode: Any = next(
        known for key, known in (("nearest", "nearest"), ("cubic", "cubic"), ("linear", "linear")) if key in name
    )
    sizes = dict(zip(w.names, (i.sizes.expression(length) for length in a.shape[-count:]), strict=True))
    factors = [product((length, 1 / w.t.axes[axis])) for axis, length in sizes.items()]
    corners = bool(a.align_corners)
    if mode != "cubic" and all(f.is_Integer and f >= 1 for f in factors):
        return w.apply(Upsample(w.by_name(factors), mode, corners and mode == "linear"))
    return w.apply(Resize(w.by_name(list(sizes.values())), mode, corners))


__all__ = ["finish", "indices", "listed", "look_up", "reduced"]
