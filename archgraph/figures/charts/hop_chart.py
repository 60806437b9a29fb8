"""The hop staircase: how many moves a far pixel is away, against how far it is."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import log2

from archgraph.figures.content.mathtext import words
from archgraph.figures.drawing.diagram import MUTED, BoxPart, Path, Rect, Text
from archgraph.figures.drawing.metrics import text_width
from archgraph.figures.drawing.style import GRID, HAIR, SIZES
from archgraph.figures.facts.facts import Facts

_HEAD_ROOM = 1.12


@dataclass(frozen=True)
class Stairs:
    """The moves over the distance, to be drawn in one colour and dash.

    Attributes:
        points: (distance in pixels or positions, moves).
        ends: whether no path leads any farther, though the input goes on.
    """

    name: str
    points: tuple[tuple[float, int], ...]
    ends: bool
    color: str
    dash: tuple[float, ...] = ()


def stairs(facts: Facts, color: str, dash: tuple[float, ...] = ()) -> Stairs | None:
    """The staircase of the last step whose output has positions; nothing where there are no moves to count."""
    hops = facts.hops(facts.last_located)
    if hops is None or not hops.stairs:
        return None
    points = tuple((distance * facts.pixels, moves) for distance, moves in hops.stairs)
    return Stairs(facts.network.name, points, hops.ends, color, dash)


def hop_chart(found: Sequence[Stairs], unit: str, x: float, y: float, width: float, height: float) -> list[BoxPart]:
    """Distances from the centre on a logarithmic axis, moves upwards."""
    last = max((one.points[-1][0] for one in found), default=1.0)
    # Where no output reads another cell than its own there is no move at all.
    most = max((1, *(moves for one in found for _, moves in one.points)))
    scale = width / max(1.0, log2(last) * 1.02)
    parts: list[BoxPart] = [Rect(x, y, width, height, "#ffffff", "#8a8a8a", HAIR)]
    parts += _levels(x, y, width, height, most)
    parts += _distances(x, y + height, scale, width, last, unit)
    for one in found:
        parts += _steps(one, x, y + height, scale, height / (most * _HEAD_ROOM))
    return parts


def _levels(x: float, y: float, width: float, height: float, most: int) -> Iterator[BoxPart]:
    every = next(step for step in (1, 2, 4, 5, 10, 20, 50, 10**9) if most / step <= 5)
    for moves in range(0, most + 1, every):
        level = y + height * (1 - moves / (most * _HEAD_ROOM))
        if moves:
            yield Path(((x, level), (x + width, level)), GRID, HAIR, (1.0, 1.5))
        yield Text(words(str(moves), SIZES.small), color=MUTED).ending(x - 3).moved(0, level + 2.4)


def _distances(x: float, y: float, scale: float, width: float, last: float, unit: str) -> Iterator[BoxPart]:
    """Powers of two as far apart as their numbers need, and the unit behind the last one."""
    widest = text_width(str(int(last)), "sans", SIZES.small) + 6
    every = max(1, -(-int(widest) // max(1, int(scale))))
    right = x + width
    name = Text(words(unit, SIZES.small), color=MUTED).ending(right).moved(0, y + 9)
    for power in range(0, int(log2(last)) + 1, every):
        place = x + scale * power
        text = Text(words(str(2**power), SIZES.small), color=MUTED).centered(place).moved(0, y + 9)
        yield Path(((place, y), (place, y + 2)), "#8a8a8a", HAIR)
        if text.x + text.width + 4 < name.x:
            yield text
    yield name


def _steps(one: Stairs, x: float, y: float, scale: float, unit: float) -> Iterator[BoxPart]:
    points: list[tuple[float, float]] = []
    for distance, moves in one.points:
        corner = (x + scale * log2(distance), y - unit * moves)
        if points and corner[1] != points[-1][1]:
            points += [(corner[0], points[-1][1]), corner]
        elif len(points) > 1 and points[-2][1] == corner[1]:
            points[-1] = corner
        else:
            points.append(corner)
    points = points if len(points) > 1 else [points[0], (points[0][0] + 1.5, points[0][1])]
    yield Path(tuple(points), one.color, 1.3, one.dash)
    if one.ends:
        a, b = points[-1]
        yield Path(((a - 2, b - 2), (a + 2, b + 2)), one.color, 1.0)
        yield Path(((a - 2, b + 2), (a + 2, b - 2)), one.color, 1.0)
