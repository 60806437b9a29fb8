"""How other tools count an operation: their rules, as data."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from sympy import Add, Expr, Mul

from archgraph.cost.costs import METRICS, CostRow
from archgraph.data import table
from archgraph.errors import not_among
from archgraph.graph.ir import Node
from archgraph.graph.weights import weights_of
from archgraph.keywords import strict_methods
from archgraph.sizes.symbols import ZERO, product

Counts = Mapping[str, int]
"""How often each quantity counts."""


def _output_macs(node: Node) -> Expr:
    return product((weights_of(node)["weight"].numel, node.outputs[0].type.area))


def _outputs(node: Node) -> Expr:
    return Add(*(value.type.numel for value in node.outputs))


def _inputs(node: Node) -> Expr:
    return node.types[0].numel


def _affine(node: Node) -> Expr:
    return _inputs(node) if getattr(node.op, "affine", False) else ZERO


def _bias(node: Node) -> Expr:
    return _outputs(node) if getattr(node.op, "bias", False) else ZERO


def _weights(node: Node) -> Expr:
    weights = weights_of(node).values()
    return Add(*(weight.numel for weight in weights if weight.kind != "buffer"))


def _weights_at_outputs(node: Node) -> Expr:
    return product((_weights(node), node.outputs[0].type.area))


def _rows(node: Node) -> Expr:
    return product((_inputs(node), 1 / node.types[0].size(getattr(node.op, "axis", "c"))))


QUANTITIES: Mapping[str, Callable[[Node], Expr]] = {
    "macs": METRICS["macs"].of,
    "output_macs": _output_macs,
    "outputs": _outputs,
    "inputs": _inputs,
    "affine": _affine,
    "bias": _bias,
    "weights": _weights,
    "weights_at_outputs": _weights_at_outputs,
    "rows": _rows,
}


def labels(node: Node) -> tuple[str, ...]:
    """Return what rules a node may have, the most special first."""
    kind, rank = node.op.kind, len(node.types[0].positions) if node.types else 0
    mode = getattr(node.op, "mode", "")
    return (f"{kind} {mode} {rank}d", f"{kind} {rank}d", kind)


@strict_methods
@dataclass(frozen=True)
class Tool:
    """The counting rules of a tool.

    Attributes:
        prints: the name it gives its number.
        factor: what it prints, over the sum of its counts.
        source: where the rules stand.
        counts: per operation; an operation that is missing counts nothing.
        functional: other counts of operations that are not modules of torch's own classes.
        why: in words, per operation.
        notes: what else its number depends on.
    """

    name: str
    prints: str
    factor: int
    source: str
    counts: Mapping[str, Counts]
    functional: Mapping[str, Counts]
    why: Mapping[str, str]
    notes: tuple[str, ...]

    def rule(self, node: Node, functional: Collection[str] = ()) -> Counts:
        """Return the counts of an operation."""
        if node.op.kind in functional and node.op.kind in self.functional:
            return self.functional[node.op.kind]
        return next((self.counts[label] for label in labels(node) if label in self.counts), {})

    def count(self, row: CostRow, functional: Collection[str] = ()) -> Expr:
        """Return what it counts for a node, all repetitions together.

        >>> from archgraph import load
        >>> g = load("transformer")
        >>> row = next(row for row in g.rows() if row.node.op.kind == "gelu")
        >>> g.show(tool("ptflops").count(row)), g.show(tool("ptflops").count(row, ["gelu"]))
        (8*D*L*N, 4*D*L*N)
        """
        if not row.alive:
            return ZERO
        rule = self.rule(row.node, functional)
        return Mul(row.times, Add(*(times * QUANTITIES[name](row.node) for name, times in rule.items())))


def tool(name: str) -> Tool:
    """Return a tool by its name in the table.

    Raises:
        QueryError: there is none of that name.
    """
    known = table("tools")
    if name not in known:
        raise not_among("tool", name, known)
    found = known[name]
    return Tool(**{**found, "notes": tuple(found["notes"])})
