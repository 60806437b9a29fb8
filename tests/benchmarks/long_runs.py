"""Runs of many seconds: a grid of dask, and traces with free sizes."""

from __future__ import annotations

from collections.abc import Callable


def swept_lazily(points: int) -> tuple[Callable[[], object], Callable[[], object]]:
    """Return a front of so many points with dask on two workers, and the law alone by hand in numpy, row by row."""
    import dask
    import dask.array as da
    import numpy as np

    from archgraph import load

    g, side = load("dit"), int(points**0.5)
    grid = {"D": da.arange(16, 16 * side + 16, 16, chunks=100), "L": da.arange(1, side + 1, chunks=max(1, side // 2))}

    def on_two_workers() -> object:
        with dask.config.set(scheduler="threads", num_workers=2):
            return g.sweep(grid, ["params", "macs"]).pareto("params", larger=["macs"])

    def by_hand() -> object:
        depth = np.arange(1, side + 1)
        rows = (3078 * w**2 * depth + 131072 * w * depth + 3 * w**2 + 12544 * w for w in range(16, 16 * side + 16, 16))
        return max(int(row.max()) for row in rows)

    return on_two_workers, by_hand


def swin_with_free_sides() -> tuple[Callable[[], object], Callable[[], object]]:
    """Return tracing a Swin of transformers, of windows on free sides, and one pass of PyTorch's counter."""
    import torch
    from torch.utils.flop_counter import FlopCounterMode
    from transformers import SwinConfig, SwinModel

    from archgraph import trace

    kept = {"embed_dim": 16, "depths": [2, 2], "num_heads": [2, 4], "window_size": 4, "image_size": 64}
    with torch.device("meta"):
        module, pixels = SwinModel(SwinConfig(**kept)).eval(), torch.empty(1, 3, 64, 64)

    def count() -> object:
        with FlopCounterMode(display=False) as counter:
            module(pixel_values=pixels)
        return counter.get_total_flops()

    free = {"pixel_values": {2: "h", 3: "w"}}
    return lambda: trace(module, {"pixel_values": pixels}, free, allow_unsupported=True).macs, count


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
