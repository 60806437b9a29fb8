"""Random graphs for outlines: any, nested, crossing, and trees that are made into graphs."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from random import Random

from archgraph.outline.forms.dag import Dag, OutlineVertex
from archgraph.outline.forms.form import Leaf


def dag(reads: Sequence[Sequence[int]], levels: Sequence[int] = (), kinds: Sequence[object] = ()) -> Dag:
    """Return a graph of vertices that read others by number; one that reads several adds them."""
    vertices = [
        OutlineVertex(
            Leaf(str(number)),
            kinds[number] if kinds else number,
            join="add" if len(sources) > 1 else "",
            level=Fraction(levels[number] if levels else 1),
        )
        for number, sources in enumerate(reads)
    ]
    return Dag(vertices, [tuple((source, 0) for source in sources) for sources in reads])


def any_graph(size: int, seed: int, near: int = 12) -> list[list[int]]:
    """Every vertex reads one to three of those shortly before it."""
    random = Random(seed)
    return [
        sorted({max(0, number - random.randint(1, near)) for _ in range(random.randint(1, 3))}) if number else []
        for number in range(size)
    ]


def chain(size: int) -> list[list[int]]:
    return [[number - 1] if number else [] for number in range(size)]


def nested_skips(size: int) -> list[list[int]]:
    """The first vertex leads to the last too, the second to the last but one, and so on."""
    half = size // 2
    return [
        [number - 1, *([size - 1 - number] if number > half and size - 1 - number < number - 1 else [])]
        if number
        else []
        for number in range(size)
    ]


def bridges(size: int) -> list[list[int]]:
    """Skips that cross each other."""
    return [[number - 1, *([number - 3] if number > 2 else [])] if number else [] for number in range(size)]


def ladder(size: int) -> list[list[int]]:
    """Two rows that exchange at every step."""
    return [
        [] if number == 0 else [0] if number < 3 else [number - 2, number - 1 if number % 2 else number - 3]
        for number in range(size)
    ]


class Grown:
    """A tree of series, residuals and parallel branches as a graph, with its text."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.reads: list[list[int]] = [[]]

    def step(self, *sources: int) -> int:
        self.reads.append(list(sources))
        return len(self.reads) - 1

    def series(self, source: int, depth: int) -> tuple[int, str]:
        """One to three steps after a vertex; what it ends in, and how a person writes it."""
        said: list[str] = []
        for _ in range(self.random.randint(1, 3)):
            kind = self.random.choice(("layer", "residual", "parallel")) if depth else "layer"
            source, text = getattr(self, kind)(source, depth)
            said.append(text)
        return source, ", ".join(said)

    def layer(self, source: int, depth: int) -> tuple[int, str]:
        number = self.step(source)
        return number, str(number)

    def residual(self, source: int, depth: int) -> tuple[int, str]:
        fork = self.step(source)
        end, inside = self.series(fork, depth - 1)
        join = self.step(fork, end)
        return join, f"{fork}, residual({inside} → {join})"

    def parallel(self, source: int, depth: int) -> tuple[int, str]:
        fork = self.step(source)
        ends, texts = zip(*(self._two(fork, depth) for _ in range(self.random.randint(2, 3))), strict=True)
        join = self.step(*ends)
        return join, f"{fork}, parallel({' | '.join(texts)} → {join})"

    def _two(self, fork: int, depth: int) -> tuple[int, str]:
        """A branch of two layers at least, so that none is a shortcut."""
        first = self.step(fork)
        second = self.step(first)
        end, text = self.series(second, depth - 1)
        return end, f"{first}, {second}, {text}"
