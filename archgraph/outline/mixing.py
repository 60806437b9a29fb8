"""Which operations combine positions, how, and how much of the work they do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import NamedTuple

from sympy import Expr

from archgraph.fields.report.extent import combines, few, tiles
from archgraph.fields.rules.fixed_weights import learned_values, mixing_kinds
from archgraph.graph.ir import Graph, Member, Node, Repeat, Value
from archgraph.graph.network import Network
from archgraph.ops.reach import Blocks, Reach, in_general
from archgraph.outline.wording import ShowSize, called, unstrided
from archgraph.sizes.types import TensorType


class Mixer(NamedTuple):
    """An operation that combines positions: the kind of its weights, its name, whether it only cuts into tiles."""

    kind: str
    name: str
    tiles: bool


def mixers(
    graph: Graph, count: Callable[[Expr], int], macs: Callable[[Node], float], show: ShowSize
) -> dict[Mixer, float]:
    """The MACs of everything that combines positions, by operation; every body is visited once."""
    known: dict[Graph, dict[Mixer, float]] = {}
    learned = learned_values(graph)

    def visit(body: Graph) -> dict[Mixer, float]:
        if body not in known:
            known[body] = {}
            for member in body.nodes:
                for key, cost in pairs(member):
                    known[body][key] = known[body].get(key, 0.0) + cost
        return known[body]

    def pairs(member: Member) -> list[tuple[Mixer, float]]:
        if isinstance(member, Repeat):
            times = float(count(member.count))
            return [(key, cost * times) for key, cost in visit(member.body).items()]
        mixing = [(kind, one) for kind, one, _ in mixing_kinds(member, learned) if kind != "none" and combines(one)]
        cost = macs(member) if mixing else 0.0
        kinds = dict.fromkeys(Mixer(kind, unstrided(called(member, show)), tiles(one)) for kind, one in mixing)
        return [(kind, cost) for kind in kinds]

    return visit(graph)


def by_kind(found: Mapping[Mixer, float]) -> dict[str, list[str]]:
    """Names by the kind of the weights, the most expensive first; tiles only where there is nothing else."""
    strong = {key: cost for key, cost in found.items() if not key.tiles} or found
    kinds: dict[str, list[str]] = {}
    for key in sorted(strong, key=lambda one: -strong[one]):
        names = kinds.setdefault(key.kind, [])
        names += [key.name] if key.name not in names else []
    return {kind: few(names) for kind, names in kinds.items()}


def learned_of(network: Network) -> frozenset[Value]:
    """What a network computes from weights alone: a product with it is no attention."""
    return network.once("learned values", lambda: learned_values(network.graph))


def kinds_of(member: Member, learned: frozenset[Value] = frozenset()) -> frozenset[str]:
    """The ways in which a member combines positions, where some values are known to be computed from no input."""
    if isinstance(member, Node):
        return frozenset(kind for kind, *_ in mixing_kinds(member, learned))
    return _inside(member.body, learned)


class Attended:
    """What members attend to by themselves: ``windows``, a window that is the ``whole`` of their operand, or ``far``.

    Every body is visited once. Weights among `learned` make no attention.
    """

    def __init__(self, number: Callable[[Expr], int], learned: frozenset[Value]) -> None:
        self._number, self._learned = number, learned
        self._known: dict[Graph, frozenset[str]] = {}

    def of(self, member: Member) -> frozenset[str]:
        """Return all of these that something in the member does."""
        if isinstance(member, Repeat):
            return self._inside(member.body)
        kinds = mixing_kinds(member, self._learned)
        return frozenset(self._kind(reach, value.type) for kind, reach, value in kinds if kind == "dynamic")

    def _inside(self, body: Graph) -> frozenset[str]:
        if body not in self._known:
            self._known[body] = frozenset(kind for node in body.nodes for kind in self.of(node))
        return self._known[body]

    def _kind(self, reach: Reach, operand: TensorType) -> str:
        said = ((axis, in_general(read)) for axis, read in reach.maps)
        windows = {axis: read.size for axis, read in said if isinstance(read, Blocks)}
        if not windows:
            return "far"
        covered = all(self._number(size) >= self._number(operand.size(axis)) for axis, size in windows.items())
        return "whole" if covered else "windows"


@lru_cache(maxsize=4096)
def _inside(body: Graph, learned: frozenset[Value]) -> frozenset[str]:
    return frozenset(kind for node in body.nodes for kind in kinds_of(node, learned))
