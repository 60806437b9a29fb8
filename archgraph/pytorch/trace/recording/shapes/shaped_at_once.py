"""The shapes of results that are plain to see: of one element for each, of layers and norms whose rows lie in order.

PyTorch asks a chain of functions in Python for them, which takes most of the time of a recording.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple, TypeAlias

import torch
from torch import Tensor

from archgraph.pytorch.trace.recording.operators import operator_of

PlainSides: TypeAlias = "Sequence[int]"


class LyingTensor(NamedTuple):
    """The shape, strides and type of a result."""

    shape: tuple[int, ...]
    strides: tuple[int, ...]
    dtype: torch.dtype


ONE_FOR_EACH = frozenset(
    ("add", "sub", "mul", "div", "relu", "gelu", "silu", "tanh", "sigmoid", "hardswish", "hardsigmoid", "leaky_relu",
     "elu", "mish", "exp", "neg", "sqrt", "rsqrt", "softplus", "erf", "abs", "sin", "cos", "square")
)  # fmt: skip
"""Operators that give one element for each of their operands, of the type that all of these have."""
_FLOATING = (torch.float32, torch.float16, torch.bfloat16, torch.float64)


def shaped_at_once(
    function: Callable[..., object], args: Sequence[object], kwargs: Mapping[str, object]
) -> LyingTensor | None:
    """Return how the result of an operator lies where that is plain to see, else None: then the operator is asked.

    >>> x, w = torch.empty(2, 3, device="meta"), torch.empty(4, 3, device="meta")
    >>> shaped_at_once(torch.ops.aten.mul.Tensor, [x, x], {})
    LyingTensor(shape=(2, 3), strides=(3, 1), dtype=torch.float32)
    >>> shaped_at_once(torch.ops.aten.linear.default, [x, w], {}).shape
    (2, 4)
    """
    name = operator_of(function).name
    if name in ONE_FOR_EACH:
        return _one_for_each([*args, *kwargs.values()])
    rule = _RULES.get(name)
    return None if rule is None or kwargs else rule(*args)


def _one_for_each(given: Sequence[object]) -> LyingTensor | None:
    tensors = [item for item in given if type(item) is Tensor]
    if not tensors or not all(type(item) in (Tensor, int, float, str) for item in given):
        return None
    first = tensors[0]
    alike = all(other.shape == first.shape for other in tensors)
    return _in_order(first.shape, first.dtype) if alike and _are_plain(tensors) else None


def _linear(operand: Tensor, weight: Tensor, bias: Tensor | None = None) -> LyingTensor | None:
    given = [operand, weight, *([] if bias is None else [bias])]
    if not _are_plain(given) or operand.ndim < 2 or weight.ndim != 2 or operand.shape[-1] != weight.shape[1]:
        return None
    if bias is not None and tuple(bias.shape) != (weight.shape[0],):
        return None
    return _in_order((*operand.shape[:-1], weight.shape[0]), operand.dtype)


def _layer_norm(
    operand: Tensor, sides: PlainSides, weight: Tensor | None = None, bias: Tensor | None = None, *settings: object
) -> LyingTensor | None:
    own = tuple(operand.shape[operand.ndim - len(sides) :])
    return _normalised(operand, own, (weight, bias)) if own and tuple(sides) == own else None


def _group_norm(
    operand: Tensor, groups: int, weight: Tensor | None = None, bias: Tensor | None = None, *settings: object
) -> LyingTensor | None:
    fits = operand.ndim > 2 and operand.shape[1] % groups == 0
    return _normalised(operand, (operand.shape[1],), (weight, bias)) if fits else None


def _batch_norm(
    operand: Tensor,
    weight: Tensor | None,
    bias: Tensor | None,
    mean: Tensor | None,
    variance: Tensor | None,
    *settings: object,
) -> LyingTensor | None:
    stored = operand.ndim > 1 and mean is not None and variance is not None and settings[:1] == (False,)
    return _normalised(operand, (operand.shape[1],), (weight, bias, mean, variance)) if stored else None


def _normalised(operand: Tensor, own: PlainSides, weights: Iterable[Tensor | None]) -> LyingTensor | None:
    """A result that lies like the operand, if the weights are of some shape."""
    given = [weight for weight in weights if weight is not None]
    fits = all(tuple(weight.shape) == own for weight in given)
    return _in_order(operand.shape, operand.dtype) if fits and _are_plain([operand, *given]) else None


_RULES: Mapping[str, Callable[..., LyingTensor | None]] = {
    "linear": _linear,
    "layer_norm": _layer_norm,
    "group_norm": _group_norm,
    "batch_norm": _batch_norm,
}


def _are_plain(tensors: Sequence[Tensor]) -> bool:
    """Whether tensors are of one floating type, and lie row by row, so that what is made of them does too."""
    first = tensors[0].dtype
    return first in _FLOATING and all(tensor.dtype == first and _lies_in_order(tensor) for tensor in tensors)


def _lies_in_order(tensor: Tensor) -> bool:
    if tensor.layout != torch.strided or not tensor.is_meta:
        return False
    return tensor.stride() == _row_by_row(tensor.shape) and 0 not in tensor.shape


def _in_order(shape: PlainSides, dtype: torch.dtype) -> LyingTensor:
    return LyingTensor(tuple(shape), _row_by_row(shape), dtype)


def _row_by_row(shape: PlainSides) -> tuple[int, ...]:
    strides, step = list[int](), 1
    for side in reversed(shape):
        strides.append(step)
        step *= side
    return tuple(reversed(strides))
