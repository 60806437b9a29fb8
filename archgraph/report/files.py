"""Files written whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from archgraph.errors import QueryError


def write_text(target: Path, text: str) -> None:
    """Write UTF-8 text; see `write_bytes`."""
    write_bytes(target, text.encode("utf-8"))


def write_bytes(target: Path, content: bytes) -> None:
    """Write beside the target and move it there, so that nobody ever sees half a file.

    Raises:
        QueryError: the folder does not exist, or may not be written.
    """
    with writing(target) as file:
        file.write(content)


@contextmanager
def writing(target: Path) -> Iterator[BinaryIO]:
    """Open a file beside the target that takes its place at the end, and vanishes where something fails.

    Raises:
        QueryError: the folder does not exist, or may not be written.
    """
    try:
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    except OSError as error:
        raise QueryError(f"cannot write {target}: {error.strerror}") from None
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
        os.chmod(name, 0o666 & ~_umask())
        os.replace(name, target)
    except OSError as error:
        raise QueryError(f"cannot write {target}: {error.strerror}") from None
    finally:
        Path(name).unlink(missing_ok=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
