"""Which operations combine positions, how, and how much of the work they do."""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import NamedTuple

from sympy import Expr

from archgraph.backend.reach import combines, few, tiles
from archgraph.backend.wording import Show, called, unstrided
from archgraph.ir import Graph, Member, Node, Repeat
from archgraph.ops.reach import Blocks, Reach


class Mixer(NamedTuple):
    """An operation that combines positions: the kind of its weights, its name, whether it only cuts into tiles."""

    kind: str
    name: str
    tiles: bool


def mixers(graph: Graph, count: Callable[[Expr], int], macs: Callable[[Node], float], show: Show) -> dict[Mixer, float]:
    """The MACs of everything that combines positions, by operation; every body is visited once."""
    known: dict[Graph, dict[Mixer, float]] = {}

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
        mixing = [one for one in member.op.reach(*member.types) if one.mixing != "none" and combines(one)]
        cost = macs(member) if mixing else 0.0
        kinds = dict.fromkeys(Mixer(one.mixing, unstrided(called(member, show)), tiles(one)) for one in mixing)
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


def kinds_of(member: Member) -> frozenset[str]:
    """The ways in which a member combines positions: that of each reach, ``windows`` for dynamic ones in windows."""
    if isinstance(member, Node):
        return frozenset(_kind(reach) for reach in member.op.reach(*member.types))
    return _inside(member.body)


def _kind(reach: Reach) -> str:
    windowed = any(isinstance(read, Blocks) for _, read in reach.maps)
    return "windows" if windowed and reach.mixing == "dynamic" else reach.mixing


@lru_cache(maxsize=4096)
def _inside(body: Graph) -> frozenset[str]:
    return frozenset(kind for node in body.nodes for kind in kinds_of(node))
