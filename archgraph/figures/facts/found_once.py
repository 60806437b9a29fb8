"""What was found once: every trial of a layout asks for the same boxes."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import TypeVar, cast

_Found = TypeVar("_Found")


class FoundOnce:
    """Answers by their keys.

    >>> known = FoundOnce()
    >>> known("width", lambda: 3), known("width", lambda: 4)
    (3, 3)
    """

    def __init__(self) -> None:
        self._found: dict[Hashable, object] = {}

    def __call__(self, key: Hashable, find: Callable[[], _Found]) -> _Found:
        """Return what is known for a key, or find it."""
        if key not in self._found:
            self._found[key] = find()
        return cast(_Found, self._found[key])
