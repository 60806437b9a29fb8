"""Time and memory of every question near its limit, each in a process of its own.

`python tests/benchmarks/limits.py` prints the table; with `--write` the page on limits gets it.
`limits.py NAME` asks one question here: processor seconds, and MB beside those that Python and what was imported took.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import archgraph as ag
from archgraph.cli import main as command
from archgraph.fields.sets.limits import MOST_CELLS, MOST_LAYERS, MOST_SPAN
from archgraph.studies.axes import MOST_VALUES
from archgraph.studies.budgets import MOST
from archgraph.studies.sweep import MOST_ROWS
from archgraph.studies.sweeping import LARGEST_SWEEP

KEPT = Path(__file__).parents[2] / "docs" / "generators" / "measured_limits.json"
HEAD = "archgraph: 1\ninputs: {x: {c: 2, h: 256}}\nnetwork:\n"


class Limit(NamedTuple):
    """A question as the page names it, its size, and what makes it ready to be asked."""

    question: str
    size: str
    made: Callable[[], Callable[[], object]]


def chain(count: int) -> ag.Architecture:
    """A convolution after the other, as one repeat."""
    body = "[conv: {out: 2, kernel: 3, padding: 1}]"
    return ag.loads(f"{HEAD}  - {{repeat: {count}, do: {body}}}\n")


def calls(operations: int) -> ag.Architecture:
    """Blocks that call the one before twice: many operations, and few steps."""
    depth = operations.bit_length() - 2
    blocks = "".join(f"  b{i}: {{do: [b{i - 1}, b{i - 1}]}}\n" for i in range(1, depth + 1))
    base = "blocks:\n  b0: {do: [{conv: {out: 2, kernel: 3, padding: 1}}, relu]}\n"
    return ag.loads(f"archgraph: 1\ninputs: {{x: {{c: 2, h: 256}}}}\n{base}{blocks}network: [b{depth}]\n")


def steps(count: int) -> str:
    """A spec that loops make as long as one may be."""
    loop = f"  - for: {{i: 1..{count // 5}}}\n    do: [relu]\n"
    return HEAD + 5 * loop


def holes() -> Callable[[], object]:
    text = HEAD.replace("256", str(MOST_SPAN)) + "  - conv: {out: 2, kernel: 2, stride: 5}\n"
    field = ag.loads(text).receptive_field()
    return lambda: (len(field.probe()), len(field.unread), len(field.interior))


def place() -> Callable[[], object]:
    field = ag.load("unet:padded-512").at(H=2**20, W=2**20).receptive_field("logits")
    return lambda: (len(field.probe(h=2**19, w=9)), len(field.unread), len(field.interior))


def paths() -> Callable[[], object]:
    g = calls(2**11)
    return lambda: (g.max_path(), g.hops(distance=64))


def matrix() -> Callable[[], object]:
    g = ag.load("unet:padded-512").at(H=int(MOST_CELLS**0.5), W=16)
    return lambda: len(g.paths().matrix())


def printed() -> Callable[[], object]:
    return lambda: command(["sweep", "conv_stack", f"C=1..{MOST_ROWS}", "--format", "csv"])


def swept() -> Callable[[], object]:
    """Two axes and one metric: as many points as are kept."""
    import numpy as np

    side = int((LARGEST_SWEEP // 9 // 8) ** 0.5)
    g = ag.load("dit")
    grid = {"D": np.arange(1, side + 1) * 16, "L": np.arange(1, side + 1)}
    return lambda: g.sweep(grid, ["macs"]).shape


def written() -> Callable[[], object]:
    def ask() -> object:
        with tempfile.TemporaryDirectory() as folder:
            return command(["sweep", "conv_stack", f"C=1..{MOST_VALUES}", "-o", f"{folder}/x.csv"])

    return ask


def solved() -> Callable[[], object]:
    return lambda: ag.load("dit").solve("D", macs=("<=", 1e12), within=(1, MOST))


def astronomical() -> Callable[[], object]:
    inside = "{repeat: 10**18, do: [relu]}"
    for _ in range(15):
        inside = f"{{repeat: 10**18, do: [{inside}]}}"
    return lambda: len(ag.loads(f"{HEAD}  - {inside}\n").draw().svg)


LIMITS = {
    "steps": Limit("a spec, its costs", "9,000 steps", lambda: lambda: ag.loads(steps(9_000)).macs),
    "place": Limit("`probe`, `unread`, `interior` of boxes", "2**40 positions", place),
    "holes": Limit("`probe`, `unread`, `interior` of sets with holes", "2**27 positions", holes),
    "paths": Limit("`max_path`, `hops`", "2,048 operations", paths),
    "matrix": Limit("`paths().matrix()`", "2**24 entries", matrix),
    "productivity": Limit(
        "`productivity`", "5,000 operations", lambda: (lambda g: g.productivity)(chain(MOST_LAYERS - 1))
    ),
    "peak": Limit(
        "`peak_memory` of training",
        "2**20 operations in calls of calls",
        lambda: (lambda g: lambda: g.peak_memory("training"))(calls(2**20)),
    ),
    "flat": Limit("`flat`", "200,000 operations", lambda: (lambda g: g.flat)(chain(199_999))),
    "to_torch": Limit("`to_torch`", "2,000 layers", lambda: (lambda g: g.to_torch)(chain(2_000))),
    "figure": Limit("`draw`", "a count of 10**288", astronomical),
    "unrolled": Limit(
        '`draw(view="unrolled")`',
        "1,000 operations",
        lambda: (lambda g: lambda: g.draw(view="unrolled").svg)(chain(999)),
    ),
    "printed": Limit("`sweep` on the command line", "1,000,000 points printed", printed),
    "swept": Limit("`sweep` in Python", "an eighth of the limit: 0.5 GiB of results", swept),
    "written": Limit("`sweep -o x.csv`", "10,000,000 points", written),
    "solved": Limit("`solve(within=…)`", "100,000 values", solved),
}


def asked(name: str) -> dict[str, float]:
    """Ask a question in this process."""
    ask = LIMITS[name].made()
    before, started = taken(), time.process_time()
    ask()
    return {"seconds": round(time.process_time() - started, 1), "MB": max(0, taken() - before)}


def taken() -> int:
    """The most memory that this process has had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 // 10**6


def measured(name: str) -> dict[str, object]:
    """Ask a question in a process of its own; only the last line of what it prints is the answer."""
    command = [sys.executable, __file__, name]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{name}: {done.stderr[-800:]}")
    limit = LIMITS[name]
    return {"question": limit.question, "size": limit.size, **json.loads(done.stdout.splitlines()[-1])}


def main(words: list[str]) -> int:
    """Print the table, or the answer of one question."""
    if words and words[0] in LIMITS:
        print(json.dumps(asked(words[0])))
        return 0
    rows = []
    for name in LIMITS:
        rows.append(measured(name))
        print(*rows[-1].values(), sep=" | ", flush=True)
    if "--write" in words:
        KEPT.write_text(json.dumps(rows, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
