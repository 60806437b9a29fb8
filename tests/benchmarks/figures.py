"""Figures for the benchmark: one of the gallery, and one of a thousand operations."""

from __future__ import annotations

from collections.abc import Callable

from archgraph import load
from archgraph.figures.layout.graphviz import layout_graphviz

BLOCKS = 46  # of DiT, which make a little more than a thousand operations


def drawn(name: str) -> Callable[[], object]:
    """Return load, draw and write of one shipped spec."""
    return lambda: load(name).draw().svg


def unrolled() -> tuple[Callable[[], object], Callable[[], object]]:
    """Return the figure of a thousand operations, and Graphviz alone on the same boxes."""
    g = load("dit").bind(L=BLOCKS)
    diagram = g.draw(view="unrolled").diagram
    return lambda: g.draw(view="unrolled").svg, lambda: layout_graphviz(diagram)
