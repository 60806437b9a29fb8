"""Text of a file that a user names: a regular one, of a size that a text can have, in UTF-8."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from archgraph.errors import QueryError, printable, quoted

LARGEST_NAMED_FILE = 2**24
"""Bytes of the largest text that is read."""


def named_text(path: str, kind: str) -> str:
    """Return the text of a file.

    Args:
        path: the file; a pipe could keep us waiting, and a device has no end.
        kind: as what its user saves it, for the hint.

    Raises:
        QueryError: there is no such file, it is no regular one, too large, or not in UTF-8.
    """
    try:
        content = _bytes(Path(path))
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise QueryError(f"cannot read {printable(path)}: {reason}") from None
    if len(content) > LARGEST_NAMED_FILE:
        raise QueryError(f"{quoted(path)} is larger than {LARGEST_NAMED_FILE:,} bytes")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise QueryError(f"{quoted(path)} is no UTF-8 text", hint=f"save it as {kind} in UTF-8") from None


def _bytes(path: Path) -> bytes:
    mode = os.stat(path).st_mode
    if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
        raise ValueError("it is not a regular file, but a pipe, a device or a socket")
    with path.open("rb") as file:
        return file.read(LARGEST_NAMED_FILE + 1)
