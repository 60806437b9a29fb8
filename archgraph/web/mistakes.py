"""A mistake as plain data: what an editor marks, from where to where, and what it says there."""

from __future__ import annotations

import re
from typing import Any

from archgraph.errors import ArchgraphError

WORD = re.compile(r"[\w.]+|\S")


def mistake(error: ArchgraphError | RecursionError, text: str) -> dict[str, Any]:
    """Return an error as data; `line` is 0 where it has no place in the text.

    >>> from archgraph.errors import Place, SpecError
    >>> found = mistake(SpecError("no such name", place=Place("<text>", 2, 3)), "a:\\n  name: 1")
    >>> found["line"], found["column"], found["end"], found["message"]
    (2, 3, 7, 'no such name')
    """
    if isinstance(error, RecursionError):
        error = ArchgraphError("the spec is nested too deeply for this page", hint="use fewer levels")
    place = error.place
    found = {"message": error.message, "hint": error.hint, "path": error.path, "text": str(error)}
    found["trail"] = [[name, str(where or "")] for name, where in error.trail]
    if place is None or not place.file.startswith("<"):
        return {**found, "line": 0, "column": 0, "end": 0}
    return {**found, "line": place.line, "column": place.column, "end": end_of(text, place.line, place.column)}


def end_of(text: str, line: int, column: int) -> int:
    """Return the column behind the word that starts at a place.

    >>> end_of("network: [conv]", 1, 11), end_of("a", 7, 1)
    (15, 2)
    """
    lines = text.split("\n")
    match = WORD.match(lines[line - 1], column - 1) if line <= len(lines) else None
    return match.end() + 1 if match else column + 1
