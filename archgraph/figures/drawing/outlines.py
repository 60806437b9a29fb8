"""The outlines of boxes, which tell how positions are mixed, and the coloured bar at their left."""

from archgraph.fields.report.extent import ReadExtent
from archgraph.figures.drawing.diagram import BoxPart, Outline, Path, Rect
from archgraph.figures.drawing.style import FRAME, HAIR, HEAVY, LINE

BAR = 6.0
"""The width of the coloured bar, in points."""
INSET = 1.6
"""From a double outline's outer line to its inner one."""
LEGEND = {
    "double": "outline: attention in windows double, to everything thick",
    "thick": "thick outline: attention to everything",
}
_ROUND = 2.5


def outline(attends: frozenset[str], reach: ReadExtent | None) -> Outline:
    """Return the outline of what attends in such ways by itself (see `Attends`) and reads that much in all."""
    far = "far" in attends and reach is not None and (reach.everything or reach.causal)
    if far or "whole" in attends:
        return "thick"
    return "double" if "windows" in attends else "thin"


def outlined(kind: Outline, width: float, height: float, fill: str = "#ffffff", bar: str = "") -> list[BoxPart]:
    """Return an empty box, with a bar of some colour if one is given."""
    line = HEAVY if kind == "thick" else LINE
    parts: list[BoxPart] = [Rect(0, 0, width, height, fill, FRAME, line, _ROUND)]
    if bar:
        corners = ((BAR, 0.0), (0.0, 0.0), (0.0, height), (BAR, height))
        parts.append(Path(corners, FRAME, line, radius=_ROUND, closed=True, fill=bar))
    if kind == "double":
        inside = width - 2 * INSET, height - 2 * INSET
        parts.append(Rect(INSET, INSET, *inside, "none", FRAME, HAIR, _ROUND - 1))
    return parts
