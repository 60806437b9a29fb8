"""Growth exponents: the slope of the logarithm of a question's time over that of a size, at three sizes or more."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from math import log
from typing import NamedTuple

from table import Row, alone

import archgraph as ag

RUNS = 2
FLAT, LINEAR = 0.15, 1.25
HEAD = "archgraph: 1\ninputs: {x: {c: 8, n: 16}}\n"
UNET = "unet:padded-512"


class Growth(NamedTuple):
    """A question, what grows, the sizes that it is asked at, and the largest exponent that it may have.

    What was found before is quoted; what takes long is asked only when the whole is.
    """

    question: str
    size: str
    sizes: Sequence[int]
    made: Callable[[int], Callable[[], object]]
    most: float
    before: str
    whole: bool = False


def costs(layers: int) -> Callable[[], object]:
    g = ag.load("dit")
    return lambda: [getattr(g.bind(L=layers), name) for name in ("params", "macs", "activations")]


def receptive(layers: int) -> Callable[[], object]:
    return lambda: ag.load("dit").at(L=layers).receptive_field_table()


def figure(layers: int) -> Callable[[], object]:
    return lambda: ag.load("dit").at(L=layers).draw().svg


def wide(side: int) -> Callable[[], object]:
    return lambda: ag.load(UNET).at(H=side, W=side).receptive_field("logits").h.size_max


def farthest(layers: int) -> Callable[[], object]:
    return lambda: ag.load("dit").at(L=layers).max_path()


def convolutions(layers: int) -> Callable[[], object]:
    """Convolutions without a way around them, each of which reads further than the one before."""
    body = "[conv: {out: 8, kernel: 3, padding: 1}]"
    text = f"archgraph: 1\ninputs: {{x: {{c: 8, n: 256}}}}\nnetwork:\n  - {{repeat: {layers}, do: {body}}}\n"
    return lambda: ag.loads(text).max_path()


def flipped(length: int) -> Callable[[], object]:
    """Two convolutions with a flip between them."""
    import torch

    class Flipped(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.second = (torch.nn.Conv1d(2, 2, 3, padding=1) for _ in range(2))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.second(self.first(x).flip(-1))

    g = ag.trace(Flipped(), torch.zeros(1, 2, length))
    return lambda: g.max_path()


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


def calls(operations: int, mode: str = "inference") -> Callable[[], object]:
    """Blocks that call the next one twice."""
    depth = operations.bit_length() - 1
    blocks = "".join(f"  b{i}: {{do: [b{i - 1}, b{i - 1}]}}\n" for i in range(1, depth))
    text = HEAD + "blocks:\n  b0: {do: [{linear: {out: 8}}, relu]}\n" + blocks + f"network: [b{depth - 1}]\n"
    return lambda: ag.loads(text).at().peak_memory(mode).bytes


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


def deep_field(side: int) -> Callable[[], object]:
    """The effective field of a U-Net with a level for every doubling of the side of its bottom, which is 32."""
    g = ag.load(UNET).bind(levels=side.bit_length() - 6).at(H=side, W=side)
    return lambda: g.effective_field("logits")


def dense(layers: int) -> Callable[[], object]:
    """Layers that each read all before them, drawn one by one."""
    g = all_to_all(layers)
    return lambda: g.draw(view="unrolled").svg


def dense_fields(edges: int) -> Callable[[], object]:
    """The fields of such layers, with so many edges between them."""
    g = all_to_all(round((2 * edges) ** 0.5))
    return lambda: g.bind().receptive_field_table()


def layers_traced(layers: int) -> Callable[[], object]:
    """A chain of layers of a module, traced with a free length."""
    import torch

    with torch.device("meta"):
        parts = [torch.nn.Sequential(torch.nn.Conv1d(8, 8, 3, padding=1), torch.nn.GELU()) for _ in range(layers)]
        module, x = torch.nn.Sequential(*parts).eval(), torch.empty(1, 8, 64)
    return lambda: ag.trace(module, x, {"input": {2: "n"}}).macs


def all_to_all(layers: int) -> ag.Architecture:
    steps = "  - conv: {out: 8, kernel: 1}\n    as: y0\n"
    for layer in range(1, layers):
        read = ", ".join(["x", *(f"y{each}" for each in range(layer))])
        steps += f"  - concat: [{read}]\n  - conv: {{out: 8, kernel: 3, padding: same}}\n    as: y{layer}\n"
    head = f"# {time.perf_counter_ns()}\narchgraph: 1\ninputs: {{x: {{c: 8, h: 8, w: 8}}}}\n"
    return ag.loads(f"{head}network:\n{steps}")


QUESTIONS = (
    Growth("costs of DiT", "layers", (28, 10**3, 10**6), costs, FLAT, "flat"),
    Growth("receptive fields of DiT", "layers", (28, 10**3, 10**6), receptive, FLAT, "flat"),
    Growth("receptive field of U-Net", "side", (2**9, 2**14, 2**20), wide, FLAT, "flat"),
    Growth("fields of all-to-all layers", "edges", (128, 512, 2048), dense_fields, LINEAR, "linear"),
    Growth("figure of DiT", "layers", (28, 10**3, 10**6), figure, FLAT, "flat"),
    Growth("longest path of DiT", "layers", (28, 10**3, 10**6), farthest, FLAT, "linear: 6.2 s at 1,000; refused"),
    Growth(
        "longest path of convolutions", "layers", (500, 2_000, 10_000), convolutions, LINEAR, "linear: 8.5 s at 10,000"
    ),
    Growth("longest path behind a flip", "positions", (512, 1024, 2048), flipped, LINEAR, "quadratic"),
    Growth("longest path of Llama", "tokens", (2**12, 2**16, 2**20), tokens, FLAT, "quadratic: 65,536 out of memory"),
    Growth(
        "probe, unread and interior of U-Net",
        "side",
        (2**9, 2**13, 2**17),
        pixels,
        FLAT,
        "over 5 s at 10**6",
    ),
    Growth("peak of memory of DiT in training", "layers", (28, 10**3, 10**5), peak, FLAT, "flat"),
    Growth("load, costs and fields of a chain", "steps", (200, 400, 800, 1600), chain, LINEAR, "linear"),
    Growth(
        "peak of memory of calls in calls",
        "operations",
        (2**9, 2**11, 2**13),
        calls,
        LINEAR,
        "3.7 s at 2**14",
    ),
    Growth(
        "the same in training",
        "operations",
        (2**10, 2**15, 2**20, 2**25),
        lambda operations: calls(operations, "training"),
        FLAT,
        "linear: 8.3 s at 2**15; refused above",
    ),
    Growth("`at` and `repr`", "symbols", (50, 100, 200), symbols, LINEAR, "2.5"),
    Growth("front of a sweep", "points", (10**4, 10**5, 10**6), best_points, LINEAR, "1.4: 16.5 s at 10**6"),
    Growth(
        "effective field of U-Net", "side", (2**10, 2**11, 2**12, 2**13), deep_field, LINEAR, "2.0: 9.6 s at 9 levels"
    ),
    Growth("trace with a free length", "layers", (16, 64, 256), layers_traced, LINEAR, "3.3 - 4.1 x static"),
    Growth("all-to-all layers drawn", "layers", (6, 12, 24), dense, 3.0, "1.0 s at 32; 64 over 30 s", whole=True),
)


def measured(growth: Growth) -> list[float]:
    """Return the least of several processor times at every size."""
    return [min(alone(growth.made(size)) for _ in range(RUNS)) for size in growth.sizes]


def exponent(sizes: Sequence[int], times: Sequence[float]) -> float:
    """Return the slope of a straight line through the logarithms, by least squares."""
    across, along = [log(size) for size in sizes], [log(each) for each in times]
    middle, level = sum(across) / len(across), sum(along) / len(along)
    rise = sum((x - middle) * (y - level) for x, y in zip(across, along, strict=True))
    return rise / sum((x - middle) ** 2 for x in across)


def rows(*, whole: bool) -> Iterator[Row]:
    """Yield every question with its times and its exponent."""
    for growth in QUESTIONS:
        if growth.whole and not whole:
            continue
        times = measured(growth)
        sizes = " ".join(f"{size:,}" for size in growth.sizes)
        now = " ".join(f"{each * 1e3:.1f}" for each in times)
        question = f"{growth.question}: {growth.size} {sizes}"
        yield Row(question, growth.before, now, exponent=exponent(growth.sizes, times), promise=growth.most)
