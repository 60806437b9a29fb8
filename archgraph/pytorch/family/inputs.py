"""Inputs of small members: fewer tokens and positions, where these are symbols anyway."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from inspect import signature
from typing import TYPE_CHECKING, TypeVar

from archgraph.pytorch.trace.symbols.asked import Dynamic
from archgraph.spec.declarations import Declarations

if TYPE_CHECKING:
    from torch import nn

SizeRule = TypeVar("SizeRule")
TiedSizes = Mapping[str, Mapping[int, str]]
"""Dimensions of inputs, by the input's name, that are as large as a field."""
_MOST_STEPS = 9
"""Of how many steps a symbol of an input is made in a small member."""


def smaller(inputs: object, dynamic: Dynamic, sizes: Declarations) -> object:
    """Return inputs with fewer places along dimensions that are symbols, by the steps in which these may vary.

    What masks and positions are is told from their values, which takes time by the square of how many there are.
    """
    if not isinstance(inputs, Mapping):
        return inputs
    rules = {name: {dim: sizes.rule_of(symbol) for dim, symbol in dims.items()} for name, dims in dynamic.items()}
    return _with_sizes(inputs, rules, lambda size, rule: fewer_places(size, *rule))


def resized(inputs: object, module: nn.Module, tied: TiedSizes, values: Mapping[str, int]) -> object:
    """Return inputs some of whose dimensions are as large as fields."""
    if not tied:
        return inputs
    return _with_sizes(_by_name(inputs, module), tied, lambda size, field: values[field])


def _by_name(inputs: object, module: nn.Module) -> Mapping[str, object]:
    if isinstance(inputs, Mapping):
        return inputs
    return dict(
        zip(signature(module.forward).parameters, inputs if isinstance(inputs, tuple) else (inputs,), strict=False)
    )


def _with_sizes(
    inputs: Mapping[str, object], changes: Mapping[str, Mapping[int, SizeRule]], size: Callable[[int, SizeRule], int]
) -> dict[str, object]:
    import torch

    result = dict(inputs)
    for name, dims in changes.items():
        value = inputs.get(name)
        if not isinstance(value, torch.Tensor):
            continue
        shape = list(value.shape)
        for dim, rule in dims.items():
            shape[dim] = size(shape[dim], rule)
        if shape != list(value.shape):
            result[name] = torch.zeros(shape, dtype=value.dtype, device=value.device)
    return result


def fewer_places(size: int, step: int, offset: int) -> int:
    """Return a size of few steps.

    >>> fewer_places(128, 1, 0), fewer_places(225, 32, 1), fewer_places(1024, 32, 0)
    (9, 225, 288)
    """
    return min(size, offset + _MOST_STEPS * step)
