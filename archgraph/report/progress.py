"""A progress bar on a terminal, and nothing in a pipe."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from typing import TextIO, TypeVar

from archgraph.report.waiting import hush

Element = TypeVar("Element")
_WIDTH, PATIENCE, EVERY = 30, 0.5, 0.1


def progress(items: Sequence[Element], what: str, stream: TextIO | None = None) -> Iterator[Element]:
    """Yield items one after the other; once they take long, draw how many are done, and wipe that at the end.

    Args:
        items: what is worked on.
        what: the word before the bar.
        stream: where the bar is drawn, by default standard error; only if it is a terminal.

    >>> list(progress([1, 2], "counting"))
    [1, 2]
    """
    terminal = sys.stderr if stream is None else stream
    if terminal is None or not terminal.isatty():
        yield from items
        return
    hush()
    due = time.monotonic() + PATIENCE
    try:
        for done, item in enumerate(items):
            if time.monotonic() >= due:
                _draw(terminal, bar(done, len(items), what))
                due = time.monotonic() + EVERY
            yield item
    finally:
        _draw(terminal, "")


def bar(done: int, total: int, what: str) -> str:
    """Return the bar as text.

    >>> bar(1, 3, "sweeping")
    'sweeping [##########....................] 1/3'
    """
    full = _WIDTH * done // total
    return f"{what} [{'#' * full}{'.' * (_WIDTH - full)}] {done}/{total}"


def _draw(terminal: TextIO, text: str) -> None:
    """Write over the line: back to its start, erase it."""
    terminal.write(f"\r\x1b[K{text}")
    terminal.flush()
