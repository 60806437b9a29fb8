"""A block that resamples between its branches is on one level: the one that it leads to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from archgraph.outline.forms.dag import Dag
from archgraph.outline.forms.dominators import between, hammocks
from archgraph.outline.forms.region import region_of


def on_one_level(dag: Dag, members: Sequence[int]) -> Dag:
    """Return the graph with the levels of what lies in parallel branches between two levels: that of the later one.

    What attends stays where it is, and so does a block in which something attends.
    """
    levels = {vertex: dag.vertices[vertex].level for vertex in members}
    if len(set(levels.values())) < 2:
        return dag
    region = region_of(dag, members)
    vertices = list(dag.vertices)
    for first, last in list(hammocks(region)):
        if first not in levels or last not in levels or levels[int(first)] == levels[int(last)]:
            continue
        inner = [int(vertex) for vertex in between(region, first, last)]
        if not {levels[vertex] for vertex in inner} <= {levels[int(first)], levels[int(last)]}:
            continue
        for vertex in inner:
            if not vertices[vertex].attends and not vertices[vertex].mixes:
                levels[vertex] = levels[int(last)]
                vertices[vertex] = replace(vertices[vertex], level=levels[vertex])
    return Dag(vertices, dag.reads)
