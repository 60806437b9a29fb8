"""The two figures of the pages on the question, in both languages: what growth costs, and what fits on 80 GB."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

import archgraph as ag
from archgraph.architecture.charts import fits_chart
from archgraph.cost.training.run import Training
from archgraph.studies.curves import fitting
from archgraph.studies.growth_path import GrowthPath

MEMORY, BATCHES = "80GB", (1, 2, 3, 4, 6, 8, 11, 16, 23, 32, 45, 64)
PUBLISHED = Path(__file__).parent / "published.yaml"
RUN: dict[str, Any] = {
    "dtype": "bf16-mixed",
    "attention": "flash",
    "kernel": "fused",
    "loss": "none",
    "peak": "saved",
}
WORDS = {
    "en": {
        "width": "width",
        "level": "more levels",
        "blocks": "blocks at 8³ and 4³",
        "depth": "depth",
        "patches": "larger patches",
        "1024": "to 1,024 px",
        "512": "512 px",
        "low": "wider at 8³, 4³",
        "published": "As published: pixels and voxels run out first",
        "grid": "One 64 × 64 grid: the order turns round",
        "low_nnunet": "nnU-Net, low levels",
        "patch": "DiT, patch {}",
        "tokens": "DiT, {} tokens",
        "levels": "U-Net, {} levels",
    },
    "zh": {
        "width": "加宽",
        "level": "加一级、两级",
        "blocks": "在 8³、4³ 处加块",
        "depth": "加深",
        "patches": "更大的 patch",
        "1024": "到 1,024 px",
        "512": "512 px",
        "low": "只加宽 8³、4³",
        "published": "按发表的样子：像素和体素先用尽",
        "grid": "同一个 64 × 64 网格：次序反转",
        "low_nnunet": "nnU-Net，低层级",
        "patch": "DiT，patch {}",
        "tokens": "DiT，{} 个 token",
        "levels": "U-Net，{} 级",
    },
}


def published() -> list[dict[str, Any]]:
    """Return the published networks, with those that archgraph counts itself."""
    counted = [
        _counted("DiT", "attention", "latents", {"S/2": "dit:S/2", "B/2": "dit:B/2", "L/2": "dit:L/2", "XL/2": "dit"}),
        _counted("SDXL", "both", "latents", {"": "sd:xl"}),
        _counted("SD 1.5", "both", "latents", {"": "sd"}),
        _counted("SD3 M", "attention", "latents", {"": "sd3"}),
        _counted("FLUX.1", "attention", "latents", {"": "flux"}),
        _counted("ADM 256²", "both", "pixels", {"": "adm"}),
    ]
    return [*yaml.safe_load(PUBLISHED.read_text(encoding="utf-8")), *counted]


def _counted(name: str, layers: str, works_on: str, sizes: dict[str, str]) -> dict[str, Any]:
    networks = {label: ag.load(spec).at() for label, spec in sizes.items()}
    found = {label: {"params": int(g.params), "macs": int(g.macs)} for label, g in networks.items()}
    return {"name": name, "layers": layers, "input": works_on, "sizes": found}


def walks(said: dict[str, str]) -> Iterator[tuple[GrowthPath, Sequence[object]]]:
    """Yield how networks grow, from where they were published."""
    unet, dit = ag.load("unet:padded-512"), ag.load("dit")
    resenc = ag.load("nnunet_resenc")
    yield unet.growth("C", name=said["width"]), [96]
    yield unet.growth("levels", name=said["level"]), [5, 6]
    yield unet.growth("H", name=said["1024"], W="H"), [1024]
    yield dit.growth("L", name=said["depth"]), [56]
    yield dit.growth("S", name=said["512"]), [64]
    deeper = resenc.growth("k", name=said["blocks"], blocks=[1, 3, 4, 6, "k", "k"])
    yield deeper, [12, 24, 48]
    yield resenc.growth("H", name=said["patches"], Z="H", W="H"), [192]
    yield ag.load("nnunet").growth("C", name=said["width"]), [48]


def panels(said: dict[str, str]) -> dict[str, list[GrowthPath]]:
    """Return the networks of both panels."""
    low: dict[str, Any] = {"features": ["C", "2*C", "4*C", "8*C", "w", "w"]}
    dit, unet = ag.load("dit:XL/2-512"), ag.load("unet:padded-512").at(H=64, W=64)
    return {
        said["published"]: [
            ag.load("dit").growth("D", 64, name=said["tokens"].format(256), heads="D/64"),
            dit.growth("D", 64, name=said["tokens"].format("1,024"), heads="D/64"),
            ag.load("sd").growth("C", 32, name="SD-1.5"),
            ag.load("adm").growth("C", 64, name="ADM, 256²"),
            ag.load("unet:padded-512").growth("C", 16, name="U-Net, 512²"),
            ag.load("nnunet").growth("C", 4, name="nnU-Net, 128³"),
            ag.load("nnunet").growth("w", 64, name=said["low_nnunet"], **low),
        ],
        said["grid"]: [
            unet.growth("C", 16, name=said["levels"].format(4)),
            unet.at(levels=2).growth("C", 16, name=said["levels"].format(2)),
            ag.load("adm").at(H=64, W=64).growth("C", 64, name="ADM"),
            ag.load("edm2").growth("C", 64, name="EDM2"),
            ag.load("sd").growth("C", 32, name="SD-1.5"),
            *(dit.at(p=p).growth("D", 64, name=said["patch"].format(p), heads="D/64") for p in (4, 2, 1)),
        ],
    }


def write_study_figures(folder: Path) -> None:
    """Write both figures in both languages."""
    curves = {
        title: [fitting(path, MEMORY, BATCHES, Training(**RUN)) for path in paths]
        for title, paths in panels(WORDS["en"]).items()
    }
    for language, said in WORDS.items():
        ending = "" if language == "en" else f".{language}"
        growth = ag.growth_figure(walks(said), published(), language)
        growth.save(str(folder / f"growth-paths{ending}.svg"))
        named = {
            title: [replace(curve, name=path.title) for curve, path in zip(found, paths, strict=True)]
            for found, (title, paths) in zip(curves.values(), panels(said).items(), strict=True)
        }
        fits_chart(named, MEMORY, Training(**RUN), language).save(str(folder / f"what-fits{ending}.svg"))
