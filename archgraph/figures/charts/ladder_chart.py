"""The ladder as a chart: the largest and the smallest field, the effective one, and where everything is read."""

from collections.abc import Callable, Iterator, Sequence
from math import ceil, floor, log2

from archgraph.figures.charts.ladder import Curve, CurvePoint
from archgraph.figures.content.mathtext import words
from archgraph.figures.drawing.diagram import MUTED, BoxPart, Path, Point, Rect, Text
from archgraph.figures.drawing.metrics import text_width
from archgraph.figures.drawing.style import FRAME, GRID, HAIR, LINE, SIZES, mix
from archgraph.outline.wording import shortened

_LONGEST_KEY, _KEY_ROW = 96.0, 9.5
_THIN = 0.7
_HATCH = 4.0
Placing = Callable[[float, float], Point]


def chart(curves: Sequence[Curve], x: float, y: float, width: float, height: float) -> list[BoxPart]:
    """Steps of the fields over the depth; shares of the side on a logarithmic axis, the input as a dashed line."""
    low, high = _range(curves)

    def place(depth: float, share: float) -> Point:
        return x + width * depth, y + height * (high - min(high, max(low, log2(share)))) / (high - low)

    parts: list[BoxPart] = [Rect(x, y, width, height, "#ffffff", "none")]
    for one in curves:
        parts += _band(one, place)
        parts += _hatching(one, place, y)
    parts += _grid(low, high, x, width, place)
    for one in curves:
        parts += _lines(one, place)
    parts.append(Rect(x, y, width, height, "none", "#8a8a8a", HAIR))
    for text in (Text(words("input", SIZES.small), x), Text(words("output", SIZES.small)).ending(x + width)):
        parts.append(Text(text.runs, text.x, y + height + 9, MUTED))
    depth = Text(words("depth", SIZES.small), color=MUTED).centered(x + width / 2)
    return [*parts, depth.moved(0, y + height + 9)]


def _range(curves: Sequence[Curve]) -> tuple[int, int]:
    """Powers of two between which all fields lie; beyond the input if one is wider, with room for its line."""
    points = [point for one in curves for point in one.points]
    least = min((min(point.smallest, point.effective or 1.0) for point in points), default=0.5)
    most = max((point.largest for point in points), default=1.0)
    return max(-12, min(-1, floor(log2(least)))), max(1, ceil(log2(max(1.0, most))))


def _grid(low: int, high: int, x: float, width: float, place: Placing) -> Iterator[BoxPart]:
    every = max(1, round((high - low) / 5))
    for power in range(0, low - 1, -every):
        level = place(0, 2.0**power)[1]
        text = Text(words("1" if power == 0 else f"1/{2**-power}", SIZES.small), color=MUTED)
        yield text.ending(x - 3).moved(0, level + 2.4)
        if power == 0:
            yield Path(((x, level), (x + width, level)), FRAME, LINE, (4.0, 2.0))
        elif power > low:
            yield Path(((x, level), (x + width, level)), GRID, HAIR, (1.0, 1.5))
    if high > 1:
        level = place(0, 2.0**high)[1]
        yield Text(words(f"{2**high} ×", SIZES.small), color=MUTED).ending(x - 3).moved(0, level + 4.5)


def _stairs(one: Curve, place: Placing, share: Callable[[CurvePoint], float | None]) -> list[Point]:
    points: list[Point] = []
    for point in one.points:
        value = share(point)
        if value is None:
            continue
        corner = place(point.depth, value)
        if points and not point.slope:
            points.append((corner[0], points[-1][1]))
        points.append(corner)
    return points


def _band(one: Curve, place: Placing) -> Iterator[BoxPart]:
    """Between the smallest and the largest field, where outputs of different phases differ."""
    if any(point.largest != point.smallest for point in one.points):
        above = _stairs(one, place, lambda point: point.largest)
        below = _stairs(one, place, lambda point: point.smallest)
        yield Path((*above, *below[::-1]), "none", HAIR, closed=True, fill=mix("#ffffff", one.color, 0.3))


def _lines(one: Curve, place: Placing) -> Iterator[BoxPart]:
    effective = _stairs(one, place, lambda point: point.effective)
    if sum(point.effective is not None for point in one.points) > 1:
        yield Path(tuple(effective), one.color, _THIN, one.dash)
    yield Path(tuple(_stairs(one, place, lambda point: point.largest)), one.color, 1.5, one.dash)
    if one.everywhere is not None:
        x, y = place(one.everywhere, 1.0)
        corners = ((x - 3.2, y - 5.0), (x + 3.2, y - 5.0), (x, y - 0.8))
        yield Path(corners, one.color, HAIR, closed=True, fill=one.color)


def _hatching(one: Curve, place: Placing, top: float) -> Iterator[BoxPart]:
    """From where norm statistics reach the whole input: slanted lines between the input's line and the top."""
    if one.statistics is None:
        return
    (start, base), (end, _) = place(one.statistics, 1.0), place(1.0, 1.0)
    rise = base - top
    x = start
    while x < end - 1:
        far = min(end, x + rise)
        yield Path(((x, base), (far, base - (far - x))), mix("#ffffff", one.color, 0.6), HAIR)
        x += _HATCH


def notes(curves: Sequence[Curve]) -> list[str]:
    """What the marks of the chart mean, as far as they are there."""
    found = ["dashes at 1: side of the input"]
    found.append("thick: largest field")
    points = [point for one in curves for point in one.points]
    if any(point.smallest != point.largest for point in points):
        found.append("band: down to the smallest")
    if any(point.effective is not None for one in curves for point in one.points[1:]):
        found.append("thin: 95 % of the effective field at initialisation")
    if any(one.everywhere is not None for one in curves):
        found.append("triangle: everything is read")
    others = " and ".join(sorted({name for one in curves for name in one.through.split(" and ") if name}))
    if others:
        found.append(f"hatched: {others} of all positions, O(1/N) each")
    return found


def key(curves: Sequence[Curve], x: float, y: float, width: float) -> tuple[list[BoxPart], float]:
    """The names of the curves beside a piece of each, in rows from the left; and how high they are."""
    parts: list[BoxPart] = []
    left, row = x, 0
    for one in curves:
        name = shortened(one.name, lambda shown: text_width(shown, "sans", SIZES.small) <= _LONGEST_KEY)
        text = Text(words(name, SIZES.small))
        if left > x and left + 18 + text.width > x + width:
            left, row = x, row + 1
        level = y + _KEY_ROW * row + 4.5
        parts += [
            Path(((left, level), (left + 14, level)), one.color, 1.5, one.dash),
            text.moved(left + 18, level + 2.4),
        ]
        left += 18 + text.width + 12
    return parts, _KEY_ROW * (row + 1)
