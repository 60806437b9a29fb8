"""Speed as ratios against a peer in the same run; exits with 1 where a promise does not hold.

Each ratio compares the best of several alternating runs, so that a busy machine slows both sides. The peer of the
laws is the spec's own lowering, which builds on the meta device several times faster than the usual implementations.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from figures import drawn, slowest, unrolled
from growth import main as print_growth

RUNS = 5
CLEAR = 0.7
"""Of a promise: a ratio below that, after two runs of either side, is not measured any further."""
TRACE = "trace sd 1.5 of diffusers / torch.export alone"
"""Runs where diffusers is installed, and once: it takes the better part of a minute on either side."""
POINTS = 10_000_000
UNET = "unet:padded-512"


def process(*command: str, answers: tuple[int, ...] = (0,)) -> Callable[[], None]:
    """Return a run of a whole process, which ends with one of some statuses."""

    # With compiled files, as after the first run: a peer that was installed has its own.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}

    def run() -> None:
        status = subprocess.run(command, check=False, stdout=subprocess.DEVNULL, env=environment).returncode
        if status not in answers:
            raise RuntimeError(f"{' '.join(command)} ended with status {status}")

    return run


def best(
    first: Callable[[], object], second: Callable[[], object], runs: int = RUNS, promise: float = 0.0
) -> tuple[float, float]:
    """Return the best times of two runs, taken in turn, until it is clear that a promise holds."""
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(runs):
        if len(times[0]) > 1 and min(times[0]) <= CLEAR * promise * min(times[1]):
            break
        for run, taken in zip((first, second), times, strict=True):
            start = time.perf_counter()
            run()
            taken.append(time.perf_counter() - start)
    return min(times[0]), min(times[1])


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
    from archgraph.spec import load as loader

    def run() -> object:
        loader._read_cached.cache_clear()
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


def traced() -> tuple[Callable[[], object], Callable[[], object]]:
    """Return tracing Stable Diffusion 1.5 of diffusers with free height and width, and what torch.export does alone."""
    import torch
    from diffusers import UNet2DConditionModel

    from archgraph import trace

    widths = (320, 640, 1280, 1280)
    with torch.device("meta"):
        module = UNet2DConditionModel(sample_size=64, cross_attention_dim=768, block_out_channels=widths).eval()
        sample, timestep, text = torch.empty(1, 4, 64, 64), torch.empty(1), torch.empty(1, 77, 768)
    inputs = {"sample": sample, "timestep": timestep, "encoder_hidden_states": text}
    free = {**dict.fromkeys(inputs), "sample": dict.fromkeys((2, 3), torch.export.Dim.AUTO)}

    def alone() -> object:
        with torch.no_grad():
            return torch.export.export(module, (), inputs, dynamic_shapes=free, strict=False)

    return lambda: trace(module, inputs, {"sample": {2: "h", 3: "w"}}).macs, alone


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


def timed(checks: list[tuple[str, Callable[[], object], Callable[[], object], float]]) -> Iterator[Any]:
    """Yield the name, both times and the promise of every check, and of the recordings."""
    for name, ours, peer, promise in checks:
        yield name, *best(ours, peer, 1 if name == TRACE else RUNS, promise), promise
    yield "recording a module / FlopCounterMode, the median", *median_recording(), 1.5


def worst_bomb() -> tuple[str, Callable[[], object]]:
    """Return the harmful spec that takes longest to refuse, and reading it."""
    sys.path.insert(0, str(Path(__file__).parents[1] / "spec"))
    import bombs

    name, text = bombs.slowest()
    return name, lambda: bombs.explode(text)


def main() -> int:
    """Print the ratios and return 1 where one misses its promise."""
    import_torch = process(sys.executable, "-c", "import torch")
    import_sympy = process(sys.executable, "-c", "import sympy")
    checks = [
        ("archgraph --version / import torch", process("archgraph", "--version"), import_torch, 0.2),
        ("archgraph cost dit / import torch", process("archgraph", "cost", "dit"), import_torch, 0.55),
        ("archgraph cost dit / import sympy, the floor", process("archgraph", "cost", "dit"), import_sympy, 2.5),
        ("archgraph cost sd / import torch", process("archgraph", "cost", "sd"), import_torch, 1.0),
        (
            "archgraph fit dit unet nnunet / import torch",
            process("archgraph", "fit", "dit", "unet", "nnunet", "--device", "h100", "--batch", "32", answers=(0, 1)),
            import_torch,
            1.0,
        ),
        ("dit with L = 1,000,000 / L = 28", cost_of(1_000_000), cost_of(28), 1.25),
        ("laws of sd / count on meta", laws("sd"), measured("sd"), 1 / 3),
        *(
            (f"receptive fields of {name} / import torch", fields(name, input), import_torch, 1 / 3)
            for name, input in (("sd", "latent"), ("swin", "image"), ("nnunet", "image"))
        ),
        (f"{POINTS:,} configurations / by hand in numpy", *swept(POINTS), 2.0),
    ]
    if find_spec("diffusers"):
        checks.append((TRACE, *traced(), 2.0))
    name = slowest()
    bomb, explode = worst_bomb()
    checks += [
        ("hops of DiT with 10,000 blocks / with 10", hopped("dit", L=10_000), hopped("dit", L=10), 1.5),
        ("hops of Llama, 10**6 tokens / 4,096", hopped("llama", N=10**6), hopped("llama", N=4096), 1.5),
        ("hops of U-Net, 10**6 pixels / 512", hopped(UNET, H=2**20, W=2**20), hopped(UNET), 1.5),
        ("probes of U-Net, 10**6 pixels / 512", probed(UNET, "logits", H=2**20, W=2**20), probed(UNET, "logits"), 1.5),
        ("effective field of a window of 4,096 / of 1,024", spread_evenly(4096), spread_evenly(1024), 4.0),
        (f"'{bomb}', the slowest of the harmful specs / import torch", explode, import_torch, 1.0),
        (f"{name}, the slowest figure / import torch", drawn(name), import_torch, 1.0),
        ("a thousand operations drawn / their layout by Graphviz", *unrolled(), 2.0),
    ]
    failed = False
    for name, first, second, promise in timed(checks):
        ratio = first / second
        failed |= ratio > promise
        verdict = "ok" if ratio <= promise else "MISSED"
        print(f"{name}: {first * 1e3:.1f} ms / {second * 1e3:.1f} ms = {ratio:.3f} (promise {promise:.3f}) {verdict}")
        if f"{POINTS:,}" in name:
            print(f"  {POINTS / first / 1e6:.0f} million configurations per second, on one core")
    print()
    return int(bool(print_growth()) or failed)


if __name__ == "__main__":
    sys.exit(main())
