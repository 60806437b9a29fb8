"""Every number on the pages `why.md` and `why.zh.md`, derived from the shipped specs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sympy import expand

import archgraph as ag
from archgraph.analysis.scaling import crossover, leading

RESENC = ("", ":ct-3d-l", ":ct-3d-xl")


def factor(name: str, metric: str, **values: Any) -> str:
    """Return by how much a metric grows when symbols take other values."""
    g = ag.load(name)
    return f"{int(g.at(**values).metric(metric)) / int(g.at().metric(metric)):.3f}"


def millions(name: str, metric: str = "params", **values: Any) -> str:
    """Return a metric in millions."""
    return f"{int(ag.load(name).at(**values).metric(metric)) / 1e6:,.2f}"


def giga(name: str, metric: str = "macs", **values: Any) -> str:
    """Return a metric in units of 10^9."""
    return f"{int(ag.load(name).at(**values).metric(metric)) / 1e9:,.1f}"


def attention_share(name: str, **values: Any) -> str:
    """Return the share of the MACs that multiply queries with keys and weights with values, in percent."""
    share = ag.load(name).at(**values).share("macs")["scaled_dot_product_attention"]
    return f"{float(share) * 100:.1f}"


def macs_per_param(name: str, **values: Any) -> str:
    """Return MACs per parameter."""
    return f"{ag.load(name).at(**values).ratio('macs', 'params'):,.0f}"


def level(name: str, metric: str, place: int, **values: Any) -> float:
    """Return a level's share of a metric in percent; levels in the order of their position count, largest first."""
    g = ag.load(name).at(**values)
    rows = [row for row in g.table(by="level", metrics=[metric]).rows if row["level"] != "embedding"]
    sizes = sorted(rows, key=lambda row: -_area(row["level"]))
    return 100 * sizes[place][metric] / int(g.metric(metric))


def _area(label: str) -> int:
    area = 1
    for side in label.split(" x "):
        area *= int(side)
    return area


def block_params(name: str, path: str) -> Any:
    """Return the law of the parameters of one block, without its count."""
    g = ag.load(name)
    return expand(g[path].expression("params") / g.symbols["L"])


def equal_at() -> Any:
    """Return the number of tokens at which score and value products equal the token-wise linear terms of a block."""
    block = ag.load("dit")["blocks"]
    name, definition = ag.load("dit").law_in("macs", "N")[1], ag.load("dit").definition("N")
    from archgraph.analysis.scaling import eliminate

    terms = {key: eliminate(law, name, definition) for key, law in block.terms("macs").items()}
    return crossover(terms["scaled_dot_product_attention"], leading(terms["linear"], name), name)[0]


def kernels(name: str, rank: int, k: int) -> str:
    """Return by how much parameters grow when every 3-wide kernel becomes k wide."""
    return factor(name, "params", kernel=[k] * rank)


def conv_params(name: str, **values: Any) -> float:
    """Return the parameters of convolutions wider than 1, in millions."""
    g = ag.load(name).at(**values)
    total = 0
    for row in g.rows():
        wide = row.node.label == "conv" and str(row.node.op.arguments.get("kernel")) == "3"
        if wide:
            weights = sum(g.evaluate(weight.numel) for weight in row.node.op.weights(*row.node.types).values())
            total += weights * g.evaluate(row.weight_times)
    return total / 1e6


def transformer_params(name: str) -> float:
    """Return the share of the parameters inside transformer blocks, in percent."""
    g = ag.load(name).at()
    inside = 0
    for row in g.rows():
        if "basic_transformer_block" in row.blocks:
            weights = sum(g.evaluate(weight.numel) for weight in row.node.op.weights(*row.node.types).values())
            inside += weights * g.evaluate(row.weight_times)
    return 100 * inside / int(g.params)


def field(name: str, **values: Any) -> str:
    """Return the receptive field of the only output, along its first axis."""
    axis = next(iter(ag.load(name).at(**values).receptive_field().axes.values()))
    return str(axis.size_max) if axis.size_min == axis.size_max else f"{axis.size_min}–{axis.size_max}"


NUMBERS: dict[str, Callable[[], Any]] = {
    "unet_params": lambda: ag.load("unet").params,
    "unet_macs": lambda: ag.load("unet:padded-512").macs,
    "dit_params": lambda: ag.load("dit").bind(p=2).params,
    "dit_macs": lambda: ag.load("dit").bind(p=2).macs,
    "nnunet_patch_params": lambda: factor("nnunet", "params", Z=256, H=256, W=256),
    "nnunet_patch_macs": lambda: factor("nnunet", "macs", Z=256, H=256, W=256),
    "dit_attention": lambda: expand(
        ag.load("dit")["blocks.attention"].expression("params") / ag.load("dit").symbols["L"]
    ),
    "dit_block": lambda: block_params("dit", "blocks"),
    "unet_90": lambda: factor("unet", "params", C=90),
    "unet_91": lambda: factor("unet", "params", C=91),
    "dit_1088": lambda: factor("dit:B/2", "params", D=1088, heads=17),
    "dit_double_params": lambda: factor("dit:B/2", "params", D=1536, heads=24),
    "dit_double_macs": lambda: factor("dit:B/2", "macs", D=1536, heads=24),
    "unet_double": lambda: factor("unet", "params", C=128),
    "nnunet_double": lambda: factor("nnunet", "params", C=64),
    "adm_double": lambda: factor("adm", "params", C=512),
    "sd_double": lambda: factor("sd", "params", C=640),
    "dit_heads": lambda: ", ".join(f"{ag.load('dit:B/2').at(heads=h).params:,}" for h in (1, 12, 24)),
    "share_8": lambda: attention_share("dit:XL/8"),
    "share_4": lambda: attention_share("dit:XL/4"),
    "share_2": lambda: attention_share("dit"),
    "share_512": lambda: attention_share("dit:XL/2-512"),
    "share_pixart": lambda: attention_share("pixart", H=128, W=128),
    "share_sd3": lambda: attention_share("sd3"),
    "share_flux": lambda: attention_share("flux"),
    "crossover": equal_at,
    "patch_macs": lambda: factor("dit", "macs", p=1),
    "patch_params": lambda: factor("dit", "params", p=1),
    "unet_k5": lambda: kernels("unet", 2, 5),
    "unet_k7": lambda: kernels("unet", 2, 7),
    "nnunet_k5": lambda: kernels("nnunet", 3, 5),
    "nnunet_k7": lambda: kernels("nnunet", 3, 7),
    "dit_since": lambda: ag.load("dit").receptive_field().h.global_since,
    "stack_10": lambda: field("conv_stack"),
    "stack_100": lambda: field("conv_stack", L=100),
    "unet_field": lambda: field("unet:padded-512"),
    "nnunet_field": lambda: field("nnunet:inference"),
    "unet_level_params": lambda: factor("unet:padded-512", "params", levels=5),
    "unet_level_macs": lambda: factor("unet:padded-512", "macs", levels=5),
    "adm_top_params": lambda: f"{level('adm', 'params', 0):.1f}",
    "adm_top_macs": lambda: f"{level('adm', 'macs', 0):.1f}",
    "adm_top_outputs": lambda: f"{level('adm', 'layer_outputs', 0):.1f}",
    "nnunet_top_params": lambda: f"{level('nnunet', 'params', 0):.1f}",
    "nnunet_top_macs": lambda: f"{level('nnunet', 'macs', 0):.1f}",
    "resenc_params": lambda: millions("nnunet_resenc"),
    "resenc_macs": lambda: ", ".join(giga(f"nnunet_resenc{variant}") for variant in RESENC),
    "unet_levels": lambda: str(ag.load("unet:padded-512").at().table(by="level", metrics=["params", "macs"])).split(
        "\n\n", 1
    )[1],
    "sdxl_params": lambda: f"{int(ag.load('sd:xl').at().params) / 1e9:.2f}",
    "sdxl_transformer": lambda: f"{transformer_params('sd:xl'):.1f}",
    "sd_conv": lambda: f"{conv_params('sd'):.0f}",
    "sdxl_conv": lambda: f"{conv_params('sd:xl'):.0f}",
    "ratio_unet": lambda: macs_per_param("unet:padded-512"),
    "ratio_dit": lambda: macs_per_param("dit"),
    "ratio_sdxl": lambda: macs_per_param("sd:xl"),
    "ratio_sd3": lambda: macs_per_param("sd3"),
    "ratio_flux": lambda: macs_per_param("flux"),
    "ratio_pixart": lambda: macs_per_param("pixart", H=128, W=128),
}


def numbers() -> dict[str, str]:
    """Return every number as text."""
    return {name: str(compute()) for name, compute in NUMBERS.items()}


if __name__ == "__main__":
    for key, value in numbers().items():
        print(f"{key:<22} {value}")
