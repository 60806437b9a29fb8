"""Progress of long calls in Python: as a line that is drawn over, or told to a function."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TextIO

from archgraph.keywords import strict_keywords
from archgraph.report.waiting import waiting
from archgraph.steps import Listener, Progress, Stoppable, heard


class ProgressLine(Listener):
    """Draws a line for every call that takes long.

    Args:
        stream: where it is drawn.
    """

    def __init__(self, stream: TextIO) -> None:
        super().__init__(lambda progress: None)
        self._stream = stream

    def call(self, name: str) -> AbstractContextManager[None]:
        """Draw while the block runs, once it takes long, and wipe that at the end."""
        return Stoppable(self._drawn(name))

    @contextmanager
    def _drawn(self, name: str) -> Iterator[None]:
        with waiting(name, self._stream) as speaking, self.inside(name):
            self.report = speaking.told
            yield


@strict_keywords
def progress(report: Callable[[Progress], object] | None = None) -> AbstractContextManager[None]:
    """Report the progress of calls inside a `with` block: of architectures, of their answers, and of this package.

    Without a function, a call that takes longer than two seconds draws a line on standard error, in a terminal or a
    notebook. The line is redrawn every second and removed at the end. It shows what the call does, how far along it
    is, how long it has run, and that an interrupt (Ctrl-C, or the notebook's stop button) ends it. Nothing is
    drawn outside such a block.

    Args:
        report: is called with a `Progress` (`what`, `done`, `total`) at every step instead, at most a thousand times
            per loop. An exception that it raises ends the call and propagates, which stops what Ctrl-C cannot reach.
            It may ask architectures itself; such calls are not reported to it.

    Raises:
        QueryError: `report` is not a function.

    >>> import archgraph as ag
    >>> with ag.progress(print):
    ...     sweep = ag.load("transformer").sweep({"L": [2, 4]}, ["params"])
    sweep: metrics 0/1
    sweep: metrics 1/1
    """
    if report is not None:
        return heard(Listener(report))
    return nullcontext() if sys.stderr is None else heard(ProgressLine(sys.stderr))
