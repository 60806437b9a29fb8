"""What is said of a file that is not there, whoever wanted to read it: which one may be meant, and what kind it is."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from archgraph.errors import MOST_COMPARED, nearest, printable, quoted

LONGEST_PATH = 300
"""Characters of a path in a message."""


def missing_file(path: str, hint: str, suffixes: tuple[str, ...], others: Iterable[str] = ()) -> tuple[str, str]:
    """Return the message and the hint about a file that is not there.

    Args:
        path: the file, as its user named it.
        hint: what kind of file is meant, or what writes one.
        suffixes: of files that may be meant.
        others: words that may be meant where the path is a bare name.

    >>> missing_file("nowhere/x.csv", "a table", (".csv",))
    ('no such file: nowhere/x.csv', 'the folder is not there either')
    """
    place, told = Path(path), f"no such file: {shown_path(path)}"
    if place.is_symlink():
        return f"{shown_path(path)} is a link to {quoted(printable(os.readlink(place)))}, which is not there", ""
    if not place.parent.is_dir():
        return told, "the folder is not there either"
    near = did_you_mean_file(place.name, place.parent, suffixes, others if place.name == path else ())
    return f"{told}{near and '.'}{near}", hint


def did_you_mean_file(name: str, folder: Path, suffixes: tuple[str, ...], others: Iterable[str] = ()) -> str:
    """Return `" Did you mean 'x.yaml'?"` for the file of a folder with the nearest name, or the nearest other word."""
    return did_you_mean_one_of(name, _files(folder, suffixes), others)


def did_you_mean_one_of(name: str, files: Iterable[str], others: Iterable[str] = ()) -> str:
    """Return `" Did you mean 'x.yaml'?"` for the nearest of some files, endings aside, or the nearest other word.

    >>> did_you_mean_one_of("unte.yml", ["unet.yaml"]), did_you_mean_one_of("unte.yml", [], ["unet"])
    (" Did you mean 'unet.yaml'?", " Did you mean 'unet'?")
    """
    called = {word: word for word in others} | {Path(file).stem: file for file in files}
    near = nearest(Path(name).stem, called)
    return f" Did you mean '{called[near]}'?" if near else ""


def shown_path(path: str) -> str:
    """Return a path for a message: the end of a very long one.

    >>> len(shown_path("x" * 1000))
    301
    """
    path = printable(path)
    return path if len(path) <= LONGEST_PATH else f"…{path[-LONGEST_PATH:]}"


def _files(folder: Path, suffixes: tuple[str, ...]) -> Iterator[str]:
    """Yield the names of files in a folder that may be meant, not all of very many."""
    try:
        with os.scandir(folder) as entries:
            names = [entry.name for entry, _ in zip(entries, range(MOST_COMPARED), strict=False)]
    except OSError:
        return
    yield from sorted(name for name in names if name.endswith(suffixes))
