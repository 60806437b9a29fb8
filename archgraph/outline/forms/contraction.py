"""A level of a U: what lies lower is contracted, and something leads past it.

Let L be the vertices below the finest level of a region. If they are one connected piece that no way leaves and enters
again, what comes before is the encoder, what comes after is the decoder, and each way from the one to the other past L
is a skip: so that skips need not nest, and nothing is said of all that is not true of each.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from archgraph.outline.forms.dag import Dag, ancestors, components, descendants

ReadValue = tuple[int, int]
"""A value: the vertex that makes it, and which of its results it is."""


@dataclass(frozen=True, eq=False)
class Past:
    """A way past what lies lower.

    Attributes:
        sources: the vertices of the encoder that it comes from.
        way: vertices on the way; none for a plain skip.
        targets: the vertices of the decoder that it goes to.
    """

    sources: tuple[int, ...]
    way: tuple[int, ...]
    targets: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Contracted:
    """The three parts of a level of a U, and the ways past the lower one."""

    encoder: tuple[int, ...]
    lower: tuple[int, ...]
    decoder: tuple[int, ...]
    skips: tuple[Past, ...]
    returns: int


def contracted(dag: Dag, members: Sequence[int]) -> Contracted | None:
    """Return the level of a U that some vertices are, in topological order; None if they are none."""
    base = min(dag.vertices[vertex].level for vertex in members)
    lower = [vertex for vertex in members if dag.vertices[vertex].level > base]
    own = set(members)
    before = {vertex: [source for source in dag.before(vertex) if source in own] for vertex in members}
    links = [(source, vertex) for vertex in lower for source in before[vertex]]
    # Two valleys beside each other are two Us, found one by one inside the parts that hold them.
    if not lower or len(components(lower, links)) > 1:
        return None
    below = set(lower)
    place = {vertex: index for index, vertex in enumerate(members)}
    numbered = [[place[source] for source in before[vertex]] for vertex in members]
    upper = {members[index] for index in ancestors(numbered, [place[one] for one in lower])} - below
    under = {members[index] for index in descendants(numbered, [place[one] for one in lower])} - below
    # A vertex above and below at once leaves the lower part and enters it again: then it is no contraction.
    if upper & under or not upper or not under:
        return None
    return _with_skips(dag, members, upper, below, under)


def _with_skips(
    dag: Dag, members: Sequence[int], upper: set[int], below: set[int], under: set[int]
) -> Contracted | None:
    """The level with the ways past what is below; None if there is none, or all that returns is attended to."""
    beside = [vertex for vertex in members if vertex not in upper | below | under]
    reads = [(read, vertex) for vertex in members for read in dag.reads[vertex]]
    returning = {(read, vertex) for read, vertex in reads if read[0] in below and vertex in under}
    # What is only attended to is a memory beside the main line, such as a text that was made shorter, and nothing
    # returns.
    if all(read[0] in dag.vertices[vertex].attends for read, vertex in returning):
        return None
    ways = components(beside, [(read[0], vertex) for read, vertex in reads])
    skips = _skips(reads, upper, under, ways)
    # Neither above nor below, and on no way past: it reads inputs alone, and is drawn where it is used.
    late = {vertex for vertex in beside if not any(vertex in skip.way for skip in skips)}
    if not skips:
        return None
    return Contracted(
        tuple(vertex for vertex in members if vertex in upper),
        tuple(vertex for vertex in members if vertex in below),
        tuple(vertex for vertex in members if vertex in under | late),
        tuple(skips),
        len({read for read, _ in returning}),
    )


def _skips(
    reads: Sequence[tuple[ReadValue, int]], upper: set[int], under: set[int], ways: Sequence[Sequence[int]]
) -> list[Past]:
    """One skip for each value that is handed past, or for the values that one piece on the way takes together."""
    way_of = {vertex: index for index, way in enumerate(ways) for vertex in way}
    taken: list[list[ReadValue]] = [[] for _ in ways]
    given: list[list[int]] = [[] for _ in ways]
    plain: dict[ReadValue, list[int]] = {}
    for read, vertex in reads:
        if read[0] in upper and vertex in way_of:
            taken[way_of[vertex]].append(read)
        elif read[0] in upper and vertex in under:
            plain.setdefault(read, []).append(vertex)
        elif read[0] in way_of and vertex in under:
            given[way_of[read[0]]].append(vertex)
    known: dict[ReadValue, int] = {}
    # A value counts once, whether it goes straight on or through something as well.
    values = [*taken, *([read] for read in plain)]
    groups = components(range(len(values)), _shared(values, known))
    found = []
    for group in groups:
        sources = [read for index in group for read in values[index]]
        way = [vertex for index in group if index < len(ways) for vertex in ways[index]]
        targets = [vertex for index in group if index < len(ways) for vertex in given[index]]
        targets += [vertex for read in dict.fromkeys(sources) for vertex in plain.get(read, ())]
        if sources and targets:
            found.append(Past(_ordered(read[0] for read in sources), tuple(sorted(way)), _ordered(targets)))
    return sorted(found, key=lambda skip: (skip.sources, skip.targets))


def _shared(values: Sequence[Sequence[ReadValue]], known: dict[ReadValue, int]) -> list[tuple[int, int]]:
    """Pairs of the numbers of those that have a value in common."""
    return [(known.setdefault(read, index), index) for index, group in enumerate(values) for read in group]


def _ordered(vertices) -> tuple[int, ...]:
    return tuple(sorted(set(vertices)))
