"""Gives a module's code sizes that note what they are compared with, in the place of integers."""

from __future__ import annotations

from typing import Any

import torch
from torch.overrides import TorchFunctionMode

from archgraph.pytorch.trace.recording.comparisons.compared import Comparisons
from archgraph.pytorch.trace.recording.comparisons.lengths import Length, comparisons

_SHAPE = torch.Tensor.shape.__get__  # type: ignore[attr-defined]
_NUMBERS = (torch.Tensor.size, torch.Tensor.numel, torch.Tensor.__len__)


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
        if func == _SHAPE or func in _NUMBERS:
            return torch.Size(map(Length, result)) if isinstance(result, torch.Size) else Length(result)
        return result
