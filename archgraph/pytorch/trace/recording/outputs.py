"""What a module returns: every tensor by its place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any


def named_tensors(result: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the tensors of a result with their places.

    Mappings, named tuples, dataclasses, lists and tuples are gone through; what else there is, such as a cache, is
    left out.

    >>> import torch
    >>> found = named_tensors({"logits": torch.ones(1), "past": [(torch.ones(2), None)], "x y": torch.ones(3)})
    >>> [name for name, _ in found]
    ['logits', 'past[0][0]', "['x y']"]
    >>> [name for name, _ in named_tensors((torch.ones(1), torch.ones(1)))]
    ['output[0]', 'output[1]']
    """
    import torch

    if isinstance(result, torch.Tensor):
        yield place or "output", result
        return
    for step, item in _parts(result):
        yield from named_tensors(item, _joined(place, step))


def _parts(result: Any) -> Iterator[tuple[str | int, Any]]:
    if isinstance(result, Mapping):
        yield from ((key if isinstance(key, int) else str(key), item) for key, item in result.items())
    elif isinstance(result, tuple) and hasattr(result, "_fields"):
        yield from zip(getattr(result, "_fields"), result, strict=True)  # noqa: B009
    elif isinstance(result, (list, tuple)):
        yield from enumerate(result)
    elif is_dataclass(result) and not isinstance(result, type):
        yield from ((field.name, getattr(result, field.name, None)) for field in fields(result))


def _joined(place: str, step: str | int) -> str:
    if isinstance(step, int):
        return f"{place or 'output'}[{step}]"
    if not step.isidentifier():
        return f"{place}[{step!r}]"
    return f"{place}.{step}" if place else step
