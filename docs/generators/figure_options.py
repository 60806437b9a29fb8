"""A picture of every option of a figure, for docs/figures.md."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from archgraph.architecture.architecture import load, loads
from archgraph.architecture.several import contrast
from archgraph.figures.figure import Figure

VIEWS = {"blocks": "dit", "ladder": "unet", "matrix": "swin", "hops": "unet", "levels": "dit", "laws": "dit"}
"""Views with a network of which they say something."""
LONG = """\
archgraph: 1
name: Sixty layers
symbols: {H: 64}
inputs: {x: {c: 8, h: H, w: H}}
network:
  - for: {i: 0..59}
    do:
      - conv: {out: 8 + 8 * (i % 7), kernel: 3, padding: same}
      - relu
"""
LOOK = {"fill": "#e0ecf7", "line": "#1f5fa8", "width": 1.5}
PARTS = {
    "labels": {"mlp": "Feed forward", "blocks": "Transformer block", "t": "noise level"},
    "node_style": {"attention": LOOK, "mlp": {"dashed": True}},
    "hide": ["y"],
    "title": "DiT in other words",
}
PICTURES: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    **{f"view-{view}": (name, {"view": view, "width": "column"}) for view, name in VIEWS.items()},
    "theme-dark": ("conv_stack", {"theme": "dark"}),
    "theme-slides": ("conv_stack", {"theme": "slides", "width": "7in"}),
    "background-paper": ("conv_stack", {"background": "paper"}),
    "background-transparent": ("conv_stack", {"background": "transparent"}),
    "fonts-outlines": ("conv_stack", {"fonts": "outlines"}),
    "color-macs": ("conv_stack", {"color": "macs"}),
    "color-op": ("conv_stack", {"color": "op"}),
    "show-shape": ("conv_stack", {"show": ["shape"]}),
    "values": ("conv_stack", {"values": True}),
    "terms": ("llama", {"view": "blocks", "terms": "full"}),
    "legend": ("conv_stack", {"legend": False}),
    "parts": ("dit", PARTS),
    "depth": ("dit", {"depth": 0}),
    "focus": ("dit", {"focus": "blocks"}),
    "direction-right": ("conv_stack", {"direction": "right"}),
    "palette": ("dit", {"view": "blocks", "width": "column", "palette": "ember"}),
    "style-maps": ("vit", {"style": "maps"}),
    "style-u": ("unet", {"style": "maps"}),
    "style-perspective": ("vgg", {"style": "perspective"}),
    "width-wide": ("conv_stack", {"width": "4.5in"}),
    "venue": ("conv_stack", {"width": "column", "venue": "acl"}),
    "height": ("resnet", {"height": "3.8in"}),
    "columns": ("vgg", {"view": "full"}),
    "fold": (LONG, {}),
}
"""What is drawn, and how, by the name of the file."""
CONTRASTS: Mapping[str, tuple[tuple[str, str], Mapping[str, Any]]] = {
    "style-contrast": (("unet:padded-512", "dit"), {"style": "maps", "panels": ["stages"]}),
    "panels": (("conv_stack", "vit"), {"panels": ["stages", "laws"], "width": "4.5in"}),
}
WITHOUT = {"dpi": "only a .png has dots"}
"""Options of which no picture in SVG can say anything, and why."""


def option_figures() -> Iterator[tuple[str, Figure]]:
    """Return figures with the name of their file."""
    for name, (spec, said) in PICTURES.items():
        yield name, (loads(spec) if "\n" in spec else load(spec)).draw(**said)
    for name, (specs, said) in CONTRASTS.items():
        yield name, contrast(*map(load, specs), **said)


def write_options(folder: Path) -> None:
    """Write the pictures."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, figure in option_figures():
        figure.save(folder / f"{name}.svg")
