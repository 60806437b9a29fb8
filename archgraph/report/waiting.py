"""A line on a terminal that says that work goes on, and how to stop it; nothing in a pipe."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

_PATIENCE, _EVERY = 2.0, 1.0
"""Seconds until the line appears, and from one to the next."""


class Waiting:
    """Says from a thread of its own what is done and for how long, until it is told to be quiet.

    Args:
        what: the words before the seconds.
        terminal: where the line is drawn.
    """

    def __init__(self, what: str, terminal: TextIO) -> None:
        self._what, self._terminal = what, terminal
        self._quiet = threading.Event()
        self._drawing = threading.Lock()
        self._drawn = False
        self._began = time.monotonic()
        # A daemon: a command that ends in any way does not wait for it.
        threading.Thread(target=self._speak, name="waiting", daemon=True).start()

    def _speak(self) -> None:
        pause = _PATIENCE
        while not self._quiet.wait(pause):
            self._draw()
            pause = _EVERY

    def _draw(self) -> None:
        with self._drawing:
            if not self._quiet.is_set():
                seconds = time.monotonic() - self._began
                self._write(f"\r\x1b[K{self._what}: {seconds:.0f} s, Ctrl-C stops it")
                self._drawn = True

    def hush(self) -> None:
        """Wipe the line, and say no more."""
        self._quiet.set()
        with self._drawing:
            if self._drawn:
                self._write("\r\x1b[K")
                self._drawn = False

    def _write(self, text: str) -> None:
        try:
            self._terminal.write(text)
            self._terminal.flush()
        except (OSError, ValueError):
            self._quiet.set()


_speaking: list[Waiting] = []


def hush() -> None:
    """Be quiet before something else is written to the terminal."""
    for waiting in _speaking:
        waiting.hush()


@contextmanager
def waiting(what: str, stream: TextIO | None = None) -> Iterator[None]:
    """Say that work goes on while the block runs, once it takes longer than `_PATIENCE`, until `hush`.

    Args:
        what: what is done.
        stream: where it is said, by default standard error; only if it is a terminal.

    >>> with waiting("cost"):
    ...     print("done")
    done
    """
    terminal = sys.stderr if stream is None else stream
    if terminal is None or not terminal.isatty():
        yield
        return
    speaking = Waiting(what, terminal)
    _speaking.append(speaking)
    try:
        yield
    finally:
        _speaking.remove(speaking)
        speaking.hush()
