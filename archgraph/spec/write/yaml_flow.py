"""Plain data as YAML on one line, as the language of specs reads it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

_PLAIN = re.compile(r"[A-Za-z0-9(_][\w .*+/()-]*\Z")
WORDS = frozenset(["true", "false", "null"])


def one_line(value: Any) -> str:
    """Return a value as YAML on one line; a string that would read as something else is quoted.

    >>> print(one_line({"out": "4*C", "kernel": 3, "padding": {"h": [0, "max(a, b)"]}, "bias": False}))
    {out: 4*C, kernel: 3, padding: {h: [0, "max(a, b)"]}, bias: false}
    """
    if isinstance(value, Mapping):
        return "{" + ", ".join(_entry(key, item) for key, item in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(one_line, value)) + "]"
    if isinstance(value, str):
        return value if _PLAIN.match(value) and value not in WORDS and not value.isdigit() else json.dumps(value)
    return json.dumps(value)


def _entry(key: str, value: Any) -> str:
    return f"{one_line(key)}:" if value is None else f"{one_line(key)}: {one_line(value)}"


def step_lines(step: Mapping[str, Any]) -> list[str]:
    """Return the lines of a step: its operation, and the keywords beside it.

    >>> print("\\n".join(step_lines({"conv": {"out": 8}, "as": "stem"})))
    - conv: {out: 8}
      as: stem
    """
    (kind, value), *keywords = step.items()
    if value is None and not keywords:
        return [f"- {one_line(kind)}"]
    return [f"- {_entry(kind, value)}", *(f"  {_entry(key, item)}" for key, item in keywords)]
