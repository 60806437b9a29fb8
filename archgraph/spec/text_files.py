"""The text of a spec's file, and what is meant where there is no such file."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING

from archgraph.errors import Place, SpecError, printable
from archgraph.report.missing_files import missing_file, shown_path
from archgraph.report.reading import regular_bytes, why_unreadable
from archgraph.spec.language.yamltree import MAX_BYTES
from archgraph.spec.shipped import shipped_names

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

YAML_SUFFIXES = (".yaml", ".yml")
LARGEST_FILE = 4 * MAX_BYTES
"""The most bytes of a file: a character has at most four."""


def text_of_file(path: Traversable, label: str = "") -> str:
    """Return the text of a file of bounded size.

    Raises:
        SpecError: it is missing, a directory, not UTF-8, or too large.
    """
    shown = shown_path(str(path))
    try:
        data = regular_bytes(path, LARGEST_FILE + 1, SpecError)
    except FileNotFoundError:
        raise _missing(str(path)) from None
    except IsADirectoryError:
        raise SpecError(f"{shown} is a directory, not a spec file", hint="name a file in it") from None
    except (OSError, ValueError) as error:
        raise SpecError(f"cannot read {shown}: {why_unreadable(error)}") from None
    return text_of_bytes(data, label or path.name)


def _missing(path: str) -> SpecError:
    """What is wrong with the name of a file that is not there; a shipped spec is named without an ending."""
    hint = f"`archgraph new {shown_path(path)}` writes one" if path.endswith(YAML_SUFFIXES) else "a spec ends in .yaml"
    suffixes = (*YAML_SUFFIXES, PurePath(path).suffix or YAML_SUFFIXES[0])
    message, hint = missing_file(path, hint, suffixes, shipped_names())
    return SpecError(message, hint=hint)


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
