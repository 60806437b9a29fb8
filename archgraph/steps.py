"""How far long work is: whoever listens is told at every step."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import NamedTuple, TypeVar

Element = TypeVar("Element")
MOST_TOLD = 1000
"""How often a loop tells of itself at most, and once more at its end."""


class Progress(NamedTuple):
    """How far a loop of a call is.

    Attributes:
        what: the call, and the loops in each other, as in `sweep: macs: blocks`.
        done: how many steps of the innermost loop are done.
        total: how many it has.

    >>> str(Progress("sweep: macs", 3, 12))
    'sweep: macs 3/12'
    """

    what: str
    done: int
    total: int

    def __str__(self) -> str:
        return f"{self.what} {self.done:,}/{self.total:,}"


class Listener:
    """Is told how far the calls of a block of code are.

    Args:
        report: is called at every step; an exception that it raises ends the call.
    """

    def __init__(self, report: Callable[[Progress], object]) -> None:
        self.report = report
        self.path: tuple[str, ...] = ()

    @contextmanager
    def call(self, name: str) -> Iterator[None]:
        """Name all that the block does, as one call."""
        with self.inside(name):
            yield

    @contextmanager
    def inside(self, name: str) -> Iterator[None]:
        """Name what the block does."""
        before, self.path = self.path, (*self.path, name)
        try:
            yield
        finally:
            self.path = before


LISTENER: ContextVar[Listener | None] = ContextVar("LISTENER", default=None)
"""Who listens here, if anybody does."""


@contextmanager
def heard(listener: Listener) -> Iterator[None]:
    """Let somebody listen to what the block does."""
    token = LISTENER.set(listener)
    try:
        yield
    finally:
        LISTENER.reset(token)


def steps(items: Collection[Element], what: str) -> Iterable[Element]:
    """Return what a loop goes through; each step of it is told to whoever listens.

    Args:
        items: what is worked on, one after the other.
        what: what they are, as a plural. Loops over the same things within each other are told as the outermost.

    >>> with heard(Listener(print)):
    ...     total = sum(steps([1, 2], "numbers"))
    numbers 0/2
    numbers 1/2
    numbers 2/2
    """
    listener = LISTENER.get()
    return items if listener is None or what in listener.path else _told(items, what, listener)


def _told(items: Collection[Element], what: str, listener: Listener) -> Iterator[Element]:
    total = len(items)
    every = max(1, total // MOST_TOLD)
    with listener.inside(what):
        path = ": ".join(listener.path)
        for done, item in enumerate(items):
            if done % every == 0:
                listener.report(Progress(path, done, total))
            yield item
        listener.report(Progress(path, total, total))
