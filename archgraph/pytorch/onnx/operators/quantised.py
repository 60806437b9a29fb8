"""Numbers as small integers: steps of a scale, counted from a zero point."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from archgraph.errors import UnsupportedOpError
from archgraph.pytorch.onnx.operators.table import OPERATORS, Results, operator
from archgraph.pytorch.onnx.stored import torch_type

if TYPE_CHECKING:
    from torch import Tensor


@operator("QuantizeLinear")
def _quantised(
    x: Tensor, scale: Tensor, zero: Tensor | None = None, *, axis: int = 1, block_size: int = 0,
    output_dtype: int = 0, precision: int = 0, saturate: int = 1,
) -> Results:  # fmt: skip
    asked = torch_type(output_dtype) if output_dtype else torch.uint8
    start = None if zero is None else _along(zero, x, axis, block_size)
    return _steps(x, _along(scale, x, axis, block_size), start, asked if zero is None else zero.dtype)


@operator("DequantizeLinear")
def _numbers(
    x: Tensor, scale: Tensor, zero: Tensor | None = None, *, axis: int = 1, block_size: int = 0, output_dtype: int = 0
) -> Results:
    start = None if zero is None else _along(zero, x, axis, block_size)
    found = _values(x, _along(scale, x, axis, block_size), start)
    return found.to(torch_type(output_dtype)) if output_dtype else found


@operator("DynamicQuantizeLinear", several=True)
def _by_its_range(x: Tensor, *, outputs: int = 3) -> Results:
    least, most = x.amin().clamp(max=0), x.amax().clamp(min=0)
    scale = (most - least) / 255
    zero = (-least / scale).round().clamp(0, 255)
    return [(x / scale).round().add(zero).clamp(0, 255).to(torch.uint8), scale, zero.to(torch.uint8)][:outputs]


@operator("QLinearConv")
def _convolution(
    x: Tensor, x_scale: Tensor, x_zero: Tensor, weight: Tensor, scale: Tensor, zero: Tensor, y_scale: Tensor,
    y_zero: Tensor, bias: Tensor | None = None, **attributes: object,
) -> Results:  # fmt: skip
    known = _values(weight, _along(scale, weight, 0), _along(zero, weight, 0))
    # The bias counts in steps of both scales.
    added = None if bias is None else bias.to(x_scale.dtype) * (x_scale * scale).reshape(-1)
    found = OPERATORS["Conv"](_values(x, x_scale, x_zero), known, added, **attributes)
    assert isinstance(found, torch.Tensor)
    return _steps(found, y_scale, y_zero, y_zero.dtype)


@operator("QLinearMatMul")
def _product(
    x: Tensor, x_scale: Tensor, x_zero: Tensor, y: Tensor, y_scale: Tensor, y_zero: Tensor, scale: Tensor, zero: Tensor
) -> Results:
    left = _values(x, _along(x_scale, x, -2), _along(x_zero, x, -2))
    right = _values(y, _along(y_scale, y, -1), _along(y_zero, y, -1))
    return _steps(torch.matmul(left, right), scale, zero, zero.dtype)


@operator("MatMulInteger")
def _whole_product(x: Tensor, y: Tensor, x_zero: Tensor | None = None, y_zero: Tensor | None = None) -> Results:
    left = _counted(x, None if x_zero is None else _along(x_zero, x, -2))
    right = _counted(y, None if y_zero is None else _along(y_zero, y, -1))
    return torch.matmul(left, right).to(torch.int32)


@operator("ConvInteger")
def _whole_convolution(
    x: Tensor, weight: Tensor, x_zero: Tensor | None = None, zero: Tensor | None = None, **attributes: object
) -> Results:
    known = _counted(weight, None if zero is None else _along(zero, weight, 0))
    found = OPERATORS["Conv"](_counted(x, x_zero), known, **attributes)
    assert isinstance(found, torch.Tensor)
    return found.to(torch.int32)


def _steps(x: Tensor, scale: Tensor, zero: Tensor | None, kind: torch.dtype) -> Tensor:
    """Return the steps of a scale that numbers are nearest to."""
    if kind.is_floating_point:
        raise UnsupportedOpError("QuantizeLinear to floating numbers has no rule", hint="use 8-bit integers")
    counted = (x / scale).round()
    counted = counted if zero is None else counted + zero.to(x.dtype)
    return counted.clamp(torch.iinfo(kind).min, torch.iinfo(kind).max).to(kind)


def _values(x: Tensor, scale: Tensor, zero: Tensor | None) -> Tensor:
    return _counted(x, zero, scale.dtype) * scale


def _counted(x: Tensor, zero: Tensor | None, kind: torch.dtype = torch.float32) -> Tensor:
    """Return steps counted from the zero point, in a type whose products PyTorch has."""
    return x.to(kind) if zero is None else x.to(kind) - zero.to(kind)


def _along(part: Tensor, x: Tensor, axis: int, block: int = 0) -> Tensor:
    """Return numbers of a tensor, of an axis or of blocks along it as those of its elements."""
    if part.numel() == 1:
        return part.reshape(())
    if block:
        return part.repeat_interleave(block, axis).narrow(axis, 0, x.shape[axis])
    if part.ndim > 1:
        return part
    shape = [1] * x.ndim
    shape[axis] = -1
    return part.reshape(shape)
