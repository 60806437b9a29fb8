"""Recursion without a stack: a function that needs the answer to a smaller question yields the question."""

from __future__ import annotations

from collections.abc import Generator
from typing import TypeAlias, TypeVar

_Answer = TypeVar("_Answer")
Asking: TypeAlias = "Generator[Asking[_Answer], _Answer, _Answer]"
"""A generator that yields others of its kind, is sent what they return, and returns an answer."""


def answered(question: Asking[_Answer]) -> _Answer:
    """Return the answer to a question, however deep the questions behind it are nested.

    >>> def length(depth):
    ...     return 0 if depth == 0 else 1 + (yield length(depth - 1))
    >>> answered(length(10_000))
    10000
    """
    asking = [question]
    given: list[_Answer] = []
    while asking:
        try:
            last = asking[-1]
            asking.append(last.send(given.pop()) if given else next(last))
        except StopIteration as end:
            asking.pop()
            given.append(end.value)
    return given[0]
