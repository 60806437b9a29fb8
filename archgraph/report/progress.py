"""Progress of long calls in Python: as a line that is drawn over, or told to a function."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

from archgraph.errors import QueryError
from archgraph.keywords import strict_keywords
from archgraph.report.waiting import waiting
from archgraph.steps import Listener, Progress, heard


class ProgressLine(Listener):
    """Draws a line for every call that takes long.

    Args:
        stream: where it is drawn.
    """

    def __init__(self, stream: TextIO) -> None:
        super().__init__(lambda progress: None)
        self._stream = stream

    @contextmanager
    def call(self, name: str) -> Iterator[None]:
        """Draw while the block runs, once it takes long, and wipe that at the end."""
        with waiting(name, self._stream) as speaking, super().call(name):
            self.report = speaking.told
            yield


@strict_keywords
@contextmanager
def progress(report: Callable[[Progress], object] | None = None) -> Iterator[None]:
    """Say how far the calls inside a `with` block are: those of architectures, of their answers, and of this package.

    Without a function, a call that takes longer than two seconds draws a line on standard error, in a terminal as in a
    notebook, which is drawn over every second and wiped at the end: what it does, how far it is, for how long, and that
    an interrupt (Ctrl-C, or the notebook's stop button) ends it. Nothing is drawn outside such a block.

    Args:
        report: is called with a `Progress` (`what`, `done`, `total`) at every step instead, a thousand times per loop
            at most; what it raises ends the call and comes out of it, so that it can stop what Ctrl-C cannot reach.

    Raises:
        QueryError: `report` is no function.

    >>> import archgraph as ag
    >>> with ag.progress(print):
    ...     sweep = ag.load("transformer").sweep({"L": [2, 4]}, ["params"])
    sweep: metrics 0/1
    sweep: metrics 1/1
    """
    if report is not None and not callable(report):
        raise QueryError(f"report of progress is a function or None, and not {report!r}", hint="ag.progress(print)")
    stream = sys.stderr
    if report is None and stream is None:
        yield
        return
    with heard(ProgressLine(stream) if report is None else Listener(report)):
        yield
