"""Which steps reach no output of a graph."""

from __future__ import annotations

from archgraph.graph.ir import Graph, Member, Repeat


def dead_steps(graph: Graph, *, costly: bool) -> tuple[str, ...]:
    """Return the paths of the outermost steps whose results reach no output; with `costly` those that cost something.

    >>> from archgraph import load
    >>> dead_steps(load("unet").graph, costly=False)
    ()
    """
    members = dict(graph.walk())
    return tuple(path for path in graph.dead() if not costly or _costs(members[path]))


def _costs(member: Member) -> bool:
    if isinstance(member, Repeat):
        return any(map(_costs, member.body.nodes))
    types = member.types
    return member.op.macs(*types) != 0 or member.op.elementwise(*types) != 0
