"""What is public, found from the annotations: functions and classes by name, and the kinds that answers are of."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pkgutil import walk_packages
from typing import Any

import archgraph as ag
import archgraph.testing
import archgraph.web
from archgraph.graph.ir import Graph

MODULES = (archgraph.testing, archgraph.web)
"""What is imported by its own name: `archgraph` does not load it."""
INNER = (
    *("archgraph.graph.", "archgraph.ops.", "archgraph.fields.sets.", "archgraph.figures.drawing."),
    *("archgraph.outline.forms.form", "archgraph.outline.items"),
)
"""Rooms whose kinds are reached through an answer's parts, and are no answers; but for the graph, which is one."""


@cache
def kinds_by_name() -> dict[str, list[type]]:
    """Every class of the package, by its name in annotations."""
    found: dict[str, list[type]] = {}
    for room in walk_packages(ag.__path__, "archgraph."):
        if room.name.endswith("__main__"):
            continue
        try:
            module = import_module(room.name)
        except ImportError:
            continue
        for name, kind in vars(module).items():
            if inspect.isclass(kind) and kind.__module__ == room.name:
                found.setdefault(name, []).append(kind)
    return found


def public_functions() -> dict[str, Any]:
    """Functions that users call by name."""
    named = {name: getattr(ag, name) for name in ag.__all__}
    ours = {
        name: each
        for module in MODULES
        for name, each in vars(module).items()
        if inspect.isfunction(each) and each.__module__ == module.__name__ and not name.startswith("_")
    }
    return {name: each for name, each in named.items() if inspect.isfunction(each)} | ours


@cache
def answers() -> list[type]:
    """Classes that a public call returns, and those that these hold or return."""
    todo: list[type] = [each for each in (getattr(ag, name) for name in ag.__all__) if inspect.isclass(each)]
    for function in public_functions().values():
        todo += _told(inspect.signature(function).return_annotation)
    seen: dict[type, None] = {}
    while todo:
        kind = todo.pop()
        if kind in seen or issubclass(kind, BaseException) or (kind.__module__.startswith(INNER) and kind is not Graph):
            continue
        seen[kind] = None
        todo += [base for base in kind.__mro__[1:] if base.__module__.startswith("archgraph.")]
        todo += [each for told in _annotations(kind) for each in _told(told)]
    return sorted(seen, key=lambda kind: (kind.__module__, kind.__name__))


def methods(kind: type) -> dict[str, Any]:
    """The public methods that a class defines itself."""
    return {
        name: getattr(kind, name)
        for name, member in vars(kind).items()
        if not name.startswith("_") and inspect.isfunction(getattr(member, "__func__", member))
    }


def _annotations(kind: type) -> Iterator[object]:
    yield from (told for name, told in vars(kind).get("__annotations__", {}).items() if not name.startswith("_"))
    for name, member in vars(kind).items():
        function = member.fget if isinstance(member, property) else getattr(member, "func", member)
        function = getattr(function, "__func__", function)
        if inspect.isfunction(function) and (name == "__getitem__" or not name.startswith("_")):
            yield inspect.signature(function).return_annotation


def _told(annotation: object) -> list[type]:
    return [kind for word in re.findall(r"\w+", str(annotation)) for kind in kinds_by_name().get(word, [])]
