"""Classes of a library whose required arguments a table fills: what the library has is listed, not chosen."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from functools import partial
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType
from typing import Any

from torch import nn

REQUIRED = inspect.Parameter.empty


def classes(package: ModuleType) -> Iterator[type[nn.Module]]:
    """Yield the classes of modules that the files of a package define; files that cannot be imported have none."""
    for each in iter_modules(package.__path__):
        try:
            file = import_module(f"{package.__name__}.{each.name}")
        except Exception:
            continue
        for kind in vars(file).values():
            if isinstance(kind, type) and issubclass(kind, nn.Module) and kind.__module__ == file.__name__:
                yield kind


def filled(kind: type[nn.Module], table: Mapping[str, Any], more: Mapping[str, Any]) -> partial[nn.Module] | None:
    """Return a class with its required arguments from a table, and others; None where the table lacks one."""
    wanted = [p for p in inspect.signature(kind).parameters.values() if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
    required = [p.name for p in wanted if p.default is REQUIRED and p.name not in more]
    if any(name not in table for name in required):
        return None
    return partial(kind, **{name: table[name] for name in required}, **more)
