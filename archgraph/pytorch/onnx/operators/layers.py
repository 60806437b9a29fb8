"""Convolutions, products, norms and pools."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import TYPE_CHECKING

import torch
from torch.nn import functional

from archgraph.errors import UnsupportedOpError
from archgraph.pytorch.onnx.operators.padding import border, same_border, symmetric
from archgraph.pytorch.onnx.operators.table import Results, operator

if TYPE_CHECKING:
    from torch import Tensor

CONVOLVED_BY_RANK = {1: functional.conv1d, 2: functional.conv2d, 3: functional.conv3d}
TRANSPOSED_BY_RANK = {1: functional.conv_transpose1d, 2: functional.conv_transpose2d, 3: functional.conv_transpose3d}
MAXIMA_BY_RANK = {1: functional.max_pool1d, 2: functional.max_pool2d, 3: functional.max_pool3d}
MEANS_BY_RANK: dict[int, Callable[..., Tensor]] = {
    1: functional.avg_pool1d,
    2: functional.avg_pool2d,
    3: functional.avg_pool3d,
}


@operator("Conv")
def _convolution(
    x: Tensor, weight: Tensor, bias: Tensor | None = None, *, auto_pad: str = "NOTSET",
    dilations: Sequence[int] = (), group: int = 1, kernel_shape: Sequence[int] = (), pads: Sequence[int] = (),
    strides: Sequence[int] = (),
) -> Results:  # fmt: skip
    rank = weight.ndim - 2
    steps, gaps = list(strides or [1] * rank), list(dilations or [1] * rank)
    pads = same_border(x.shape[2:], weight.shape[2:], steps, gaps, auto_pad) or list(pads or [0] * 2 * rank)
    if symmetric(pads):
        return CONVOLVED_BY_RANK[rank](x, weight, bias, steps, pads[:rank], gaps, group)
    return CONVOLVED_BY_RANK[rank](border(x, pads), weight, bias, steps, 0, gaps, group)


@operator("ConvTranspose")
def _transposed(
    x: Tensor, weight: Tensor, bias: Tensor | None = None, *, auto_pad: str = "NOTSET",
    dilations: Sequence[int] = (), group: int = 1, kernel_shape: Sequence[int] = (),
    output_padding: Sequence[int] = (), output_shape: Sequence[int] = (), pads: Sequence[int] = (),
    strides: Sequence[int] = (),
) -> Results:  # fmt: skip
    rank = weight.ndim - 2
    steps, gaps = list(strides or [1] * rank), list(dilations or [1] * rank)
    more, cut = list(output_padding or [0] * rank), list(pads or [0] * 2 * rank)
    if output_shape or auto_pad.startswith("SAME"):
        raise UnsupportedOpError("ConvTranspose to a stated shape has no rule", hint="write its pads")
    both = [min(a, b) for a, b in zip(cut[:rank], cut[rank:], strict=True)]
    made = TRANSPOSED_BY_RANK[rank](x, weight, bias, steps, both, more, group, gaps)
    rest = [b - a for a, b in zip([*both, *both], cut, strict=True)]
    for dim, (first, last) in enumerate(zip(rest[:rank], rest[rank:], strict=True), 2):
        made = made.narrow(dim, first, made.shape[dim] - first - last) if first or last else made
    return made


@operator("MatMul")
def _product(x: Tensor, y: Tensor) -> Results:
    return torch.matmul(x, y)


@operator("Gemm")
def _gemm(
    x: Tensor, y: Tensor, bias: Tensor | None = None, *, alpha: float = 1.0, beta: float = 1.0, transA: int = 0,  # noqa: N803
    transB: int = 0, broadcast: int = 0,  # noqa: N803
) -> Results:  # fmt: skip
    left = x.transpose(0, 1) if transA else x
    if transB and alpha == beta == 1.0 and (bias is None or bias.ndim == 1):
        return functional.linear(left, y, bias)
    made = torch.matmul(left, y.transpose(0, 1) if transB else y)
    made = made if alpha == 1.0 else made * alpha
    return made if bias is None else made + (bias if beta == 1.0 else bias * beta)


@operator("Einsum")
def _einsum(*values: Tensor, equation: str) -> Results:
    return torch.einsum(equation, *values)


@operator("BatchNormalization")
def _batch_norm(
    x: Tensor, weight: Tensor, bias: Tensor, mean: Tensor, variance: Tensor, *, epsilon: float = 1e-5,
    momentum: float = 0.9, training_mode: int = 0, spatial: int = 1, is_test: int = 1,
) -> Results:  # fmt: skip
    if training_mode:
        raise UnsupportedOpError("BatchNormalization that trains has no rule", hint="export the model for inference")
    return functional.batch_norm(x, mean, variance, weight, bias, training=False, eps=epsilon)


@operator("InstanceNormalization")
def _instance_norm(x: Tensor, weight: Tensor, bias: Tensor, *, epsilon: float = 1e-5) -> Results:
    return functional.instance_norm(x, weight=weight, bias=bias, eps=epsilon)


@operator("LayerNormalization")
def _layer_norm(
    x: Tensor, weight: Tensor | None = None, bias: Tensor | None = None, *, axis: int = -1, epsilon: float = 1e-5,
    stash_type: int = 1,
) -> Results:  # fmt: skip
    return functional.layer_norm(x, x.shape[axis:], weight, bias, epsilon)


@operator("RMSNormalization")
def _rms_norm(
    x: Tensor, weight: Tensor | None = None, *, axis: int = -1, epsilon: float = 1e-5, stash_type: int = 1
) -> Results:
    return functional.rms_norm(x, x.shape[axis:], weight, epsilon)


@operator("GroupNormalization", version=True)
def _group_norm(
    x: Tensor, weight: Tensor, bias: Tensor, *, num_groups: int, epsilon: float = 1e-5, stash_type: int = 1,
    opset: int = 21,
) -> Results:  # fmt: skip
    if opset >= 21:
        return functional.group_norm(x, num_groups, weight, bias, epsilon)
    made = functional.group_norm(x, num_groups, eps=epsilon)
    each = x.shape[1] // num_groups
    shape = (-1, *[1] * (x.ndim - 2))
    return made * weight.repeat_interleave(each).reshape(shape) + bias.repeat_interleave(each).reshape(shape)


@operator("LpNormalization")
def _lp_norm(x: Tensor, *, axis: int = -1, p: int = 2) -> Results:
    return x / torch.linalg.vector_norm(x, p, axis, keepdim=True)


@operator("LRN")
def _local_response(x: Tensor, *, size: int, alpha: float = 1e-4, beta: float = 0.75, bias: float = 1.0) -> Results:
    return functional.local_response_norm(x, size, alpha, beta, bias)


@operator("Softmax", version=True)
def _softmax(x: Tensor, *, axis: int | None = None, opset: int = 13) -> Results:
    return _along_rest(x, axis, opset, torch.softmax)


@operator("LogSoftmax", version=True)
def _log_softmax(x: Tensor, *, axis: int | None = None, opset: int = 13) -> Results:
    return _along_rest(x, axis, opset, torch.log_softmax)


def _along_rest(x: Tensor, axis: int | None, opset: int, function: Callable[[Tensor, int], Tensor]) -> Tensor:
    """Along one dimension; before version 13 along all from one on together."""
    if opset >= 13:
        return function(x, -1 if axis is None else axis)
    first = (1 if axis is None else axis) % x.ndim
    return function(x, -1) if first == x.ndim - 1 else function(x.flatten(first), -1).reshape(x.shape)


@operator("MaxPool")
def _max_pool(
    x: Tensor, *, kernel_shape: Sequence[int], auto_pad: str = "NOTSET", ceil_mode: int = 0,
    dilations: Sequence[int] = (), pads: Sequence[int] = (), storage_order: int = 0, strides: Sequence[int] = (),
) -> Results:  # fmt: skip
    rank = len(kernel_shape)
    steps, gaps = list(strides or [1] * rank), list(dilations or [1] * rank)
    pads = same_border(x.shape[2:], kernel_shape, steps, gaps, auto_pad) or list(pads or [0] * 2 * rank)
    if not symmetric(pads) or any(2 * pad > kernel for pad, kernel in zip(pads, [*kernel_shape] * 2, strict=True)):
        x, pads = border(x, pads, float("-inf")), [0] * 2 * rank
    return MAXIMA_BY_RANK[rank](x, list(kernel_shape), steps, pads[:rank], gaps, bool(ceil_mode))


@operator("AveragePool")
def _average_pool(
    x: Tensor, *, kernel_shape: Sequence[int], auto_pad: str = "NOTSET", ceil_mode: int = 0,
    count_include_pad: int = 0, dilations: Sequence[int] = (), pads: Sequence[int] = (), strides: Sequence[int] = (),
) -> Results:  # fmt: skip
    rank = len(kernel_shape)
    steps = list(strides or [1] * rank)
    pads = same_border(x.shape[2:], kernel_shape, steps, [1] * rank, auto_pad) or list(pads or [0] * 2 * rank)
    if any(gap != 1 for gap in dilations):
        raise UnsupportedOpError("AveragePool with dilations has no rule", hint="export it as a convolution")
    if symmetric(pads) and all(2 * pad <= kernel for pad, kernel in zip(pads, [*kernel_shape] * 2, strict=True)):
        return MEANS_BY_RANK[rank](x, list(kernel_shape), steps, pads[:rank], bool(ceil_mode), bool(count_include_pad))
    made = MEANS_BY_RANK[rank](border(x, pads), list(kernel_shape), steps, 0, bool(ceil_mode))
    if count_include_pad:
        return made
    inside = border(torch.ones((1, 1, *x.shape[2:]), dtype=x.dtype, device=x.device), pads)
    return made / MEANS_BY_RANK[rank](inside, list(kernel_shape), steps, 0, bool(ceil_mode))


@operator("GlobalAveragePool")
def _global_average(x: Tensor) -> Results:
    return x.mean(tuple(range(2, x.ndim)), keepdim=True)


@operator("GlobalMaxPool")
def _global_max(x: Tensor) -> Results:
    return x.amax(tuple(range(2, x.ndim)), keepdim=True)


@operator("LpPool")
def _lp_pool(
    x: Tensor, *, kernel_shape: Sequence[int], p: int = 2, auto_pad: str = "NOTSET", ceil_mode: int = 0,
    dilations: Sequence[int] = (), pads: Sequence[int] = (), strides: Sequence[int] = (),
) -> Results:  # fmt: skip
    if any(gap != 1 for gap in dilations) or ceil_mode:
        raise UnsupportedOpError("LpPool with dilations or ceil_mode has no rule", hint="export it without")
    rank = len(kernel_shape)
    steps = list(strides or [1] * rank)
    pads = same_border(x.shape[2:], kernel_shape, steps, [1] * rank, auto_pad) or list(pads or [0] * 2 * rank)
    powers = border(x.abs().pow(p), pads)
    return (MEANS_BY_RANK[rank](powers, list(kernel_shape), steps) * prod(kernel_shape)).pow(1 / p)


@operator("MeanVarianceNormalization")
def _mean_variance(x: Tensor, *, axes: Sequence[int] = (0, 2, 3)) -> Results:
    centred = x - x.mean(list(axes), keepdim=True)
    return centred / (centred.square().mean(list(axes), keepdim=True).sqrt() + 1e-9)


@operator("Hardmax", version=True)
def _hardmax(x: Tensor, *, axis: int | None = None, opset: int = 13) -> Results:
    return _along_rest(x, axis, opset, _one_of_each)


def _one_of_each(x: Tensor, dim: int) -> Tensor:
    return functional.one_hot(x.argmax(dim), x.shape[dim]).movedim(-1, dim).to(x.dtype)


@operator("Det")
def _determinant(x: Tensor) -> Results:
    return torch.linalg.det(x)
