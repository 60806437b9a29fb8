"""Functions of elements."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING

import torch
from torch.nn import functional

from archgraph.errors import UnsupportedOpError
from archgraph.pytorch.onnx.operators.table import OPERATORS, Results, operator
from archgraph.pytorch.onnx.stored import torch_type

if TYPE_CHECKING:
    from torch import Tensor

OPERATORS.update(
    {
        "Abs": torch.abs, "Acos": torch.acos, "Acosh": torch.acosh, "Add": torch.add, "And": torch.logical_and,
        "Asin": torch.asin, "Asinh": torch.asinh, "Atan": torch.atan, "Atanh": torch.atanh, "Ceil": torch.ceil,
        "Cos": torch.cos, "Cosh": torch.cosh, "Equal": torch.eq, "Erf": torch.erf, "Exp": torch.exp,
        "Floor": torch.floor, "Greater": torch.gt, "GreaterOrEqual": torch.ge, "HardSwish": functional.hardswish,
        "IsInf": torch.isinf, "IsNaN": torch.isnan, "Less": torch.lt, "LessOrEqual": torch.le, "Log": torch.log,
        "Mish": functional.mish, "Mul": torch.mul, "Neg": torch.neg, "Not": torch.logical_not, "Or": torch.logical_or,
        "Pow": torch.pow, "Reciprocal": torch.reciprocal, "Relu": torch.relu, "Round": torch.round,
        "Sigmoid": torch.sigmoid, "Sign": torch.sign, "Sin": torch.sin, "Sinh": torch.sinh,
        "Softplus": functional.softplus, "Softsign": functional.softsign, "Sqrt": torch.sqrt, "Sub": torch.sub,
        "Tan": torch.tan, "Tanh": torch.tanh, "Xor": torch.logical_xor, "BitwiseAnd": torch.bitwise_and,
        "BitwiseNot": torch.bitwise_not, "BitwiseOr": torch.bitwise_or, "BitwiseXor": torch.bitwise_xor,
    }
)  # fmt: skip


@operator("Identity")
def _identity(x: Tensor) -> Results:
    return x


@operator("Dropout")
def _dropout(
    x: Tensor, rate: Tensor | None = None, training: Tensor | None = None, *, ratio: float = 0.5, seed: int = 0,
    is_test: int = 1,
) -> Results:  # fmt: skip
    if training is not None and bool(training):
        raise UnsupportedOpError("Dropout that trains has no rule", hint="export the model for inference")
    return x


@operator("Div")
def _divide(x: Tensor, y: Tensor) -> Results:
    return torch.div(x, y) if x.is_floating_point() else torch.div(x, y, rounding_mode="trunc")


@operator("Mod")
def _remainder(x: Tensor, y: Tensor, *, fmod: int = 0) -> Results:
    return torch.fmod(x, y) if fmod else torch.remainder(x, y)


@operator("Max")
def _largest(*values: Tensor) -> Results:
    return reduce(torch.maximum, values)


@operator("Min")
def _smallest(*values: Tensor) -> Results:
    return reduce(torch.minimum, values)


@operator("Sum")
def _sum(*values: Tensor) -> Results:
    return reduce(torch.add, values)


@operator("Mean")
def _mean(*values: Tensor) -> Results:
    return reduce(torch.add, values) / len(values)


@operator("Where")
def _where(test: Tensor, x: Tensor, y: Tensor) -> Results:
    return torch.where(test, x, y)


@operator("Cast")
def _cast(x: Tensor, *, to: int, saturate: int = 1, round_mode: str = "up") -> Results:
    return x.to(torch_type(to))


@operator("CastLike")
def _cast_like(x: Tensor, y: Tensor, *, saturate: int = 1, round_mode: str = "up") -> Results:
    return x.to(y.dtype)


@operator("Clip")
def _clip(
    x: Tensor, low: Tensor | None = None, high: Tensor | None = None, *, min: float | None = None,
    max: float | None = None,
) -> Results:  # fmt: skip
    least = min if low is None else low.item()
    most = max if high is None else high.item()
    return x if least is None and most is None else torch.clamp(x, least, most)


@operator("LeakyRelu")
def _leaky_relu(x: Tensor, *, alpha: float = 0.01) -> Results:
    return functional.leaky_relu(x, alpha)


@operator("PRelu")
def _prelu(x: Tensor, slope: Tensor) -> Results:
    return torch.where(x < 0, x * slope, x) if slope.numel() not in (1, *x.shape[1:2]) else _channel_prelu(x, slope)


def _channel_prelu(x: Tensor, slope: Tensor) -> Tensor:
    return functional.prelu(x, slope.reshape(-1))


@operator("Elu")
def _elu(x: Tensor, *, alpha: float = 1.0) -> Results:
    return functional.elu(x, alpha)


@operator("Celu")
def _celu(x: Tensor, *, alpha: float = 1.0) -> Results:
    return functional.celu(x, alpha)


@operator("Selu")
def _selu(x: Tensor, *, alpha: float = 1.67326, gamma: float = 1.0507) -> Results:
    usual = abs(alpha - 1.67326) < 1e-4 and abs(gamma - 1.0507) < 1e-4
    return functional.selu(x) if usual else gamma * functional.elu(x, alpha)


@operator("ThresholdedRelu")
def _thresholded(x: Tensor, *, alpha: float = 1.0) -> Results:
    return functional.threshold(x, alpha, 0.0)


@operator("Shrink")
def _shrink(x: Tensor, *, lambd: float = 0.5, bias: float = 0.0) -> Results:
    return functional.softshrink(x, lambd) if bias else functional.hardshrink(x, lambd)


@operator("HardSigmoid")
def _hard_sigmoid(x: Tensor, *, alpha: float = 0.2, beta: float = 0.5) -> Results:
    usual = abs(alpha - 1 / 6) < 1e-6 and beta == 0.5
    return functional.hardsigmoid(x) if usual else (alpha * x + beta).clamp(0, 1)


@operator("Gelu")
def _gelu(x: Tensor, *, approximate: str = "none") -> Results:
    return functional.gelu(x, approximate=approximate)


@operator("Swish")
def _swish(x: Tensor, *, alpha: float = 1.0) -> Results:
    return functional.silu(x) if alpha == 1.0 else x * torch.sigmoid(alpha * x)


@operator("BitShift")
def _shifted(x: Tensor, y: Tensor, *, direction: str) -> Results:
    return torch.bitwise_left_shift(x, y) if direction == "LEFT" else torch.bitwise_right_shift(x, y)
