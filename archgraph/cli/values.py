"""What the words of a command line mean: names of some kind, whole numbers, bindings, values of a symbol."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeVar

from archgraph.cli.parser import NameChoices
from archgraph.errors import QueryError, SpecError, not_among, quoted
from archgraph.sizes.whole_numbers import read_whole

Key = TypeVar("Key", str, int)
Kept = TypeVar("Kept")


def one_of(names: NameChoices) -> Callable[[str], str]:
    """Return what reads one of some names."""

    def read(text: str) -> str:
        if text not in names:
            raise not_among(names.what, text, names)
        return text

    return read


def some_of(names: NameChoices) -> Callable[[str], list[str]]:
    """Return what reads some of some names, with commas between them."""

    def read(text: str) -> list[str]:
        found = [one_of(names)(name.strip()) for name in text.split(",")]
        for name in found:
            if found.count(name) > 1:
                raise QueryError(f"{names.what} {quoted(name)} is named twice in {quoted(text)}")
        return found

    return read


def whole(what: str, least: int | None = None) -> Callable[[str], int]:
    """Return what reads a whole number, from a least one on.

    >>> whole("--batch", 1)("8")
    8
    """
    rule = "a whole number" if least is None else f"a whole number from {least} on"

    def read(text: str) -> int:
        try:
            number = read_whole(text)
        except ValueError:
            raise QueryError(f"{what} takes {rule}, and not {quoted(text)}") from None
        if least is not None and number < least:
            raise QueryError(f"{what} takes {rule}, and not {number}")
        return number

    return read


def bindings(pairs: Sequence[str]) -> dict[str, object]:
    """Read `D=768`, `up_bias=false`, `padding=same`, `features=[8,16]`.

    >>> bindings(["D=768", "padding=same"])
    {'D': 768, 'padding': 'same'}
    """
    return read_each(pairs, _binding, "bound")


def read_each(
    texts: Iterable[str], read: Callable[[str], tuple[Key, Kept]], done: str, before: Mapping[Key, Kept] | None = None
) -> dict[Key, Kept]:
    """Read from each text a name and what is said of it.

    Args:
        texts: as they were given.
        read: what reads one.
        done: what was done to a name that stands twice.
        before: what was said elsewhere.

    Raises:
        QueryError: a name stands twice, of which one would be lost; it tells both texts.
    """
    result = dict(before or {})
    told: dict[Key, str] = {name: f"{name}={value}" for name, value in result.items()}
    for text in texts:
        name, value = read(text)
        if name in result:
            raise QueryError(f"'{name}' is {done} twice: {quoted(told[name])} and {quoted(text)}")
        result[name], told[name] = value, text
    return result


def distinct(pairs: Iterable[tuple[Key, Kept]], done: str) -> dict[Key, Kept]:
    """Return pairs as a mapping.

    Raises:
        QueryError: a name stands twice, of which one would be lost.
    """
    result: dict[Key, Kept] = {}
    for name, value in pairs:
        if name in result:
            raise QueryError(f"'{name}' is {done} twice: {quoted(result[name])} and {quoted(value)}")
        result[name] = value
    return result


def read_fields(texts: Sequence[str]) -> dict[str, list[str]]:
    """Read `hidden_size,n` and `D=hidden_size,H=heads+kv_heads`: symbols, and the fields that they are the value of.

    >>> read_fields(["D=hidden_size,n", "H=heads+kv_heads"])
    {'D': ['hidden_size'], 'n': ['n'], 'H': ['heads', 'kv_heads']}
    """
    return distinct((_field(part.strip(), text) for text in texts for part in text.split(",")), "a symbol")


def _field(part: str, whole_text: str) -> tuple[str, list[str]]:
    name, equals, rest = part.partition("=")
    sets = [each.strip() for each in rest.split("+")] if equals else [name]
    if not name or not all(sets):
        hint = "write hidden_size,n or D=hidden_size,H=heads+kv_heads"
        raise SpecError(f"cannot read the fields {quoted(whole_text)}", hint=hint)
    return name.strip(), sets


def _binding(pair: str) -> tuple[str, object]:
    name, equals, text = pair.partition("=")
    if not equals or not name:
        raise SpecError(f"cannot read the binding {quoted(pair)}", hint="write --at D=768 L=12")
    return name, _value(text)


def _value(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def read_policy(text: str) -> str | int:
    """Read a policy of checkpoints: a number of blocks, a word, or the path of a scope.

    >>> read_policy("sqrt"), read_policy("3")
    ('sqrt', 3)
    """
    return int(text) if text.isascii() and text.isdigit() and len(text) < 40 else text


def swept_values(pair: str) -> tuple[str, range | list[int]]:
    """Read `D=256..4096:64` (both ends included) or `L=4,8,16`.

    >>> swept_values("D=256..512:128")
    ('D', range(256, 513, 128))
    """
    name, equals, text = pair.partition("=")
    try:
        if not equals or not name:
            raise ValueError
        found = _range(text) if ".." in text else [read_whole(item) for item in text.split(",")]
    except ValueError:
        hint = "write D=256..4096:64 or L=4,8,16"
        raise SpecError(f"cannot read the values {quoted(pair)}", hint=hint) from None
    return name, _bounded(found, name, text)


def _range(text: str) -> range:
    first, _, rest = text.partition("..")
    last, _, step = rest.partition(":")
    if step and read_whole(step) < 1:
        raise QueryError(
            f"the step of {quoted(text)} must be at least 1, and is {read_whole(step)}", hint="write 256..4096:64"
        )
    return range(read_whole(first), read_whole(last) + 1, read_whole(step or "1"))


def _bounded(found: range | list[int], name: str, text: str) -> range | list[int]:
    from archgraph.studies.axes import MOST_VALUES

    if not found:
        raise QueryError(f"{quoted(text)} holds no value of {name}", hint="write the smaller end first: 256..4096:64")
    # Not len(), which ends at 2**63.
    count = (found[-1] - found[0]) // found.step + 1 if isinstance(found, range) else len(found)
    if count > MOST_VALUES:
        raise QueryError(
            f"{name} has {count:,} values in {quoted(text)}, too many: the limit is {MOST_VALUES:,}",
            hint=f"a wider step: {text.partition(':')[0]}:{-(-count // MOST_VALUES)}",
        )
    return found


def range_of(text: str) -> tuple[int, int]:
    """Read `1..1024`, both ends included.

    >>> range_of("1..1024")
    (1, 1024)
    """
    first, dots, last = text.partition("..")
    try:
        low, high = read_whole(first), read_whole(last)
    except ValueError:
        raise SpecError(f"cannot read the range {quoted(text)}", hint="write --within 1..1024") from None
    if not dots or low > high:
        raise QueryError(f"the range {text} holds no value", hint="write the smaller end first: --within 1..1024")
    return low, high
