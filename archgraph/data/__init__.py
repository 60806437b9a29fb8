"""Small tables of facts from outside, each with its source."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any


@cache
def table(name: str) -> dict[str, Any]:
    """Return a table of this folder.

    >>> table("hardware")["a100"]["bandwidth"]
    2039000000000.0
    """
    import yaml

    return yaml.safe_load(files(__name__).joinpath(f"{name}.yaml").read_text(encoding="utf-8"))
