"""Speed in one table: ratios against a peer in the same run, times over the gallery, growth over sizes.

`python tests/benchmarks/run.py` exits with 1 where a promise does not hold; `--whole` adds the rows that take long.
Each ratio compares the best of a few runs of either side, in processor time, so that a busy machine changes little.
The peer of the laws is the spec's own lowering, which builds on the meta device several times faster than the usual
implementations. What stands under `before` is quoted from an earlier measurement, of another day.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import cache
from importlib.util import find_spec
from itertools import chain
from itertools import count as counting
from math import inf
from pathlib import Path
from typing import NamedTuple

import gallery_rows
import growth
import memory_rows
import playground
from figures import drawn, unrolled
from long_runs import swept_lazily, swin_with_free_sides, traced
from table import Row, printed, seconds

RUNS = 3
CLEAR = 0.7
"""Of a promise: a ratio below that is not measured any further."""
SHORT, TURNS = 0.5, 12
"""Seconds below which both sides run in turn as often: a machine that slows down for a moment hits one of them else."""
POINTS = (1_000_000, 10_000_000)
MANY_POINTS = 10**8
UNET = "unet:padded-512"


class Check(NamedTuple):
    """What is asked, beside which peer, what was found before, and the largest ratio of their times, `inf` for any."""

    question: str
    peer: str
    before: str
    runs: tuple[Callable[[], object], Callable[[], object]]
    promise: float
    times: int = RUNS


def process(*command: str, answers: tuple[int, ...] = (0,)) -> Callable[[], None]:
    """Return a run of a whole process, which ends with one of some statuses."""

    # With compiled files, as after the first run: a peer that was installed has its own.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}

    def run() -> None:
        status = subprocess.run(command, check=False, stdout=subprocess.DEVNULL, env=environment).returncode
        if status not in answers:
            raise RuntimeError(f"{' '.join(command)} ended with status {status}")

    return run


@cache
def of_peer(run: Callable[[], object], runs: int = RUNS) -> float:
    """Return the best time of a peer, which several rows may share."""
    return min(seconds(run) for _ in range(runs))


def best(
    first: Callable[[], object], second: Callable[[], object], runs: int = RUNS, promise: float = 0.0
) -> tuple[float, float]:
    """Return the best times of two runs; once is enough where it is clear that a promise holds."""
    peer, least = of_peer(second, runs), inf
    for _ in range(runs):
        least = min(least, seconds(first))
        if least <= CLEAR * promise * peer:
            return least, peer
    for _ in range(TURNS if max(least, peer) < SHORT else 0):
        least, peer = min(least, seconds(first)), min(peer, seconds(second))
    return least, peer


def cost_of(length: int) -> Callable[[], object]:
    """Return the whole analysis of DiT with `length` blocks."""
    from archgraph import load

    def run() -> object:
        g = load("dit").bind(L=length)
        return g.params, g.macs, g.flops, g.activations, g.receptive_field()

    return run


def laws(name: str) -> Callable[[], object]:
    """Return load and every cost law of a spec, from nothing."""
    from archgraph import load
    from archgraph.spec import kept_files

    def run() -> object:
        kept_files._kept.clear()
        g = load(name)
        return [g.metric(metric) for metric in ("params", "macs", "flops", "activations")]

    return run


def fields(name: str, input: str) -> Callable[[], object]:
    """Return the receptive fields of all steps of a loaded spec."""
    from archgraph import load

    return lambda: load(name).receptive_field_table(input)


def hopped(name: str, **sizes: int) -> Callable[[], object]:
    """Return the hops of a spec at some sizes: of one output, and the most of all."""
    from archgraph import load

    g = load(name).at(**sizes)

    def run() -> object:
        paths = g.paths()
        return paths.max_path(), paths.max_path(paths.centre), paths.connected

    return run


def probed(name: str, node: str, **sizes: int) -> Callable[[], object]:
    """Return what all positions of a step read at some sizes, what none of them reads, and what one of them does."""
    from archgraph import load

    field = load(name).at(**sizes).receptive_field(node)

    def run() -> object:
        return len(field.probe()), len(field.unread), len(field.probe(**dict.fromkeys(field.outputs, 9)))

    return run


def spread_evenly(span: int) -> Callable[[], object]:
    """Return the effective field of 32 layers of attention over so many tokens."""
    from archgraph import load

    g = load("mistral").at(span=span)
    return g.effective_field


def measured(name: str) -> Callable[[], object]:
    """Return the same numbers by building the module on the meta device and counting a forward pass."""
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    from archgraph import load

    g = load(name)
    sizes = {key: [int(size) for _, size in type_.axes] for key, type_ in g.at().inputs.items()}

    def run() -> object:
        module = g.to_torch(device="meta")
        inputs = [torch.empty(1, *shape, device="meta") for shape in sizes.values()]
        with FlopCounterMode(display=False) as counter:
            module(*inputs)
        return counter.get_total_flops(), sum(parameter.numel() for parameter in module.parameters())

    return run


def loaded_again() -> tuple[Callable[[], object], Callable[[], object]]:
    """Return loads of a text that is known, and of one that is new each time."""
    from archgraph import loads

    text = (Path(__file__).parents[2] / "specs" / "adm.yaml").read_text(encoding="utf-8")
    turns = counting()
    loads(text)
    return lambda: loads(text), lambda: loads(f"{text}\n# {next(turns)}\n")


def swept(points: int) -> tuple[Callable[[], object], Callable[[], object]]:
    """Return a sweep of a law over so many configurations, and the same law written down by hand in numpy."""
    import numpy as np

    from archgraph import load

    g, side = load("dit"), int(points**0.5)
    widths, depths = np.arange(16, 16 * side + 16, 16), np.arange(1, side + 1)

    def by_hand() -> object:
        width, depth = widths[:, None], depths[None, :]
        return 3078 * width**2 * depth + 131072 * width * depth + 3 * width**2 + 12544 * width

    assert (g.sweep({"D": widths, "L": depths}, ["macs"])["macs"] == by_hand()).all()
    return lambda: g.sweep({"D": widths, "L": depths}, ["macs"]), by_hand


def recordings() -> list[tuple[Callable[[], object], Callable[[], object]]]:
    """Return recording some modules of usual kinds, and counting a forward pass of each, both on the meta device."""
    import torch
    from torch import nn
    from torch.utils.flop_counter import FlopCounterMode

    from archgraph.pytorch.trace.recording.record import record

    def block(width: int) -> list[nn.Module]:
        return [nn.Conv2d(width, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU(inplace=True)]

    def pair(module: nn.Module, *shape: int) -> tuple[Callable[[], object], Callable[[], object]]:
        x = torch.empty(shape, device="meta")

        def count() -> object:
            with FlopCounterMode(display=False) as counter:
                module.eval()(x)
            return counter.get_total_flops()

        return lambda: record(module, x), count

    with torch.device("meta"):
        convolutions = nn.Sequential(*(layer for _ in range(50) for layer in block(64)))
        layer = nn.TransformerEncoderLayer(256, 4, 1024, batch_first=True)
        return [
            pair(convolutions, 1, 64, 56, 56),
            pair(nn.TransformerEncoder(layer, 12, enable_nested_tensor=False), 1, 196, 256),
            pair(nn.Sequential(*(nn.Linear(64, 64) for _ in range(100))), 1, 64),
        ]


def median_recording() -> tuple[float, float]:
    """Return the times of the middle one of the ratios of recording to counting."""
    times = [best(ours, peer) for ours, peer in recordings()]
    return sorted(times, key=lambda pair: pair[0] / pair[1])[len(times) // 2]


def worst_bomb() -> tuple[str, Callable[[], object]]:
    """Return the harmful spec that takes longest to refuse, and reading it."""
    sys.path.insert(0, str(Path(__file__).parents[1] / "spec"))
    import bombs

    name, text = bombs.slowest()
    return name, lambda: bombs.explode(text)


def starts() -> Iterator[Check]:
    """Yield whole processes, beside the import of a library."""
    torch = process(sys.executable, "-c", "import torch")
    sympy = process(sys.executable, "-c", "import sympy")

    def shell(*words: str, answers: tuple[int, ...] = (0,)) -> Callable[[], None]:
        return process("archgraph", *words, answers=answers)

    fit = ("fit", "dit", "unet", "nnunet", "--device", "h100", "--batch", "32")
    peer = "import torch"
    yield Check("archgraph --version", peer, "0.33", (shell("--version"), torch), 0.2)
    yield Check("archgraph --help", peer, "0.33", (shell("--help"), torch), 0.2)
    yield Check("a mistake of usage", peer, "0.33", (shell("cots", answers=(2,)), torch), 0.2)
    yield Check("archgraph cost dit", peer, "0.39 - 0.53", (shell("cost", "dit"), torch), 0.55)
    yield Check("archgraph cost dit", "import sympy, the floor", "", (shell("cost", "dit"), sympy), 2.5)
    counted = process(sys.executable, "-c", memory_rows.PEER)
    yield Check("archgraph cost dit", "built and counted", "1/8.7 - 1/4.6", (shell("cost", "dit"), counted), 0.5)
    yield Check("archgraph cost sd", peer, "", (shell("cost", "sd"), torch), 1.0)
    yield Check("archgraph fit dit unet nnunet", peer, "", (shell(*fit, answers=(0, 1)), torch), 1.0)
    with tempfile.TemporaryDirectory() as folder:
        drawn_to = ("-o", f"{folder}/figure.svg")
        yield Check("archgraph draw dit", peer, "0.49", (shell("draw", "dit", *drawn_to), torch), 1.0)
        contrast = shell("contrast", "unet", "dit", *drawn_to)
        yield Check("archgraph contrast unet dit", peer, "0.77", (contrast, torch), 1.25)
    for name, input in (("sd", "latent"), ("swin", "image"), ("nnunet", "image")):
        yield Check(f"receptive fields of {name}", peer, "", (fields(name, input), torch), 1 / 3)
    bomb, explode = worst_bomb()
    yield Check(f"'{bomb}', the slowest harmful spec", peer, "", (explode, torch), 1.0)
    yield Check("adm drawn, the slowest figure", peer, "393 ms at most", (drawn("adm"), torch), 1.0)


def analyses() -> Iterator[Check]:
    """Yield questions beside another tool, or beside themselves at a smaller size."""
    yield Check("laws of sd", "built and counted on meta", "69 ms / 671 ms", (laws("sd"), measured("sd")), 1 / 3)
    yield Check("a text loaded again", "loaded first", "1", loaded_again(), 0.1)
    for points in POINTS:
        yield Check(f"{points:,} configurations", "by hand in numpy", "5 - 6.5", swept(points), 2.0)
    dit = (cost_of(1_000_000), cost_of(28))
    yield Check("dit with L = 1,000,000", "L = 28", "flat", dit, 1.25)
    dit = (hopped("dit", L=10_000), hopped("dit", L=10))
    yield Check("hops of DiT with 10,000 blocks", "with 10", "linear", dit, 1.5)
    llama = (hopped("llama", N=10**6), hopped("llama", N=4096))
    yield Check("hops of Llama, 10**6 tokens", "4,096", "out of memory at 65,536", llama, 1.5)
    unet = (hopped(UNET, H=2**20, W=2**20), hopped(UNET))
    yield Check("hops of U-Net, 10**6 pixels a side", "512", "out of memory at 65,536", unet, 1.5)
    unet = (probed(UNET, "logits", H=2**20, W=2**20), probed(UNET, "logits"))
    yield Check("probes of U-Net, 10**6 pixels a side", "512", "over 5 s", unet, 1.5)
    window = (spread_evenly(4096), spread_evenly(1024))
    yield Check("effective field of a window of 4,096", "of 1,024", "", window, 4.0)


def long_ones() -> Iterator[Check]:
    """Yield what takes many seconds on either side."""
    yield Check("a thousand operations drawn", "their layout by Graphviz", "", unrolled(), 2.0)
    if find_spec("dask"):
        question = f"front of {MANY_POINTS:,} points with dask, two workers"
        yield Check(question, "the law alone, by hand", "", swept_lazily(MANY_POINTS), inf, times=1)
    if find_spec("transformers"):
        swin = swin_with_free_sides()
        yield Check("trace Swin with free sides", "FlopCounterMode", "80 - 90 s", swin, inf, times=1)
    if find_spec("diffusers"):
        yield Check("trace sd 1.5 with free sizes", "torch.export alone", "3.3 - 4.1 x static", traced(), 2.0, times=1)


def ratios(*, whole: bool) -> Iterator[Row]:
    """Yield every check with its ratio, and the median of the recordings."""
    for check in chain(starts(), analyses(), long_ones() if whole else ()):
        yield _row(check, *best(*check.runs, check.times, check.promise))
    recorded = Check("recording a module, the median of three", "FlopCounterMode", "0.95", (_nothing, _nothing), 1.5)
    yield _row(recorded, *median_recording())


def _nothing() -> None:
    """Stand for runs that are chosen among several."""


def _row(check: Check, first: float, second: float) -> Row:
    now, peer = f"{first * 1e3:.1f}", f"{check.peer}: {second * 1e3:.1f}"
    promise = None if check.promise == inf else check.promise
    return Row(check.question, check.before, now, peer, first / second, promise=promise)


def rows(*, whole: bool) -> Iterator[Row]:
    """Yield the whole table."""
    yield from ratios(whole=whole)
    yield from memory_rows.rows()
    yield from gallery_rows.rows(whole=whole)
    yield from growth.rows(whole=whole)
    yield from playground.rows() if whole else ()


def main() -> int:
    """Print the table and return 1 where a row misses its promise."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--whole", action="store_true", help="the rows that take long too")
    return int(any(row.missed for row in printed(rows(whole=parser.parse_args().whole))))


if __name__ == "__main__":
    sys.exit(main())
