"""Every command, as the parser has them, into outputs that take nothing, or few characters."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from archgraph.cli import main
from tests.cli.processes import COMMAND
from tests.cli.test_every_option import ENOUGH, NEEDS_TORCH, commands

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
LONG = {"list", "contrast", *NEEDS_TORCH}
"""Commands that take seconds."""


class Ended(NamedTuple):
    """How a command ended."""

    status: int
    out: bytes
    err: str


def run(name: str, folder: Path, output: Callable[[], int] | None, encoding: str = "utf-8") -> Ended:
    """Run a command in a child that writes to a file descriptor, None for a closed one."""
    arguments = [name, *ENOUGH[name]]
    with tempfile.TemporaryFile() as errors:
        target = output() if output else None
        child = _started if name in NEEDS_TORCH else _forked
        status = child(arguments, folder, target, errors.fileno(), encoding)
        out = b""
        if target is not None:
            if target > 2 and os.path.isfile(f"/proc/self/fd/{target}"):
                os.lseek(target, 0, os.SEEK_SET)
                out = os.read(target, 1 << 20)
            os.close(target)
        errors.seek(0)
        return Ended(status, out, errors.read().decode())


def _forked(arguments: list[str], folder: Path, target: int | None, errors: int, encoding: str) -> int:
    """The status of a child of this process, which has all modules already."""
    if child := os.fork():
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    status = 99
    try:
        os.chdir(folder)
        os.dup2(errors, 2)
        sys.stderr = io.TextIOWrapper(io.FileIO(2, "w", closefd=False), encoding="utf-8", write_through=True)
        if target is None:
            os.close(1)
            sys.stdout = sys.__stdout__ = None  # type: ignore[assignment,misc]
        else:
            os.dup2(target, 1)
            raw = io.BufferedWriter(io.FileIO(1, "w", closefd=False))
            sys.stdout = sys.__stdout__ = io.TextIOWrapper(raw, encoding=encoding)  # type: ignore[misc]
        status = main(arguments)
        if sys.stdout is not None:
            sys.stdout.flush()
    except SystemExit as stopped:
        status = int(stopped.code or 0)
    except BaseException as error:
        print(f"Traceback: {error!r}", file=sys.stderr)
    finally:
        os._exit(status)


def _started(arguments: list[str], folder: Path, target: int | None, errors: int, encoding: str) -> int:
    """The status of a process of its own: threads of PyTorch do not live through a fork."""
    env = {**os.environ, "PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"}
    close = (lambda: os.close(1)) if target is None else None
    return subprocess.run(
        [*COMMAND, *arguments], cwd=folder, check=False, stdout=target, stderr=errors, preexec_fn=close, env=env
    ).returncode


def nowhere() -> int:
    """A pipe whose reader has gone."""
    reader, writer = os.pipe()
    os.close(reader)
    return writer


def full() -> int:
    return os.open("/dev/full", os.O_WRONLY)


def file() -> int:
    handle, name = tempfile.mkstemp()
    os.unlink(name)
    return handle


@pytest.fixture(autouse=True)
def what_it_needs(request):
    name = request.node.callspec.params["name"]
    if name in NEEDS_TORCH:
        pytest.importorskip("torch")
    if name in ("sweep", "solve", "scale"):
        pytest.importorskip("numpy")


every_command = pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.slow] if name in LONG else []) for name in commands()]
)


@every_command
def test_a_closed_output_is_one_line(name, tmp_path):
    ended = run(name, tmp_path, None)
    assert (ended.status, ended.err) == (1, "cannot write to standard output: it is closed\n")


@every_command
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
def test_a_full_output_is_one_line(name, tmp_path):
    ended = run(name, tmp_path, full)
    assert ended.status == 1
    assert ended.err.splitlines()[-1] == "cannot write to standard output: No space left on device"
    assert "Traceback" not in ended.err


@every_command
def test_a_pipe_whose_reader_has_gone_is_silence(name, tmp_path):
    ended = run(name, tmp_path, nowhere)
    assert ended.status in (0, 141)
    assert "Traceback" not in ended.err and "pipe" not in ended.err.lower()


@every_command
@pytest.mark.parametrize("encoding", ["ascii", pytest.param("latin-1", marks=pytest.mark.slow)])
def test_a_poor_terminal_gets_words_that_read_alike(name, encoding, tmp_path):
    ended = run(name, tmp_path, file, encoding)
    assert ended.status == 0, ended.err
    assert ended.out.decode(encoding).strip()
    assert "Traceback" not in ended.err
