"""Models one after the other in a process of their own, each within a limit of time."""

from __future__ import annotations

import logging
import multiprocessing
import os
import time
from collections.abc import Iterator, Sequence
from multiprocessing.connection import Connection
from typing import Any

from tests.models.corpora.libraries import Library
from tests.models.corpora.time_limit import processor_seconds

SPAWN = multiprocessing.get_context("spawn")
HANGS = 10
"""How many times the limit may go by where a process waits for its turn."""


class Worker:
    """A process that compares models of one library; it is made anew after one that took too long, or ended it.

    Args:
        title, library: its name, and where its models are listed.
        limit: seconds of the processor that a model may take.
    """

    def __init__(self, title: str, library: Library, limit: float) -> None:
        self.title, self.library, self.limit = title, library, limit
        self._process: Any = None

    def names(self) -> Sequence[str] | str:
        """Return the names of the models; as one text, why there are none."""
        return self._asked(None, "the list takes too long")

    def result(self, name: str) -> dict[str, Any]:
        """Return what became of a model."""
        found = self._asked(name, "")
        if found != "":
            return found
        told = f"more than {self.limit:.0f} s, or the end of the process"
        return {"library": self.title, "name": name, "status": "stopped", "why": told}

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.kill()
            self._process.join()
            self._process = None

    def _asked(self, name: str | None, otherwise: Any) -> Any:
        if self._process is None:
            self._here, there = SPAWN.Pipe()
            self._process = SPAWN.Process(target=serve, args=(self.title, self.library, there), daemon=True)
            self._process.start()
            there.close()
        try:
            self._here.send(name)
            if self._answers():
                return self._here.recv()
        except (EOFError, OSError):
            pass
        self.close()
        return otherwise

    def _answers(self) -> bool:
        """Wait for an answer within the limit; longer where the processor is busy with others, but not for ever."""
        begun, started = processor_seconds(self._process.pid), time.monotonic()
        while not self._here.poll(1):
            took = processor_seconds(self._process.pid) - begun
            if took > self.limit or time.monotonic() - started > HANGS * self.limit:
                return False
        return True


def serve(title: str, library: Library, pipe: Connection) -> None:
    """Answer names with what became of these models; None with the names of all."""
    import warnings

    import torch

    os.environ["HF_HUB_OFFLINE"] = "1"
    logging.disable(logging.WARNING)
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    from tests.models.corpora.comparing import compared

    try:
        found = {entry.name: entry for entry in library.entries()}
    except Exception as error:
        pipe.send(f"{type(error).__name__}: {error}")
        return
    while True:
        name = pipe.recv()
        pipe.send(list(found) if name is None else compared(title, found[name]).as_json())


def results(
    title: str, library: Library, limit: float, known: Sequence[str], wanted: Sequence[str] | None = None
) -> Iterator[dict[str, Any]]:
    """Yield how many models a library lists, and what became of those whose names are not known yet.

    Where the library is not there, one row says so.
    """
    worker = Worker(title, library, limit)
    try:
        names = worker.names()
        if isinstance(names, str):
            yield {"library": title, "name": "", "status": "skipped", "why": names}
            return
        yield {"library": title, "name": "", "status": "listed", "why": str(len(names))}
        for name in names:
            if name not in known and (wanted is None or name in wanted):
                yield worker.result(name)
    finally:
        worker.close()
