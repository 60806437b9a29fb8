"""How many moves the positions of an input are away from those of a node, for figures."""

from dataclasses import dataclass

from archgraph.errors import ArchgraphError
from archgraph.fields.paths.paths import Paths
from archgraph.graph.ir import Graph
from archgraph.sizes.exact import Evaluate

#: Rows of a matrix, and how many pairs are counted exactly.
ROWS, MOST_PAIRS = 48, 2**21

HopRow = tuple[int | None, ...]


@dataclass(frozen=True)
class Hops:
    """The fewest moves between input and output positions along one axis.

    Attributes:
        rows: per sampled output position, the moves from every input position; None where no path leads.
        share: of all pairs, how many a path connects; ``exact`` unless only the sampled rows were counted.
        stairs: (distance, moves) from the central output, in elements of the input; of both sides the farther one.
        extent: positions of the input.
        ends: whether there are farther positions from which no path leads.
    """

    rows: tuple[HopRow, ...]
    share: float
    exact: bool
    stairs: tuple[tuple[int, int], ...]
    extent: int
    ends: bool

    @property
    def percent(self) -> str:
        """The share in words, labelled where it is an estimate."""
        return f"{'' if self.exact else '≈ '}{100 * self.share:.0f} %"

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

    def at(self, path: str) -> Hops | None:
        """Return the hops of a step or scope of the network, None where positions have no places or no rule."""
        if path not in self._known:
            self._known[path] = self._read(path)
        return self._known[path]

    def _read(self, path: str) -> Hops | None:
        try:
            self._first = self._first.to(path) if self._first is not None else self._open(path)
            return _hops(self._first)
        except ArchgraphError:
            return None


def _hops(paths: Paths) -> Hops:
    count, extent = paths.home.count, paths.extent
    sampled = [min(count - 1, int((row + 0.5) * count / min(ROWS, count))) for row in range(min(ROWS, count))]
    exact = count * extent <= MOST_PAIRS
    counted = paths.connected if exact else 0.0  # first: rows are then read from the same states
    rows = paths.rows([paths.centre, *sampled])
    share = counted if exact else sum(hop is not None for row in rows[1:] for hop in row) / len(sampled) / extent
    beside = {distance: paths.beside(paths.centre, distance) for distance in range(1, extent)}
    moves = {distance: [hop for q in places if (hop := rows[0][q]) is not None] for distance, places in beside.items()}
    stairs = tuple((distance, max(found)) for distance, found in moves.items() if found)
    farthest = max((distance for distance, places in beside.items() if places), default=0)
    ends = bool(stairs) and stairs[-1][0] < farthest
    return Hops(tuple(map(tuple, rows[1:])), share, exact, stairs, extent, ends)
