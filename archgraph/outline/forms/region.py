"""A region between two terminals, reduced as far as series and parallel go.

Vertices are numbers in topological order; edges carry trees. A vertex with one edge in and one out becomes part of an
edge, and edges between the same two vertices become one (Valdes, Tarjan and Lawler 1982): linear, whatever is nested.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TypeAlias

from archgraph.outline.forms.dag import Dag, components
from archgraph.outline.forms.form import NO_STEPS, OutlinePart


@dataclass(eq=False)
class Rope:
    """A tree, a vertex, and a tree, one after another; a vertex that only stands for a junction is no whole number."""

    left: EdgeTree
    vertex: float
    right: EdgeTree


@dataclass(eq=False)
class Bundle:
    """Trees beside each other between the same two vertices."""

    source: float
    target: float
    branches: list[EdgeTree]


EdgeTree: TypeAlias = OutlinePart | Rope | Bundle


@dataclass(eq=False)
class ReducedRegion:
    """A region: for every vertex the edges that leave it, and the vertices of those that enter it."""

    source: float
    sink: float
    out: dict[float, dict[float, EdgeTree]] = field(default_factory=dict)
    into: dict[float, dict[float, None]] = field(default_factory=dict)

    def add(self, source: float, target: float, tree: EdgeTree = NO_STEPS) -> None:
        """Add an edge; where there is one already, the two stand beside each other."""
        edges = self.out.setdefault(source, {})
        known = edges.get(target)
        if known is None:
            edges[target] = tree
            self.into.setdefault(target, {})[source] = None
            return
        branches: list[EdgeTree] = known.branches if isinstance(known, Bundle) else [known]
        branches += tree.branches if isinstance(tree, Bundle) else [tree]
        edges[target] = Bundle(source, target, branches)

    def cut(self, source: float, target: float) -> EdgeTree:
        """Take an edge away, and return what was on it."""
        del self.into[target][source]
        return self.out[source].pop(target)

    @property
    def inner(self) -> list[float]:
        """The vertices between the terminals, in topological order."""
        return sorted(vertex for vertex in self.out if vertex != self.source)

    def edges(self) -> Iterable[tuple[float, float, EdgeTree]]:
        """Every edge, in topological order of where it begins."""
        return (
            (source, target, tree)
            for source in sorted(self.out)
            for target, tree in sorted(self.out[source].items(), key=lambda pair: pair[0])
        )

    def reduce(self) -> None:
        """Merge vertices into edges, and edges with each other, until there are none left to merge."""
        waiting = list(reversed(self.inner))
        while waiting:
            vertex = waiting.pop()
            if len(self.into.get(vertex, ())) != 1 or len(self.out.get(vertex, ())) != 1:
                continue
            (source,), (target,) = self.into[vertex], self.out[vertex]
            left, right = self.cut(source, vertex), self.cut(vertex, target)
            del self.out[vertex], self.into[vertex]
            self.add(source, target, Rope(left, vertex, right))
            waiting += [end for end in (target, source) if end not in (self.source, self.sink)]

    @property
    def reduced(self) -> EdgeTree | None:
        """What lies between the terminals, if that is one edge."""
        return self.out[self.source][self.sink] if len(self.out) == 1 else None

    def part(self, source: float, sink: float, inner: Sequence[float], *, direct: bool = True) -> ReducedRegion:
        """Return the region between two vertices that holds some others and, if asked for, the edge between the two."""
        found = ReducedRegion(source, sink)
        own = {*inner, sink}
        for vertex in (source, *inner):
            for target, tree in self.out[vertex].items():
                if target in own and (direct or (vertex, target) != (source, sink)):
                    found.add(vertex, target, tree)
        return found

    def cuts(self) -> list[float]:
        """The vertices that no edge jumps over, the terminals among them."""
        found, furthest = [self.source], max(self.out[self.source])
        for vertex in self.inner:
            if furthest <= vertex:
                found.append(vertex)
            furthest = max(furthest, *self.out[vertex])
        return [*found, self.sink]

    def segments(self) -> list[ReducedRegion]:
        """The regions between the vertices that no edge jumps over, in order."""
        ends, inner = self.cuts(), self.inner
        if len(ends) == 2:
            return [self]
        return [
            self.part(first, last, inner[bisect_left(inner, first) + (first in self.into) : bisect_left(inner, last)])
            for first, last in pairwise(ends)
        ]

    def pieces(self) -> list[ReducedRegion]:
        """The regions beside each other, an edge from the one terminal to the other among them."""
        inner = self.inner
        links = [(a, b) for a, b, _ in self.edges() if a != self.source and b != self.sink]
        parts = components(inner, links)
        found = [self.part(self.source, self.sink, part, direct=False) for part in parts]
        if self.sink in self.out[self.source]:
            alone = ReducedRegion(self.source, self.sink)
            alone.add(self.source, self.sink, self.out[self.source][self.sink])
            return [alone, *found]
        return found

    def junctions(self) -> bool:
        """Put a vertex where each of several leads straight to each of several others; return whether one was put."""
        alike: dict[tuple[float, ...], list[float]] = {}
        for vertex in self.inner:
            if all(tree is NO_STEPS for tree in self.out[vertex].values()) and self.sink not in self.out[vertex]:
                alike.setdefault(tuple(sorted(self.out[vertex])), []).append(vertex)
        found = [
            (firsts, lasts)
            for lasts, firsts in alike.items()
            if len(firsts) > 1 and len(lasts) > 1 and all(len(self.into[last]) == len(firsts) for last in lasts)
        ]
        for firsts, lasts in found:
            middle = max(firsts) + 0.5
            for first in firsts:
                for last in lasts:
                    self.cut(first, last)
                self.add(first, middle)
            for last in lasts:
                self.add(middle, last)
        return bool(found)

    def replace(self, source: float, target: float, inner: Sequence[float], tree: EdgeTree) -> None:
        """Put an edge in the place of a region between two vertices, in which nothing else enters or leaves."""
        own = {*inner, target}
        for vertex in (source, *inner):
            for after in [after for after in self.out[vertex] if after in own]:
                self.cut(vertex, after)
        for vertex in inner:
            del self.out[vertex], self.into[vertex]
        self.add(source, target, tree)


def region_of(dag: Dag, members: Sequence[int]) -> ReducedRegion:
    """Return some vertices with the edges between them, and terminals before and behind all others."""
    region, own = ReducedRegion(-1, len(dag.vertices)), set(members)
    for vertex in members:
        sources = [source for source in dag.before(vertex) if source in own]
        for source in sources or [region.source]:
            region.add(source, vertex)
    for vertex in members:
        if vertex not in region.out:
            region.add(vertex, region.sink)
    return region
