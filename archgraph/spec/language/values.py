"""What expressions come to besides sizes: words, booleans and lists."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from archgraph.errors import SpecError, did_you_mean, quoted
from archgraph.spec.language.grammar import CALLS


class Word(str):
    """The value of a word symbol, such as `same` of `one_of: [same, valid]`, with the words it could be."""

    options: tuple[str, ...]

    def __new__(cls, text: str, options: tuple[str, ...] = ()) -> Word:
        """Make it from its text and the words to choose from."""
        word = super().__new__(cls, text)
        word.options = options
        return word


def describe(value: Any) -> str:
    """Name a value in words.

    >>> describe(True), describe(Word("same")), describe((1, 2))
    ('true', "the word 'same'", 'a list')
    """
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f"the word {quoted(value)}"
    if isinstance(value, tuple):
        return "a list" if type(value) is tuple else "a mapping"
    return str(value)


def element_of(items: Any, name: str, indices: tuple[int, ...]) -> Any:
    """Return an element of nested lists, counting from 0.

    Raises:
        SpecError: not a list, or an index outside of it.
    """
    label = name
    for index in indices:
        if not isinstance(items, tuple):
            raise SpecError(f"'{label}' is {describe(items)}, not a list: it has no element {index}")
        if not items:
            raise SpecError(f"'{label}({index})': {label} is an empty list")
        if not 0 <= index < len(items):
            raise SpecError(f"'{label}({index})': the elements of {label} are 0 to {len(items) - 1}")
        items, label = items[index], f"{label}({index})"
    return items


def undefined(name: str, known: Iterable[str]) -> SpecError:
    """Return the error for a name that means nothing."""
    known = list(known)
    suggestion = did_you_mean(name, known)
    hint = f"the names here are {', '.join(known)}" if known else "declare it under symbols"
    if name.lower() in ("on", "off", "yes", "no"):
        hint = "the booleans are true and false"
    return SpecError(f"{quoted(name)} is not defined.{suggestion}", hint=hint if len(known) < 10 else "")


def not_a_list(name: str, value: Any) -> SpecError:
    """Return the error for `name(i)` where the name is no list."""
    told = describe(value) if isinstance(value, (bool, str, tuple)) else "a number"
    return SpecError(f"'{name}' is {told}, not a list", hint=CALLS)
