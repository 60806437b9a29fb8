"""Gives a module's code sizes that note what they are compared with, in the place of integers."""

from __future__ import annotations

from typing import Any

import torch
from torch.overrides import TorchFunctionMode

from archgraph.pytorch.trace.recording.comparisons.compared import Comparisons
from archgraph.pytorch.trace.recording.comparisons.lengths import Length, Quotient, comparisons

_SHAPE = torch.Tensor.shape.__get__  # type: ignore[attr-defined]
_NUMBERS = {
    _SHAPE, torch.numel, torch.Tensor.size, torch.Tensor.numel, torch.Tensor.nelement, torch.Tensor.__len__,
    torch.Tensor.stride, torch.Tensor.storage_offset, torch.Tensor.item, torch.Tensor.nbytes.__get__,  # type: ignore[attr-defined]
}  # fmt: skip
"""What says sizes, and numbers that follow from them: also known tensors are made of sizes."""


class ComparingSizes(TorchFunctionMode):
    """Gives the user's code sizes that note what they are compared with."""

    def __init__(self, compared: Comparisons) -> None:
        super().__init__()
        self._noted = compared

    def __enter__(self) -> Any:
        self._token = comparisons.set(self._noted)
        return super().__enter__()

    def __exit__(self, *error: Any) -> None:
        super().__exit__(*error)
        comparisons.reset(self._token)

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        return _noting(result) if func in _NUMBERS else result


def _noting(result: object) -> object:
    if isinstance(result, tuple):
        return type(result)(map(_noting, result))
    if isinstance(result, int):
        return result if isinstance(result, bool) else Length(result)
    return Quotient(result) if isinstance(result, float) else result
