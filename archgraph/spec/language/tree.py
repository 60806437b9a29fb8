"""The parts of a file: scalars, lists and mappings, each with its place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NoReturn

from archgraph.errors import Place, SpecError, quoted


@dataclass(frozen=True)
class Tree:
    """A scalar (int, bool, str, None), a list of trees, or a dict of key to tree, with its place.

    Attributes:
        keys: the places of a mapping's keys.
        start: the place of the first character of text that stands on one line.
        size: how many parts it has, itself included.
    """

    value: Any
    place: Place
    keys: dict[str, Place] | None = None
    start: Place | None = None
    size: int = 1

    def fail(self, message: str, hint: str = "") -> NoReturn:
        """Raise `SpecError` at this place."""
        raise SpecError(message, place=self.place, hint=hint)

    def fail_at_key(self, key: str, message: str, hint: str = "") -> NoReturn:
        """Raise `SpecError` at a key of this mapping."""
        raise SpecError(message, place=self.key_place(key), hint=hint)

    def key_place(self, key: str) -> Place:
        """Return where a key of this mapping stands."""
        return (self.keys or {}).get(key, self.place)

    @property
    def is_mapping(self) -> bool:
        """Whether this is a mapping."""
        return isinstance(self.value, dict)

    @property
    def is_list(self) -> bool:
        """Whether this is a list."""
        return isinstance(self.value, list)

    @property
    def is_empty(self) -> bool:
        """Whether nothing stands here."""
        return self.value is None

    def mapping(self, what: str, hint: str = "") -> dict[str, Tree]:
        """Return the mapping, or fail saying what should be one."""
        if not isinstance(self.value, dict):
            self.fail(f"{what} must be a mapping, and is {self.describe()}", hint)
        return self.value

    def list(self, what: str, hint: str = "") -> list[Tree]:
        """Return the list, or fail saying what should be one."""
        if not isinstance(self.value, list):
            self.fail(f"{what} must be a list, and is {self.describe()}", hint)
        return self.value

    def items(self) -> list[Tree]:
        """Return the items of a list, or the tree itself as the only one."""
        return self.value if isinstance(self.value, list) else [self]

    def text(self, what: str) -> str:
        """Return a scalar as text, or fail saying what should be one."""
        if isinstance(self.value, (dict, list)) or self.value is None:
            self.fail(f"{what} must be text, and is {self.describe()}")
        return str(self.value).lower() if isinstance(self.value, bool) else str(self.value)

    def describe(self) -> str:
        """Name this tree in words: its value where it is short, else its kind."""
        if isinstance(self.value, bool):
            return str(self.value).lower()
        if isinstance(self.value, int):
            return str(self.value)
        if isinstance(self.value, str):
            return quoted(self.value)
        return {dict: "a mapping", list: "a list"}.get(type(self.value), "empty")

    def plain(self) -> Any:
        """Return the tree as plain Python data."""
        if isinstance(self.value, dict):
            return {key: item.plain() for key, item in self.value.items()}
        if isinstance(self.value, list):
            return [item.plain() for item in self.value]
        return self.value
