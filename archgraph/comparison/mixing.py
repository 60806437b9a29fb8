"""What combines positions in a network, and by how much of its work."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from archgraph.cost.part import whole_part
from archgraph.graph.ir import Node
from archgraph.graph.network import Network
from archgraph.outline.mixing import Mixer, by_kind, mixers
from archgraph.outline.wording import brief


@dataclass(frozen=True)
class MixingShares:
    """The operations that combine positions, those with the most MACs first, and their shares of the MACs."""

    shares: Mapping[Mixer, float]

    def of(self, kind: str) -> list[tuple[Mixer, float]]:
        """Return the operations whose weights are of one kind: `static`, or `dynamic` if the input computes them."""
        return [(mixer, share) for mixer, share in self.shares.items() if mixer.kind == kind]

    @property
    def text(self) -> str:
        """Which they are by the kind of their weights; cutting into tiles only where there is nothing else."""
        kinds = by_kind(self.shares)
        return "; ".join(f"{', '.join(names)} ({kind} weights)" for kind, names in kinds.items() if names) or "none"


def mixing(g: Network) -> MixingShares:
    """Return the operations of a network that combine positions.

    >>> from archgraph import load
    >>> mixing(load("dit").network).text
    'attention (dynamic weights)'
    """
    return g.once("mixing", lambda: _mixing(g))


def _mixing(g: Network) -> MixingShares:
    total = int(whole_part(g.at()).macs) or 1

    def macs(node: Node) -> float:
        return g.evaluate(node.op.macs(*node.types)) / total

    found = mixers(g.graph, g.evaluate, macs, lambda size: brief(g, size))
    return MixingShares(dict(sorted(found.items(), key=lambda item: -item[1])))
