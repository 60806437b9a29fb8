"""The specs that come with the package: where they are, and their names."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from importlib.resources.abc import Traversable


@cache
def shipped_folder() -> Traversable:
    """Return the folder of the shipped specs: inside the package when installed, beside it in a checkout."""
    package = files("archgraph")
    inside = package / "specs"
    # What lies beside a package is no resource of it, but a checkout is always a folder.
    return package.parent / "specs" if isinstance(package, Path) and not inside.is_dir() else inside


def shipped_names() -> list[str]:
    """Return the names of the shipped specs."""
    return sorted(yaml_names(shipped_folder()))


def yaml_names(folder: Traversable) -> Iterator[str]:
    """Yield the names of the spec files in a folder, without their ending."""
    return (file.name.removesuffix(".yaml") for file in folder.iterdir() if file.name.endswith(".yaml"))
