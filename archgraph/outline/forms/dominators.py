"""Hammocks of a region: two vertices between which nothing enters or leaves.

In an acyclic graph whose vertices are numbered in topological order, one sweep gives the dominators, and one sweep back
those from the end.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from archgraph.outline.forms.region import ReducedRegion


def dominators(root: float, order: Iterable[float], before: Mapping[float, Iterable[float]]) -> dict[float, float]:
    """Return for every vertex the last other one that all ways from the root to it pass.

    Args:
        root: where all ways begin.
        order: the other vertices, each after those that it reads; numbers grow, or all fall.
        before: for every vertex those that it reads.
    """
    found: dict[float, float] = {root: root}
    rank = {root: 0}
    for vertex in order:
        rank[vertex] = len(rank)
        sources = iter(before[vertex])
        common = next(sources)
        for other in sources:
            while common != other:
                if rank[common] > rank[other]:
                    common = found[common]
                else:
                    other = found[other]
        found[vertex] = common
    return found


def hammocks(region: ReducedRegion) -> Iterator[tuple[float, float]]:
    """Yield the pairs of vertices between which nothing enters or leaves, inner ones first; not the terminals.

    A pair that is only joined by an edge is none.
    """
    inner = region.inner
    first = dominators(region.source, [*inner, region.sink], region.into)
    last = dominators(region.sink, [*reversed(inner), region.source], region.out)
    for target in [*inner, region.sink]:
        source = first[target]
        whole = (source, target) == (region.source, region.sink)
        if last[source] == target and not whole and list(region.out[source]) != [target]:
            yield source, target


def between(region: ReducedRegion, source: float, target: float) -> list[float]:
    """Return the vertices inside a hammock, in order."""
    found: set[float] = set()
    waiting = [source]
    while waiting:
        for vertex in region.out[waiting.pop()]:
            if vertex != target and vertex not in found:
                found.add(vertex)
                waiting.append(vertex)
    return sorted(found)
