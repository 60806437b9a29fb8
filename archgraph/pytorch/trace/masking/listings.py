"""For which sizes a list of positions holds: those of its recording, unless others were seen to have the same list."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from sympy import Symbol

from archgraph.ops.reach import Listed

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Argument = TypeVar("Argument")


def proved(read: Argument) -> Argument:
    """Return how something is read, whose lists were the same in all recordings.

    >>> from archgraph.ops.position_sets import position_sets
    >>> proved(Listed(position_sets([[0]], 1))).proved
    True
    """
    return _with_lists(read, lambda found: replace(found, proved=True))


def held(argument: Argument, values: Mapping[Symbol, int]) -> Argument:
    """Return an operation, or what it is made of, whose lists hold at the recorded sizes only, unless they are proved.

    Args:
        argument: the operation.
        values: the sizes of the recording that lists were made of.
    """
    given = tuple(values.items())
    return _with_lists(argument, lambda found: found if found.proved else replace(found, given=given))


def _with_lists(item: Argument, change: Callable[[Listed], Listed]) -> Argument:
    """Return an argument with its lists changed; itself where there are none."""
    if isinstance(item, Listed):
        return change(item)  # type: ignore[return-value]
    if isinstance(item, tuple):
        made = tuple(map(partial(_with_lists, change=change), item))
        same = all(new is old for new, old in zip(made, item, strict=True))
        return item if same else getattr(type(item), "_make", type(item))(made)  # type: ignore[return-value]
    return _in_fields(item, change) if is_dataclass(item) and not isinstance(item, type) else item


def _in_fields(item: DataclassInstance, change: Callable[[Listed], Listed]) -> DataclassInstance:
    made = {one.name: _with_lists(getattr(item, one.name), change) for one in fields(item) if one.init}
    changed = {name: new for name, new in made.items() if new is not getattr(item, name)}
    return replace(item, **changed) if changed else item
