"""Marks of networks: the colour and the fill say what its layers are, the shape what it works on."""

from collections.abc import Iterator
from dataclasses import dataclass

from archgraph.figures.drawing.diagram import BoxPart, Path, Rect
from archgraph.figures.drawing.style import FRAME

LAYER_COLORS = {"convolution": "#1f5fa8", "both": "#6d4a8e", "attention": "#c8501e", "other": "#5a5a5a"}
LAYER_DASHES: dict[str, tuple[float, ...]] = {
    "convolution": (),
    "both": (6.0, 2.5),
    "attention": (1.2, 2.0),
    "other": (),
}
RADIUS = 3.3


@dataclass(frozen=True)
class Mark:
    """A mark: what the layers are, and what the network works on."""

    layers: str
    works_on: str

    def drawn(self, x: float, y: float, color: str | None = None) -> Iterator[BoxPart]:
        """The mark around a point: filled for convolution, open for attention, half for both."""
        color = color or LAYER_COLORS.get(self.layers, FRAME)
        fill = color if self.layers == "convolution" else "#ffffff"
        if self.works_on == "latents":
            yield Rect(x - RADIUS, y - RADIUS, 2 * RADIUS, 2 * RADIUS, fill, color, 1.1, RADIUS)
        else:
            yield Path(_outline(self.works_on, x, y), color, 1.1, closed=True, fill=fill)
        if self.layers == "both":
            yield Path(_left_half(self.works_on, x, y), color, 0.5, closed=True, fill=color)


def _outline(works_on: str, x: float, y: float) -> tuple[tuple[float, float], ...]:
    if works_on == "voxels":
        r = RADIUS * 1.3
        return ((x, y - r), (x + r, y), (x, y + r), (x - r, y))
    r = RADIUS * 0.9
    if works_on == "pixels":
        return ((x - r, y - r), (x + r, y - r), (x + r, y + r), (x - r, y + r))
    return ((x, y - r * 1.3), (x + r * 1.2, y + r), (x - r * 1.2, y + r))


def _left_half(works_on: str, x: float, y: float) -> tuple[tuple[float, float], ...]:
    if works_on == "latents":
        ring = ((0.0, -1.0), (-0.5, -0.866), (-0.866, -0.5), (-1.0, 0.0), (-0.866, 0.5), (-0.5, 0.866), (0.0, 1.0))
        return tuple((x + RADIUS * a, y + RADIUS * b) for a, b in ring)
    if works_on == "voxels":
        r = RADIUS * 1.3
        return ((x, y - r), (x, y + r), (x - r, y))
    r = RADIUS * 0.9
    return ((x - r, y - r), (x, y - r), (x, y + r), (x - r, y + r))
