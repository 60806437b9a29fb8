"""Files written whole or not at all."""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from archgraph.errors import QueryError, printable

_NO_TEXT = getattr(os, "O_BINARY", 0)  # Windows writes bytes as they are only when asked to


def write_text(target: Path, text: str, *, new: bool = False) -> None:
    """Write UTF-8 text; see `write_bytes`."""
    write_bytes(target, text.encode("utf-8"), new=new)


def write_bytes(target: Path, content: bytes, *, new: bool = False) -> None:
    """Write beside the target and move it there, so that nobody ever sees half a file.

    Raises:
        QueryError: the file may not or cannot be written, or is to be new and exists.
    """
    with writing(target, new=new) as file:
        file.write(content)


def check_writable(target: Path) -> None:
    """Refuse what cannot be written, before work is done for it.

    Raises:
        QueryError: the target or its folder may not or cannot be written.
    """
    try:
        folder = _place(target, new=False)[0].parent
        os.stat(folder / ".")  # which is no folder where its name is that of a file
        if not os.access(folder, os.W_OK):
            raise _unwritable(target, "its folder is read-only")
    except OSError as error:
        raise _unwritable(target, error.strerror or str(error)) from None


@contextmanager
def writing(target: Path, *, new: bool = False) -> Iterator[BinaryIO]:
    """Open a file beside the target that takes its place at the end, and vanishes where anything stops before.

    A symbolic link stays one: what it points to is written. A file that is replaced keeps its mode.

    Args:
        target: the file to write.
        new: whether it must not exist.

    Raises:
        QueryError: the file may not or cannot be written, or is to be new and exists.
    """
    name = ""
    try:
        place, mode = _place(target, new=new)
        # The name is known before the file is there: a signal between the two must not leave it behind.
        name = str(place.parent / f".archgraph-{secrets.token_hex(8)}")
        with os.fdopen(os.open(name, os.O_RDWR | os.O_CREAT | os.O_EXCL | _NO_TEXT, 0o600), "wb") as file:
            yield file
        os.chmod(name, mode)
        if new:
            os.link(name, place)
        else:
            os.replace(name, place)
    except FileExistsError:
        raise QueryError(f"{printable(str(target))} exists already") from None
    except OSError as error:
        raise _unwritable(target, error.strerror or str(error)) from None
    finally:
        if name:
            Path(name).unlink(missing_ok=True)


def _unwritable(target: Path, reason: str) -> QueryError:
    return QueryError(f"cannot write {printable(str(target))}: {reason}")


def _place(target: Path, *, new: bool) -> tuple[Path, int]:
    """What is written in the end, and the mode bits of what is replaced, or those of a new file."""
    try:
        place = Path(os.path.realpath(target))
    except ValueError as error:
        raise _unwritable(target, str(error)) from None
    try:
        found = os.stat(place).st_mode
    except FileNotFoundError:
        return place, 0o666 & ~_umask()
    if new:
        raise FileExistsError
    if not stat.S_ISREG(found):
        raise _unwritable(target, "it is a folder" if stat.S_ISDIR(found) else "it is not a regular file")
    # Asked of the bits too, since the superuser may write anything.
    if not found & 0o222 or not os.access(place, os.W_OK):
        raise _unwritable(target, "it is read-only")
    return place, stat.S_IMODE(found)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
