"""Operators that were run on the same shapes before: their results are made again, without asking the operator."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch

from archgraph.pytorch.trace.recording.known import memory
from archgraph.pytorch.trace.recording.shapes.lying import LyingTensor
from archgraph.pytorch.trace.recording.shapes.shaped_at_once import shaped_at_once


class RepeatedCalls:
    """Runs operators on shapes, equal calls once: layers of a network are many, and their shapes are few.

    Only results in memory of their own are made again: what shares memory with an operand is asked for every time.
    """

    def __init__(self) -> None:
        self._made: dict[Any, tuple[type, list[LyingTensor]]] = {}

    def run(
        self, function: Callable[..., Any], args: Sequence[Any], kwargs: dict[str, Any], operands: Sequence[Any]
    ) -> Any:
        """Return the result of an operator on tensors without values."""
        try:
            key = (function, _signature(args), _signature(tuple(kwargs.items())))
            found = self._made.get(key)
        except TypeError:
            return function(*args, **kwargs)
        if found is not None:
            kind, parts = found
            return _tensor(parts[0]) if kind is torch.Tensor else kind(map(_tensor, parts))
        plain = shaped_at_once(function, args, kwargs)
        if plain is not None:
            self._made[key] = torch.Tensor, [plain]
            return _tensor(plain)
        result = function(*args, **kwargs)
        parts = result if type(result) in (list, tuple) else [result]
        if all(type(part) is torch.Tensor for part in parts) and _is_fresh(parts, operands):
            self._made[key] = type(result), [_made(part) for part in parts]
        return result


def _signature(item: Any) -> Any:
    if isinstance(item, torch.Tensor):
        if item.layout != torch.strided:
            raise TypeError
        return item.shape, item.stride(), item.dtype, item.device.type, item.storage_offset()
    if isinstance(item, (list, tuple)):
        return tuple(map(_signature, item))
    # True is equal to 1, and 1 to 1.0.
    return type(item), item


def _is_fresh(parts: Sequence[Any], operands: Sequence[Any]) -> bool:
    """Whether every result has memory of its own, and is nothing but numbers in a row."""
    if not all(part.layout == torch.strided and part.is_meta and not part.dtype.is_complex for part in parts):
        return False
    places = {memory(part) for part in parts}
    return len(places) == len(parts) and places.isdisjoint(map(memory, operands))


def _made(tensor: Any) -> LyingTensor:
    return LyingTensor(tuple(tensor.shape), tensor.stride(), tensor.dtype)


def _tensor(made: LyingTensor) -> Any:
    shape, strides, dtype = made
    return torch.empty_strided(shape, strides, dtype=dtype, device="meta")
