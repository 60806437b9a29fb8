"""A folder in which a page's commands run, as a reader would run them, and what they printed."""

from __future__ import annotations

import io
import os
import shlex
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from unittest.mock import patch

from archgraph.cli import main
from archgraph.report import saves

MOST_LINES = 26
WIDEST = 118


class Shell:
    """Runs `archgraph …` in a folder, in this process: what was loaded once is there for the next command."""

    def __init__(self, folder: Path, files: Mapping[str, str]) -> None:
        self.folder = folder
        for name, text in files.items():
            (folder / name).write_text(text, encoding="utf-8")

    def run(self, command: str, status: int | None = 0) -> str:
        """Return what a command printed, errors after output.

        Raises:
            AssertionError: it ended with another status.
        """
        words = shlex.split(command)
        out, err = io.StringIO(), io.StringIO()
        assert words[0] == "archgraph", f"a page may only run archgraph, and not {words[0]}"
        # Nobody saves a file while a page is made: what would wait for that is interrupted.
        interrupted = patch.object(saves, "pause", side_effect=KeyboardInterrupt)
        with _inside(self.folder), redirect_stdout(out), redirect_stderr(err), interrupted:
            try:
                found = main(words[1:])
            except SystemExit as end:
                found = end.code if isinstance(end.code, int) else 2
        printed = f"{out.getvalue().rstrip()}\n{err.getvalue().rstrip()}".strip("\n")
        assert status is None or found == status, f"{command} ended with {found}:\n{printed}"
        return printed


@contextmanager
def _inside(folder: Path) -> Iterator[None]:
    """The folder as the current one, from which modules are imported too."""
    before, path = os.getcwd(), sys.path[:]
    os.chdir(folder)
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        os.chdir(before)
        sys.path[:] = path
        for name in [name for name in sys.modules if (folder / f"{name}.py").is_file()]:
            del sys.modules[name]


def shortened(text: str, most: int = MOST_LINES) -> str:
    """Return a page's worth of an output: its first lines, each as wide as a page, and how many more there are.

    >>> print(shortened("a\\nb\\nc\\nd", most=2))
    a
    b
    … 2 more lines
    """
    lines = [line if len(line) <= WIDEST else f"{line[:WIDEST]} …" for line in text.rstrip().split("\n")]
    if len(lines) <= most + 1:
        return "\n".join(lines)
    return "\n".join([*lines[:most], f"… {len(lines) - most} more lines"])
