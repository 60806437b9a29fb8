"""A picture of every option of a figure, for docs/figures.md."""

from __future__ import annotations

from pathlib import Path

from archgraph.architecture.architecture import load
from archgraph.architecture.several import contrast
from archgraph.figures.figure import Figure

VIEWS = ("blocks", "ladder", "matrix", "hops", "levels", "laws")
LOOKS = {
    "theme-dark": {"theme": "dark"},
    "background-paper": {"background": "paper"},
    "background-transparent": {"background": "transparent"},
    "fonts-outlines": {"fonts": "outlines"},
    "color-macs": {"color": "macs"},
    "color-op": {"color": "op"},
    "show-shape": {"show": ["shape"]},
    "values": {"values": True},
    "width-wide": {"width": "4.5in"},
}


def option_figures() -> dict[str, Figure]:
    """Return figures by the name of their file."""
    found = {f"view-{view}": load("dit").draw(view, width="column") for view in VIEWS}
    stack = load("conv_stack")
    found |= {name: stack.draw(**options) for name, options in LOOKS.items()}
    dit = load("dit")
    looks = {"attention": {"fill": "#e0ecf7", "line": "#1f5fa8", "width": 1.5}, "mlp": {"dashed": True}}
    names = {"mlp": "Feed forward", "blocks": "Transformer block", "t": "noise level"}
    found["parts"] = dit.draw(labels=names, node_style=looks, hide=["y"], title="DiT in other words")
    found["depth"], found["focus"] = dit.draw(depth=0), dit.draw(focus="blocks")
    found["direction-right"] = stack.draw(direction="right")
    found["palette"] = dit.draw("blocks", width="column", palette="ember")
    found["theme-slides"] = stack.draw(theme="slides", width="7in")
    found["style-maps"], found["style-u"] = load("vit").draw(style="maps"), load("unet").draw(style="maps")
    found["style-perspective"] = load("vgg").draw(style="perspective")
    found["columns"] = load("vgg").draw("full")
    found["style-contrast"] = contrast(load("unet:padded-512"), dit, style="maps", panels=["stages"])
    found["panels"] = contrast(stack, load("vit"), panels=["stages", "laws"], width="4.5in")
    return found


def write_options(folder: Path) -> None:
    """Write the pictures."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, figure in option_figures().items():
        figure.save(folder / f"{name}.svg")
