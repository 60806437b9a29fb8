"""Operators whose result torch cannot tell from shapes: values that are known decide, or a rule of this package."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

ValueOf = Callable[[Any], Any]
"""The value of a meta tensor, or None."""


def run_decided(name: str, function: Any, args: Sequence[Any], kwargs: Mapping[str, Any], value: ValueOf) -> Any:
    """Run an operator on meta tensors with the values that decide on its shape; None if these are not known."""
    deciding = DECIDING.get(name)
    return None if deciding is None else deciding(function, args, kwargs, value)


def _index(function: Any, args: Sequence[Any], kwargs: Mapping[str, Any], value: ValueOf) -> Any:
    import torch

    tensor, indices, *rest = args
    places: list[Any] = []
    for index in indices:
        if index is None or index.dtype not in (torch.bool, torch.uint8):
            places.append(index)
            continue
        mask = value(index)
        if mask is None:
            return None
        places += [place.to("meta") for place in mask.nonzero(as_tuple=True)]
    return function(tensor, places, *rest, **kwargs)


def _masked_select(function: Any, args: Sequence[Any], kwargs: Mapping[str, Any], value: ValueOf) -> Any:
    import torch

    tensor, mask = args
    known = value(mask)
    if known is None:
        return None
    shape = torch.broadcast_shapes(tensor.shape, known.shape)
    return tensor.new_empty(int(known.expand(shape).sum()))


def _repeat_interleave(function: Any, args: Sequence[Any], kwargs: Mapping[str, Any], value: ValueOf) -> Any:
    if len(args) < 2 or not hasattr(args[1], "shape"):
        return function(*args, **kwargs)
    repeats = value(args[1])
    if repeats is None:
        return None
    dim = args[2] if len(args) > 2 else kwargs.get("dim")
    length = args[0].numel() if dim is None else args[0].shape[dim]
    total = int(repeats.expand(length).sum())
    return function(*args, **{**kwargs, "output_size": total})


def _tensor_split(function: Any, args: Sequence[Any], kwargs: Mapping[str, Any], value: ValueOf) -> Any:
    import torch

    tensor, cuts, *rest = args
    known = value(cuts) if hasattr(cuts, "shape") else None
    return None if known is None else list(torch.tensor_split(tensor, known.tolist(), *rest, **kwargs))


def _grouped_products(function: Any, args: Sequence[Any], kwargs: Mapping[str, Any], value: ValueOf) -> Any:
    """Products of groups of rows, which torch describes in one type only."""
    left, right = args[:2]
    if left.ndim == right.ndim == 2:
        shape = (kwargs.get("offs", args[2] if len(args) > 2 else None).shape[0], left.shape[0], right.shape[1])
    else:
        shape = (*left.shape[-2 if right.ndim == 2 else 0 : -1], right.shape[-1])
    dtype = kwargs.get("out_dtype") or left.dtype
    return left.new_empty(shape, dtype=dtype)


def _one_hot(function: object, args: Sequence[object], kwargs: Mapping[str, object], value: ValueOf) -> object:
    """Classes as rows: how many there are is a number, or the largest of those that are known."""
    import torch

    places, count = args[0], args[1] if len(args) > 1 else kwargs.get("num_classes", -1)
    assert isinstance(places, torch.Tensor) and isinstance(count, int)
    if count < 1:
        known = value(places)
        if known is None or not known.numel():
            return None
        count = int(known.max()) + 1
    return places.new_empty((*places.shape, count))


DECIDING: Mapping[str, Callable[..., Any]] = {
    "_grouped_mm": _grouped_products,
    "index": _index,
    "masked_select": _masked_select,
    "one_hot": _one_hot,
    "repeat_interleave": _repeat_interleave,
    "tensor_split": _tensor_split,
}
