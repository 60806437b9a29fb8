"""Ctrl-C and SIGTERM at any moment leave nothing.

`python -m tests.cli.test_signals 50 1 draw sweep` asks at many moments.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from random import Random

import pytest

from tests.cli.processes import carriers, crossing, marked, start

COMMANDS = {
    "draw": ["draw", "many.yaml", "-o", "out.svg", "--view", "full", "--depth", "0"],
    "sweep": ["sweep", "dit", "D=16..4000:16", "L=1..40", "-o", "out.csv"],
    "verify": ["verify", "conv_stack"],
    "diff": ["diff", "unet", "dit"],
    "serve": ["serve", "llama", "--memory", "80GB", "--largest", "B"],
}
SIGNALS = {signal.SIGINT: (130, "interrupted\n"), signal.SIGTERM: (143, "terminated\n")}
EARLY = {-signal.SIGINT, -signal.SIGTERM, 1, 130}
"""What a signal gives while Python itself starts, before the command has begun."""


def interrupted(name: str, number: signal.Signals, moment: float) -> str:
    """Send a signal after a part of the time that the command takes; return how it ended, or raise what it left."""
    mark, environment = marked()
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        (folder / "many.yaml").write_text(crossing(12))
        process = start(COMMANDS[name], folder, env=environment, stdout=subprocess.DEVNULL)
        time.sleep(moment)
        process.send_signal(number)
        _, complaint = process.communicate(timeout=120)
        left = sorted(path.name for path in folder.iterdir() if path.name != "many.yaml")
        wait_until(lambda: not carriers(mark))
        assert not carriers(mark), f"{name} {number.name} after {moment:.2f} s left a process"
        assert not left or whole(folder / left[0]), f"{name} {number.name} after {moment:.2f} s left {left}"
        return ending(process.returncode, number, complaint)


def wait_until(true, seconds: float = 10) -> None:
    """Wait for what the system does on its own."""
    end = time.monotonic() + seconds
    while not true() and time.monotonic() < end:
        time.sleep(0.05)


def whole(file: Path) -> bool:
    """Whether a file is one that was finished before the signal came."""
    text = file.read_text()
    if file.name == "out.svg":
        return text.rstrip().endswith("</svg>")
    return file.name == "out.csv" and text.count("\n") == 250 * 40 + 1


def ending(status: int, number: signal.Signals, complaint: str) -> str:
    """Say how a command ended: by itself, by the signal in one line, or before it had begun."""
    if status == 0:
        return "finished"
    told = SIGNALS[number]
    if (status, complaint) == told:
        return told[1].strip()
    assert status in EARLY and "cli/__init__.py" not in complaint, (status, complaint)
    return "before it began"


def length(name: str) -> float:
    """How many seconds a command takes here and now."""
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as made:
        (Path(made) / "many.yaml").write_text(crossing(12))
        start(COMMANDS[name], Path(made), stdout=subprocess.DEVNULL).communicate(timeout=600)
    return time.monotonic() - started


def moments(name: str, many: int, seed: int) -> Counter[str]:
    """Count how a command ended at random moments, by both signals in turn."""
    random, seconds = Random(f"{name} {seed}"), length(name)
    numbers = list(SIGNALS)
    return Counter(interrupted(name, numbers[i % 2], random.uniform(0, seconds)) for i in range(many))


@pytest.mark.slow
@pytest.mark.dot
@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="processes are found by /proc")
@pytest.mark.parametrize("name", COMMANDS)
def test_a_signal_at_any_moment_leaves_nothing(name):
    pytest.importorskip("numpy")
    pytest.importorskip("torch" if name == "verify" else "numpy")
    assert moments(name, many=6, seed=1).total() == 6


if __name__ == "__main__":
    for command in sys.argv[3:] or COMMANDS:
        print(command, dict(moments(command, int(sys.argv[1]), seed=int(sys.argv[2]))), flush=True)
