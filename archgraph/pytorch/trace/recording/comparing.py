"""Sizes that note what they are compared with, given to a module's code in the place of integers."""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

from archgraph.pytorch.trace.recording.compared import Comparisons

RELATIONS = {"__eq__": "==", "__ne__": "!=", "__lt__": "<", "__le__": "<=", "__gt__": ">", "__ge__": ">="}
ARITHMETIC = (
    "__add__", "__radd__", "__sub__", "__rsub__", "__mul__", "__rmul__", "__floordiv__", "__rfloordiv__", "__mod__",
    "__rmod__", "__pow__", "__neg__", "__abs__",
)  # fmt: skip

_comparisons: ContextVar[Comparisons | None] = ContextVar("comparisons", default=None)


class Length(int):
    """The size of a tensor, or what is computed of sizes: an integer that notes what it is compared with."""

    __hash__ = int.__hash__

    def __bool__(self) -> bool:
        result = int(self) != 0
        noted = _comparisons.get()
        if noted is not None:
            noted.note("!=", self, 0, holds=result)
        return result


def _comparing(name: str, relation: str) -> Any:
    compare = getattr(int, name)

    def compared(self: Length, other: Any) -> Any:
        result = compare(self, other)
        noted = _comparisons.get()
        if noted is not None and result is not NotImplemented:
            noted.note(relation, self, other, holds=result)
        return result

    return compared


def _computing(name: str) -> Any:
    compute = getattr(int, name)

    def computed(self: Length, *others: Any) -> Any:
        result = compute(self, *others)
        return Length(result) if type(result) is int else result

    return computed


for _name, _relation in RELATIONS.items():
    setattr(Length, _name, _comparing(_name, _relation))
for _name in ARITHMETIC:
    setattr(Length, _name, _computing(_name))

_SHAPE = torch.Tensor.shape.__get__  # type: ignore[attr-defined]
_NUMBERS = (torch.Tensor.size, torch.Tensor.numel, torch.Tensor.__len__)


class ComparingSizes(TorchFunctionMode):
    """Gives the user's code sizes that note what they are compared with."""

    def __init__(self, comparisons: Comparisons) -> None:
        super().__init__()
        self._noted = comparisons

    def __enter__(self) -> Any:
        self._token = _comparisons.set(self._noted)
        return super().__enter__()

    def __exit__(self, *error: Any) -> None:
        super().__exit__(*error)
        _comparisons.reset(self._token)

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        if func == _SHAPE or func in _NUMBERS:
            return torch.Size(map(Length, result)) if isinstance(result, torch.Size) else Length(result)
        return result
