"""The receptive field against depth: what every mixing layer on the main line adds."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from math import log2
from typing import NamedTuple

from sympy import Integer

from archgraph.analysis.receptive_field import ReceptiveFields
from archgraph.backend.diagram import MUTED, Part, Path, Rect, Run, Text
from archgraph.backend.facts import Facts
from archgraph.backend.groups import Group
from archgraph.backend.mathtext import words
from archgraph.backend.metrics import text_width
from archgraph.backend.reach import Reach, reach_of
from archgraph.backend.style import GRID, HAIR, SIZES
from archgraph.backend.wording import shortened
from archgraph.errors import ArchgraphError
from archgraph.ir import Graph, Member, Repeat, Value

Line = tuple[Run, ...]
_LONGEST_KEY = 96.0


@dataclass(frozen=True)
class Step:
    """One thing on the way from input to output.

    Attributes:
        title: what it is called; ``value`` what it gives.
        reach: what it reads of the input, at that iteration; None where that is not known.
        gap: it stands for iterations that are left out; ``depth`` is how many steps it stands for.
        path: of its last member, if its field is that of the last iteration.
    """

    title: Line
    value: Value | None
    reach: Reach | None
    gap: bool = False
    depth: float = 1.0
    path: str = ""


class Point(NamedTuple):
    """Largest and smallest share of the side at a depth from 0 to 1; ``slope``: reached gradually."""

    depth: float
    largest: float
    smallest: float
    slope: bool = False


@dataclass(frozen=True)
class Curve:
    """The field over the depth, to be drawn in one colour and dash."""

    name: str
    points: tuple[Point, ...]
    color: str
    dash: tuple[float, ...] = ()


def curve(facts: Facts, steps: Sequence[Step], color: str, dash: tuple[float, ...] = ()) -> Curve:
    """The ladder of some steps; those that stand for several take as much of the depth."""
    total = sum(step.depth for step in steps) or 1.0
    points: list[Point] = []
    depth, slope = 0.0, False
    for step in steps:
        depth += step.depth
        if step.reach is not None:
            low, high = (max(size, 1) / step.reach.extent for size in step.reach.sizes)
            points.append(Point(depth / total, high, low, slope))
        slope = step.gap
    first = next((1.0 / step.reach.extent for step in steps if step.reach is not None), 1.0)
    return Curve(facts.subject.name, (Point(0.0, first, first), *points), color, dash)


def iteration(facts: Facts, group: Group, times: int) -> list[tuple[Group, Reach | None]]:
    """What the heavy parts of a repeated block read in one of its iterations, counted from 1."""
    repeat = group.items[0].member
    assert isinstance(repeat, Repeat) and facts.input is not None
    graph = _with_count(facts.subject.graph, repeat, times)
    fields = ReceptiveFields(graph, facts.input.name, evaluate=facts.number)
    found: list[tuple[Group, Reach | None]] = []
    for part in facts.inside(group).chain:
        if part.circle or all(item.light for item in part.items):
            continue
        try:
            reach = reach_of(fields.at(part.items[-1].path).axes)
        except ArchgraphError:
            reach = None
        found.append((part, reach))
    return found


def _with_count(graph: Graph, repeat: Repeat, times: int) -> Graph:
    """The same graph with one repeat, wherever it stands, applied so many times."""
    nodes: tuple[Member, ...] = tuple(_counted(node, repeat, times) for node in graph.nodes)
    return Graph(graph.inputs, nodes, graph.outputs, graph.families)


def _counted(node: Member, repeat: Repeat, times: int) -> Member:
    if node is repeat:
        return replace(repeat, count=Integer(times))
    if isinstance(node, Repeat) and _holds(node.body, repeat):
        return replace(node, body=_with_count(node.body, repeat, times))
    return node


@lru_cache(maxsize=4096)
def _holds(body: Graph, repeat: Repeat) -> bool:
    return any(isinstance(node, Repeat) and (node is repeat or _holds(node.body, repeat)) for node in body.nodes)


def chart(curves: Sequence[Curve], x: float, y: float, width: float, height: float) -> list[Part]:
    """Steps of the largest field, a thin line for the smallest one, the share on a logarithmic axis."""
    floor = min((point.smallest for one in curves for point in one.points), default=0.01)
    lowest = max(1, -int(log2(max(floor, 2**-12)) // 1))
    parts: list[Part] = [Rect(x, y, width, height, "#ffffff", "#8a8a8a", HAIR)]
    every = max(1, round(lowest / 4))
    for power in range(0, lowest + 1, every):
        parts += _grid_line(x, y, width, height, power / lowest, "1" if power == 0 else f"1/{2**power}")
    for one in curves:
        parts += _stairs(one, x, y, width, height, lowest)
    parts.append(Text(words("input", SIZES.small), x, y + height + 9, MUTED))
    parts.append(Text(words("output", SIZES.small), color=MUTED).ending(x + width).moved(0, y + height + 9))
    depth = Text(words("depth", SIZES.small), color=MUTED).centered(x + width / 2)
    return [*parts, depth.moved(0, y + height + 9)]


def _grid_line(x: float, y: float, width: float, height: float, share: float, label: str) -> list[Part]:
    level = y + height * share
    text = Text(words(label, SIZES.small), color=MUTED).ending(x - 3).moved(0, level + 2.4)
    if 0 < share < 1:
        return [Path(((x, level), (x + width, level)), GRID, HAIR, (1.0, 1.5)), text]
    return [text]


def _stairs(one: Curve, x: float, y: float, width: float, height: float, lowest: int) -> Iterator[Part]:
    def place(depth: float, share: float) -> tuple[float, float]:
        return x + width * depth, y + height * min(1.0, max(0.0, -log2(min(1.0, share)) / lowest))

    for largest in (True, False):
        points: list[tuple[float, float]] = []
        for point in one.points:
            corner = place(point.depth, point.largest if largest else point.smallest)
            if points and not point.slope:
                points.append((corner[0], points[-1][1]))
            points.append(corner)
        if largest:
            yield Path(tuple(points), one.color, 1.3, one.dash)
        elif any(point.largest != point.smallest for point in one.points):
            yield Path(tuple(points), one.color, 0.6, (1.2, 1.2))


def key(curves: Sequence[Curve], right: float, bottom: float) -> list[Part]:
    """The names of the curves beside a piece of each, in the lower right corner."""
    names = [
        shortened(one.name, lambda shown: text_width(shown, "sans", SIZES.small) <= _LONGEST_KEY) for one in curves
    ]
    texts = [Text(words(name, SIZES.small)) for name in names]
    x = right - max((text.width for text in texts), default=0.0) - 22
    parts: list[Part] = []
    for row, (one, text) in enumerate(zip(curves, texts, strict=True)):
        level = bottom - 10 * (len(curves) - row) + 4
        parts.append(Path(((x, level), (x + 14, level)), one.color, 1.3, one.dash))
        parts.append(text.moved(x + 18, level + 2.4))
    return parts
