"""The integers of a step, in a fixed order: those of its arguments, then the sizes of its results."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

from archgraph.pytorch.trace.recording.node import RecordedNode, Shaped

StepIntegers: TypeAlias = "tuple[list[Any], list[Any]]"
"""The integers of a step's arguments, and of its results."""


def integers_of(node: RecordedNode) -> StepIntegers:
    """Return the integers of a step."""
    arguments: list[Any] = []
    _collect((node.args, node.kwargs), arguments)
    results: list[Any] = []
    _collect(node.meta.get("val"), results)
    return arguments, results


def _collect(item: Any, found: list[Any]) -> None:
    if type(item) is int:
        found.append(item)
    elif isinstance(item, _PLAIN):
        return
    elif isinstance(item, Shaped):
        found.extend(item.shape)
    elif isinstance(item, (list, tuple)):
        for part in item:
            _collect(part, found)
    elif isinstance(item, Mapping):
        for part in item.values():
            _collect(part, found)


_PLAIN = (RecordedNode, float, bool, str, type(None))
"""What holds no integers, and is met most often."""


def write_integers(node: RecordedNode, arguments: Sequence[Any], results: Sequence[Any]) -> None:
    """Put what `integers_of` gives, or something else of the same length, in the place of the integers."""
    given = iter(arguments)
    node.args = tuple(_replaced(item, given) for item in node.args)
    node.kwargs = {name: _replaced(item, given) for name, item in node.kwargs.items()}
    node.meta["val"] = _replaced(node.meta.get("val"), iter(results))


def _replaced(item: Any, given: Iterator[Any]) -> Any:
    if type(item) is int:
        return next(given)
    if isinstance(item, (list, tuple)):
        return type(item)([_replaced(part, given) for part in item])
    if isinstance(item, Mapping):
        return {key: _replaced(part, given) for key, part in item.items()}
    if isinstance(item, Shaped):
        return replace(item, shape=tuple(next(given) for _ in item.shape))
    return item
