"""Growth exponents: the slope of the logarithm of a question's time over that of a size, at three sizes or more.

`python tests/benchmarks/growth.py` prints one table and exits with 1 where one grows faster than it may.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from math import log
from typing import Any, NamedTuple

import archgraph as ag

RUNS = 3
FLAT, LINEAR = 0.15, 1.25
HEAD = "archgraph: 1\ninputs: {x: {c: 8, n: 16}}\n"
UNET = "unet:padded-512"


class Growth(NamedTuple):
    """A question, what grows, the sizes that it is asked at, and the largest exponent that it may have."""

    question: str
    size: str
    sizes: Sequence[int]
    made: Callable[[int], Callable[[], object]]
    most: float


def costs(layers: int) -> Callable[[], object]:
    g = ag.load("dit")
    return lambda: [getattr(g.bind(L=layers), name) for name in ("params", "macs", "activations")]


def receptive(layers: int) -> Callable[[], object]:
    return lambda: ag.load("dit").at(L=layers).receptive_field_table()


def farthest(layers: int) -> Callable[[], object]:
    return lambda: ag.load("dit").at(L=layers).max_path()


def tokens(length: int) -> Callable[[], object]:
    return lambda: ag.load("llama").at(N=length).max_path()


def pixels(side: int) -> Callable[[], object]:
    def ask() -> object:
        field = ag.load(UNET).at(H=side, W=side).receptive_field("logits")
        return len(field.probe(h=9, w=9)), len(field.unread), len(field.interior)

    return ask


def peak(layers: int) -> Callable[[], object]:
    return lambda: ag.load("dit").at(L=layers).peak_memory("training").bytes


def chain(steps: int) -> Callable[[], object]:
    text = HEAD + "network:\n" + "  - linear: {out: 8}\n  - relu\n" * (steps // 2)

    def ask() -> object:
        g = ag.loads(text + f"# {time.perf_counter_ns()}\n")
        return g.params, g.macs, g.receptive_field().n.size_max

    return ask


def calls(operations: int) -> Callable[[], object]:
    """Blocks that call the next one twice."""
    depth = operations.bit_length() - 1
    blocks = "".join(f"  b{i}: {{do: [b{i - 1}, b{i - 1}]}}\n" for i in range(1, depth))
    text = HEAD + "blocks:\n  b0: {do: [{linear: {out: 8}}, relu]}\n" + blocks + f"network: [b{depth - 1}]\n"
    return lambda: ag.loads(text).at().peak_memory().bytes


def symbols(many: int) -> Callable[[], object]:
    named = ", ".join(f"D{i}: {8 + i}" for i in range(many))
    steps = "".join(f"  - linear: {{out: D{i}}}\n" for i in range(many))
    g = ag.loads(f"archgraph: 1\nsymbols: {{{named}}}\ninputs: {{x: {{c: 8}}}}\nnetwork:\n{steps}")
    return lambda: (g.at(D0=9).macs, repr(g))


def best_points(points: int) -> Callable[[], object]:
    import numpy as np

    side = int(points**0.5)
    sweep = ag.load("dit").sweep({"D": np.arange(16, 16 * side + 16, 16), "L": np.arange(1, side + 1)})
    return lambda: sweep.pareto("params", larger=["macs"])


QUESTIONS = (
    Growth("costs of DiT", "layers", (28, 10**3, 10**6), costs, FLAT),
    Growth("receptive fields of DiT", "layers", (28, 10**3, 10**6), receptive, FLAT),
    Growth("longest path of DiT", "layers", (28, 10**3, 10**6), farthest, FLAT),
    Growth("longest path of Llama", "tokens", (2**12, 2**16, 2**20), tokens, FLAT),
    Growth("probe, unread and interior of U-Net", "pixels of a side", (2**9, 2**13, 2**17), pixels, FLAT),
    Growth("peak of memory of DiT in training", "layers", (28, 10**3, 10**5), peak, FLAT),
    Growth("load, costs and fields of a chain", "steps", (200, 400, 800, 1600), chain, LINEAR),
    Growth("peak of memory of calls in calls", "operations", (2**9, 2**11, 2**13), calls, LINEAR),
    Growth("`at` and `repr`", "symbols", (50, 100, 200), symbols, LINEAR),
    Growth("front of a sweep", "points", (10**4, 10**5, 10**6), best_points, LINEAR),
)


def measured(growth: Growth) -> list[float]:
    """Return the least of several processor times at every size."""
    return [min(_seconds(growth.made(size)) for _ in range(RUNS)) for size in growth.sizes]


def _seconds(ask: Callable[[], object]) -> float:
    started = time.process_time()
    ask()
    return time.process_time() - started


def exponent(sizes: Sequence[int], times: Sequence[float]) -> float:
    """Return the slope of a straight line through the logarithms, by least squares."""
    across, along = [log(size) for size in sizes], [log(each) for each in times]
    middle, level = sum(across) / len(across), sum(along) / len(along)
    rise = sum((x - middle) * (y - level) for x, y in zip(across, along, strict=True))
    return rise / sum((x - middle) ** 2 for x in across)


def rows() -> Iterator[dict[str, Any]]:
    for growth in QUESTIONS:
        times = measured(growth)
        slope = exponent(growth.sizes, times)
        yield {
            "question": growth.question,
            "in": growth.size,
            "sizes": " ".join(f"{size:,}" for size in growth.sizes),
            "ms": " ".join(f"{each * 1e3:.1f}" for each in times),
            "exponent": round(slope, 2),
            "at most": growth.most,
            "": "ok" if slope <= growth.most else "MISSED",
        }


def main() -> int:
    """Print the table; return 1 where a question grows faster than it may."""
    found = list(rows())
    widths = {name: max(len(name), *(len(str(row[name])) for row in found)) for name in found[0]}
    for row in ({name: name for name in widths}, *found):
        print("  ".join(str(row[name]).ljust(width) for name, width in widths.items()).rstrip())
    return int(any(row[""] == "MISSED" for row in found))


if __name__ == "__main__":
    sys.exit(main())
