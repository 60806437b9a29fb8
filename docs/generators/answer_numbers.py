"""Numbers of the pages on the question that come of runs: memory, speed, and what single knobs cost."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import memory_table

import archgraph as ag
from archgraph.architecture.architecture import Architecture

KERNEL: dict[str, Any] = {"attention": "flash", "dtype": "bf16-mixed"}
DEEPER = {"low": [1, 3, 4, 6, 6, 12], "middle": [1, 3, 4, 6, 12, 6]}
"""Six more blocks of nnU-Net ResEnc at 4³, or at 8³."""


def kept(name: str, **values: Any) -> int:
    """Return the bytes that autograd keeps of one of several samples."""
    g = ag.load(name).at(**values)
    run = {"dtype": "bf16-mixed", "attention": "flash", "loss": "none", "peak": "saved"}
    two, three = (g.training_memory(batch=batch, **run).bytes for batch in (2, 3))
    return three - two


def counted(name: str, **values: Any) -> tuple[int, int]:
    """Return parameters and MACs."""
    g = ag.load(name).at(**values)
    return int(g.params), int(g.macs)


def knob(name: str, **values: Any) -> dict[str, str]:
    """Return what a change of one network costs per parameter that it adds."""
    before, after = counted(name), counted(name, **values)
    added = after[0] - before[0]
    more = kept(name, **values) - kept(name)
    return {
        "params": f"{after[0] / before[0]:.3f}",
        "macs": f"{after[1] / before[1]:.3f}",
        "price": f"{(after[1] - before[1]) / added:,.0f}",
        "bytes": f"{more / added:.2f}",
    }


@cache
def deeper(where: str) -> dict[str, str]:
    """Return what six more blocks of nnU-Net ResEnc cost there."""
    return knob("nnunet_resenc", blocks=DEEPER[where])


def speed(name: str) -> str:
    """Return the share of an H100's peak that a forward pass of 32 samples reaches at best, in percent."""
    return f"{100 * ag.load(name).roofline('h100', batch=32).utilisation:.0f}"


def doubled(name: str, metric: str, **values: Any) -> str:
    """Return by how much a metric grows when symbols take other values."""
    index = ("params", "macs").index(metric)
    return f"{counted(name, **values)[index] / counted(name)[index]:.3f}"


def ratio(name: str, **values: Any) -> str:
    """Return MACs per parameter."""
    params, macs = counted(name, **values)
    return f"{macs / params:,.0f}"


def per(name: str, *symbols: str) -> float:
    """Return the bytes kept per sample over the product of symbols."""
    g: Architecture = ag.load(name)
    product = 1
    for symbol in symbols:
        product *= int(g.defaults[symbol])
    return kept(name) / product


def even_unet(side: int, batch: int) -> str:
    """Return the channels below which a U-Net's activations take more than its weights: 16·7574·C² = B·S."""
    return f"{batch * per('unet:padded-512', 'C', 'H', 'W') * side**2 / (16 * 7574):,.0f}"


def even_dit(tokens: int, batch: int) -> str:
    """Return the width below which a DiT's activations take more than its weights: 16·18·L·D² = B·S."""
    return f"{batch * per('dit', 'D', 'L', 'N') * tokens / (16 * 18):,.0f}"


CHINESE = {
    ", widened at 8³ and 4³": "，只在 8³ 和 4³ 处加宽",
    " tokens": " 个 token",
    "64² latents": "64² latent",
    "U-Net of 4 levels, bottom 4²": "U-Net，4 级，底层 4²",
    "U-Net of 2 levels, bottom 16²": "U-Net，2 级，底层 16²",
    " as for 256 px, bottom 2²": "，同 256 px 的配置，底层 2²",
    ", patch ": "，patch ",
    ", ": "，",
}
"""What the names of networks in tables are in Chinese, part by part."""


def table_of(names: Mapping[str, Any], start: int, words: Mapping[str, str] | None = None) -> str:
    """Return rows of the memory table in Markdown, with names in another language where words are given."""
    return "\n".join(memory_table.cells([translated(name, words or {}) for name in names], memory_table.rows()[start:]))


def translated(text: str, words: Mapping[str, str]) -> str:
    """Return a name with its parts in another language."""
    for part, other in words.items():
        text = text.replace(part, other)
    return text


def hops_of(distance: int) -> str:
    """Return the moves across in U-Net between pixels so far apart."""
    return str(ag.load("unet:padded-512").hops(distance=distance).moves)


def at_start(name: str) -> str:
    """Return how wide the field is that has 95 % of the weight at initialisation."""
    found = next(iter(ag.load(name).effective_field().values()))
    return f"{found.width:.0f}"


def best(name: str, batch: str, peak: str, checkpoint: str = "none") -> str:
    """Return a cell of the memory table, in billions of parameters."""
    index = [*memory_table.GROWTHS, *memory_table.ONE_GRID].index(name)
    own = memory_table.rows()[12 * index : 12 * (index + 1)]
    row = next(r for r in own if (r["batch"], r["peak"], r["checkpoint"]) == (batch, peak, checkpoint))
    return memory_table.found(row["params"])


def residual_blocks() -> int:
    """Return how many residual blocks ADM has, those that resample among them: each is modulated once."""
    return sum(scope.endswith(".modulate") for scope in ag.load("adm").scopes)


NUMBERS: dict[str, Callable[[], Any]] = {
    "dit_tokens": lambda: ag.load("dit").defaults["N"],
    "adm_blocks": residual_blocks,
    "start_share": lambda: "95",
    "memory_command": memory_table.command,
    "memory_rows": lambda: table_of(memory_table.GROWTHS, 0),
    "grid_rows": lambda: table_of(memory_table.ONE_GRID, 12 * len(memory_table.GROWTHS)),
    "memory_rows_zh": lambda: table_of(memory_table.GROWTHS, 0, CHINESE),
    "grid_rows_zh": lambda: table_of(memory_table.ONE_GRID, 12 * len(memory_table.GROWTHS), CHINESE),
    "best_nnunet": lambda: best("nnU-Net, 128³", "32", "saved"),
    "best_low": lambda: best("nnU-Net, 128³, widened at 8³ and 4³", "32", "saved"),
    "best_low_live": lambda: best("nnU-Net, 128³, widened at 8³ and 4³", "32", "live"),
    "best_nnunet_live": lambda: best("nnU-Net, 128³", "32", "live"),
    "best_unet": lambda: best("U-Net, 512 px", "32", "saved"),
    "best_dit": lambda: best("DiT/2, 256 tokens", "32", "saved"),
    "grid_unet": lambda: best("U-Net of 4 levels, bottom 4²", "32", "saved"),
    "grid_dit": lambda: best("DiT, patch 2", "32", "saved"),
    "ratio_nnunet": lambda: ratio("nnunet"),
    "ratio_adm": lambda: ratio("adm"),
    "ratio_sd": lambda: ratio("sd"),
    "ratio_dit_512": lambda: ratio("dit:XL/2-512"),
    "dit_wide_params": lambda: doubled("dit", "params", D=2304, heads=32),
    "dit_wide_macs": lambda: doubled("dit", "macs", D=2304, heads=32),
    "low_params": lambda: deeper("low")["params"],
    "low_macs": lambda: deeper("low")["macs"],
    "low_price": lambda: deeper("low")["price"],
    "low_bytes": lambda: deeper("low")["bytes"],
    "middle_params": lambda: deeper("middle")["params"],
    "middle_macs": lambda: deeper("middle")["macs"],
    "middle_price": lambda: deeper("middle")["price"],
    "middle_bytes": lambda: deeper("middle")["bytes"],
    "dit_block_bytes": lambda: knob("dit", L=29)["bytes"],
    "kept_unet": lambda: f"{per('unet:padded-512', 'C', 'H', 'W'):.1f}",
    "kept_dit": lambda: f"{per('dit', 'D', 'L', 'N'):.1f}",
    "even_unet": lambda: even_unet(512, 32),
    "even_dit": lambda: even_dit(256, 32),
    "even_dit_512": lambda: even_dit(1024, 32),
    "speed_unet": lambda: speed("unet:padded-512"),
    "speed_adm": lambda: speed("adm"),
    "speed_sd": lambda: speed("sd"),
    "speed_dit": lambda: speed("dit"),
    "speed_nnunet": lambda: speed("nnunet"),
    "hops_16": lambda: hops_of(16),
    "hops_64": lambda: hops_of(64),
    "unet_start": lambda: at_start("unet:padded-512"),
}
"""Every entry is computed when the pages are built, but for the memory table, which its command writes."""


def numbers() -> dict[str, str]:
    """Return every number as text."""
    return {name: str(compute()) for name, compute in NUMBERS.items()}
