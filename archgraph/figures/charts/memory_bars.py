"""Memory by part, stacked: a bar per network, and the line that it must not cross."""

from collections.abc import Iterator, Mapping, Sequence

from archgraph.errors import QueryError
from archgraph.figures.charts.chart_words import chart_words
from archgraph.figures.content.mathtext import words
from archgraph.figures.content.wrapping import wrapped
from archgraph.figures.drawing.diagram import INK, MUTED, Box, BoxPart, Diagram, Path, Rect, Text
from archgraph.figures.drawing.metrics import text_width
from archgraph.figures.drawing.style import FRAME, GRID, HAIR, LINE, SIZES
from archgraph.report.curves import Bar

_HIGH, _STEP, _TOP = 13.0, 20.0, 14.0
_COLORS = ("#123c69", "#4f81bd", "#9dbbdd", "#e0825a", "#f3c9a8", "#8a8a8a", "#c9c9c9", "#5f8f6b")
GIGA = 1e9
MOST_DRAWN = 1e150


def memory_diagram(bars: Sequence[Bar], memory: float, name: str, note: str, width: float, language: str) -> Diagram:
    """Draw a bar per network, its parts one after another, and a line at the memory of a device.

    Raises:
        QueryError: there is no bar, one is too long, or no such language.
    """
    said = chart_words(language)
    if not bars:
        raise QueryError("a figure of memory takes a network")
    most = max(memory, *(bar.total for bar in bars))
    if most > MOST_DRAWN:
        raise QueryError(f"a figure of memory ends at {MOST_DRAWN:g} bytes", hint="bind smaller sizes")
    kinds = list(dict.fromkeys(kind for bar in bars for kind in bar.parts))
    left = max(text_width(bar.name, "sans", SIZES.small) for bar in bars) + 8.0
    room = width - left - 42.0
    bottom = _TOP + _STEP * len(bars)
    parts = [*_grid(left, room, most, bottom)]
    for row, bar in enumerate(bars):
        parts += _bar(bar, kinds, left, room / most, _TOP + _STEP * row + 3.0)
    at = left + room * memory / most
    parts.append(Path(((at, _TOP - 2.0), (at, bottom)), "#a3262a", LINE + 0.3))
    label = Text(words(f"{name}{said['colon']}{memory / GIGA:g} GB", SIZES.small), color="#a3262a")
    parts.append(label.ending(min(at + label.width / 2, width)).moved(0, _TOP - 5.0))
    parts.append(Text(words(said["memory"], SIZES.small), color=MUTED).ending(width - 42.0).moved(0, bottom + 20.5))
    key, height = _key(kinds, said, note, bottom + 34.0, width)
    box = Box("memory", width, height, (*parts, *key), kind="panel")
    return Diagram((box,), width=width, height=height)


def _grid(left: float, room: float, most: float, bottom: float) -> Iterator[BoxPart]:
    steps = (factor * 10.0**power for power in range(-9, 300) for factor in (1, 2, 5))
    every = next(step for step in steps if most / GIGA <= 6 * step)
    value = 0.0
    while value * GIGA <= most:
        at = left + room * value * GIGA / most
        yield Path(((at, _TOP), (at, bottom)), GRID, HAIR, (1.0, 1.5))
        yield Text(words(f"{value:g}", SIZES.small), color=MUTED).centered(at).moved(0, bottom + 10.5)
        value += every


def _bar(bar: Bar, kinds: Sequence[str], left: float, scale: float, y: float) -> Iterator[BoxPart]:
    yield Text(words(bar.name, SIZES.small)).ending(left - 6.0).moved(0, y + _HIGH / 2 + 2.5)
    x = left
    for kind, size in bar.parts.items():
        yield Rect(x, y, size * scale, _HIGH, _color(kinds, kind), "#ffffff", HAIR)
        x += size * scale
    yield Path(((left, y - 2.0), (left, y + _HIGH + 2.0)), FRAME, HAIR)
    yield Text(words(f"{bar.total / GIGA:.1f}", SIZES.small, "bold"), x + 3.0, y + _HIGH / 2 + 2.5, INK, "#ffffff")


def _color(kinds: Sequence[str], kind: str) -> str:
    return _COLORS[list(kinds).index(kind) % len(_COLORS)]


def _key(
    kinds: Sequence[str], said: Mapping[str, str], note: str, y: float, width: float
) -> tuple[list[BoxPart], float]:
    parts: list[BoxPart] = []
    x = 0.5
    for kind in kinds:
        text = Text(words(said.get(kind, kind), SIZES.small), color=MUTED)
        if x + 12.0 + text.width > width:
            x, y = 0.5, y + 11.0
        parts.append(Rect(x, y - 4.5, 8.0, 8.0, _color(kinds, kind), "none", 0.0))
        parts.append(text.moved(x + 12.0, y + 2.5))
        x += 28.0 + text.width
    lines = wrapped(note, lambda text: text_width(text, "sans", SIZES.small) <= width, 9)
    for row, line in enumerate(lines):
        parts.append(Text(words(line, SIZES.small), 0.5, y + 15.0 + 9.5 * row, MUTED))
    return parts, y + 9.0 + 9.5 * len(lines)
