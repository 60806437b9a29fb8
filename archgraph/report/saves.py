"""Doing something again whenever a file of a folder is saved, until Ctrl-C."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

_EVERY = 0.25
"""Seconds between two looks at the folder."""


def at_every_save(folder: Path, suffixes: tuple[str, ...], act: Callable[[], object]) -> NoReturn:
    """Act now, and again whenever files of some suffixes in a folder have changed.

    An editor may need several steps to save a file: a change counts once it has rested from one look to the next.
    """
    done, before = None, None
    while True:
        # Before the act, so that what is saved meanwhile is seen next.
        now = tuple(sorted(_states(folder, suffixes)))
        if done is None or (now != done and now == before):
            done = now
            act()
        before = now
        pause()


def pause() -> None:
    """Wait until the next look."""
    time.sleep(_EVERY)


def _states(folder: Path, suffixes: tuple[str, ...]) -> Iterator[tuple[str, int, int, int]]:
    """What changes where a file is saved, whether it is written anew or replaced."""
    try:
        found = [entry for entry in os.scandir(folder) if entry.name.endswith(suffixes)]
    except FileNotFoundError:
        return
    for entry in found:
        try:
            state = os.stat(entry)
        except FileNotFoundError:
            continue
        yield entry.name, state.st_mtime_ns, state.st_size, state.st_ino
