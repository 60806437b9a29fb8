"""Trunk, streams, sides, exits and constants: which vertices are the network, and what only joins or leaves it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from archgraph.outline.forms.dag import Dag, ancestors, components, descendants


@dataclass(frozen=True, eq=False)
class Terminals:
    """What is known of the ends of a graph.

    Attributes:
        inputs: the vertices that are inputs, with how much each looks like what the network is about.
        outputs: for every result the vertex that makes it, with how fine its positions are.
        invariant: pairs (source, reader) of values that a repeat takes alike in each iteration.
    """

    inputs: Sequence[tuple[int, tuple[int, ...]]]
    outputs: Sequence[tuple[int, float]]
    invariant: frozenset[tuple[int, int]] = frozenset()


@dataclass(frozen=True, eq=False)
class Beside:
    """What joins or leaves the trunk: vertices in order, and those of the trunk that read them or that they read."""

    members: tuple[int, ...]
    touches: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Trunk:
    """Every vertex once: on the trunk, on a side, in an exit, or a constant."""

    members: tuple[int, ...]
    sources: tuple[int, ...]
    output: int | None
    sides: tuple[Beside, ...]
    exits: tuple[Beside, ...]
    constants: tuple[int, ...]


def trunk_of(dag: Dag, ends: Terminals) -> Trunk:
    """Divide the vertices of a graph."""
    before = [dag.before(vertex) for vertex in range(len(dag.vertices))]
    moving = descendants(before, [vertex for vertex, _ in ends.inputs])
    output = _main_output(before, ends, moving)
    if output is None:
        return Trunk((), (), None, (), (), tuple(range(len(before))))
    needed = ancestors(before, [output])
    sources = _sources(dag, before, ends, needed & moving)
    inside = (descendants(before, sources) & needed) if sources else needed & moving
    constants = set(range(len(before))) - moving
    rest = [vertex for vertex in range(len(before)) if vertex in needed and vertex in moving - inside]
    left = [vertex for vertex in range(len(before)) if vertex not in needed and vertex in moving]
    return Trunk(
        tuple(sorted(inside)),
        tuple(sources),
        output,
        tuple(_beside(before, rest, inside)),
        tuple(_beside(before, left, inside)),
        tuple(sorted(constants)),
    )


def _main_output(before: Sequence[Sequence[int]], ends: Terminals, moving: set[int]) -> int | None:
    """Of the results that no other is computed from: that of the most inputs, with the finest positions, the first."""
    made = dict(reversed([(vertex, fine) for vertex, fine in ends.outputs if vertex in moving]))
    goes_on: set[int] = set()
    for vertex in range(len(before) - 1, -1, -1):
        if vertex in goes_on or vertex in made:
            goes_on.update(before[vertex])
    inputs = [0] * len(before)
    for bit, (vertex, _) in enumerate(ends.inputs):
        inputs[vertex] |= 1 << bit
    for vertex, sources in enumerate(before):
        for source in sources:
            inputs[vertex] |= inputs[source]
    last = [vertex for vertex, _ in ends.outputs if vertex in made and vertex not in goes_on]
    return max(last, key=lambda vertex: (inputs[vertex].bit_count(), made[vertex]), default=None)


def _sources(dag: Dag, before: Sequence[Sequence[int]], ends: Terminals, alive: set[int]) -> list[int]:
    """The main input, and the others that are streams of their own."""
    among = [(vertex, rank) for vertex, rank in ends.inputs if vertex in alive]
    if not among:
        return []
    main = max(among, key=lambda pair: pair[1])[0]
    inside = descendants(before, [main]) & alive
    streams = [
        vertex
        for vertex, rank in among
        if vertex != main and rank[0] and _is_stream(dag, before, ends, vertex, inside, alive)
    ]
    return sorted([main, *streams])


def _is_stream(
    dag: Dag, before: Sequence[Sequence[int]], ends: Terminals, source: int, inside: set[int], alive: set[int]
) -> bool:
    """Whether what depends on an input enters the trunk at one vertex only, or goes on as itself behind that."""
    own = (descendants(before, [source]) & alive) - inside
    entered = [(vertex, one) for vertex in sorted(inside) for one in before[vertex] if one in own]
    if not entered or len(own) < 2:
        return False
    places = {vertex for vertex, _ in entered}
    if len(places) == 1 and not any((one, vertex) in ends.invariant for vertex, one in entered):
        return True
    behind = descendants(before, places) & inside
    family = dag.vertices[source].family
    return any(family in dag.vertices[vertex].families for vertex in behind)


def _beside(before: Sequence[Sequence[int]], members: Sequence[int], inside: set[int]) -> list[Beside]:
    """The connected parts of some vertices, each with the vertices of the trunk that it touches."""
    links = [(source, vertex) for vertex in members for source in before[vertex]]
    found = components(members, links)
    part_of = {vertex: index for index, part in enumerate(found) for vertex in part}
    touched: list[set[int]] = [set() for _ in found]
    for vertex, sources in enumerate(before):
        for source in sources:
            if vertex in inside and source in part_of:
                touched[part_of[source]].add(vertex)
            elif source in inside and vertex in part_of:
                touched[part_of[vertex]].add(source)
    return [Beside(tuple(part), tuple(sorted(own))) for part, own in zip(found, touched, strict=True)]
