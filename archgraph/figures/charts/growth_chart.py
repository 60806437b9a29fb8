"""Parameters against MACs: how families grow, published networks, and lines of equal MACs per parameter."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from math import log10

from archgraph.errors import QueryError
from archgraph.figures.charts.chart_words import chart_words
from archgraph.figures.charts.layer_marks import LAYER_COLORS, RADIUS, Mark
from archgraph.figures.charts.log_axes import LogAxes, Scale
from archgraph.figures.charts.point_labels import Label, placed_labels, squares_along
from archgraph.figures.content.mathtext import words
from archgraph.figures.drawing.diagram import MUTED, Box, BoxPart, Diagram, Extent, Path, Text
from archgraph.figures.drawing.style import FRAME, HAIR, LINE, SIZES, mix
from archgraph.report.curves import WORKS_ON, DataSeries

_LEFT, _RIGHT, _TOP = 40.0, 10.0, 16.0
_FEW = 3
_PALE, _DARK, ISO, PRICE = "#f6f9f6", "#d8e1eb", "#9aa7b5", "#5d6b7a"
_DASHES: Mapping[str, tuple[float, ...]] = {"everywhere": (), "low": (4.5, 2.0), "resolution": (1.2, 1.8)}
Polygon = list[tuple[float, float]]
STEEP, FLAT = 2.0, 0.1
"""Slopes of log parameters over log MACs beyond which growth is where positions are few, or of the resolution."""


def growth_diagram(curves: Sequence[DataSeries], width: float, language: str) -> Diagram:
    """Draw curves of (MACs, parameters).

    Raises:
        QueryError: there is no point, or no such language.
    """
    said = chart_words(language)
    if not any(curve.points for curve in curves):
        raise QueryError("a figure of growth takes a network, or published points")
    axes = _axes(curves, width)
    parts = [*_bands(axes, said["per"]), *axes.frame()]
    prices = [part.extent for part in parts if isinstance(part, Text)]
    parts += axes.ticks(axes.x.steps(), axes.y.steps(), said["billion"])
    for curve in curves:
        parts += _line(curve, axes)
    for curve in curves:
        parts += _marks(curve, axes)
    parts += _labels(curves, axes, prices)
    parts.append(Text(words(said["params"], SIZES.body), 0.5, _TOP - 7.0))
    parts.append(Text(words(said["macs"], SIZES.body)).ending(width - _RIGHT).moved(0, axes.y.start + 21.0))
    key, height = _key(curves, said, axes.y.start + 30.0, width)
    box = Box("growth", width, height, (*parts, *key), kind="panel")
    return Diagram((box,), width=width, height=height)


def _axes(curves: Sequence[DataSeries], width: float) -> LogAxes:
    """Equal decades on both axes, so that equal prices lie at 45 degrees."""
    points = [point for curve in curves for point in curve.points]
    left, right = _ends([x for x, _ in points], 0.18)
    low, high = _ends([y for _, y in points], 0.14)
    decade = (width - _LEFT - _RIGHT) / log10(right / left)
    # A tall figure gets more room across, the more the fewer curves fill it, and a flat one room for its labels.
    most = (0.95 if len(curves) > _FEW else 0.62) * width
    tall = min(max(log10(high / low) * decade, 0.45 * width), most)
    decade = min(decade, tall / log10(high / low))
    left, right = _widened(left, right, (width - _LEFT - _RIGHT) / decade)
    low, high = _widened(low, high, tall / decade)
    return LogAxes(Scale(left, right, _LEFT, width - _RIGHT), Scale(low, high, _TOP + tall, _TOP))


def _widened(low: float, high: float, decades: float) -> tuple[float, float]:
    """Ends that are so many decades apart."""
    spread = 10 ** ((decades - log10(high / low)) / 2)
    return low / spread, high * spread


def _ends(values: Sequence[float], margin: float) -> tuple[float, float]:
    low, high = min(values), max(values)
    room = 10 ** max(margin, (0.8 - log10(high / low)) / 2)
    return low / room, high * room


def _bands(axes: LogAxes, per: str) -> Iterator[BoxPart]:
    """Bands between lines of 1, 10, 100, ... MACs per parameter, dearer ones darker."""
    first = int(log10(axes.x.low / axes.y.high)) - 1
    last = int(log10(axes.x.high / axes.y.low)) + 1
    powers = list(range(first, last + 1))
    for power in powers:
        area = _between(axes, 10.0**power, 10.0 ** (power + 1))
        if len(area) > 2:
            shade = (power - powers[0]) / max(1, len(powers) - 1)
            yield Path(tuple(area), "none", 0.0, closed=True, fill=mix(_PALE, _DARK, shade))
    named = False
    for power in powers:
        ends = _crossings(axes, 10.0**power)
        if ends is None:
            continue
        yield Path(ends, ISO, HAIR)
        number = f"{10**power:,}" if power >= 0 else f"1/{10**-power:,}"
        shown = _beside(axes, ends[1], number if named else per.format(number))
        if shown.x > axes.x.start + 2.0:
            yield shown
            named = True


def _beside(axes: LogAxes, end: tuple[float, float], text: str) -> Text:
    """The number of a price, over its line, where that leaves the frame: above, or on the right."""
    shown = Text(words(text, SIZES.small), color=PRICE)
    if end[1] > axes.y.end + 20.0:
        return shown.ending(axes.x.end - 3.0).moved(0, end[1] - 0.5)
    return shown.ending(min(end[0], axes.x.end) - 11.0).moved(0, axes.y.end + 8.5)


def _crossings(axes: LogAxes, price: float) -> tuple[tuple[float, float], tuple[float, float]] | None:
    """Where the line of a price enters the frame below or on the left, and leaves it above or on the right."""
    low, high = max(axes.x.low, price * axes.y.low), min(axes.x.high, price * axes.y.high)
    if low >= high:
        return None
    return axes.point(low, low / price), axes.point(high, high / price)


def _between(axes: LogAxes, cheap: float, dear: float) -> Polygon:
    """The part of the frame between two prices, corner by corner."""
    (left, right), (low, high) = ((log10(end.low), log10(end.high)) for end in (axes.x, axes.y))
    shape = [(left, low), (left, high), (right, high), (right, low)]
    shape = _cut(shape, lambda p: p[0] - p[1] - log10(cheap))
    shape = _cut(shape, lambda p: log10(dear) - (p[0] - p[1]))
    return [axes.point(10**x, 10**y) for x, y in shape]


def _cut(shape: Polygon, inside: Callable[[tuple[float, float]], float]) -> Polygon:
    """The part of a polygon on one side of a line."""
    kept = []
    for a, b in zip(shape, [*shape[1:], *shape[:1]], strict=True):
        p, q = inside(a), inside(b)
        if p >= 0:
            kept.append(a)
        if (p >= 0) != (q >= 0):
            t = p / (p - q)
            kept.append((a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t))
    return kept


def slope(curve: DataSeries) -> float | None:
    """Return by which power parameters grow with MACs from the first point to the last; None of one point."""
    (x, y), (u, v) = curve.points[0], curve.points[-1]
    if len(curve.points) < 2 or (x, y) == (u, v):
        return None
    return float("inf") if x == u else log10(v / y) / log10(u / x)


def _way(curve: DataSeries) -> str:
    found = slope(curve)
    if found is None:
        return "everywhere"
    return "resolution" if abs(found) < FLAT else "low" if found > STEEP else "everywhere"


def _line(curve: DataSeries, axes: LogAxes) -> Iterator[BoxPart]:
    points = tuple(axes.point(*point) for point in curve.points)
    if len(points) > 1:
        yield Path(points, LAYER_COLORS[curve.layers], 1.2, _DASHES[_way(curve)], arrow=not curve.published, head=5.0)


def _marks(curve: DataSeries, axes: LogAxes) -> Iterator[BoxPart]:
    """A mark at every published network; of a path, at its start."""
    for point in curve.points if curve.published else curve.points[:1]:
        yield from Mark(curve.layers, curve.works_on).drawn(*axes.point(*point))


def _labels(curves: Sequence[DataSeries], axes: LogAxes, prices: Sequence[Extent]) -> Iterator[Text]:
    taken, labels, known = [*prices], [], set()
    for curve in curves:
        places = [axes.point(*point) for point in curve.points]
        taken += squares_along(places)
        taken += [Extent(x - RADIUS, y - RADIUS, x + RADIUS, y + RADIUS) for x, y in places]
        color = LAYER_COLORS[curve.layers]
        for index, (x, y) in enumerate(places):
            text = curve.labels[index] if index < len(curve.labels) else ""
            # A path that starts from a published network leaves it the name that it has.
            if text and (round(x), round(y)) not in known:
                known.add((round(x), round(y)))
                first = index == 0
                labels.append(Label(text, x, y, color, "bold" if first else "sans"))
    page = Extent(axes.x.start + 1, axes.y.end + 1, axes.x.end - 1, axes.y.start - 1)
    yield from placed_labels(labels, taken, page)


def _key(curves: Sequence[DataSeries], said: Mapping[str, str], y: float, width: float) -> tuple[list[BoxPart], float]:
    """What colours, shapes and dashes mean, of those that are there; in as many lines as it takes."""
    entries = [*_layer_entries(curves), *_shape_entries(curves), *_dash_entries(curves)]
    parts: list[BoxPart] = []
    x = 0.5
    for name, wide, drawn in entries:
        text = Text(words(said[name], SIZES.small), color=MUTED)
        if x + wide + text.width > width and x > 1:
            x, y = 0.5, y + 11.0
        parts += [part.moved(x, y) for part in drawn]
        parts.append(text.moved(x + wide + 4.0, y + 2.5))
        x += wide + text.width + 16.0
    return parts, y + 7.0


KeyEntry = tuple[str, float, list[BoxPart]]


def _layer_entries(curves: Sequence[DataSeries]) -> Iterator[KeyEntry]:
    for layers in LAYER_COLORS:
        if any(curve.layers == layers for curve in curves):
            yield layers, 7.0, list(Mark(layers, "latents").drawn(4.0, 0.0))


def _shape_entries(curves: Sequence[DataSeries]) -> Iterator[KeyEntry]:
    for shape in WORKS_ON[:3]:
        if any(curve.works_on == shape for curve in curves):
            yield shape, 7.0, list(Mark("attention", shape).drawn(4.0, 0.0, FRAME))


def _dash_entries(curves: Sequence[DataSeries]) -> Iterator[KeyEntry]:
    for way, dash in _DASHES.items():
        if any(len(curve.points) > 1 and _way(curve) == way for curve in curves):
            yield way, 20.0, [Path(((0.0, 0.0), (20.0, 0.0)), FRAME, LINE + 0.4, dash)]
