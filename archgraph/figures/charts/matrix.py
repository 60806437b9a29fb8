"""Which input positions each output position reads along one axis, as a square; the colour says by how many moves."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from math import fsum

from archgraph.figures.charts.ladder import LadderStep
from archgraph.figures.content.mathtext import words
from archgraph.figures.content.wrapping import fitted
from archgraph.figures.drawing.diagram import MUTED, Box, BoxPart, Diagram, Path, Rect, Text
from archgraph.figures.drawing.style import FRAME, HAIR, SIZES, ramp, shade
from archgraph.figures.facts.facts import Facts
from archgraph.figures.facts.hop_facts import HopRow, Hops, Stretches

#: Colours by moves, up to and including the number; the last one is for all that are farther.
CLASSES: tuple[tuple[int, str, str], ...] = (
    (1, "0–1", shade(1.0)),
    (2, "2", shade(0.78)),
    (4, "3–4", shade(0.6)),
    (8, "5–8", shade(0.42)),
    (2**62, "> 8", shade(0.24)),
)
_ROWS = 36
_STRIP_SIDE, _STRIP_GAP = 52.0, 10.0
_KEY_HEIGHT = 13.0


def matrix(facts: Facts, path: str, x: float, y: float, side: float) -> list[BoxPart]:
    """Rows are output positions, columns input positions; below it the share of pairs that are connected."""
    parts: list[BoxPart] = [Rect(x, y, side, side, "#ffffff", "#8a8a8a", HAIR)]
    hops = facts.hops(path)
    inside, percent = _by_moves(hops, x, y, side) if hops is not None else _by_share(facts, path, x, y, side)
    parts += [*inside, Rect(x, y, side, side, "none", FRAME, HAIR)]
    caption = words(f"{percent} of pairs" if percent else "positions are lost", SIZES.small)
    return [*parts, Text(caption, color=MUTED).centered(x + side / 2).moved(0, y + side + 9)]


def _by_moves(hops: Hops, x: float, y: float, side: float) -> tuple[list[BoxPart], str]:
    """Every class covers those that are nearer, which are painted over it."""
    parts: list[BoxPart] = []
    farthest = max((len(row) - 1 for row in hops.rows), default=0)
    for most, _, color in reversed(_used(farthest)):
        for outline in _outlines([_runs(row, most) for row in hops.rows]):
            step = side / len(hops.rows)
            corners = tuple((x + side * column / hops.extent, y + step * row) for column, row in outline)
            parts.append(Path(corners, "none", HAIR, closed=True, fill=color))
    return parts, hops.percent


def _used(farthest: int) -> list[tuple[int, str, str]]:
    kept = [one for one in CLASSES if one[0] < farthest]
    return [*CLASSES[: len(kept) + 1]]


def _runs(row: HopRow, most: int) -> Stretches:
    """The stretches of input positions that are at most so many moves away: first, and one past the last."""
    return row[min(most, len(row) - 1)] if row else ()


def _outlines(rows: Sequence[tuple[tuple[int, int], ...]]) -> Iterator[list[tuple[int, int]]]:
    """Stepped polygons around the stretches of neighbouring rows that have as many."""
    start = 0
    for count, group in groupby(rows, key=len):
        block = list(group)
        for place in range(count):
            left = [(row[place][0], start + index + down) for index, row in enumerate(block) for down in (0, 1)]
            right = [(row[place][1], start + index + down) for index, row in enumerate(block) for down in (0, 1)]
            yield _corners([*left, *right[::-1]])
        start += len(block)


def _corners(points: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The points without those in the middle of a straight side."""
    kept: list[tuple[int, int]] = []
    for point in points:
        if len(kept) > 1 and kept[-2][0] == kept[-1][0] == point[0]:
            kept.pop()
        kept.append(point)
    return kept


def _by_share(facts: Facts, path: str, x: float, y: float, side: float) -> tuple[list[BoxPart], str]:
    """Where moves are not known: what is read, in the colour of its share of the side."""
    rows = facts.connections(path, _ROWS)
    if not rows:
        return [], ""
    step, total = side / len(rows), fsum(high - low for low, high, _ in rows)
    left = [(x + low * side, y + (index + down) * step) for index, (low, _, _) in enumerate(rows) for down in (0, 1)]
    right = [(x + high * side, y + (index + down) * step) for index, (_, high, _) in enumerate(rows) for down in (0, 1)]
    shape = Path((*left, *right[::-1]), "none", HAIR, closed=True, fill=ramp(rows[0][2]))
    return [shape], f"≈ {100 * total / len(rows):.0f} %"


def moves_key(x: float, y: float) -> list[BoxPart]:
    """What the colours of all matrices mean, in one row."""
    heading = Text(words("Moves", SIZES.small, "bold"), x, y + 6.2)
    parts: list[BoxPart] = [heading]
    left = x + heading.width + 6
    for label, color in (*((label, color) for _, label, color in CLASSES), ("no path", "#ffffff")):
        text = Text(words(label, SIZES.small), left + 10, y + 6.2, MUTED)
        parts += [Rect(left, y, 7, 7, color, FRAME, HAIR), text]
        left += 10 + text.width + 7
    return parts


def key_width() -> float:
    """How wide `moves_key` is."""
    return max(part.x + part.width for part in moves_key(0, 0) if isinstance(part, Text))


def matrix_strip(facts: Facts, steps: Sequence[LadderStep], width: float) -> Diagram:
    """One square per step, in rows from left to right; a line below says where positions are lost."""
    every = [step for step in steps if step.reach is not None and step.path]
    # A blank square says less than its name does.
    shown = [step for step in every if facts.hops(step.path) or facts.connections(step.path, _ROWS)] or every
    columns = max(1, int((width + _STRIP_GAP) // (_STRIP_SIDE + _STRIP_GAP)))
    pitch_x = (width - _STRIP_SIDE - 1) / max(1, columns - 1)
    parts: list[BoxPart] = []
    for index, step in enumerate(shown):
        x, y = 0.5 + pitch_x * (index % columns), 10.0 + (index // columns) * (_STRIP_SIDE + 24)
        title = fitted(tuple(replace(run, size=SIZES.small) for run in step.title), pitch_x - 4)
        parts.append(Text(title, x, y - 2.5))
        parts += matrix(facts, step.path, x, y, _STRIP_SIDE)
    height = 10.0 + -(-len(shown) // columns) * (_STRIP_SIDE + 24)
    parts += moves_key(0.5, height)
    if shown != every:
        height += _KEY_HEIGHT
        last = shown[-1].words
        lost = list(dict.fromkeys(step.words for step in every if step not in shown))
        told = f"after {last}" if every[: len(shown)] == shown else f"in {', '.join(lost)}"
        parts.append(
            Text(fitted(words(f"Positions are lost {told}", SIZES.small), width - 1), 0.5, height + 6.2, MUTED)
        )
    box = Box("matrices", width, height + _KEY_HEIGHT, tuple(parts), kind="panel")
    return Diagram((box,), width=width, height=height + _KEY_HEIGHT, title=facts.network.name)
