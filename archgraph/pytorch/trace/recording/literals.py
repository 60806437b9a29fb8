"""Tensors that are written down in the code: on the CPU, where their values are kept, whatever device they ask for."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any


def literal_makers() -> Iterator[tuple[Any, str, Any]]:
    """Yield what turns numbers into tensors, each with what stands for it: owner, name and replacement."""
    import torch

    for name in ("tensor", "as_tensor", "asarray"):
        yield torch, name, _on_cpu(getattr(torch, name))
    yield torch.Tensor, "new_tensor", _new_tensor(torch)
    for name in ("__getitem__", "__setitem__"):
        yield torch.Tensor, name, _indexing(torch, getattr(torch.Tensor, name))


def _on_cpu(original: Any) -> Any:
    """A literal keeps its values on the CPU only."""

    def made(data: Any, *args: Any, device: Any = None, **options: Any) -> Any:
        import torch

        if isinstance(data, torch.Tensor):
            return _converted(
                data, options.get("dtype", args[0] if args else None), copied=original.__name__ == "tensor"
            )
        return original(data, *args, device="cpu", **options)

    return made


def _converted(data: Any, dtype: Any, *, copied: bool) -> Any:
    result = data.detach().clone() if copied else data
    return result if dtype is None else result.to(dtype)


def _new_tensor(torch: Any) -> Any:
    def new_tensor(own: Any, data: Any, *, dtype: Any = None, device: Any = None, **options: Any) -> Any:
        return torch.tensor(data, dtype=dtype or own.dtype)

    return new_tensor


def _indexing(torch: Any, original: Any) -> Any:
    """An index that is a list would become a tensor without values."""
    numpy = sys.modules.get("numpy")
    lists = (list, numpy.ndarray) if numpy else (list,)

    def written(index: Any) -> Any:
        return torch.tensor(index) if isinstance(index, lists) and _is_literal(index) else index

    def indexed(own: Any, index: Any, *value: Any) -> Any:
        if isinstance(index, lists):
            index = written(index)
        elif isinstance(index, tuple) and any(isinstance(item, lists) for item in index):
            index = tuple(map(written, index))
        return original(own, index, *value)

    return indexed


def _is_literal(index: Any) -> bool:
    """Whether a list holds numbers only."""
    if isinstance(index, list):
        return bool(index) and all(map(_is_literal, index))
    return isinstance(index, (bool, int)) or type(index).__module__ == "numpy"
