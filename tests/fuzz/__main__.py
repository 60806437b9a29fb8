"""Run the fuzzers for long: `python -m tests.fuzz --minutes 60 --seed 1`, or `--mutants 100000 --specs 5000`.

Prints how many of each kind were tried and what came of them, also where it is stopped. A failure is shown whole, and a
question that does not end is one; the run goes on, and its status is 1."""

from __future__ import annotations

import argparse
import itertools
import math
import os
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from random import Random

from tests.fuzz import grammar, mutants

SLOW = 10.0  # seconds of this process's time: far above any answer to these small inputs


class Slow(BaseException):
    """A question takes longer than `SLOW`; no exception that somebody on the way might catch."""


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Raise `Slow` where the block takes more of this process's time."""

    def stop(number: int, frame: object) -> None:
        raise Slow(f"does not end within {seconds:.0f} s")

    signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def damaged(random: Random) -> tuple[str, Callable[[], str]]:
    """A damaged spec, and the question whether it is one still."""
    text = mutants.mutant(random)
    return text, lambda: "answered" if mutants.ask_mutant(text) else "refused"


def valid(random: Random) -> tuple[str, Callable[[], str]]:
    """A valid spec, and all that is true of every spec."""
    text = grammar.spec(random)

    def ask() -> str:
        grammar.check(text, random)
        return "held"

    return text, ask


def commanded(random: Random) -> tuple[str, Callable[[], str]]:
    """A command line, and the status that it ends with."""
    line = mutants.command_line(random)
    return repr(line), lambda: f"status {mutants.ask_command(line)}"


KINDS = {"mutants": damaged, "specs": valid, "commands": commanded}
EACH_TURN = {"mutants": 20, "specs": 1, "commands": 1}


def attempt(kind: str, seed: int) -> str:
    """Try one input of a kind; return what came of it: `failed`, told on stderr, is the only bad answer."""
    shown, ask = KINDS[kind](Random(f"{kind} {seed}"))
    try:
        with limited(SLOW):
            return ask()
    except (Exception, Slow) as error:
        print(f"{kind} {seed}: {type(error).__name__}: {error}\n{shown}", file=sys.stderr, flush=True)
        return "failed"


def turns(wanted: dict[str, int], minutes: float) -> Iterator[tuple[str, int]]:
    """Kinds and offsets of seeds in turn, up to the counts wanted, or of every kind until the time is over."""
    limits = wanted if any(wanted.values()) else dict.fromkeys(KINDS, math.inf)
    end = time.monotonic() + 60 * minutes
    for turn in itertools.count():
        batches = [
            (kind, turn * many + i)
            for kind, many in EACH_TURN.items()
            for i in range(many)
            if turn * many + i < limits[kind]
        ]
        if not batches or time.monotonic() > end:
            return
        yield from batches


def run(wanted: dict[str, int], minutes: float, seed: int) -> int:
    """Print the counts; return 1 where anything failed, 0 otherwise."""
    counts = {kind: Counter[str]() for kind in KINDS}
    try:
        for kind, offset in turns(wanted, minutes):
            counts[kind][attempt(kind, seed + offset)] += 1
    finally:
        for kind, came in counts.items():
            answers = (f"{answer} {many:,}" for answer, many in sorted(came.items()))
            print(f"{kind}: {came.total():,}", *answers, sep="  ", flush=True)
    return int(any(came["failed"] for came in counts.values()))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--minutes", type=float, default=60.0, help="stop after so many minutes at the latest")
    for name in KINDS:
        parser.add_argument(
            f"--{name}", type=int, default=0, metavar="N", help=f"try so many {name}, seeds from SEED on"
        )
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(143))
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        sys.exit(run({kind: getattr(options, kind) for kind in KINDS}, options.minutes, options.seed))
