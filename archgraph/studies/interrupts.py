"""An interrupt that waits until a part of long work is whole."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def held_interrupts() -> Iterator[threading.Event]:
    """Note Ctrl-C while the block runs instead of raising it; a second one is raised at once.

    Python hears signals in its main thread alone: elsewhere nothing is to be held.

    >>> with held_interrupts() as asked:
    ...     signal.raise_signal(signal.SIGINT)
    ...     print(asked.is_set())
    True
    """
    asked = threading.Event()

    def note(number: int, frame: object) -> None:
        if asked.is_set():
            raise KeyboardInterrupt
        asked.set()

    if threading.current_thread() is not threading.main_thread():
        yield asked
        return
    before = signal.signal(signal.SIGINT, note)
    try:
        yield asked
    finally:
        signal.signal(signal.SIGINT, before)
