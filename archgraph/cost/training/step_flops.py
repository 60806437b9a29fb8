"""The products of a training step: forward, backward for every factor that needs a gradient, and what is run again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from sympy import Add, Expr, Mul, ceiling

from archgraph.cost.memory.saved import asked_of
from archgraph.graph.execution import Execution, has_trained_weights, is_weight, needed_inside
from archgraph.graph.gradients import GradientFlow, GradientPaths
from archgraph.graph.ir import Graph, Member, Node, Repeat, Value
from archgraph.ops.attention import ScaledDotProductAttention
from archgraph.ops.base import Product, Saved
from archgraph.sizes.expansion import expanded
from archgraph.sizes.symbols import ONE, ZERO

Count = Callable[[Node, GradientPaths], Expr]


@dataclass
class StepProducts:
    """Multiply-accumulates of one sample's way there and back; bodies are counted once, whatever their count.

    >>> from archgraph import load
    >>> g = load("vit").at(D=48, L=2, heads=3, H=64, W=64)
    >>> found = StepProducts(Execution())
    >>> [2 * g.evaluate(law) for law in (found.forward(g.graph, g.selected), found.backward(g.graph, g.selected))]
    [3266688, 5353728]
    """

    execution: Execution
    early_stop: bool = True
    flow: GradientFlow = field(default_factory=GradientFlow)
    _known: dict[tuple, Expr] = field(default_factory=dict)

    def forward(self, graph: Graph, selected: tuple[Value, ...]) -> Expr:
        """Return the products of the way there."""
        return self._whole(graph, selected, _forward)

    def backward(self, graph: Graph, selected: tuple[Value, ...]) -> Expr:
        """Return the products of the backward pass, nothing computed again."""
        return self._whole(graph, selected, _backward)

    def again(self, graph: Graph, selected: tuple[Value, ...]) -> Expr:
        """Return the products that are computed a second time: of checkpoints, and of scores that a kernel drops."""
        return expanded(self._again(graph, self._paths(graph, selected), selected, ""))

    def causal(self, graph: Graph, selected: tuple[Value, ...]) -> Expr:
        """Return the products, there and back, of attention that is causal over all positions."""
        return self._whole(graph, selected, _causal)

    def _paths(self, graph: Graph, selected: tuple[Value, ...]) -> GradientPaths:
        return self.flow.of(*asked_of(graph, selected))

    def _whole(self, graph: Graph, selected: tuple[Value, ...], count: Count) -> Expr:
        return expanded(self._sum(graph, self._paths(graph, selected), selected, count))

    def _sum(self, graph: Graph, paths: GradientPaths, needed: tuple[Value, ...], count: Count) -> Expr:
        key = (graph, paths, needed, count)
        if key not in self._known:
            live = graph.live(needed)
            members = (member for member in graph.nodes if member in live)
            self._known[key] = expanded(Add(*(self._member(each, paths, graph, needed, count) for each in members)))
        return self._known[key]

    def _member(
        self, member: Member, paths: GradientPaths, graph: Graph, needed: tuple[Value, ...], count: Count
    ) -> Expr:
        if isinstance(member, Node):
            return count(member, paths)
        first, later = self.inside(member, paths)
        inside = inner_needed(member, graph, needed)
        rest = Mul(member.count - 1, self._sum(member.body, later, inside, count))
        return self._sum(member.body, first, inside, count) + rest if member.count != 0 else ZERO

    def inside(self, repeat: Repeat, paths: GradientPaths) -> tuple[GradientPaths, GradientPaths]:
        """Return where gradients flow in the first iteration, and in every later one."""
        wanted = self.flow.leaving(repeat, paths.wanted(repeat.outputs))
        first, later = (
            self.flow.of(repeat.body, flags, wanted) for flags in self.flow.entering(repeat, paths.flags(repeat.inputs))
        )
        return first, later

    # -- what is computed again --------------------------------------------------------------------------

    def _again(self, graph: Graph, paths: GradientPaths, needed: tuple[Value, ...], prefix: str) -> Expr:
        live = graph.live(needed)
        found: list[Expr] = []
        for member in graph.nodes:
            if member in live and paths.is_on_the_way_back(member):
                found.append(self._again_of(member, paths, inner_needed(member, graph, needed), prefix))
        return Add(*found)

    def _again_of(self, member: Member, paths: GradientPaths, inside: tuple[Value, ...], prefix: str) -> Expr:
        if isinstance(member, Node):
            scores = self._scores_again(member, paths)
            if not self.execution.again(member):
                return scores
            return _forward(member, paths) - (self._unmade(member, paths) or ZERO) + scores
        path = f"{prefix}{member.name}"
        first, later = self.inside(member, paths)
        length = self.execution.run(member, path)
        if length is None:
            rest = Mul(member.count - 1, self._again(member.body, later, inside, f"{path}."))
            return self._again(member.body, first, inside, f"{path}.") + rest
        # What stands inside of a checkpoint is not computed a third time, but kernels drop their scores there too.
        whole = Mul(member.count, self._sum(member.body, later, inside, _forward))
        scores = Mul(member.count, self._sum(member.body, later, inside, self._scores_again))
        return whole + scores - Mul(self._runs(member, length), self._tail(member.body, later, inside))

    @staticmethod
    def _runs(member: Repeat, length: Expr) -> Expr:
        return member.count if length == 1 else ceiling(member.count / length)

    def _tail(self, body: Graph, paths: GradientPaths, needed: tuple[Value, ...]) -> Expr:
        """Return what is not computed again behind the last value that is kept, as PyTorch stops there."""
        return self._unmade_of(body, paths, needed)[0] if self.early_stop else ZERO

    def _unmade_of(self, graph: Graph, paths: GradientPaths, needed: tuple[Value, ...]) -> tuple[Expr, bool]:
        """Return the products behind the last value that is kept, and whether there is one."""
        live, total = graph.live(needed), ZERO
        for member in reversed(graph.nodes):
            if member not in live:
                continue
            inside = inner_needed(member, graph, needed)
            if isinstance(member, Node):
                unmade = self._unmade(member, paths)
                if unmade is not None:
                    return total + unmade, True
                total += _forward(member, paths)
                continue
            later = self.inside(member, paths)[1]
            unmade, found = self._unmade_of(member.body, later, inside)
            if found:
                return total + unmade, True
            total += Mul(member.count, self._sum(member.body, later, inside, _forward))
        return total, False

    def _unmade(self, node: Node, paths: GradientPaths) -> Expr | None:
        """Return the products of a node behind what it keeps last; None where it keeps nothing."""
        if not self.early_stop:
            return ZERO
        if not paths.is_on_the_way_back(node) or not self._keeps(node, paths):
            return None
        if self._is_fused(node):
            return ZERO
        # The factors of a product are kept before it is computed.
        products = node.op.products(*node.types)
        return products[-1].macs if products else ZERO

    def _keeps(self, node: Node, paths: GradientPaths) -> bool:
        saved = self.execution.saved(node, paths.flowing)
        return (has_trained_weights(node) and not is_weight(node)) or saved != Saved(
            aliases=saved.aliases, joined=saved.joined
        )

    def _is_fused(self, node: Node) -> bool:
        attention = node.op.core
        if self.execution.kernel != "flash" or not isinstance(attention, ScaledDotProductAttention):
            return False
        return attention.written == "no"

    def _scores_again(self, node: Node, paths: GradientPaths) -> Expr:
        """Return the product of queries and keys where a fused kernel keeps no scores, and makes them again."""
        return node.op.products(*node.types)[0].macs if self._is_fused(node) else ZERO


def _forward(node: Node, paths: GradientPaths) -> Expr:
    return node.op.macs(*node.types)


def _backward(node: Node, paths: GradientPaths) -> Expr:
    if not paths.is_on_the_way_back(node):
        return ZERO
    trained = has_trained_weights(node)
    flows = tuple(value in paths.flowing for value in node.inputs)
    return Add(*(_factors(each, flows, trained=trained) * each.macs for each in node.op.products(*node.types)))


def _causal(node: Node, paths: GradientPaths) -> Expr:
    attention = node.op.core
    if not isinstance(attention, ScaledDotProductAttention) or not attention.causal or attention.span is not None:
        return ZERO
    return _forward(node, paths) + _backward(node, paths)


def _factors(product: Product, flows: tuple[bool, ...], *, trained: bool) -> Expr:
    """How many factors need a gradient."""
    first = any(flows[index] for index in product.first) or (product.weights and trained)
    second = any(flows[index] for index in product.second) if product.second else trained
    return (ONE if first else ZERO) + (ONE if second else ZERO)


def inner_needed(member: Member, graph: Graph, needed: tuple[Value, ...]) -> tuple[Value, ...]:
    """Return the outputs of a body that something reads; of an iterated one all, of a node none."""
    return () if isinstance(member, Node) else needed_inside(graph, needed, member)
