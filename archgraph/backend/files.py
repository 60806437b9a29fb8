"""Files written whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from archgraph.errors import QueryError


def write_text(target: Path, text: str) -> None:
    """Write UTF-8 text; see `write_bytes`."""
    write_bytes(target, text.encode("utf-8"))


def write_bytes(target: Path, content: bytes) -> None:
    """Write beside the target and move it there, so that nobody ever sees half a file.

    Raises:
        QueryError: the folder does not exist, or may not be written.
    """
    try:
        _write(target, content)
    except OSError as error:
        raise QueryError(f"cannot write {target}: {error.strerror}") from None


def _write(target: Path, content: bytes) -> None:
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.chmod(name, 0o666 & ~_umask())
        os.replace(name, target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
