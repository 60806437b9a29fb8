"""Text of a file that a user names: a regular one, of a size that a text can have, in UTF-8."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import TYPE_CHECKING

from archgraph.errors import ArchgraphError, QueryError, SpecError, printable, quoted
from archgraph.report.missing_files import missing_file

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

LARGEST_NAMED_FILE = 2**24
"""Bytes of the largest text that is read."""


def named_text(path: str, kind: str, suffixes: tuple[str, ...]) -> str:
    """Return the text of a file.

    Args:
        path: the file; a pipe could keep us waiting, and a device has no end.
        kind: as what its user saves it, for the hint.
        suffixes: of files that may be meant where it is not there.

    Raises:
        QueryError: there is no such file, it is no regular one, too large, or not in UTF-8.
    """
    try:
        content = regular_bytes(Path(path), LARGEST_NAMED_FILE + 1, QueryError)
    except FileNotFoundError:
        message, hint = missing_file(path, f"a file of {kind}", suffixes)
        raise QueryError(message, hint=hint) from None
    except (OSError, ValueError) as error:
        raise QueryError(f"cannot read {printable(path)}: {why_unreadable(error)}") from None
    if len(content) > LARGEST_NAMED_FILE:
        raise QueryError(f"{quoted(path)} is larger than {LARGEST_NAMED_FILE:,} bytes")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise QueryError(f"{quoted(path)} is no UTF-8 text", hint=f"save it as {kind} in UTF-8") from None


def regular_file(path: str, hint: str) -> Path:
    """Return the path of a file that is there, and a regular one: asked before any library that reads it is looked for.

    Args:
        path: the file.
        hint: what kind of file is meant.

    Raises:
        SpecError: there is none, or it is another kind of file.
    """
    place = Path(path)
    try:
        if place.is_file():
            return place
        there = place.exists()
    except (OSError, ValueError) as error:
        raise SpecError(f"cannot read {quoted(printable(path))}: {why_unreadable(error)}") from None
    if there:
        told = f"{quoted(path)} is a folder" if place.is_dir() else f"{quoted(path)} is no regular file"
    else:
        told, hint = missing_file(path, hint, (place.suffix,))
    raise SpecError(told, hint=hint)


def regular_bytes(path: Traversable, most: int, kind: type[ArchgraphError]) -> bytes:
    """Return the first bytes of a regular file; a pipe could keep us waiting, and a device has no end.

    Raises:
        ArchgraphError: of that kind: it is another file.
        OSError: it cannot be read.
    """
    mode = path.stat().st_mode if isinstance(path, Path) else stat.S_IFREG
    if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
        raise kind(f"{printable(str(path))} is not a regular file, but a pipe, a device or a socket")
    with path.open("rb") as file:
        return file.read(most)


def why_unreadable(error: OSError | ValueError) -> str:
    """Return why a path cannot be read, in words that are the same in every version of Python.

    >>> why_unreadable(ValueError("stat: embedded null character in path"))
    'a path cannot contain a null character'
    """
    if isinstance(error, OSError):
        return error.strerror or str(error)
    return str(error) if isinstance(error, UnicodeError) else "a path cannot contain a null character"
