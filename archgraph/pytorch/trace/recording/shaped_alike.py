"""The shapes of results that operators say at once: of one element each, and of rows that lie in order.

PyTorch asks a chain of functions in Python for them, which takes most of the time of a recording.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

import torch

from archgraph.pytorch.trace.recording.operators import operator_of

SidesGiven: TypeAlias = Sequence[int]


class LyingTensor(NamedTuple):
    """The shape, strides and type of a result."""

    shape: tuple[int, ...]
    strides: tuple[int, ...]
    dtype: torch.dtype


ELEMENTWISE = frozenset(
    ("add", "sub", "mul", "div", "relu", "gelu", "silu", "tanh", "sigmoid", "hardswish", "hardsigmoid", "leaky_relu",
     "elu", "mish", "exp", "neg", "sqrt", "rsqrt", "softplus", "erf", "abs", "sin", "cos", "square")
)  # fmt: skip
"""Operators that give one element for every one of their operands, of the type that all of these have."""
FLOATING = (torch.float32, torch.float16, torch.bfloat16, torch.float64)


def shaped_at_once(function: object, args: Sequence[Any], kwargs: Mapping[str, Any]) -> LyingTensor | None:
    """Return how the result of an operator lies where that is plain to see, else None: then the operator is asked.

    >>> x, w = torch.empty(2, 3, device="meta"), torch.empty(4, 3, device="meta")
    >>> shaped_at_once(torch.ops.aten.mul.Tensor, [x, x], {})
    LyingTensor(shape=(2, 3), strides=(3, 1), dtype=torch.float32)
    >>> shaped_at_once(torch.ops.aten.linear.default, [x, w], {}).shape
    (2, 4)
    """
    name = operator_of(function).name
    if name in ELEMENTWISE:
        return _elementwise(args, kwargs)
    rule = _RULES.get(name)
    return None if rule is None or kwargs else rule(*args)


def _elementwise(args: Sequence[Any], kwargs: Mapping[str, Any]) -> LyingTensor | None:
    tensors = [arg for arg in args if type(arg) is torch.Tensor]
    others = [arg for arg in (*args, *kwargs.values()) if type(arg) is not torch.Tensor]
    if not tensors or not all(type(other) in (int, float, str) for other in others):
        return None
    first = tensors[0]
    alike = all(other.shape == first.shape and other.dtype == first.dtype for other in tensors)
    return _like(first) if alike and all(map(_is_plain, tensors)) else None


def _linear(operand: Any, weight: Any, bias: Any = None) -> LyingTensor | None:
    given = [operand, weight, *([] if bias is None else [bias])]
    if not all(map(_is_plain, given)) or len({tensor.dtype for tensor in given}) > 1 or operand.ndim < 2:
        return None
    fits = weight.ndim == 2 and operand.shape[-1] == weight.shape[1]
    if not fits or (bias is not None and tuple(bias.shape) != (weight.shape[0],)):
        return None
    return _in_order((*operand.shape[:-1], weight.shape[0]), operand.dtype)


def _layer_norm(
    operand: Any, sides: SidesGiven, weight: Any = None, bias: Any = None, *settings: object
) -> LyingTensor | None:
    own = tuple(operand.shape[operand.ndim - len(sides) :])
    return _normalised(operand, own, (weight, bias)) if tuple(sides) == own and own else None


def _group_norm(
    operand: Any, groups: int, weight: Any = None, bias: Any = None, *settings: object
) -> LyingTensor | None:
    fits = operand.ndim > 2 and operand.shape[1] % groups == 0
    return _normalised(operand, (operand.shape[1],), (weight, bias)) if fits else None


def _batch_norm(operand: Any, weight: Any, bias: Any, mean: Any, variance: Any, *settings: object) -> LyingTensor | None:
    known = operand.ndim > 1 and mean is not None and variance is not None and settings[:1] == (False,)
    return _normalised(operand, (operand.shape[1],), (weight, bias, mean, variance)) if known else None


def _normalised(operand: Any, own: SidesGiven, tensors: Sequence[Any]) -> LyingTensor | None:
    """A result that lies like the operand, whose weights are of some shape."""
    given = [tensor for tensor in tensors if tensor is not None]
    fits = all(tuple(tensor.shape) == own and tensor.dtype == operand.dtype for tensor in given)
    return _like(operand) if fits and all(map(_is_plain, [operand, *given])) else None


_RULES: Mapping[str, Callable[..., LyingTensor | None]] = {
    "linear": _linear,
    "layer_norm": _layer_norm,
    "group_norm": _group_norm,
    "batch_norm": _batch_norm,
}


def _is_plain(tensor: Any) -> bool:
    """Whether a tensor is of floating type, not empty, and lies row by row, so that what is made of it does too."""
    if tensor.dtype not in FLOATING or tensor.layout != torch.strided or not tensor.is_meta:
        return False
    return tuple(tensor.stride()) == _row_by_row(tensor.shape) and 0 not in tensor.shape


def _like(tensor: Any) -> LyingTensor:
    return LyingTensor(tuple(tensor.shape), tuple(tensor.stride()), tensor.dtype)


def _in_order(shape: tuple[int, ...], dtype: torch.dtype) -> LyingTensor:
    return LyingTensor(shape, _row_by_row(shape), dtype)


def _row_by_row(shape: SidesGiven) -> tuple[int, ...]:
    strides, step = [], 1
    for side in reversed(shape):
        strides.append(step)
        step *= side
    return tuple(reversed(strides))
