"""A limit of processor time for a call, so that a busy machine stops nothing."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager


class TooLong(BaseException):
    """It took longer than it may; no error, so that nobody takes it for one."""


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """End what runs inside after so many seconds of processor time.

    Raises:
        TooLong: it took longer.
    """

    def stop(number: int, frame: object) -> None:
        raise TooLong

    before = signal.signal(signal.SIGPROF, stop)
    rest, _ = signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.signal(signal.SIGPROF, before)
        signal.setitimer(signal.ITIMER_PROF, rest)
