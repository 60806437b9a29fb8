"""Every number on the pages `why.md` and `why.zh.md`, derived from the shipped specs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import archgraph as ag
from archgraph.fields.report.field_report import ReceptiveField
from archgraph.sizes.expansion import expanded

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


def stage(name: str, metric: str, size: str) -> str:
    """Return what the steps of the network at one level hold of a metric, in percent."""
    g = ag.load(name).at()
    inside = sum(int(g[step.name].metric(metric)) for step in g.graph.nodes if sizes(g, step.name) == size)
    return f"{100 * inside / int(g.metric(metric)):.1f}"


def sizes(g: ag.Architecture, step: str) -> str:
    """Return the position sizes of a step's output, as `64 x 64`."""
    type_ = g[step].outputs[0]
    return " x ".join(str(type_.size(axis)) for axis in type_.positions)


def stage_ratio(name: str, size: str) -> str:
    """Return MACs per parameter of the steps at one level."""
    rows = {row["stage"]: row["macs/param"] for row in ag.load(name).efficiency().rows}
    return f"{float(rows[size]):,.1f}".removesuffix(".0")


def block_params(name: str, path: str) -> Any:
    """Return the law of the parameters of one block, without its count."""
    g = ag.load(name)
    return expanded(g[path].expression("params") / g.symbols["L"])


def equal_at() -> Any:
    """Return the number of tokens at which score and value products equal the token-wise linear terms of a block."""
    return ag.load("dit")["blocks"].crossover("D*L*N**2", "D**2*L*N", "N", by="term")[0]


def equal_in_all() -> str:
    """Return at how many tokens those products equal everything else in DiT-XL."""
    return f"{ag.load('dit').at().crossover('scaled_dot_product_attention', 'rest', 'N')[0]:,.0f}"


def score_memory(heads: int) -> str:
    """Return the memory of DiT-B/2's scores in GiB: what twice as many heads keep more."""
    g = ag.load("dit:B/2")
    more = int(g.at(heads=2 * heads).saved_bytes) - int(g.at(heads=heads).saved_bytes)
    return f"{more / 2**30:.3f}"


def price(name: str, **values: Any) -> str:
    """Return the MACs added per parameter added when symbols take other values."""
    before, after = ag.load(name).at(), ag.load(name).at(**values)
    return f"{(int(after.macs) - int(before.macs)) / (int(after.params) - int(before.params)):,.0f}"


def part_over(name: str, path: str, **values: Any) -> str:
    """Return the parameters of one of the L copies of a part, over the width squared."""
    g = ag.load(name).at(**values)
    return f"{int(g[path].params) / g.defaults['L'] / g.defaults['D'] ** 2:.1f}"


def kernel_free(metric: str) -> str:
    """Return by how much a depthwise network grows with kernels of 31 instead of 3."""
    small, large = (ag.load("convnext").at(K=k).metric(metric) for k in (3, 31))
    return f"{int(large) / int(small):.2f}"


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
    return sizes_of(ag.load(name).at(**values).receptive_field())


def shown(g: ag.Architecture, *changes: dict[str, Any]) -> str:
    """Return the table of single changes, parameters and MACs only, as a doctest expects it."""
    return str(g.knobs(*changes, metrics=["params", "macs"])).replace("\n\n", "\n<BLANKLINE>\n")


def field_at(name: str, node: str) -> str:
    """Return the receptive field of one step along its first axis."""
    return sizes_of(ag.load(name).at().receptive_field(node))


def field_of_convolutions(name: str, input: str) -> str:
    """Return the receptive field of the only output without what attention reads."""
    return sizes_of(ag.load(name).receptive_field(input=input, fixed_weights=True))


def sizes_of(found: ReceptiveField) -> str:
    """Return the sizes of a receptive field along its first axis."""
    axis = next(iter(found.axes.values()))
    return str(axis.size_max) if axis.size_min == axis.size_max else f"{axis.size_min}–{axis.size_max}"


NUMBERS: dict[str, Callable[[], Any]] = {
    "unet_params": lambda: ag.load("unet").params,
    "unet_macs": lambda: ag.load("unet:padded-512").macs,
    "dit_params": lambda: ag.load("dit").bind(p=2).params,
    "dit_macs": lambda: ag.load("dit").bind(p=2).macs,
    "nnunet_patch_params": lambda: factor("nnunet", "params", Z=256, H=256, W=256),
    "nnunet_patch_macs": lambda: factor("nnunet", "macs", Z=256, H=256, W=256),
    "dit_attention": lambda: expanded(
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
    "adm_double_macs": lambda: factor("adm", "macs", C=512),
    "unet_double_macs": lambda: factor("unet:padded-512", "macs", C=128),
    "scores_1": lambda: score_memory(1),
    "scores_12": lambda: score_memory(12),
    "scores_24": lambda: score_memory(24),
    "llama_attention": lambda: part_over("llama:3-8b", "blocks.llama_attention"),
    "unet_side": lambda: str(ag.load("unet:padded-512").defaults["H"]),
    "price_unet_width": lambda: price("unet:padded-512", C=65),
    "price_unet_level": lambda: price("unet:padded-512", levels=5),
    "price_dit_width": lambda: price("dit", D=1168),
    "price_dit_depth": lambda: price("dit", L=29),
    "dit_heads": lambda: ", ".join(f"{ag.load('dit:B/2').at(heads=h).params:,}" for h in (1, 12, 24)),
    "share_8": lambda: attention_share("dit:XL/8"),
    "share_4": lambda: attention_share("dit:XL/4"),
    "share_2": lambda: attention_share("dit"),
    "share_512": lambda: attention_share("dit:XL/2-512"),
    "share_pixart": lambda: attention_share("pixart:1024"),
    "share_sd3": lambda: attention_share("sd3"),
    "share_flux": lambda: attention_share("flux"),
    "crossover": equal_at,
    "crossover_all": equal_in_all,
    "patch_macs": lambda: factor("dit", "macs", p=1),
    "patch_params": lambda: factor("dit", "params", p=1),
    "unet_k5": lambda: kernels("unet", 2, 5),
    "unet_k7": lambda: kernels("unet", 2, 7),
    "nnunet_k5": lambda: kernels("nnunet", 3, 5),
    "nnunet_k7": lambda: kernels("nnunet", 3, 7),
    "convnext_params": lambda: kernel_free("params"),
    "convnext_macs": lambda: kernel_free("macs"),
    "swin_field": lambda: str(ag.load("swin").at().receptive_field("stage(0)").h.size_max),
    "swin_extent": lambda: str(ag.load("swin").defaults["H"]),
    "nnunet_stat": lambda: ag.load("nnunet").receptive_field("seg(0)").axes["d"].stat_since,
    "dit_since": lambda: ag.load("dit").receptive_field().h.global_since,
    "stack_10": lambda: field("conv_stack"),
    "stack_100": lambda: field("conv_stack", L=100),
    "unet_field": lambda: field("unet:padded-512"),
    "unet_bottleneck": lambda: field_at("unet:padded-512", "bottleneck"),
    "unet_hops": lambda: str(ag.load("unet:padded-512").hops(distance=90).moves),
    "unet_reach": lambda: str(ag.load("unet:padded-512").paths().reach()),
    "dit_hops": lambda: str(ag.load("dit").max_path()),
    "nnunet2d_field": lambda: field_at("nnunet:2d", "seg(0)"),
    "sd_convolutions": lambda: field_of_convolutions("sd", "latent"),
    "adm_convolutions": lambda: field_of_convolutions("adm", "image"),
    "sd_side": lambda: str(ag.load("sd").defaults["H"]),
    "adm_side": lambda: str(ag.load("adm").defaults["H"]),
    "nnunet_field": lambda: field("nnunet:inference"),
    "unet_level_params": lambda: factor("unet:padded-512", "params", levels=5),
    "unet_level_macs": lambda: factor("unet:padded-512", "macs", levels=5),
    "adm_top_params": lambda: stage("adm", "params", "256 x 256"),
    "adm_top_macs": lambda: stage("adm", "macs", "256 x 256"),
    "adm_top_outputs": lambda: stage("adm", "layer_outputs", "256 x 256"),
    "adm_top_ratio": lambda: stage_ratio("adm", "256 x 256"),
    "adm_low_ratio": lambda: stage_ratio("adm", "8 x 8"),
    "nnunet_top_params": lambda: stage("nnunet", "params", "128 x 128 x 128"),
    "nnunet_top_macs": lambda: stage("nnunet", "macs", "128 x 128 x 128"),
    "nnunet_top_ratio": lambda: stage_ratio("nnunet", "128 x 128 x 128"),
    "nnunet_low_ratio": lambda: stage_ratio("nnunet", "4 x 4 x 4"),
    "resenc_params": lambda: millions("nnunet_resenc"),
    "resenc_macs": lambda: ", ".join(giga(f"nnunet_resenc{variant}") for variant in RESENC),
    "unet_knobs": lambda: shown(ag.load("unet:padded-512"), {"C": 2}, {"levels": "+1"}, {"H": 2, "W": 2}),
    "dit_knobs": lambda: shown(ag.load("dit"), {"D": 2, "heads": 2}, {"L": 2}, {"S": 2}, {"p": "/2"}),
    "sdxl_params": lambda: f"{int(ag.load('sd:xl').at().params) / 1e9:.2f}",
    "sdxl_transformer": lambda: f"{transformer_params('sd:xl'):.1f}",
    "sd_conv": lambda: f"{conv_params('sd'):.0f}",
    "sdxl_conv": lambda: f"{conv_params('sd:xl'):.0f}",
    "ratio_unet": lambda: macs_per_param("unet:padded-512"),
    "ratio_dit": lambda: macs_per_param("dit"),
    "ratio_sdxl": lambda: macs_per_param("sd:xl"),
    "ratio_sd3": lambda: macs_per_param("sd3"),
    "ratio_flux": lambda: macs_per_param("flux"),
    "ratio_unet_small": lambda: macs_per_param("unet:padded-512", H=32, W=32),
    "ratio_pixart": lambda: macs_per_param("pixart:1024"),
}


def numbers() -> dict[str, str]:
    """Return every number as text."""
    return {name: str(compute()) for name, compute in NUMBERS.items()}


if __name__ == "__main__":
    for key, value in numbers().items():
        print(f"{key:<22} {value}")
