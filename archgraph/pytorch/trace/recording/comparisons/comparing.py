"""Gives a module's code sizes that note what they are compared with, in the place of integers."""

from __future__ import annotations

import operator
import sys
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

from archgraph.pytorch.trace.recording.comparisons.compared import MADE_PLAIN, Compared, Comparisons
from archgraph.pytorch.trace.recording.comparisons.lengths import (
    Length,
    Quotient,
    bare_number,
    comparisons,
    follows,
    made,
)
from archgraph.pytorch.trace.recording.lines import is_users, user_line

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
        given = (args, kwargs or {})
        positional, by_name = plain(given)
        result = func(*positional, **by_name)
        if func in _NUMBERS:
            # PyTorch's own Python decides nothing that its operators do not say; `len` is asked through it.
            asked = func is torch.Tensor.__len__ or is_users(sys._getframe(1).f_code)
            return _noting(result) if asked else result
        if isinstance(result, (int, float)):
            _forget(given)
        return result


def scripted(call: Callable[..., object], *, in_python: bool) -> Callable[..., object]:
    """Return what calls compiled functions, which run unseen and take true integers only.

    Args:
        call: what is called instead.
        in_python: whether PyTorch runs their Python.
    """

    def called(function: object, *args: object, **options: object) -> object:
        given = (args, options)
        if in_python:
            return call(function, *args, **options)
        _forget(given)
        positional, by_name = plain(given)
        return call(function, *positional, **by_name)

    return called


def _forget(given: object) -> None:
    """Note numbers of which PyTorch makes something that does not know of them."""
    noted = comparisons.get()
    for part in _followed(given):
        line = user_line()
        if noted is not None and line is not None:
            number = bare_number(part)
            noted.note_at(line, MADE_PLAIN, Compared(number, number, holds=True, made=(made(part), number)))


def _followed(given: object) -> Iterator[float]:
    """Yield the numbers among arguments that know how they were made."""
    if follows(given):
        yield given
    elif isinstance(given, (tuple, list, dict)):
        for part in given.values() if isinstance(given, dict) else given:
            yield from _followed(part)


def plain(given: Any) -> Any:
    """Return arguments with numbers that are Python's own; PyTorch takes what they are for.

    >>> plain(((Length(3), 4), slice(None, Length(5))))
    ((3, 4), slice(None, 5, None))
    """
    if isinstance(given, (tuple, list)):
        parts = list(map(plain, given))
        same = all(map(operator.is_, parts, given))
        return given if same else parts if isinstance(given, list) else tuple(parts)
    if isinstance(given, dict):
        return {name: plain(value) for name, value in given.items()} if given else given
    if isinstance(given, slice):
        return slice(*map(plain, (given.start, given.stop, given.step)))
    return bare_number(given) if follows(given) else given


def _noting(result: object) -> object:
    if isinstance(result, tuple):
        return type(result)(map(_noting, result))
    if isinstance(result, int):
        return result if isinstance(result, bool) else Length(result)
    return Quotient(result) if isinstance(result, float) else result
