"""The files and classes whose code a module runs, where tables are often kept: which these are, and what they hold."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Iterator, Mapping
from functools import cache
from sysconfig import get_paths
from types import FunctionType, ModuleType
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from torch import nn

Owner: TypeAlias = type | ModuleType
MAY_HOLD = (dict, list, set, deque, FunctionType)
"""Kinds of values that may hold tables: a function does in its attributes and in variables of enclosing functions."""


def owners(module: nn.Module) -> list[Owner]:
    """Return the classes of a module's parts, and the files that define them."""
    from torch import nn

    # Called as functions: an attribute may have the name of a method, and a program of torch.jit no file.
    kinds = {kind for part in nn.Module.modules(module) for kind in type(part).__mro__}
    places = {kind: str(getattr(kind, "__module__", None)) for kind in kinds}
    own = {kind: place for kind, place in places.items() if not place.startswith(("torch.", "builtins"))}
    return [*own, *(sys.modules[place] for place in set(own.values()) if place in sys.modules)]


def running(module: nn.Module) -> list[Owner]:
    """Return the owners, and the user's own files that these take functions and classes from, with their classes."""
    found: dict[int, Owner] = {}
    waiting = owners(module)
    while waiting:
        owner = waiting.pop()
        if id(owner) not in found:
            found[id(owner)] = owner
            waiting += _taken(owner) if isinstance(owner, ModuleType) else ()
    return list(found.values())


def names_of(owner: Owner) -> dict[str, object]:
    """Return what the names of a file or class stand for, without those that Python gives every one.

    >>> class Tables:
    ...     known = {}
    >>> names_of(Tables)
    {'known': {}}
    """
    return {name: value for name, value in vars(owner).items() if not name.startswith("__")}


def give_back(owner: Owner, before: Mapping[str, object]) -> None:
    """Let names stand for what they stood for.

    >>> class Tables:
    ...     known = {}
    >>> before = names_of(Tables)
    >>> Tables.last = 1
    >>> give_back(Tables, before)
    >>> names_of(Tables)
    {'known': {}}
    """
    now = names_of(owner)
    for name in now.keys() - before.keys():
        delattr(owner, name)
    for name, value in before.items():
        if name not in now or now[name] is not value:
            setattr(owner, name, value)


def _taken(file: ModuleType) -> Iterator[Owner]:
    """Yield the user's own files and classes that a file names."""
    if not _is_own(file):
        return
    for value in list(names_of(file).values()):
        if isinstance(value, ModuleType):
            found: ModuleType | None = value
        elif isinstance(value, (type, FunctionType)):
            found = sys.modules.get(str(value.__module__))
        else:
            continue
        if found is not None and _is_own(found):
            yield found
            if isinstance(value, type):
                yield value


def _is_own(file: ModuleType) -> bool:
    """Whether a file is the user's own: neither of Python, nor of an installed library, nor of this one."""
    path = getattr(file, "__file__", None)
    if path is None or file.__name__.startswith("archgraph."):
        return file.__name__ == "__main__"
    return not path.startswith(_installed())


@cache
def _installed() -> tuple[str, ...]:
    return tuple({get_paths()[kind] for kind in ("stdlib", "platstdlib", "purelib", "platlib")})
