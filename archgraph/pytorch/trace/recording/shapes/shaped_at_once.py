"""The shapes of results that are plain to see: of one element for each, of layers and norms whose rows lie in order.

PyTorch asks a chain of functions in Python for them, which takes most of the time of a recording.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise

from torch import Tensor

from archgraph.pytorch.trace.recording.operators import operator_of
from archgraph.pytorch.trace.recording.shapes.lying import LyingTensor, PlainSides, are_plain, lying_in_rows
from archgraph.pytorch.trace.recording.shapes.resampled import GRIDS

ONE_FOR_EACH = frozenset(
    ("add", "sub", "mul", "div", "relu", "gelu", "silu", "tanh", "sigmoid", "hardswish", "hardsigmoid", "leaky_relu",
     "elu", "hardtanh", "mish", "exp", "neg", "sqrt", "rsqrt", "softplus", "erf", "abs", "sin", "cos", "square")
)  # fmt: skip
"""Operators that give one element for each of their operands, of the type that all of these have."""


def shaped_at_once(
    function: Callable[..., object], args: Sequence[object], kwargs: Mapping[str, object]
) -> LyingTensor | None:
    """Return how the result of an operator lies where that is plain to see, else None: then the operator is asked.

    >>> import torch
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


def written_at_once(function: Callable[..., object], args: Sequence[object], kwargs: Mapping[str, object]) -> object:
    """Return the tensor that an operator writes one element for each into, where that is plain to see, else None.

    >>> import torch
    >>> x = torch.empty(2, 3, device="meta")
    >>> written_at_once(torch.ops.aten.relu_.default, [x], {}) is x
    True
    """
    name = operator_of(function).name
    known = name.endswith("_") and name.rstrip("_") in ONE_FOR_EACH
    return args[0] if known and _one_for_each([*args, *kwargs.values()]) is not None else None


def _one_for_each(given: Sequence[object]) -> LyingTensor | None:
    tensors = [item for item in given if type(item) is Tensor]
    if not tensors or not all(type(item) in (Tensor, int, float, str) for item in given):
        return None
    first = tensors[0]
    fits = all(other.shape == first.shape or _is_spread_on(other.shape, first.shape) for other in tensors)
    return lying_in_rows(first.shape, first.dtype) if fits and are_plain(tensors) else None


def _is_spread_on(shape: PlainSides, whole: PlainSides) -> bool:
    """Whether a tensor has one element for several of another, whose order alone says how the result lies."""
    alone = len(shape) == len(whole) and 1 not in whole[1:]
    return alone and all(side in (1, other) for side, other in zip(shape, whole, strict=True))


def _linear(operand: Tensor, weight: Tensor, bias: Tensor | None = None) -> LyingTensor | None:
    given = [operand, weight, *([] if bias is None else [bias])]
    if not are_plain(given) or operand.ndim < 2 or weight.ndim != 2 or operand.shape[-1] != weight.shape[1]:
        return None
    if bias is not None and tuple(bias.shape) != (weight.shape[0],):
        return None
    return lying_in_rows((*operand.shape[:-1], weight.shape[0]), operand.dtype)


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


def _instance_norm(
    operand: Tensor,
    weight: Tensor | None,
    bias: Tensor | None,
    mean: Tensor | None,
    variance: Tensor | None,
    *settings: object,
) -> LyingTensor | None:
    several = operand.ndim > 2 and operand.shape[2:].numel() > 1
    own = several and mean is None and variance is None and settings[:1] == (True,)
    return _normalised(operand, (operand.shape[1],), (weight, bias)) if own else None


def _prelu(operand: Tensor, slopes: Tensor) -> LyingTensor | None:
    fits = operand.ndim > 1 and 1 not in operand.shape[1:] and slopes.numel() in (1, operand.shape[1])
    return _normalised(operand, (slopes.numel(),), (slopes,)) if fits else None


def _joined(parts: Sequence[Tensor], dim: int = 0) -> LyingTensor | None:
    if not parts or not are_plain(parts) or not -parts[0].ndim <= dim < parts[0].ndim:
        return None
    shapes, place = [[*part.shape] for part in parts], dim % parts[0].ndim
    length = sum(shape[place] for shape in shapes if len(shape) > place)
    for shape in shapes:
        shape[place : place + 1] = [length]
    alike = all(one == other for one, other in pairwise(shapes)) and 1 not in shapes[0][1:]
    return lying_in_rows(shapes[0], parts[0].dtype) if alike else None


def _normalised(operand: Tensor, own: PlainSides, weights: Iterable[Tensor | None]) -> LyingTensor | None:
    """A result that lies like the operand, if the weights are of some shape."""
    given = [weight for weight in weights if weight is not None]
    fits = all(tuple(weight.shape) == own for weight in given)
    return lying_in_rows(operand.shape, operand.dtype) if fits and are_plain([operand, *given]) else None


_RULES: Mapping[str, Callable[..., LyingTensor | None]] = {
    "linear": _linear,
    "layer_norm": _layer_norm,
    "group_norm": _group_norm,
    "batch_norm": _batch_norm,
    "instance_norm": _instance_norm,
    "prelu": _prelu,
    "cat": _joined,
    **GRIDS,
}
