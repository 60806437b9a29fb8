"""How far long work is: whoever listens is told at every step."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from types import TracebackType
from typing import TypeVar

Element = TypeVar("Element")
MOST_TOLD = 1000
"""About how often a loop tells of itself at most, and once more at its end."""
FINEST = 10**6
"""From how many steps on, those of loops in each other taken together, a step is parted no further."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far along a loop of a call is.

    Attributes:
        what: the call and its nested loops, as in `sweep: macs: blocks`.
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


class StoppedError(BaseException):
    """Carries what a listener raises out of a call, past whatever deals with errors of its own on the way."""

    def __init__(self, error: Exception) -> None:
        super().__init__(error)
        self.error = error


class Stoppable(AbstractContextManager[None]):
    """Lets out of a block what a listener has raised in it.

    No generator: one that raises `StopIteration` raises another error instead.

    Args:
        block: what else is done at the beginning and the end of the block.
    """

    def __init__(self, block: AbstractContextManager[None]) -> None:
        self._block = block

    def __enter__(self) -> None:
        self._block.__enter__()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        handled = self._block.__exit__(kind, error, trace)
        if isinstance(error, StoppedError):
            raise error.error from None
        return handled


class Listener:
    """Is told how far the calls of a block of code are.

    Args:
        report: is called at every step; an exception that it raises comes out of the call. What it asks of us itself
            is told to nobody.
    """

    def __init__(self, report: Callable[[Progress], object]) -> None:
        self.report: Callable[[Progress], object] = report
        self.path: tuple[str, ...] = ()
        self.place: tuple[int, int] = (0, 1)
        """Steps of the innermost loop that are done, and how many it has."""

    def told(self, done: int, total: int) -> None:
        """Say how far the innermost loop is."""
        self.place = (done, total)
        deaf = LISTENER.set(None)
        try:
            self.report(Progress(": ".join(self.path), done, total))
        except Exception as error:
            raise StoppedError(error) from None
        finally:
            LISTENER.reset(deaf)

    def call(self, name: str) -> AbstractContextManager[None]:
        """Name all that the block does, as one call."""
        return Stoppable(self.inside(name))

    @contextmanager
    def inside(self, name: str) -> Iterator[None]:
        """Name what the block does."""
        before = self.path, self.place
        self.path, self.place = (*self.path, name), (0, 1)
        try:
            yield
        finally:
            self.path, self.place = before


LISTENER: ContextVar[Listener | None] = ContextVar("LISTENER", default=None)
"""Who listens here, if anybody does."""


def heard(listener: Listener) -> AbstractContextManager[None]:
    """Let somebody listen to what the block does."""
    return Stoppable(_heard(listener))


@contextmanager
def _heard(listener: Listener) -> Iterator[None]:
    token = LISTENER.set(listener)
    try:
        yield
    finally:
        LISTENER.reset(token)


def stepping(items: Sequence[Element], what: str) -> Iterable[Element]:
    """Return what a loop goes through; each step of it is told to whoever listens.

    Args:
        items: what is worked on, one after the other.
        what: what they are, as a plural. A loop directly within a loop over the same things parts the outer one's step.

    >>> with heard(Listener(print)):
    ...     for _ in stepping("ab", "operations"):
    ...         _ = list(stepping("cd", "operations"))
    operations 0/2
    operations 0/4
    operations 1/4
    operations 2/4
    operations 1/2
    operations 2/4
    operations 3/4
    operations 4/4
    operations 2/2
    """
    listener = LISTENER.get()
    if listener is None:
        return items
    return _parted(items, listener) if listener.path[-1:] == (what,) else _told(items, what, listener)


def _told(items: Sequence[Element], what: str, listener: Listener) -> Iterator[Element]:
    with listener.inside(what):
        yield from _stepped(items, listener, (0, 1))


def _parted(items: Sequence[Element], listener: Listener) -> Iterator[Element]:
    outer = listener.place
    try:
        # Of very many parts nobody sees a step.
        yield from items if outer[1] > FINEST else _stepped(items, listener, outer)
    finally:
        listener.place = outer


def _stepped(items: Sequence[Element], listener: Listener, outer: tuple[int, int]) -> Iterator[Element]:
    total = len(items)
    before, whole = outer[0] * total, outer[1] * total
    every = max(1, total // MOST_TOLD)
    for done, item in enumerate(items):
        if done % every == 0:
            listener.told(before + done, whole)
        yield item
    if total:
        listener.told(before + total, whole)
