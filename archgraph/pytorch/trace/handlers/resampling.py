"""Pooling and resampling of positions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sympy import Expr, Rational

from archgraph.graph.ir import Value
from archgraph.ops.pooling import AvgPool, MaxPool
from archgraph.ops.resizing import AdaptiveAvgPool, AdaptiveMaxPool, GlobalAvgPool, Upsample
from archgraph.ops.traced.resize import Resize
from archgraph.pytorch.trace.arguments import Arguments
from archgraph.pytorch.trace.axes import Windows, per_dimension, per_position, reduced
from archgraph.pytorch.trace.builder import Tracked
from archgraph.pytorch.trace.interpret import ProgramInterpreter
from archgraph.pytorch.trace.registry import aten
from archgraph.sizes.symbols import product


@aten(
    "max_pool1d", "max_pool2d", "max_pool3d", "avg_pool1d", "avg_pool2d", "avg_pool3d", "max_pool1d_with_indices",
    "max_pool2d_with_indices", "max_pool3d_with_indices",
)  # fmt: skip
def pool(i: ProgramInterpreter, a: Arguments) -> Any:
    """Pooling over windows."""
    name = a.node.target._schema.name
    count = next(int(char) for char in name if char.isdigit())
    x = a.self if a.nodes.get("self") is not None else a.input
    w = Windows(i, x, count)
    kernel = per_dimension(a.kernel_size, count)
    stride = per_dimension(a.stride, count) if a.stride else kernel
    padding = w.by_name(per_dimension(a.padding, count, 0), 0)
    common = (w.by_name(kernel), w.by_name(stride), padding, bool(a.ceil_mode))
    dilation = w.by_name(per_dimension(a.nodes.get("dilation"), count))
    result = w.apply(MaxPool(*common, dilation) if "max" in name else AvgPool(*common))
    return (result, result) if "indices" in name else result


@aten("adaptive_max_pool1d", "adaptive_max_pool2d", "adaptive_max_pool3d")
def adaptive_max_pool(i: ProgramInterpreter, a: Arguments) -> Any:
    """The largest of every cell of a grid, and where it stands."""
    w = Windows(i, a.self, len(a.output_size))
    assert isinstance(w.t.value, Value)
    sizes = [i.sizes.expression(length) for length in a.node.meta["val"][0].shape[-len(a.output_size) :]]
    given = {**dict(w.t.axes), **dict(zip(w.names, sizes, strict=True))}
    result = w.apply(AdaptiveMaxPool(per_position({n: given[n] for n in w.t.value.type.positions})))
    return (result, result)


@aten("adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_avg_pool3d")
def adaptive_pool(i: ProgramInterpreter, a: Arguments) -> Tracked:
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


@aten(
    "upsample_nearest1d", "upsample_nearest2d", "upsample_nearest3d", "upsample_linear1d", "upsample_bilinear2d",
    "upsample_trilinear3d", "upsample_bicubic2d", "_upsample_nearest_exact1d", "_upsample_nearest_exact2d",
    "_upsample_nearest_exact3d", "_upsample_bilinear2d_aa", "_upsample_bicubic2d_aa",
)  # fmt: skip
def upsample(i: ProgramInterpreter, a: Arguments) -> Tracked:
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
        return w.apply(Upsample(w.by_name(factors), mode, corners and mode == "linear", not _scales(a)))
    mode = "nearest-exact" if "exact" in name else mode
    resize = Resize(w.by_name(list(sizes.values())), mode, corners, _bounded(a, name, factors), bool(_scales(a)))
    return w.apply(resize)


def _scales(a: Arguments) -> list[Any]:
    """The factors that the code names, as far as it names some and no size."""
    scales = a.nodes.get("scale_factors") or [a.nodes.get(key) for key in ("scales", "scales_h", "scales_w")]
    return [scale for scale in scales if scale is not None]


def _bounded(a: Arguments, name: str, factors: Sequence[Expr]) -> str:
    """Why the sizes do not say which neighbours are read: a factor was given that is not theirs."""
    if "_aa" in name:
        return "how far an interpolation against aliasing reads is not described"
    given = _scales(a)
    ratios = len(given) == len(factors) and all(f == Rational(scale) for f, scale in zip(factors, given, strict=True))
    return "an interpolation by a factor that is no ratio of its sizes" if given and not ratios else ""
