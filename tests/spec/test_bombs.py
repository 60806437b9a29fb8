"""A spec that means harm ends in an error within 512 MB, and soon: how soon is in the benchmark."""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path

import pytest

from archgraph import errors

BYTES, SECONDS_OF_ALL = 512 * 2**20, 120  # of CPU time, a guard against hanging
HARMLESS = {"residuals in residuals", "a chain of symbols"}


def limit() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (BYTES, BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS_OF_ALL, SECONDS_OF_ALL))


@pytest.fixture(scope="module")
def endings() -> dict[str, str]:
    """How every bomb ended; a crash ends the list early."""
    script = Path(__file__).with_name("bombs.py")
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, preexec_fn=limit, check=False)
    assert done.returncode == 0, f"after {done.stdout.splitlines()[-1:]}: {done.stderr[-2000:]}"
    return dict(line.split("\t") for line in done.stdout.splitlines())


def test_all_bombs_end_in_an_error(endings):
    assert len(endings) > 40
    wrong = {name: ending for name, ending in endings.items() if not hasattr(errors, ending)}
    assert set(wrong) == HARMLESS, wrong
