"""What fits: the largest network against the batch, in panels on the same axes."""

from collections.abc import Iterator, Mapping, Sequence
from math import log2

from archgraph.errors import QueryError
from archgraph.figures.charts.chart_words import chart_words
from archgraph.figures.charts.layer_marks import LAYER_COLORS, LAYER_DASHES, RADIUS, Mark
from archgraph.figures.charts.log_axes import LogAxes, Scale
from archgraph.figures.content.mathtext import words
from archgraph.figures.content.wrapping import wrapped
from archgraph.figures.drawing.diagram import MUTED, Box, BoxPart, Diagram, Path, Rect, Text
from archgraph.figures.drawing.metrics import text_width
from archgraph.figures.drawing.style import FRAME, GRID, HAIR, LINE, SIZES
from archgraph.report.curves import DataSeries

_LEFT, _GAP, _TOP, _TALL, _LABELS = 34.0, 12.0, 30.0, 168.0, 10.0
_BETWEEN = 9.2


def fits_diagram(
    panels: Mapping[str, Sequence[DataSeries]], ceiling: float, memory: str, note: str, width: float, language: str
) -> Diagram:
    """Draw curves of (batch, parameters), panel by panel.

    Args:
        panels: curves by the title of their panel.
        ceiling: what fits with no activations at all.
        memory: what it is called.
        note: the settings of the run, below.
        width: of the whole, in points.
        language: of the words.

    Raises:
        QueryError: nothing fits anywhere, or no such language.
    """
    said = chart_words(language)
    points = [point for curves in panels.values() for curve in curves for point in curve.points]
    if not points:
        raise QueryError("nothing fits at any of these batches")
    least, most = min(x for x, _ in points), max(x for x, _ in points)
    low = min(y for _, y in points) / 1.6
    each = (width - _GAP * (len(panels) - 1)) / len(panels)
    parts: list[BoxPart] = []
    for index, (title, curves) in enumerate(panels.items()):
        x = (each + _GAP) * index
        right = x + each - _names_width(curves) - _LABELS
        scales = Scale(least, max(most, 2 * least), x + _LEFT, right), Scale(low, ceiling * 1.7, _TOP + _TALL, _TOP)
        parts += _panel(title, curves, LogAxes(*scales), ceiling, said, x)
    parts.append(Text(words(said["largest"].format(memory), SIZES.body), 0.5, 8.0))
    below, height = _below(panels, said, note, _TOP + _TALL + 34.0, width)
    return Diagram((Box("fits", width, height, (*parts, *below), kind="panel"),), width=width, height=height)


def _names_width(curves: Sequence[DataSeries]) -> float:
    return max((text_width(curve.name, "sans", SIZES.small) for curve in curves), default=0.0) + 8.0


def _panel(
    title: str, curves: Sequence[DataSeries], axes: LogAxes, ceiling: float, said: Mapping[str, str], x: float
) -> Iterator[BoxPart]:
    top = axes.y.place(ceiling)
    yield Rect(axes.x.start, axes.y.end, axes.x.end - axes.x.start, top - axes.y.end, "#ececec", "none", 0.0)
    yield Path(((axes.x.start, top), (axes.x.end, top)), FRAME, HAIR)
    told = words(said["ceiling"].format(f"{ceiling / 1e9:.1f} {said['billion']}"), SIZES.small)
    yield Text(told, color=MUTED).centered((axes.x.start + axes.x.end) / 2).moved(0, (top + axes.y.end) / 2 + 2.5)
    for value in axes.y.decades():
        if value < ceiling:
            yield Path(((axes.x.start, axes.y.place(value)), (axes.x.end, axes.y.place(value))), GRID, HAIR, (1.0, 1.5))
    batches = [2.0**power for power in range(round(log2(axes.x.low)), round(log2(axes.x.high)) + 1)]
    yield from axes.frame()
    yield from axes.ticks(batches, axes.y.decades(), said["billion"])
    yield Text(words(title, SIZES.body, "bold"), x + 0.5, _TOP - 9.0)
    middle = (axes.x.start + axes.x.end) / 2
    yield Text(words(said["batch"], SIZES.small), color=MUTED).centered(middle).moved(0, axes.y.start + 20.5)
    for curve in curves:
        yield from _curve(curve, axes)
    yield from _names(curves, axes)


def _curve(curve: DataSeries, axes: LogAxes) -> Iterator[BoxPart]:
    points = tuple(axes.point(*point) for point in curve.points)
    color = LAYER_COLORS[curve.layers]
    if len(points) > 1:
        yield Path(points, color, 1.9 if curve.published else 1.2, LAYER_DASHES[curve.layers])
    if points:
        yield from Mark(curve.layers, "latents").drawn(*points[-1])


def _names(curves: Sequence[DataSeries], axes: LogAxes) -> Iterator[BoxPart]:
    """Names at the right, spread so that none covers another, with a line to where each curve ends."""
    drawn = sorted((curve for curve in curves if curve.points), key=lambda curve: -curve.points[-1][1])
    ends = [axes.point(*curve.points[-1]) for curve in drawn]
    heights = _spread([y for _, y in ends], axes.y.start)
    for curve, (x, y), at in zip(drawn, ends, heights, strict=True):
        color = LAYER_COLORS[curve.layers]
        left = axes.x.end + _LABELS
        yield Path(((x + RADIUS, y), (left - 4.0, at), (left - 1.5, at)), color, HAIR)
        face = "bold" if curve.published else "sans"
        yield Text(words(curve.name, SIZES.small, face), left, at + 2.5, color)


def _spread(wanted: Sequence[float], lowest: float) -> list[float]:
    """Heights from the top, at least a line apart, none below the axis."""
    found: list[float] = []
    for at in wanted:
        found.append(max(at, found[-1] + _BETWEEN) if found else at)
    for index in range(len(found) - 1, -1, -1):
        limit = lowest if index == len(found) - 1 else found[index + 1] - _BETWEEN
        found[index] = min(found[index], limit)
    return found


def _below(
    panels: Mapping[str, Sequence[DataSeries]], said: Mapping[str, str], note: str, y: float, width: float
) -> tuple[list[BoxPart], float]:
    """What dashes mean, and the settings of the run."""
    there = {curve.layers for curves in panels.values() for curve in curves}
    parts: list[BoxPart] = []
    x = 0.5
    for layers, color in LAYER_COLORS.items():
        if layers in there:
            text = Text(words(said[layers], SIZES.small), x + 26.0, y + 2.5, MUTED)
            parts += [Path(((x, y), (x + 22.0, y)), color, LINE + 0.6, LAYER_DASHES[layers]), text]
            x += 42.0 + text.width
    lines = wrapped(note, lambda text: text_width(text, "sans", SIZES.small) <= width, 9)
    for row, line in enumerate(lines):
        parts.append(Text(words(line, SIZES.small), 0.5, y + 14.0 + 9.5 * row, MUTED))
    return parts, y + 8.0 + 9.5 * len(lines)
