"""How many operations a graph goes through one by one: blocks that call blocks may have more than can be walked."""

from __future__ import annotations

from archgraph.graph.ir import Graph, Repeat


def operation_count(graph: Graph) -> int:
    """Return the number of operations, those of a repeat once and those of a block at every call.

    >>> from archgraph import load
    >>> operation_count(load("conv_stack").network.graph)
    2
    """
    known: dict[Graph, int] = {}

    def count(inside: Graph) -> int:
        if inside not in known:
            known[inside] = sum(count(one.body) if isinstance(one, Repeat) else 1 for one in inside.nodes)
        return known[inside]

    return count(graph)
