"""Tensors that lie row by row: what is made of them one for one lies so too."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

import torch
from torch import Tensor

PlainSides: TypeAlias = "Sequence[int]"
_FLOATING = (torch.float32, torch.float16, torch.bfloat16, torch.float64)


class LyingTensor(NamedTuple):
    """The shape, strides and type of a result."""

    shape: tuple[int, ...]
    strides: tuple[int, ...]
    dtype: torch.dtype


def are_plain(tensors: Sequence[Tensor]) -> bool:
    """Whether tensors are of one floating type, and lie row by row, so that what is made of them does too."""
    first = tensors[0].dtype
    return first in _FLOATING and all(tensor.dtype == first and _lies_in_order(tensor) for tensor in tensors)


def _lies_in_order(tensor: Tensor) -> bool:
    if tensor.layout != torch.strided or not tensor.is_meta:
        return False
    return tensor.stride() == _row_by_row(tensor.shape) and 0 not in tensor.shape


def lying_in_rows(shape: PlainSides, dtype: torch.dtype) -> LyingTensor:
    return LyingTensor(tuple(shape), _row_by_row(shape), dtype)


def _row_by_row(shape: PlainSides) -> tuple[int, ...]:
    strides, step = list[int](), 1
    for side in reversed(shape):
        strides.append(step)
        step *= side
    return tuple(reversed(strides))
