"""The text of a spec's file, and what is meant where there is no such file."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from archgraph.errors import MOST_COMPARED, Place, SpecError, nearest, printable, quoted
from archgraph.report.reading import regular_bytes
from archgraph.spec.language.yamltree import MAX_BYTES

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

YAML_SUFFIXES = (".yaml", ".yml")
LONGEST_PATH = 300
"""Characters of a path in a message."""
LARGEST_FILE = 4 * MAX_BYTES
"""The most bytes of a file: a character has at most four."""


def text_of_file(path: Traversable, label: str = "") -> str:
    """Return the text of a file of bounded size.

    Raises:
        SpecError: it is missing, a directory, not UTF-8, or too large.
    """
    shown = _shown(str(path))
    try:
        data = regular_bytes(path, LARGEST_FILE + 1, SpecError)
    except FileNotFoundError:
        raise _missing(Path(str(path)), shown) from None
    except IsADirectoryError:
        raise SpecError(f"{shown} is a directory, not a spec file", hint="name a file in it") from None
    except (OSError, ValueError) as error:
        raise SpecError(f"cannot read {shown}: {getattr(error, 'strerror', None) or error}") from None
    return text_of_bytes(data, label or path.name)


def _shown(path: str) -> str:
    """A path in a message: the end of a very long one."""
    path = printable(path)
    return path if len(path) <= LONGEST_PATH else f"…{path[-LONGEST_PATH:]}"


def _missing(path: Path, shown: str) -> SpecError:
    """What is wrong with the name of a file that is not there."""
    if path.is_symlink():
        return SpecError(f"{shown} is a link to {quoted(printable(os.readlink(path)))}, which is not there")
    if not path.parent.is_dir():
        return SpecError(f"no such file: {shown}", hint="the folder is not there either")
    near = did_you_mean_file(path.name, path.parent)
    hint = f"`archgraph new {shown}` writes one" if path.suffix in YAML_SUFFIXES else "a spec ends in .yaml"
    return SpecError(f"no such file: {shown}{near and '.'}{near}", hint=hint)


def did_you_mean_file(name: str, folder: Path, others: Iterable[str] = ()) -> str:
    """Return `" Did you mean 'x.yaml'?"` for the file of the nearest name, endings aside, or the nearest other word."""
    called = {word: word for word in others} | {Path(file).stem: file for file in _spec_files(folder)}
    near = nearest(Path(name).stem, called)
    return f" Did you mean '{called[near]}'?" if near else ""


def _spec_files(folder: Path) -> Iterator[str]:
    """Yield the names of files in a folder that may be specs, not all of very many."""
    try:
        with os.scandir(folder) as entries:
            names = [entry.name for entry, _ in zip(entries, range(MOST_COMPARED), strict=False)]
    except OSError:
        return
    yield from sorted(name for name in names if name.endswith(YAML_SUFFIXES))


def text_of_bytes(data: bytes, label: str) -> str:
    """Return the text of a file's content.

    Raises:
        SpecError: it is not UTF-8, or too large.
    """
    if len(data) > LARGEST_FILE:
        raise SpecError(f"{printable(label)} is larger than a spec can be: the limit is {MAX_BYTES} characters")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _not_utf8(label, error) from None


def _not_utf8(file: str, error: UnicodeDecodeError) -> SpecError:
    before = error.object[: error.start]
    place = Place(file, before.count(b"\n") + 1, error.start - before.rfind(b"\n"))
    message = f"not UTF-8: byte 0x{error.object[error.start]:02x} cannot be read"
    return SpecError(message, place=place, hint="save the file as UTF-8")
