"""The network of one rank where the experts of a mixture are shared: its tokens are as many as before."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from sympy import Expr

from archgraph.errors import QueryError
from archgraph.graph.ir import Graph, Member, Repeat


def expert_parallel(graph: Graph, ranks: int, measure: Callable[[Expr], int]) -> Graph:
    """Return the network of one rank, which has some of the experts.

    Every rank sends its tokens to the experts that they choose, and gets as many where all are chosen equally often.

    Raises:
        QueryError: the ranks do not divide the experts.

    >>> from archgraph import load
    >>> g = load("mixtral").network
    >>> [member.experts for _, member in expert_parallel(g.graph, 4, g.evaluate).walk() if member.label == "mixture"]
    [E/4]
    """
    return _Shared(ranks, measure).graph(graph)


def check_experts(graph: Graph, ranks: int) -> None:
    """Refuse to share experts where there are none.

    Raises:
        QueryError: there are none.
    """
    if all(not isinstance(member, Repeat) or member.experts is None for _, member in graph.walk()):
        raise QueryError(f"ep={ranks} shares experts, and the network has none", hint="ep=1")


class _Shared:
    def __init__(self, ranks: int, measure: Callable[[Expr], int]) -> None:
        self.ranks, self.measure = ranks, measure
        self._bodies: dict[Graph, Graph] = {}

    def graph(self, graph: Graph) -> Graph:
        if graph not in self._bodies:
            self._bodies[graph] = replace(graph, nodes=tuple(map(self._member, graph.nodes)))
        return self._bodies[graph]

    def _member(self, member: Member) -> Member:
        if not isinstance(member, Repeat):
            return member
        body = self.graph(member.body)
        if member.experts is None:
            return replace(member, body=body)
        count = self.measure(member.experts)
        if count % self.ranks:
            raise QueryError(f"ep={self.ranks} does not divide the {count} experts", hint=f"ep: {divisors(count)}")
        return replace(member, body=body, experts=member.experts / self.ranks)


def divisors(count: int) -> str:
    """Return what divides a number, as a list to choose from.

    >>> divisors(12)
    '1, 2, 3, 4, 6, 12'
    """
    return ", ".join(str(number) for number in range(1, count + 1) if count % number == 0)
