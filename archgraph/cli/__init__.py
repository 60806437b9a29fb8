"""The command line: a file of commands per subject, with the same names as in Python."""

from __future__ import annotations

import gc
import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return 0 when all is well, 1 when a spec or a check failed, 2 on wrong usage.

    >>> main(["solve", "dit", "D", "--macs", "<=1e12", "--multiple-of", "64"])
    D = 3328: macs = 966,826,917,888, 33,173,082,112 below 1,000,000,000,000
    0
    """
    if arguments is None:  # a process of its own: it ends soon, and laws leave no garbage in circles
        gc.set_threshold(200_000)
    try:
        from archgraph.cli.border import guarded  # late: this package imports its own files
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130

    def run() -> int:
        # Inside the border, since loading what commands need takes long enough to be interrupted.
        from archgraph.cli.program import run

        return run(arguments)

    return guarded(run)
