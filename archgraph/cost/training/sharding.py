"""What one of several ranks holds: states dealt out, or rows of every weight, as PyTorch does it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from heapq import heapify, heapreplace

from sympy import Add, Expr, ceiling

from archgraph.cost.costs import Costs, Metric
from archgraph.cost.memory.ledger import Measure
from archgraph.cost.memory.memory import Memory
from archgraph.cost.memory.optimizer_step import trained_of, unshared
from archgraph.cost.memory.optimizers import OPTIMIZERS
from archgraph.cost.memory.states import last_layers, state_of, trained
from archgraph.graph.ir import Graph, Member, Node, Repeat
from archgraph.graph.weights import weights_of
from archgraph.ops.base import Weight
from archgraph.sizes.expansion import expanded
from archgraph.sizes.symbols import ONE, ZERO


def rows(weight: Weight, ranks: int) -> Weight:
    """Return the rows of a weight that the first rank stores, which is what every rank stores with its padding.

    >>> from archgraph.sizes.symbols import size
    >>> rows(Weight((size(10), size(3))), 4).shape
    (3, 3)
    """
    if not weight.shape:
        return weight
    first, *rest = weight.shape
    return replace(weight, shape=(ceiling(first / ranks), *rest))


@dataclass(frozen=True)
class Shards:
    """Laws of the first rank, which holds the most, where rows of every weight are shared (FSDP).

    Attributes:
        weights: of its rows, and of buffers, which every rank has.
        gradients: of the rows that are trained.
        states: of an optimiser on those.
        largest: the largest group that is gathered at once, whole: an iteration of a repeat, or the rest.
        rest: the group of everything that is in no repeat, which stays once it is gathered.
    """

    weights: Expr
    gradients: Expr
    states: Expr
    largest: Expr
    rest: Expr


def shards(memory: Memory, ranks: int, expert_ranks: int) -> Shards:
    """Return what the first of some ranks holds.

    Args:
        memory: of what a rank runs, with its share of the experts.
        ranks: that share all else.
        expert_ranks: those of them that have the same experts, and share these.
    """
    graph, setting = memory.graph, memory.setting
    optimizer, precision = OPTIMIZERS[setting.optimizer], setting.precision
    last, others = last_layers(graph), _without_experts(graph)

    def shared(of: Callable[[Node, int], Expr]) -> Expr:
        everything, rest = (_sum(each, lambda node: of(node, expert_ranks)) for each in (graph, others))
        return _sum(others, lambda node: of(node, ranks)) + everything - rest

    def states(node: Node, count: int) -> Expr:
        weights = trained(node, precision.states, last, memory.measure)
        own = (replace(each, weight=rows(each.weight, count)) for each in weights)
        return Add(*(state_of(optimizer, precision, each) for each in own))

    def scalars(*kinds: str) -> Callable[[Node, int], Expr]:
        return lambda node, count: Add(*(rows(each, count).numel for each in _weights_of(node) if each.kind in kinds))

    series = list(_series(graph, ONE, memory.measure))
    whole = [_parameters(body) for body, _ in series]
    rest = expanded(_parameters(graph) - Add(*(each * sets for each, (_, sets) in zip(whole, series, strict=True))))
    largest = max([rest, *whole], key=memory.measure)
    return Shards(
        expanded(precision.weights * shared(scalars("trainable", "frozen")) + memory.buffers),
        expanded(precision.gradients * shared(scalars("trainable"))),
        expanded(shared(states) + optimizer.once),
        precision.values * largest,
        precision.values * rest,
    )


def _weights_of(node: Node) -> Collection[Weight]:
    return weights_of(node).values()


def _sum(graph: Graph, of: Callable[[Node], Expr]) -> Expr:
    return Costs(graph).sum(Metric("shared", of, "of every weight", True))


def _without_experts(graph: Graph) -> Graph:
    """Return the same graph, whose mixtures have no sets of weights."""
    known: dict[Graph, Graph] = {}

    def bare(inside: Graph) -> Graph:
        if inside not in known:
            known[inside] = replace(inside, nodes=tuple(map(bare_member, inside.nodes)))
        return known[inside]

    def bare_member(member: Member) -> Member:
        if isinstance(member, Node):
            return member
        experts = None if member.experts is None else ZERO
        return replace(member, body=bare(member.body), experts=experts)

    return bare(graph)


def _parameters(graph: Graph) -> Expr:
    return Costs(graph).total("params")


def _series(graph: Graph, times: Expr, measure: Measure) -> Iterator[tuple[Graph, Expr]]:
    """Yield the bodies of the outermost repeats, and how many sets of weights each has."""
    for member in graph.nodes:
        if not isinstance(member, Repeat):
            continue
        if member.experts is not None:
            continue
        if measure(member.count) == 1:
            yield from _series(member.body, times, measure)
        else:
            yield member.body, times * member.weight_sets


def dealt(graph: Graph, ranks: int, measure: Measure) -> list[Expr]:
    """Return the scalars of trained weights whose states each rank keeps, as PyTorch deals out whole tensors.

    The largest goes to the rank that has least so far.
    """
    sizes: list[tuple[int, Expr]] = [(measure(law), law) for law in every_weight(graph, measure)]
    order = sorted(sizes, key=lambda item: -item[0])
    heap = [(0, rank) for rank in range(ranks)]
    heapify(heap)
    found: list[list[Expr]] = [[] for _ in range(ranks)]
    for size, law in order:
        total, rank = heap[0]
        heapreplace(heap, (total + size, rank))
        found[rank].append(law)
    return [expanded(Add(*laws)) for laws in found]


def every_weight(graph: Graph, measure: Measure) -> Iterator[Expr]:
    """Yield the scalars of every trained weight tensor, in the order of a module's parameters."""
    for member in unshared(graph):
        if isinstance(member, Node):
            yield from (weight.numel for weight in trained_of(member))
        else:
            inside = list(every_weight(member.body, measure))
            yield from inside * measure(member.weight_sets)
