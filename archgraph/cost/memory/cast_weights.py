"""The copies of weights in half precision that autograd keeps under autocast: one of each, whatever the batch."""

from __future__ import annotations

from dataclasses import dataclass, field

from sympy import Add, Expr

from archgraph.cost.memory.autocast import is_cast_weight
from archgraph.graph.execution import Execution
from archgraph.graph.gradients import GradientFlow, GradientPaths
from archgraph.graph.ir import Graph, Member, Node, Repeat
from archgraph.graph.weights import weights_of
from archgraph.ops.convolution import Conv, ConvTranspose
from archgraph.sizes.expansion import expanded
from archgraph.sizes.symbols import ZERO

_HALF_BYTES = 2
_NEEDS_BOTH = Conv, ConvTranspose
"""Operations whose factors are kept together, whichever of them needs a gradient."""


@dataclass
class CastWeights:
    """Sums the copies over a graph as autocast runs it.

    >>> from archgraph import load
    >>> from archgraph.cost.memory.autocast import autocast
    >>> from archgraph.cost.memory.saved import asked_of
    >>> g = load("conv_stack").network
    >>> graph = autocast(g.graph, "gpu")
    >>> found = CastWeights(Execution())
    >>> g.show(found.total(graph, found.flow.of(*asked_of(graph, graph.outputs))))
    2*C**2*K**2*L
    """

    execution: Execution
    flow: GradientFlow = field(default_factory=GradientFlow)

    def total(self, graph: Graph, paths: GradientPaths) -> Expr:
        """Return the bytes of all copies that are kept, given where gradients flow."""
        return expanded(self._sum(graph, paths, ""))

    def _sum(self, graph: Graph, paths: GradientPaths, prefix: str) -> Expr:
        counted: set[str | None] = set()
        found: list[Expr] = []
        for member in graph.nodes:
            if member.share in counted or not paths.is_on_the_way_back(member):
                continue
            size = self._member(member, paths, prefix)
            found.append(size)
            # A copy is made once of weights that several have, by the first of them that keeps it.
            counted |= {member.share} - {None} if size != 0 else set()
        return Add(*found)

    def _member(self, member: Member, paths: GradientPaths, prefix: str) -> Expr:
        if isinstance(member, Node):
            return self._node(member, paths)
        path = f"{prefix}{member.name}"
        if self.execution.run(member, path) is not None:
            return ZERO
        first, later = self._iterations(member, paths, path)
        sets = member.weight_sets
        return later if sets == 1 and not member.once else first + (sets - 1) * later

    def _iterations(self, repeat: Repeat, paths: GradientPaths, path: str) -> tuple[Expr, Expr]:
        wanted = self.flow.leaving(repeat, paths.wanted(repeat.outputs))
        entering = self.flow.entering(repeat, paths.flags(repeat.inputs))
        first, later = (self._sum(repeat.body, self.flow.of(repeat.body, f, wanted), f"{path}.") for f in entering)
        return first, later

    def _node(self, node: Node, paths: GradientPaths) -> Expr:
        kept = isinstance(node.op.core, _NEEDS_BOTH) or (node.inputs[:1] and node.inputs[0] in paths.flowing)
        if not is_cast_weight(node) or not kept or self.execution.again(node):
            return ZERO
        return _HALF_BYTES * weights_of(node)["weight"].numel
