"""The legend: the scale of colours with its ticks, and what the symbols mean."""

from collections.abc import Sequence
from dataclasses import replace
from math import sqrt

from sympy import Expr, Rational, floor

from archgraph.figures.content.mathtext import line_of, variable, words
from archgraph.figures.drawing.diagram import MUTED, Box, BoxPart, Diagram, Line, Live, Path, Rect, Text, line_width
from archgraph.figures.drawing.style import FRAME, HAIR, SIZES, shade

_STEPS = 48
_ROW = 9.5
_BAR_HEIGHT = 7.0
_WIDEST_BAR, _ENDS = 130.0, 58.0


def scale(
    width: float, ticks: Sequence[tuple[float, Line]], x: float, y: float, ends: tuple[str, str]
) -> list[BoxPart]:
    """A colour bar with words at its ends and ticks at shares of the whole."""
    step = width / _STEPS
    parts: list[BoxPart] = [
        Rect(x + i * step, y, width - i * step, _BAR_HEIGHT, shade((i + 0.5) / _STEPS), "none") for i in range(_STEPS)
    ]
    parts.append(Rect(x, y, width, _BAR_HEIGHT, "none", FRAME, HAIR))
    local, everywhere = words(ends[0], SIZES.small), words(ends[1], SIZES.small)
    parts.append(Text(local).ending(x - 4).moved(0, y + 6))
    parts.append(Text(everywhere, x + width + 4, y + 6))
    right = float("-inf")
    for share, label in ticks:
        place = x + width * sqrt(share)
        text = Text(label).centered(place).moved(0, y + _BAR_HEIGHT + 9.5)
        parts.append(Path(((place, y + _BAR_HEIGHT), (place, y + _BAR_HEIGHT + 2.2)), FRAME, HAIR))
        if text.x > right + 3:
            parts.append(text)
            right = text.x + text.width
    return parts


def ticks(extent: int, name: str, law: Expr | None = None, place: int = 0) -> list[tuple[float, Line]]:
    """Ticks for an input of that many elements; the last one names the side.

    With the law of their number, ticks follow it in interactive pages.
    """
    sizes = [size for size in (1, round(extent / 16), round(extent / 4), round(extent / 2)) if 0 < size < extent]
    found = [(size / extent, words(str(size), SIZES.small)) for size in dict.fromkeys(sizes)]
    side = words(str(extent), SIZES.small)
    if law is not None and law.free_symbols:
        shares = [Rational(size, extent) for size in dict.fromkeys(sizes)]
        lives = [Live("size", (floor(share * law),), place) for share in shares]
        found = [(share, (replace(line[0], live=one),)) for (share, line), one in zip(found, lives, strict=True)]
        side = (replace(side[0], live=Live("size", (law,), place)),)
    if name and name != str(extent):
        side = line_of(side, words("=", SIZES.small, "serif"), variable(name, SIZES.small), gap=2)
    return [*found, (1.0, side)]


def legend(
    width: float,
    heading: Line,
    marks: Sequence[tuple[float, Line]],
    notes: Sequence[Line],
    ends: tuple[str, str] = ("local", "global"),
) -> Diagram:
    """Heading, scale and notes in one row, in two columns, or below each other where the page is narrow."""
    heads = line_width(heading)
    tails = max((line_width(note) for note in notes), default=0.0)
    least = min(_WIDEST_BAR, width * 0.36)
    if heads + least + _ENDS + tails + 28 <= width:
        free = width - heads - tails - least - _ENDS
        parts = scale(least, marks, heads + free / 2 + 26, 0.5, ends)
        parts += _notes(notes, 6.5, width - 1)
        height = max(20.0, _ROW * len(notes) + 1)
    elif _WIDEST_BAR + _ENDS + tails + 20 <= width:
        parts = scale(_WIDEST_BAR, marks, 26.0, 12.0, ends)
        parts += _notes(notes, max(6.5, 18.0 - 5 * (len(notes) - 1) + 1), width - 1)
        height = max(31.0, 20.0 + 5 * len(notes), _ROW * len(notes) + 1)
    else:
        bar = min(150.0, width - _ENDS - 4)
        parts = scale(bar, marks, (width - bar) / 2, 11.5, ends)
        parts += _notes(notes, 40.0, None)
        height = 33.0 + _ROW * len(notes)
    box = Box("legend", width, height, (Text(heading, 0.5, 6.5), *parts), kind="panel")
    return Diagram((box,), width=width, height=height)


def swatches(width: float, heading: Line, marks: Sequence[tuple[str, str]], notes: Sequence[Line]) -> Diagram:
    """Kinds that have no order: a square of each colour with its name, in rows; and notes below."""
    parts: list[BoxPart] = [Text(heading, 0.5, 6.5)]
    x, y = parts[0].extent.right + 8, 0.0
    for color, name in marks:
        text = Text(words(name, SIZES.small))
        if x + 10 + text.width > width:
            x, y = 0.5, y + 10.5
        parts += [Rect(x, y + 0.3, 7, 7, color, FRAME, HAIR), text.moved(x + 10, y + 6.5)]
        x += 10 + text.width + 9
    parts += _notes(notes, y + 17.5, None)
    height = y + 10.5 + _ROW * len(notes)
    box = Box("legend", width, height, tuple(parts), kind="panel")
    return Diagram((box,), width=width, height=height)


def lines_below(width: float, lines: Sequence[Line]) -> Diagram:
    """Lines of small text alone."""
    height = 0.5 + _ROW * len(lines)
    box = Box("notes", width, height, tuple(_notes(lines, 7.0, None)), kind="panel")
    return Diagram((box,), width=width, height=height)


def _notes(notes: Sequence[Line], top: float, right: float | None) -> list[BoxPart]:
    """Lines below each other, that end at the right or start at the left edge."""
    texts = [Text(note, 0.5, top + _ROW * index, MUTED) for index, note in enumerate(notes)]
    return list(texts) if right is None else [text.ending(right) for text in texts]
