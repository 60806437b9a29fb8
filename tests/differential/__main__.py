"""Random modules for some minutes: `python -m tests.differential --minutes 60 --seed 1`; failures are shown small."""

from __future__ import annotations

import argparse
import sys
import time
import warnings
from collections import Counter

import torch

from tests.differential.answers import Verdict, examine
from tests.differential.random_modules import KINDS, random_module
from tests.differential.random_program import Program
from tests.differential.shrinking import shrunk


def verdict_of(program: Program, seed: int) -> Verdict:
    """Return how a program fared; any other exception than PyTorch's own is a fault as well."""
    try:
        return examine(program, seed)
    except Exception as error:
        return Verdict(wrong={"crash": f"{type(error).__name__}: {error}"})


def shown(program: Program, seed: int, metric: str) -> str:
    """Return a failing program as the smallest that fails in the same way, as source that runs."""
    small = shrunk(program, lambda other: metric in verdict_of(other, seed).wrong)
    return f"seed {seed}: {verdict_of(small, seed).wrong[metric]}\n{small.source()}"


def run(minutes: float, seed: int, most: int) -> int:
    """Return 1 if a module failed, 0 when the time is over."""
    end, first, failed = time.monotonic() + 60 * minutes, seed, 0
    answers: Counter[tuple[str, str]] = Counter()
    while time.monotonic() < end and failed < most:
        program = random_module(seed, KINDS)
        found = verdict_of(program, seed)
        answers.update(found.answers)
        for metric in found.wrong:
            print(shown(program, seed, metric), file=sys.stderr, flush=True)
        failed += bool(found.wrong)
        seed += 1
    print(f"{seed - first} modules from seed {first} on, {failed} failed")
    for (metric, kind), count in sorted(answers.items()):
        print(f"{metric}: {count} {kind}")
    return int(failed > 0)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.differential", description=__doc__)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--most", type=int, default=1, help="how many failures end the run")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    sys.exit(run(options.minutes, options.seed, options.most))
