"""A spec that means harm ends in an error within 2 seconds and 512 MB."""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path

import pytest

from archgraph import errors

SECONDS, BYTES = 2.0, 512 * 2**20
HARMLESS = {"residuals in residuals", "a chain of symbols"}


def limit() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (BYTES, BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (120, 120))


@pytest.fixture(scope="module")
def endings() -> dict[str, tuple[str, float]]:
    """How every bomb ended, and the seconds of CPU time that it took; a crash ends the list early."""
    script = Path(__file__).with_name("bombs.py")
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, preexec_fn=limit, check=False)
    assert done.returncode == 0, f"after {done.stdout.splitlines()[-1:]}: {done.stderr[-2000:]}"
    lines = [line.split("\t") for line in done.stdout.splitlines()]
    return {name: (ending, float(seconds)) for name, ending, seconds in lines}


def test_all_bombs_end_in_an_error(endings):
    wrong = {name: ending for name, (ending, _) in endings.items() if not hasattr(errors, ending)}
    assert set(wrong) == HARMLESS, wrong


def test_all_bombs_end_soon(endings):
    assert len(endings) > 40
    assert {name: seconds for name, (_, seconds) in endings.items() if seconds > SECONDS} == {}
