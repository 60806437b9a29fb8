"""Inputs of small members: fewer tokens and positions, where these are symbols anyway."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from archgraph.optional import import_torch
from archgraph.pytorch.trace.symbols.asked import Dynamic
from archgraph.spec.declarations import Declarations

MOST_STEPS = 9
"""Of how many steps a symbol of an input is made in a small member."""


def smaller(inputs: Any, dynamic: Dynamic, sizes: Declarations) -> Any:
    """Return inputs with fewer places along dimensions that are symbols, by the steps in which these may vary.

    What masks and positions are is told from their values, which takes time by the square of how many there are.
    """
    if not isinstance(inputs, Mapping):
        return inputs
    torch = import_torch()
    result = dict(inputs)
    for name, dims in dynamic.items():
        value = inputs.get(name)
        if not isinstance(value, torch.Tensor):
            continue
        shape = list(value.shape)
        for dim, symbol in dims.items():
            shape[dim] = fewer_places(shape[dim], *sizes.rule_of(symbol))
        result[name] = torch.zeros(shape, dtype=value.dtype, device=value.device)
    return result


def fewer_places(size: int, step: int, offset: int) -> int:
    """Return a size of few steps.

    >>> fewer_places(128, 1, 0), fewer_places(225, 32, 1), fewer_places(1024, 32, 0)
    (9, 225, 288)
    """
    return min(size, offset + MOST_STEPS * step)
