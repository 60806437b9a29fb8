"""What tracing costs beside one pass of PyTorch's counter: medians, and the slowest ten.

The models are those of `tests/models/real_models.py`, on the meta device, once with sizes fixed and, where a dimension
varies, once with it free. It takes minutes, and is in no lane.
"""

from __future__ import annotations

import sys
import time
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import torch
from torch.utils.flop_counter import FlopCounterMode

import archgraph as ag

sys.path.insert(0, str(Path(__file__).parents[1] / "models"))
from real_models import MODELS, Real

SLOWEST = 10


class Trace(NamedTuple):
    """Milliseconds of one pass of the counter, and of a trace with fixed and with free sizes."""

    name: str
    counter: float
    fixed: float
    free: float | None

    def ratios(self) -> dict[str, float]:
        """Return how many passes of the counter each trace takes."""
        taken = {"fixed": self.fixed, "free": self.free}
        return {kind: each / self.counter for kind, each in taken.items() if each is not None}


def taken(run: Callable[[], object]) -> float:
    """Return the processor milliseconds of the faster of two runs."""
    times = []
    for _ in range(2):
        start = time.process_time()
        run()
        times.append(1e3 * (time.process_time() - start))
    return min(times)


def traced(real: Real, model: Any, free: Mapping[str, Mapping[int, str]]) -> Callable[[], object]:
    """Return a trace of a model in which the dimensions `free` vary."""
    return lambda: ag.trace(model, real.inputs, free, allow_unsupported=True)


def measured(real: Real) -> Trace | None:
    """Return the times of one model; None where the counter wants values, which the meta device has none of."""
    with torch.device("meta"):
        model = real.build().eval()

    def counted() -> None:
        with FlopCounterMode(display=False):
            model(**real.inputs)

    try:
        counter = taken(counted)
    except (RuntimeError, AssertionError):
        return None
    free = taken(traced(real, model, real.dynamic)) if real.dynamic else None
    return Trace(real.name, counter, taken(traced(real, model, {})), free)


def main() -> None:
    """Print the medians, and the traces that take the most passes."""
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    found = [each for each in map(measured, MODELS.values()) if each is not None]
    for kind in ("fixed", "free"):
        ratios = {each.name: each.ratios()[kind] for each in found if kind in each.ratios()}
        print(f"{kind} sizes: {len(ratios)} models, median {median(ratios.values()):.2f} passes of the counter")
        for name in sorted(ratios, key=lambda one: -ratios[one])[:SLOWEST]:
            print(f"  {ratios[name]:7.1f}  {name}")


if __name__ == "__main__":
    main()
