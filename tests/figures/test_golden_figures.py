"""Figures as text: what is where may only change on purpose (`pytest --overwrite` writes them anew)."""

from pathlib import Path

import pytest
from gallery_pages import figure_of

from archgraph.figures.drawing.diagram import Diagram
from archgraph.figures.figure import Figure

FOLDER = Path(__file__).parents[1] / "golden" / "figures"
VIEWS = [("conv_stack", "overview"), ("unet", "overview"), ("dit", "overview"), ("unet", "levels")]


def listed(diagram: Diagram) -> str:
    """Boxes, edges and texts with their places in points."""
    boxes = [f"box {box.name} {box.x:.1f} {box.y:.1f} {box.width:.1f} {box.height:.1f}" for box in diagram.boxes]
    edges = [
        f"edge {edge.source or '-'} {edge.target or '-'} " + " ".join(f"{x:.1f},{y:.1f}" for x, y in edge.path.points)
        for edge in diagram.edges
        if edge.path is not None
    ]
    texts = [f"text {text.x:.1f} {text.y:.1f} {text.string}" for text in diagram.texts()]
    return "\n".join((f"page {diagram.width:.1f} {diagram.height:.1f}", *boxes, *edges, *texts)) + "\n"


def figure(name: str, view: str) -> Figure:
    return figure_of(name, view)


@pytest.mark.parametrize(("name", "view"), VIEWS)
def test_diagrams(name, view, golden):
    golden(FOLDER / f"{name}-{view}.txt", listed(figure(name, view).diagram))


@pytest.mark.parametrize(("name", "view"), VIEWS[:3])
def test_dot(name, view, golden):
    golden(FOLDER / f"{name}-{view}.dot", figure(name, view).dot)
