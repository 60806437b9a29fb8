"""What a region is called that neither cuts nor reductions divide: lanes, dense, a chain with jumps, or irregular."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

from archgraph.outline.forms.dag import Dag, components
from archgraph.outline.forms.form import Chain, Dense, Irregular, Prime

_MOST_LANES, _FEWEST, _CONNECTED, _DENSE = 8, 4, 0.8, 3


def lanes(dag: Dag, members: Sequence[int]) -> list[list[int]]:
    """The rows of some vertices by family and level, if they are two to eight and hang together; else nothing."""
    rows: dict[tuple[object, object], list[int]] = {}
    for vertex in members:
        rows.setdefault((dag.vertices[vertex].family, dag.vertices[vertex].level), []).append(vertex)
    if not 2 <= len(rows) <= _MOST_LANES or len(members) < _FEWEST:
        return []
    links = [(source, vertex) for vertex in members for source in dag.before(vertex)]
    connected = sum(max(map(len, components(row, links))) for row in rows.values())
    return list(rows.values()) if connected >= _CONNECTED * len(members) else []


def across(dag: Dag, rows: Sequence[Sequence[int]]) -> int:
    """How many values go from one row to another."""
    row_of = {vertex: index for index, row in enumerate(rows) for vertex in row}
    return sum(
        source in row_of and row_of[source] != index
        for vertex, index in row_of.items()
        for source in dag.before(vertex)
    )


def prime_class(out: Mapping[float, Mapping[float, object]], order: Sequence[float]) -> type[Prime]:
    """What a region is whose vertices, from the one terminal to the other, are joined by these edges."""
    if is_dense(out, order):
        return Dense
    if all(second in out.get(first, ()) for first, second in pairwise(order[1:-1])):
        return Chain
    return Irregular


def is_dense(out: Mapping[float, Mapping[float, object]], order: Sequence[float]) -> bool:
    """Whether every vertex that reads several reads all forks before it."""
    into: dict[float, set[float]] = {vertex: set() for vertex in order}
    for source, targets in out.items():
        for target in targets:
            into[target].add(source)
    forks: set[float] = set()
    for vertex in order:
        if len(into[vertex]) > 1 and not into[vertex] >= forks:
            return False
        if len(out.get(vertex, ())) > 1:
            forks.add(vertex)
    return len(forks) >= _DENSE
