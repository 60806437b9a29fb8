"""What every spec can name without defining it: the operations, and the standard blocks of the library."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from archgraph.frontend.definitions import Spec
from archgraph.frontend.spec import read_file
from archgraph.ops.base import Op, registry

FOLDER = Path(__file__).parent.parent / "library"


@cache
def operations() -> Mapping[str, type[Op]]:
    """Return the operations that a spec can name.

    Those that only traced modules need are not among them: they take torch's names for functions, and a spec
    cannot name code.

    >>> "conv" in operations(), "function" in operations()
    (True, False)
    """
    traced = "archgraph.ops.traced"
    return {kind: op for kind, op in registry().items() if not op.__module__.startswith(traced)}


@cache
def library_names() -> frozenset[str]:
    """Return the names of all standard blocks: one file per block."""
    return frozenset(path.stem for path in FOLDER.glob("*.yaml"))


@cache
def library_file(name: str) -> Spec:
    """Return the file of a standard block; other blocks in it are its own helpers.

    >>> library_file("double_conv").blocks["double_conv"].inputs
    ('x',)
    """
    return read_file(FOLDER / f"{name}.yaml", f"library/{name}.yaml")
