"""How many operations a graph goes through one by one: blocks that call blocks may have more than can be walked."""

from __future__ import annotations

from archgraph.errors import QueryError
from archgraph.graph.ir import Graph, Repeat

MOST_LISTED_OPERATIONS = 200_000
"""Operations that are listed one by one; totals have no limit."""


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


def check_listable(graph: Graph) -> None:
    """Refuse to list what blocks that call blocks make too many.

    Raises:
        QueryError: there are more than `MOST_LISTED_OPERATIONS`.
    """
    count = operation_count(graph)
    if count > MOST_LISTED_OPERATIONS:
        raise QueryError(
            f"{count:,} operations are too many to be listed one by one: the limit is {MOST_LISTED_OPERATIONS:,}",
            hint="totals have no limit; or repeat: n instead of calls in calls",
        )
