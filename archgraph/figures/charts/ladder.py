"""The receptive field against depth: what every mixing layer on the main line adds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from math import fsum
from typing import NamedTuple

from sympy import Integer

from archgraph.errors import ArchgraphError
from archgraph.fields.effective.effective import Effective
from archgraph.fields.report.extent import ReadExtent, reach_of
from archgraph.figures.drawing.diagram import Line, Outline
from archgraph.figures.facts.facts import Facts
from archgraph.figures.facts.ways import ways_through
from archgraph.graph.ir import Graph, Member, Repeat, Value
from archgraph.outline.groups import Group


@dataclass(frozen=True)
class LadderStep:
    """One thing on the way from input to output.

    Attributes:
        title: what it is called; ``value`` what it gives.
        reach: what it reads of the input, at that iteration; None where that is not known.
        gap: it stands for iterations that are left out; ``depth`` is how many steps it stands for.
        path: of its last member, if its field is that of the last iteration.
        effective: the share of the side that the middle 95 % of its effective field cover at initialisation.
        outline: thick for what attends to every position, double for what attends within windows, else thin.
        within: the paths of all members it stands for.
    """

    title: Line
    value: Value | None
    reach: ReadExtent | None
    gap: bool = False
    depth: float = 1.0
    path: str = ""
    effective: float | None = None
    outline: Outline = "thin"
    within: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """The title without its typography."""
        return " ".join(run.text for run in self.title).replace(" :", ":")

    def holds(self, path: str) -> bool:
        """Whether it stands for a member, for a block that the member lies in, or for what lies in the member."""
        return any(path == one or path.startswith(f"{one}.") or one.startswith(f"{path}.") for one in self.within)


class CurvePoint(NamedTuple):
    """Largest and smallest share of the side at a depth from 0 to 1; ``slope``: reached gradually."""

    depth: float
    largest: float
    smallest: float
    slope: bool = False
    effective: float | None = None


@dataclass(frozen=True)
class Curve:
    """The field over the depth, to be drawn in one colour and dash.

    Attributes:
        everywhere: the depth from which on every position is read; ``statistics``: from which on norm statistics
            or gates are those of all positions, though the content is not. None where that is never so.
        through: which of the two, in words.
    """

    name: str
    points: tuple[CurvePoint, ...]
    color: str
    dash: tuple[float, ...] = ()
    everywhere: float | None = None
    statistics: float | None = None
    through: str = ""


def curve(facts: Facts, steps: Sequence[LadderStep], color: str, dash: tuple[float, ...] = ()) -> Curve:
    """The ladder of some steps; those that stand for several take as much of the depth."""
    total = fsum(step.depth for step in steps) or 1.0
    points: list[CurvePoint] = []
    everywhere: float | None = None
    statistics: float | None = None
    depth, slope = 0.0, False
    for step in steps:
        depth += step.depth
        if step.reach is not None:
            low, high = (max(size, 1) / step.reach.extent for size in step.reach.sizes)
            points.append(CurvePoint(depth / total, high, low, slope, step.effective))
            if everywhere is None and step.reach.everything:
                everywhere = depth / total
            if statistics is None and step.reach.statistics:
                statistics = depth / total
        slope = step.gap
    first = next((1.0 / step.reach.extent for step in steps if step.reach is not None), 1.0)
    others = ways_through(step.reach for step in steps)
    start = CurvePoint(0.0, first, first, effective=first)
    return Curve(facts.network.name, (start, *points), color, dash, everywhere, statistics, others)


def effective_share(facts: Facts, path: str) -> float | None:
    """The share of the side within which 95 % of the gradient's power falls at initialisation, where that is known."""
    return None if facts.effective is None else _share(facts, facts.effective.of(path))


def _share(facts: Facts, known: Mapping[str, Effective] | None) -> float | None:
    found = None if known is None else known[facts.widest_axis]
    if found is None or found.width is None or facts.input is None:
        return None
    return found.width / facts.number(facts.input.type.size(facts.widest_axis))


def iteration(
    facts: Facts, group: Group, times: int, *, effective: bool = True
) -> list[tuple[Group, ReadExtent | None, float | None]]:
    """What the heavy parts of a repeated block read in one of its iterations, counted from 1.

    The last one is given the effective field behind the whole iteration, where that is asked for.
    """
    item, repeat = group.items[0], group.items[0].member
    assert isinstance(repeat, Repeat)
    found = facts.known(("iteration", item, times), lambda: _iteration(facts, group, repeat, times))
    if not found or not effective or facts.effective is None:
        return found
    share = _share(facts, facts.effective.behind(item.path, repeat, times))
    return [*found[:-1], (*found[-1][:2], share)]


def _iteration(
    facts: Facts, group: Group, repeat: Repeat, times: int
) -> list[tuple[Group, ReadExtent | None, float | None]]:
    fields = facts.fields_of(_with_count(facts.network.graph, repeat, times))
    found: list[tuple[Group, ReadExtent | None, float | None]] = []
    for part in facts.inside(group).chain:
        if part.circle or all(item.light for item in part.items):
            continue
        try:
            reach = reach_of(fields.at(part.items[-1].path))
        except ArchgraphError:
            reach = None
        found.append((part, reach, None))
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
