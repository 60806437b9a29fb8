"""How many moves the positions of an input are away from those of a node, for figures."""

from collections.abc import Iterator
from dataclasses import dataclass

from archgraph.errors import ArchgraphError
from archgraph.fields.paths.paths import Paths
from archgraph.fields.sets.indices import Indices
from archgraph.graph.ir import Graph
from archgraph.sizes.exact import Evaluate

#: Rows of a matrix, and how many pairs are counted exactly.
_ROWS, MOST_PAIRS = 48, 2**21

Stretches = tuple[tuple[int, int], ...]
HopRow = tuple[Stretches, ...]
"""Which input positions are at most 0, 1, 2, ... moves away: the first of each stretch, and one past its last."""


@dataclass(frozen=True)
class Hops:
    """The fewest moves between input and output positions along one axis.

    Attributes:
        rows: per sampled output position, from where it is at most so many moves away.
        share: of all pairs, how many a path connects; ``exact`` unless only the sampled rows were counted.
        stairs: (distance, moves) from the central output, in elements of the input; of both sides the farther one.
        extent: positions of the input.
        ends: whether there are farther positions from which no path leads.
        why: why moves are at least as drawn, and pairs at most; empty where they are as drawn.
    """

    rows: tuple[HopRow, ...]
    share: float
    exact: bool
    stairs: tuple[tuple[int, int], ...]
    extent: int
    ends: bool
    why: tuple[str, ...] = ()

    @property
    def percent(self) -> str:
        """The share in words, labelled where it is an estimate or a bound."""
        label = "≤ " if self.why else "" if self.exact else "≈ "
        return f"{label}{100 * self.share:.0f} %"

    @property
    def most(self) -> int:
        """The most moves on the stairs."""
        return max((moves for _, moves in self.stairs), default=0)


class HopFacts:
    """The hops of one network, of which the moves are read once.

    Args:
        graph: the network.
        input: the input's name.
        axis: an axis of it.
        evaluate: gives the value of a size.
    """

    def __init__(self, graph: Graph, input: str, axis: str, evaluate: Evaluate) -> None:
        self._open = lambda node: Paths(graph, node, input, axis, evaluate=evaluate)
        self._first: Paths | None = None
        self._known: dict[str, Hops | None] = {}
        self._refused: dict[str, str] = {}

    def at(self, path: str) -> Hops | None:
        """Return the hops of a step or scope of the network, None where positions have no places or no rule."""
        if path not in self._known:
            self._known[path] = self._read(path)
        return self._known[path]

    def why_none(self, path: str) -> str:
        """Return why there are no hops of a step, empty where there are."""
        self.at(path)
        return self._refused.get(path, "")

    def _read(self, path: str) -> Hops | None:
        try:
            self._first = self._first.to(path) if self._first is not None else self._open(path)
            return _hops(self._first)
        except ArchgraphError as error:
            self._refused[path] = error.message
            return None


def _hops(paths: Paths) -> Hops:
    count, extent = paths.home.count, paths.extent
    sampled = [min(count - 1, int((row + 0.5) * count / min(_ROWS, count))) for row in range(min(_ROWS, count))]
    exact = count * extent <= MOST_PAIRS
    rows = paths.many(sampled) if exact else [paths.levels(output) for output in sampled]
    share = paths.connected if exact else sum(row[-1].touched for row in rows if row) / len(sampled) / extent
    stairs = tuple(_stairs(paths))
    start, stop = paths.home.cell(paths.centre)
    farthest = max(-int(-start // 1), extent - 1 - (-int(-stop // 1) - 1))
    ends = bool(stairs) and stairs[-1][0] < farthest
    return Hops(tuple(tuple(map(_stretches, row)) for row in rows), share, exact, stairs, extent, ends, paths.why)


def _stretches(places: Indices) -> Stretches:
    runs = ((start, step, length) for start, step, length in places.runs())
    return tuple(
        (place, place + length) if step == 1 else (place, place + 1)
        for start, step, length in runs
        for place in (range(start, start + step * length, step) if step > 1 else (start,))
    )


def _stairs(paths: Paths) -> Iterator[tuple[int, int]]:
    """Yield (distance, moves) where the moves change, and just before; of both sides the farther one."""
    start, stop = paths.home.cell(paths.centre)
    first, last = -int(-start // 1), -int(-stop // 1) - 1
    cuts = {1, max(first, paths.extent - 1 - last)}
    for places in paths.levels(paths.centre):
        for begin, end in _stretches(places):
            cuts |= {far + by for place in (begin, end) for far in (first - place, place - last) for by in (-1, 0, 1)}
    for distance in sorted(cut for cut in cuts if 0 < cut < paths.extent):
        moves = paths.at_distance(distance)
        if moves is not None:
            yield distance, moves
