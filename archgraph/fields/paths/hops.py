"""How many moves a pixel is away from an output: the fewest on any path, for all pairs at once."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from functools import reduce
from itertools import accumulate, chain
from typing import TypeAlias

from archgraph.fields.paths.homes import Home, homes
from archgraph.fields.paths.moves import Edges, edges
from archgraph.fields.positions.probe import ReadBack
from archgraph.fields.sets.area import bits
from archgraph.fields.sets.limits import check_kept
from archgraph.graph.ir import Graph, Node, Value
from archgraph.sizes.exact import Evaluate

Reached: TypeAlias = tuple[int, ...]
"""Bit p of entry k says whether output p comes here by at most k moves; entries behind the last equal it."""
Arrivals: TypeAlias = tuple[Reached, ...]
"""What reaches every coordinate of a value."""


class Moves:
    """The graph of positions of a flat network along one axis of an input.

    Its vertices are the coordinates of values, its edges lead to what an operation reads. An edge is a move
    where the cells of its ends do not overlap; within a cell nothing is moved.

    Args:
        graph: without repeats.
        input: the input.
        axis: one of its axes.
        evaluate: gives the value of a size.
    """

    def __init__(self, graph: Graph, input: Value, axis: str, evaluate: Evaluate) -> None:
        self.graph = graph
        self.input = input
        self.homes: dict[Value, Home | None] = homes(graph, input, axis, evaluate)
        self._reader = ReadBack(evaluate)
        self._edges: dict[Hashable, dict[int, Edges]] = {}
        self._pulled: dict[int, tuple[Edges, Arrivals, Arrivals]] = {}

    def edges(self, node: Node, output: int) -> dict[int, Edges]:
        """Return the connections of one output of a node with every operand that it reads.

        Iterations of a repeat do the same on the same cells, and share them.
        """
        home, sources = self.homes[node.outputs[output]], tuple(self.homes[value] for value in node.inputs)
        key = (node.op, node.types, output, home, sources)
        if key not in self._edges:
            relations = self._reader.relations(node, output).items()
            self._edges[key] = {operand: edges(relation, sources[operand], home) for operand, relation in relations}
        return self._edges[key]

    def _pull(self, links: Edges, state: Arrivals) -> Arrivals:
        """Return `pulled`, once for the same objects: nothing is computed anew where iterations change no hops."""
        # Of every kind of connection the last one: all that a long network pulls would fill memory.
        known = self._pulled.get(id(links))
        if known is None or known[1] is not state:
            found = pulled(links, state)
            known = self._pulled[id(links)] = links, state, state if found == state else found
        return known[2]

    def states(self, output: Value, seed: Arrivals, *, keep: bool = False) -> dict[Value, Arrivals]:
        """Return what reaches the values of the network from an output.

        Args:
            output: the value to begin at.
            seed: the outputs that begin at each of its coordinates.
            keep: whether to keep what reaches values on the way, not only the input.
        """
        states = {output: seed}
        for node in reversed(self.graph.nodes):
            assert isinstance(node, Node)
            for index, value in enumerate(node.outputs):
                state = states.get(value) if keep else states.pop(value, None)
                if state is not None:
                    for operand, links in self.edges(node, index).items():
                        source = node.inputs[operand]
                        states[source] = joined(states.get(source), self._pull(links, state))
                        check_kept(sum(map(int.bit_length, chain.from_iterable(states[source]))))
        # Objects of this walk alone can come again.
        self._pulled.clear()
        return states


def joined(left: Arrivals | None, right: Arrivals) -> Arrivals:
    """Return what gets to a value on either way."""
    if left is None or left is right:
        return right
    both = tuple(either(a, b) for a, b in zip(left, right, strict=True))
    return left if both == left else right if both == right else both


def either(left: Reached, right: Reached) -> Reached:
    """Return what gets to a coordinate on either way."""
    if left == right or not right:
        return left
    if not left:
        return right
    longest = max(len(left), len(right))
    left += (left[-1],) * (longest - len(left))
    right += (right[-1],) * (longest - len(right))
    return _short(a | b for a, b in zip(left, right, strict=True))


def _short(masks: Iterable[int]) -> Reached:
    kept = list(masks)
    while len(kept) > 1 and kept[-1] == kept[-2]:
        kept.pop()
    return tuple(kept)


def _later(reached: Reached) -> Reached:
    """Return the same one move later."""
    return (0, *reached) if reached else reached


def _moved(links: Edges, state: Arrivals) -> list[Reached]:
    """Return what reaches every coordinate by a move of an operation that gathers all, or all up to its own."""
    if links.table is not None:
        return [()] * links.count
    if not links.causal:
        return [_later(reduce(either, state, ()))] * links.count
    return list(accumulate(map(_later, reversed(state)), either))[::-1]


def pulled(links: Edges, state: Arrivals) -> Arrivals:
    """Return what reaches the coordinates of an operand from those of an output."""
    result = _moved(links, state)
    for x, reached in enumerate(state):
        if not reached:
            continue
        still = links.still[x]
        read = still if links.table is None else links.table[x]
        for target in bits(read & still):
            result[target] = either(result[target], reached)
        later = _later(reached) if read & ~still else ()
        for target in bits(read & ~still):
            result[target] = either(result[target], later)
    return tuple(result)
