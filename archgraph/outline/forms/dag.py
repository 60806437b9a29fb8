"""The graph behind an outline: vertices in topological order, and who reads whom."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeVar

from archgraph.outline.forms.form import Leaf

_Number = TypeVar("_Number", int, float)


@dataclass(frozen=True, eq=False)
class OutlineVertex:
    """An input or a member, with all that forms depend on.

    Attributes:
        leaf: what it is in the tree.
        kind: equal for two that do the same.
        join: `add` or `multiply` for an operation that joins by that; nothing for any other.
        level: by how much less there is of positions than in the input of its family.
        families: for every result the number of the input, or other source, whose positions it has.
        heavy: whether it multiplies matrices.
        attends: the operands that it reads by attention, by vertex.
        silent: whether it only crops or hands on.
        mixes: whether it is a block in which positions attend to others.
    """

    leaf: Leaf
    kind: Hashable = None
    join: str = ""
    level: Fraction = Fraction(1)
    families: tuple[int, ...] = (0,)
    heavy: bool = True
    attends: frozenset[int] = frozenset()
    silent: bool = False
    mixes: bool = False

    @property
    def family(self) -> int:
        """That of the first result."""
        return self.families[0]


@dataclass(frozen=True, eq=False)
class Dag:
    """Vertices, and for each the values that it reads: the vertex that makes one, and which of its results it is."""

    vertices: Sequence[OutlineVertex]
    reads: Sequence[tuple[tuple[int, int], ...]]

    def before(self, vertex: int) -> list[int]:
        """The vertices that one reads, each once."""
        return list(dict.fromkeys(source for source, _ in self.reads[vertex]))

    def after(self) -> list[list[int]]:
        """For every vertex those that read it, each once."""
        found: list[list[int]] = [[] for _ in self.vertices]
        for vertex in range(len(self.vertices)):
            for source in self.before(vertex):
                found[source].append(vertex)
        return found


def descendants(before: Sequence[Sequence[int]], starts: Iterable[int]) -> set[int]:
    """Return some vertices and all that depend on them."""
    found = set(starts)
    for vertex, sources in enumerate(before):
        if vertex not in found and not found.isdisjoint(sources):
            found.add(vertex)
    return found


def ancestors(before: Sequence[Sequence[int]], ends: Iterable[int]) -> set[int]:
    """Return some vertices and all that they depend on."""
    found = set(ends)
    for vertex in range(len(before) - 1, -1, -1):
        if vertex in found:
            found.update(before[vertex])
    return found


def components(members: Sequence[_Number], links: Iterable[tuple[_Number, _Number]]) -> list[list[_Number]]:
    """Return the connected components among some vertices, each and all of them in the order of the vertices."""
    root = {vertex: vertex for vertex in members}

    def top(vertex: _Number) -> _Number:
        while root[vertex] != vertex:
            root[vertex] = root[root[vertex]]
            vertex = root[vertex]
        return vertex

    for source, target in links:
        if source in root and target in root:
            first, second = sorted((top(source), top(target)))
            root[second] = first
    found: dict[_Number, list[_Number]] = {}
    for vertex in members:
        found.setdefault(top(vertex), []).append(vertex)
    return list(found.values())
