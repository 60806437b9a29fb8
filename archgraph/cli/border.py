"""The border of the program: what ends a command, in one line and an exit status."""

from __future__ import annotations

import errno
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from archgraph.cli.output import OutputError, flush_output, open_output
from archgraph.errors import ArchgraphError, printable

WRONG, INTERRUPTED, TERMINATED = 1, 130, 143
_SHORT = {errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EAGAIN}
"""What the system is short of where it opens files or starts processes."""
_AGAIN = 0.01
"""Seconds until a signal that met the loading of a module is raised again."""


class Terminated(BaseException):
    """SIGTERM: the command unwinds, so that no child process and no half-written file is left."""


class Interrupted(BaseException):
    """SIGINT. No `KeyboardInterrupt`: after one that passes an `exec`, as in sympy, Python kills itself at its end."""


def guarded(run: Callable[[], int]) -> int:
    """Run a command and return its exit status; every mistake, signal and full disk is one message."""
    try:
        with _unwinding():
            open_output()
            status = run()
            flush_output()
            return status
    except ArchgraphError as error:
        return _told(WRONG, str(error) if isinstance(error, OutputError) else f"{type(error).__name__}: {error}")
    except (Interrupted, KeyboardInterrupt):
        return _told(INTERRUPTED, "interrupted")
    except Terminated:
        return _told(TERMINATED, "terminated")
    except BrokenPipeError:
        _drop_output()
        return 0
    except MemoryError:
        return _told(WRONG, "there is not enough memory for this: ask for smaller sizes")
    except OSError as error:
        return _told(WRONG, _refused(error))


def _refused(error: OSError) -> str:
    """What the system refuses; an error without a name is one of standard output, but for two kinds."""
    if error.filename is not None:
        return f"cannot use {printable(str(error.filename))}: {error.strerror}"
    if isinstance(error, FileNotFoundError):
        return "the folder that archgraph runs in is no more"
    if error.errno in _SHORT:
        return f"the system has too little for this: {error.strerror}"
    return f"cannot write to standard output: {error.strerror or os.strerror(errno.EIO)}"


def _told(status: int, message: str) -> int:
    _drop_output()
    if sys.stderr is not None:
        print(message, file=sys.stderr)
    return status


def _drop_output() -> None:
    """Forget what cannot be written, which Python would try once more at its end and complain about."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except (OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.__stdout__.fileno() if sys.__stdout__ else 1)
        os.close(nowhere)


@contextmanager
def _unwinding() -> Iterator[None]:
    """Raise what a signal means, where this thread may say so and nobody else has."""
    usual = {signal.SIGTERM: signal.SIG_DFL, signal.SIGINT: signal.default_int_handler}
    alone = threading.current_thread() is threading.main_thread()
    ours = [number for number, handler in usual.items() if alone and signal.getsignal(number) is handler]
    waits = bool(ours) and hasattr(signal, "setitimer") and signal.getsignal(signal.SIGALRM) is signal.SIG_DFL

    def stop(number: int, frame: FrameType | None) -> None:
        if waits and _loads(frame):
            # Modules in C forget what is raised while they are loaded: it is raised when they are.
            signal.signal(signal.SIGALRM, lambda _, later: stop(number, later))
            signal.setitimer(signal.ITIMER_REAL, _AGAIN)
            return
        raise Terminated if number == signal.SIGTERM else Interrupted

    for number in ours:
        signal.signal(number, stop)
    try:
        yield
    finally:
        for number in ours:
            signal.signal(number, usual[number])
        if waits:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, signal.SIG_DFL)


def _loads(frame: FrameType | None) -> bool:
    """Whether a module is being loaded, by the command and not around it."""
    while frame is not None and frame.f_code is not guarded.__code__:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return True
        frame = frame.f_back
    return False
