"""The fields that vary over a family: their symbols, and the values that they may have."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeGuard

from archgraph.errors import QueryError, did_you_mean, quoted, some
from archgraph.spec.spec import NAME, RESERVED

FieldNames = Sequence[str] | Mapping[str, str | Sequence[str]]
"""Fields that are symbols under their own names, or by the names of their symbols, one or several that are equal."""
FieldPlaces = Mapping[str, int]
"""For every symbol the k of `step*k`."""


@dataclass(frozen=True)
class VariedField:
    """One symbol: `step*k`, or `step*k` times another symbol.

    Attributes:
        name: of the symbol.
        sets: the fields that it is the value of.
        default: its value in the configuration.
        least: the smallest k that was recorded.
        multiple_of: a symbol that divides it, or nothing.
    """

    name: str
    sets: tuple[str, ...]
    default: int
    step: int = 1
    least: int = 1
    multiple_of: str = ""


VariedFields = tuple[VariedField, ...]


def values_at(items: VariedFields, places: FieldPlaces) -> dict[str, int]:
    """Return the value of every symbol where the k of each is given.

    >>> values_at((VariedField("D", (), 64, 2, multiple_of="H"), VariedField("H", (), 4)), {"D": 5, "H": 3})
    {'D': 30, 'H': 3}
    """
    by_name = {item.name: item for item in items}

    def value(item: VariedField) -> int:
        other = by_name.get(item.multiple_of)
        return item.step * places[item.name] * (1 if other is None else value(other))

    return {item.name: value(item) for item in items}


def default_places(items: VariedFields) -> dict[str, int]:
    """Return the k of every symbol in the configuration."""
    defaults = {item.name: item.default for item in items}
    return {item.name: item.default // (item.step * defaults.get(item.multiple_of, 1)) for item in items}


def fields_asked(asked: FieldNames, known: Mapping[str, object], what: str) -> tuple[VariedFields, tuple[str, ...]]:
    """Return the symbols of fields, and names that are no fields of this configuration.

    Raises:
        QueryError: a field is no whole number, has no value, cannot be the name of a symbol, or differs from one that
            it is to be equal to.
    """
    found: list[VariedField] = []
    others: list[str] = []
    for name, sets in _pairs(asked):
        if not NAME.match(name) or name in RESERVED:
            raise QueryError(f"{quoted(name)} cannot be the name of a symbol", hint="letters, digits and _")
        if name in (item.name for item in found) or name in others:
            raise QueryError(f"the symbol {quoted(name)} is asked for twice")
        if sets == (name,) and name not in known:
            others.append(name)
        else:
            found.append(VariedField(name, sets, _default(sets, known, what)))
    return tuple(found), tuple(others)


def _pairs(asked: FieldNames) -> Iterable[tuple[str, tuple[str, ...]]]:
    if isinstance(asked, str):
        raise QueryError(f"fields are a list of names, and not the text {quoted(asked)}", hint=f"fields=[{asked!r}]")
    if not isinstance(asked, Mapping):
        return [(name, (name,)) for name in asked]
    return [(name, (sets,) if isinstance(sets, str) else tuple(sets)) for name, sets in asked.items()]


def _default(sets: Sequence[str], known: Mapping[str, object], what: str) -> int:
    values = {name: _number(name, known, what) for name in sets}
    if len(set(values.values())) != 1:
        told = ", ".join(f"{name} = {value}" for name, value in values.items())
        raise QueryError(f"fields of one symbol have one value, and these have several: {told}")
    return next(iter(values.values()))


def _number(name: str, known: Mapping[str, object], what: str) -> int:
    if name not in known:
        raise unknown_field(name, known, what)
    value = known[name]
    if not _varies(value):
        raise QueryError(f"the field {quoted(name)} of {what} is {quoted(value)}, and a symbol is a positive number")
    return value


def unknown_field(name: str, known: Mapping[str, object], what: str, sizes: Iterable[str] = ()) -> QueryError:
    """Return the error for a field that a configuration does not have.

    >>> print(unknown_field("widht", {"width": 8, "act": "silu"}, "mlp", ["n"]))
    mlp has no field 'widht'. Did you mean 'width'?
      hint  fields: n, width
    """
    numbers = sorted({*(field for field, value in known.items() if _varies(value)), *sizes})
    return QueryError(
        f"{what} has no field {quoted(name)}.{did_you_mean(name, [*known, *sizes])}",
        hint=f"fields: {some(numbers)}" if numbers else f"say its value: {name}=…",
    )


def _varies(value: object) -> TypeGuard[int]:
    """Whether a field can be a symbol."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1
