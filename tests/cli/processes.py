"""Commands as processes of their own, and what they leave behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any
from uuid import uuid4

COMMAND = [sys.executable, "-m", "archgraph"]
MARK = "ARCHGRAPH_TEST_MARK"


def crossing(steps: int) -> str:
    """A spec whose skips cross so often that Graphviz is busy for long."""
    return (
        "archgraph: 1\ninputs: {x: {c: 8, h: 8}}\nnetwork:\n"
        f"  - for: {{i: 0..{steps}}}\n    do: [{{conv: {{out: 8, kernel: 1}}, as: e(i)}}]\n"
        f"  - for: {{i: 1..{steps}}}\n    do: [{{for: {{j: 0..{steps}}}, do: [{{add: [_, e(j)]}}]}}]\n"
    )


def children(pid: int) -> list[int]:
    """The children of a process, by /proc."""
    return [
        int(word) for task in Path(f"/proc/{pid}/task").iterdir() for word in (task / "children").read_text().split()
    ]


def alive(pid: int) -> bool:
    """Whether a process runs still: a zombie does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] not in "ZX"
    except OSError:
        return False


def marked() -> tuple[str, dict[str, str]]:
    """A mark, and an environment that carries it to every process that a command starts, however they are orphaned."""
    mark = uuid4().hex
    return mark, {**os.environ, MARK: mark}


def carriers(mark: str) -> list[int]:
    """The living processes that carry a mark."""
    wanted = f"{MARK}={mark}".encode()
    return [pid for pid in map(int, filter(str.isdigit, os.listdir("/proc"))) if _carries(pid, wanted) and alive(pid)]


def _carries(pid: int, wanted: bytes) -> bool:
    try:
        return wanted in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return False


def heeding() -> None:
    """Heed Ctrl-C: what a shell runs in the background ignores it, and so do its children."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def start(arguments: list[str], folder: Path, **more: Any) -> subprocess.Popen[str]:
    """Start a command that heeds Ctrl-C, and whose messages can be read."""
    settings = {"stderr": subprocess.PIPE, "text": True, "preexec_fn": heeding, **more}
    return subprocess.Popen([*COMMAND, *arguments], cwd=folder, **settings)
