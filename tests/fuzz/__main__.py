"""Run the fuzzers for some minutes: `python -m tests.fuzz --minutes 60 --seed 1`; the first failure is shown whole."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from random import Random

from tests.fuzz import grammar, mutants


def turn(seed: int) -> str:
    """Try one damaged spec, one valid spec, and now and then a command line; return what failed, or nothing."""
    random = Random(seed)
    text, valid, line = mutants.mutant(random), grammar.spec(random), mutants.command_line(random)
    asked = [(text, lambda: mutants.ask_mutant(text)), (valid, lambda: grammar.check(valid, random))]
    if seed % 10 == 0:
        asked.append((repr(line), lambda: mutants.ask_command(line)))
    for shown, ask in asked:
        try:
            ask()
        except Exception as error:
            return f"seed {seed}: {type(error).__name__}: {error}\n{shown}"
    return ""


def run(minutes: float, seed: int) -> int:
    """Return 1 at the first failure, 0 when the time is over."""
    end, first = time.monotonic() + 60 * minutes, seed
    while time.monotonic() < end:
        failed = turn(seed)
        if failed:
            print(failed, file=sys.stderr)
            return 1
        seed += 1
    print(f"{seed - first} turns, none failed")
    return 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        sys.exit(run(options.minutes, options.seed))
