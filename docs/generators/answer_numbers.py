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


@cache
def wider() -> dict[str, str]:
    """Return what one more channel costs a U-Net."""
    return knob("unet:padded-512", C=65)


@cache
def thicker() -> dict[str, str]:
    """Return what one more block costs a DiT."""
    return knob("dit", L=29)


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
    ", widened at 16² and 8²": "，只在 16² 和 8² 处加宽",
    " as for 64 px, bottom 8²": "，同 64 px 的配置，底层 8²",
    ", bottom 8²": "，底层 8²",
    " tokens": " 个 token",
    "64² latents": "64² latent",
    "U-Net of 4 levels, bottom 4²": "U-Net，4 级，底层 4²",
    "U-Net of 2 levels, bottom 16²": "U-Net，2 级，底层 16²",
    " as for 256 px, bottom 2²": "，同 256 px 的配置，底层 2²",
    ", patch ": "，patch ",
    ", ": "，",
}
"""What the names of networks in tables are in Chinese, part by part."""


def table_of(names: Mapping[str, Any], words: Mapping[str, str], *, priced: bool = False) -> str:
    """Return rows of the memory table in Markdown, with names in another language where words are given."""
    lines = []
    for name in names:
        shown = [translated(name, words), *memory_table.cells(name), *([memory_table.price(name)] if priced else [])]
        lines.append(f"| {' | '.join(shown)} |")
    return "\n".join(lines)


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
    found = next(iter(ag.load(name).effective_field().axes.values()))
    return f"{found.width:.0f}"


def best(name: str, peak: str = "saved", checkpoint: str = "none") -> str:
    """Return what fits of a network at 32 samples, in billions of parameters."""
    return memory_table.found(memory_table.cell(name, "32", (peak, checkpoint, "1"))["params"])


def spare() -> str:
    """Return by how many megabytes the DiT on 1,024 tokens fits at 32 samples."""
    row = memory_table.cell("DiT/2, 1,024 tokens", "32", memory_table.COLUMNS[0])
    return f"{(int(row['memory']) - int(row['bytes'])) / 1e6:.0f}"


def narrower() -> str:
    """Return the parameters of that DiT a step narrower, in billions."""
    width = int(memory_table.cell("DiT/2, 1,024 tokens", "32", memory_table.COLUMNS[0])["value"]) - 64
    return f"{int(ag.load('dit:XL/2-512').at(D=width, heads=width // 64).params) / 1e9:.2f}"


def trained(size: str) -> str:
    """Return the memory of STU-Net's training as it was measured, without a loss, in GB."""
    run = {"batch": 2, "optimizer": "momentum", "dtype": "bf16-autocast", "loss": "none"}
    return f"{ag.load(f'stunet:{size}').training_memory(**run).bytes / 1e9:.1f}"


def residual_blocks() -> int:
    """Return how many residual blocks ADM has, those that resample among them: each is modulated once."""
    return sum(scope.endswith(".modulate") for scope in ag.load("adm").scopes)


NUMBERS: dict[str, Callable[[], Any]] = {
    "dit_tokens": lambda: ag.load("dit").defaults["N"],
    "adm_blocks": residual_blocks,
    "start_share": lambda: "95",
    "memory_command": memory_table.command,
    "memory_rows": lambda: table_of(memory_table.GROWTHS, {}),
    "grid_rows": lambda: table_of(memory_table.ONE_GRID, {}, priced=True),
    "memory_rows_zh": lambda: table_of(memory_table.GROWTHS, CHINESE),
    "grid_rows_zh": lambda: table_of(memory_table.ONE_GRID, CHINESE, priced=True),
    "best_nnunet": lambda: best("nnU-Net, 128³"),
    "best_low": lambda: best("nnU-Net, 128³, widened at 8³ and 4³"),
    "best_low_live": lambda: best("nnU-Net, 128³, widened at 8³ and 4³", "live"),
    "best_nnunet_live": lambda: best("nnU-Net, 128³", "live"),
    "best_unet": lambda: best("U-Net, 512 px"),
    "best_dit": lambda: best("DiT/2, 256 tokens"),
    "grid_unet": lambda: best("U-Net of 4 levels, bottom 4²"),
    "grid_dit": lambda: best("DiT, patch 2"),
    "best_dit_live": lambda: best("DiT/2, 256 tokens", "live"),
    "best_dit_1024": lambda: best("DiT/2, 1,024 tokens"),
    "best_dit_spare": spare,
    "best_dit_narrower": narrower,
    "best_unet_live": lambda: best("U-Net, 512 px", "live"),
    "best_adm_live": lambda: best("ADM, 256 px", "live"),
    "best_dit_1024_live": lambda: best("DiT/2, 1,024 tokens", "live"),
    "block_unet": lambda: best("U-Net, 512 px", "live", "block"),
    "block_nnunet": lambda: best("nnU-Net, 128³", "live", "block"),
    "block_low": lambda: best("nnU-Net, 128³, widened at 8³ and 4³", "live", "block"),
    "block_adm": lambda: best("ADM, 256 px", "live", "block"),
    "block_dit_1024": lambda: best("DiT/2, 1,024 tokens", "live", "block"),
    "grid_unet_2": lambda: best("U-Net of 2 levels, bottom 16²"),
    "grid_adm": lambda: best("ADM as for 64 px, bottom 8²"),
    "grid_edm2": lambda: best("EDM2, bottom 8²"),
    "trained_s": lambda: trained("s"),
    "trained_b": lambda: trained("b"),
    "trained_l": lambda: trained("l"),
    "ratio_edm2": lambda: ratio("edm2:xxl"),
    "edm2_params": lambda: f"{counted('edm2:xxl')[0] / 1e6:,.0f}",
    "edm2_macs": lambda: f"{counted('edm2:xxl')[1] / 1e9:,.0f}",
    "dit_512_params": lambda: f"{counted('dit:XL/2-512')[0] / 1e6:,.0f}",
    "dit_512_macs": lambda: f"{counted('dit:XL/2-512')[1] / 1e9:,.0f}",
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
    "level_bytes": lambda: knob("unet:padded-512", levels=5)["bytes"],
    "unet_width_params": lambda: wider()["params"],
    "unet_width_macs": lambda: wider()["macs"],
    "unet_width_bytes": lambda: wider()["bytes"],
    "dit_block_params": lambda: thicker()["params"],
    "dit_block_macs": lambda: thicker()["macs"],
    "dit_block_bytes": lambda: thicker()["bytes"],
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
