"""Which stand-in replaces which aten operation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from archgraph.pytorch.measure import products, standins

MOVED = """
_unsafe_view as_strided atleast_1d broadcast_to channel_shuffle chunk col2im
copy diagonal empty_like expand expand_as flatten flip full_like gather hstack im2col index index_select
lift_fresh_copy masked_fill meshgrid moveaxis narrow new_full new_ones new_zeros ones_like
pixel_shuffle pixel_unshuffle ravel repeat repeat_interleave reshape reshape_as resolve_conj rot90 select
split split_with_sizes squeeze stack swapaxes swapdims tril triu unbind unflatten unfold
unsqueeze view view_as vstack where zeros_like
"""
TURNED = "alias clone contiguous movedim permute t transpose"
CUT = "roll slice"
GATHERED = """
_adaptive_avg_pool2d _upsample_bilinear2d_aa adaptive_avg_pool1d adaptive_avg_pool2d adaptive_avg_pool3d
avg_pool1d avg_pool2d avg_pool3d reflection_pad1d reflection_pad2d reflection_pad3d
replication_pad1d replication_pad2d replication_pad3d upsample_bicubic2d upsample_bilinear2d
upsample_linear1d upsample_nearest1d upsample_nearest2d upsample_nearest3d upsample_trilinear3d
"""
_SAME = """
_to_copy abs acos acosh alpha_dropout asin asinh atan atanh batch_norm bernoulli celu clamp clamp_max clamp_min
cos cosh detach dropout elu erf erfc exp exp2 expm1 feature_dropout frac gelu hardsigmoid hardswish hardtanh
leaky_relu log log10 log1p log2 log_sigmoid logical_not logit mish nan_to_num neg positive pow prelu reciprocal
relu relu6 rrelu rsqrt selu sigmoid sign silu sin sinh softplus softshrink sqrt square tan tanh tanhshrink
threshold to type_as
"""
SAME_SHAPE = frozenset(_SAME.split())
ADDED = "add add_ atan2 div floor_divide fmod hypot maximum minimum remainder rsub sub true_divide"
AVERAGED = "amax amin linalg_vector_norm logsumexp norm prod std var"


def _last(rank: int, shape: list[int], *args: Any) -> tuple[int, ...]:
    return tuple(range(rank - len(shape), rank))


def _positions(rank: int, *args: Any) -> tuple[int, ...]:
    return tuple(range(2, rank))


STANDINS: dict[str, Callable[..., Any]] = {
    **dict.fromkeys(MOVED.split(), standins.as_it_is),
    **dict.fromkeys(TURNED.split(), standins.turned),
    **dict.fromkeys(CUT.split(), standins.cut),
    **dict.fromkeys(GATHERED.split(), standins.gathered),
    **dict.fromkeys(SAME_SHAPE, standins.same),
    **dict.fromkeys(ADDED.split(), standins.added),
    **dict.fromkeys(AVERAGED.split(), standins.averaged),
    **dict.fromkeys(("cumsum", "mean", "sum"), standins.summed),
    **dict.fromkeys(("cat", "concat"), standins.joined),
    **dict.fromkeys(("conv1d", "conv2d", "conv3d"), standins.convolved),
    **dict.fromkeys(("conv_transpose1d", "conv_transpose2d", "conv_transpose3d"), standins.spread),
    **dict.fromkeys(("max_pool1d", "max_pool2d", "max_pool3d"), standins.pooled),
    **dict.fromkeys(("softmax", "log_softmax"), products.softmax),
    **dict.fromkeys(("matmul", "mm", "bmm"), products.product),
    **dict.fromkeys(("addmm", "baddbmm"), products.added_product),
    **dict.fromkeys(("constant_pad_nd", "pad"), standins.padded),
    "einsum": products.contracted,
    "embedding": standins.looked_up,
    "group_norm": standins.grouped_norm,
    "instance_norm": standins.normalised(_positions),
    "layer_norm": standins.normalised(_last),
    "linear": standins.linear,
    "mul": standins.multiplied,
    "rms_norm": standins.normalised(_last, centred=False),
    "scaled_dot_product_attention": products.attention,
}
