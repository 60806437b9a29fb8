"""Single nodes of two states of a network, matched by their paths."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Literal, TypeAlias

from archgraph.cost.costs import CostRow, metric_named
from archgraph.cost.part import whole_part
from archgraph.graph.ir import Graph, Repeat, Value
from archgraph.graph.network import Network
from archgraph.sizes.law_text import law_text

NODE_METRICS = ("params", "macs")
"""The metrics by which nodes and groups of them are compared."""
Fate: TypeAlias = Literal["gone", "new", "changed"]


@dataclass(frozen=True)
class MetricChange:
    """One metric before and after.

    Attributes:
        subject: what the metric is about: empty for the whole network, else a node or a group.
        metric: its name.
        before, after: the values, None if the subject exists only on the other side.
        at_least: whether a value is a bound, because operators without a rule are missing from it.
    """

    subject: str
    metric: str
    before: int | None
    after: int | None
    at_least: bool = False

    @property
    def same(self) -> bool:
        """Whether nothing changed."""
        return self.before == self.after

    @property
    def by(self) -> int:
        """How much more there is afterwards."""
        return (self.after or 0) - (self.before or 0)


@dataclass(frozen=True)
class NodeChange:
    """A node that is gone, new, or another than before under the same path.

    Attributes:
        path: its dotted path.
        what: which of these.
        before, after: the operation in words, with what the other one lacks; empty if there is none.
        changes: its metrics.
    """

    path: str
    what: Fate
    before: str
    after: str
    changes: tuple[MetricChange, ...]


@dataclass(frozen=True)
class PlacedNode:
    """A node with its costs, and what it says of itself: operation, arguments, operands, shape."""

    row: CostRow
    facts: Mapping[str, str]


def nodes_of(g: Network) -> Mapping[str, PlacedNode]:
    """Return the primitive nodes by path, of a network whose symbols are numbers."""
    reads = dict(_operands(g.graph, "", {value: value.name for value in g.graph.inputs}))
    return {row.path: PlacedNode(row, _facts(row, reads[row.path])) for row in whole_part(g).rows()}


def _operands(graph: Graph, prefix: str, names: Mapping[Value, str]) -> Iterator[tuple[str, str]]:
    """Yield every node's path, and who makes what it reads; what enters a block has its name outside."""
    known = dict(names)
    for member in graph.nodes:
        path = f"{prefix}{member.name}"
        operands = [known[value] for value in member.inputs]
        many = len(member.outputs) > 1
        known |= {value: f"{path}[{n}]" if many else path for n, value in enumerate(member.outputs)}
        if isinstance(member, Repeat):
            yield from _operands(member.body, f"{path}.", dict(zip(member.body.inputs, operands, strict=True)))
        else:
            yield path, ", ".join(operands)


def _facts(row: CostRow, operands: str) -> Mapping[str, str]:
    arguments = {item.name: law_text(getattr(row.node.op, item.name)) for item in fields(row.node.op)}
    shape = ", ".join(f"{axis}: {law_text(length)}" for axis, length in row.type.axes)
    return {"op": row.node.label, **arguments, "of": operands, "shape": f"{{{shape}}}"}


def node_change(path: str, before: PlacedNode | None, after: PlacedNode | None) -> NodeChange | None:
    """Return what became of a node, None where it is the same."""
    sizes = zip(NODE_METRICS, sizes_of(before), sizes_of(after), strict=True)
    changes = tuple(MetricChange(path, name, old, new) for name, old, new in sizes)
    if before and after and before.facts == after.facts and all(change.same for change in changes):
        return None
    what: Fate = "new" if before is None else "gone" if after is None else "changed"
    return NodeChange(path, what, _told(before, after), _told(after, before), changes)


def sizes_of(node: PlacedNode | None) -> tuple[int | None, ...]:
    """Return the metrics of a node."""
    return tuple(None if node is None else int(node.row.cost(metric_named(name))) for name in NODE_METRICS)


def _told(node: PlacedNode | None, other: PlacedNode | None) -> str:
    """A node in words, with those of its arguments and operands that the other one has not."""
    if node is None:
        return ""
    facts, others = node.facts, other.facts if other else {}
    alike = facts["op"] == others.get("op")
    own = [f"{name} {facts[name]}" for name in facts if name not in ("op", "shape") and facts[name] != others.get(name)]
    return " ".join([facts["op"], *([", ".join(own)] if alike and own else []), facts["shape"]])
