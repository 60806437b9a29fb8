"""A line on a terminal or in a notebook that says that work goes on, how far it is, and how to stop it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from archgraph.steps import Progress

_PATIENCE, _EVERY = 2.0, 1.0
"""Seconds until the line appears, and from one to the next."""
_BAR, _COLUMNS = 10, 79
"""Columns of the bar, and of the line."""


class Waiting:
    """Says from a thread of its own what is done and for how long, until it is told to be quiet.

    Args:
        what: the words before the seconds, until more is told.
        stream: where the line is drawn.
    """

    def __init__(self, what: str, stream: TextIO) -> None:
        self._progress, self._stream = Progress(what, 0, 0), stream
        self._quiet = threading.Event()
        self._drawing = threading.Lock()
        self._width = 0
        self._began = time.monotonic()
        # A daemon: a command that ends in any way does not wait for it.
        threading.Thread(target=self._speak, name="waiting", daemon=True).start()

    def told(self, progress: Progress) -> None:
        """Say this the next time."""
        self._progress = progress

    def _speak(self) -> None:
        pause = _PATIENCE
        while not self._quiet.wait(pause):
            self._draw()
            pause = _EVERY

    def _draw(self) -> None:
        with self._drawing:
            if not self._quiet.is_set():
                stop = "Ctrl-C stops it" if self._stream.isatty() else "an interrupt stops it"
                self._write(line(self._progress, time.monotonic() - self._began, stop))

    def hush(self) -> None:
        """Wipe the line, and say no more."""
        self._quiet.set()
        with self._drawing:
            if self._width:
                self._write("")

    def _write(self, text: str) -> None:
        """Write over the line that stands there, by blanks: a notebook knows no other way to erase."""
        try:
            self._stream.write(f"\r{text.ljust(self._width)}" + ("" if text else "\r"))
            self._stream.flush()
            self._width = len(text)
        except (OSError, ValueError):
            self._quiet.set()


def line(progress: Progress, seconds: float, stop: str) -> str:
    """Return what is said of work; without a bar where nothing is known of its end.

    >>> line(Progress("archgraph cost", 0, 0), 2.1, "Ctrl-C stops it")
    'archgraph cost: 2 s, Ctrl-C stops it'
    >>> line(Progress("sweep: blocks", 1, 4), 3.2, "Ctrl-C stops it")
    'sweep: blocks 1/4 [##........]: 3 s, Ctrl-C stops it'
    """
    done, total = progress.done, progress.total
    what, far = progress.what, ""
    if total:
        full = _BAR * done // total
        far = f" {done:,}/{total:,} [{'#' * full}{'.' * (_BAR - full)}]"
    end = f"{far}: {seconds:.0f} s, {stop}"
    room = _COLUMNS - len(end)
    return (what if len(what) <= room else f"{what[: room - 1]}…") + end


_speaking: list[Waiting] = []


def hush() -> None:
    """Be quiet before something else is written to the terminal."""
    for waiting in _speaking:
        waiting.hush()


@contextmanager
def waiting(what: str, stream: TextIO) -> Iterator[Waiting]:
    """Say that work goes on while the block runs, once it takes longer than `_PATIENCE`, until `hush`.

    Args:
        what: what is done.
        stream: where it is said.

    >>> import sys
    >>> with waiting("cost", sys.stderr):
    ...     print("done")
    done
    """
    speaking = Waiting(what, stream)
    _speaking.append(speaking)
    try:
        yield speaking
    finally:
        _speaking.remove(speaking)
        speaking.hush()
