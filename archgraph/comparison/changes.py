"""What changed between two states of a network: totals, laws, symbols, fields and nodes, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from archgraph.comparison.field_changes import FieldChange, field_changes
from archgraph.comparison.node_changes import NODE_METRICS, MetricChange, NodeChange, node_change, nodes_of, sizes_of
from archgraph.cost.levels import group_in
from archgraph.cost.part import whole_part
from archgraph.errors import ArchgraphError
from archgraph.graph.network import Network
from archgraph.keywords import strict_methods
from archgraph.sizes.law_text import law_text

CHANGED_METRICS = ("params", "macs", "flops", "activations", "saved_bytes")
"""The metrics of changes: what is computed, how much it leaves, and the bytes of it that autograd keeps."""

NO_COMMON_NODE = "no node of one stands in the other: these are two networks, not two states of one"


@strict_methods
@dataclass(frozen=True)
class Changes:
    """Two states of a network, each at its own defaults.

    Attributes:
        before, after: the states.
        doubted: metrics that differ from what PyTorch says of a traced module; they are left out.

    >>> from archgraph import load
    >>> found = Changes(load("dit:S/2").network, load("dit:B/2").network)
    >>> [(change.metric, change.before, change.after) for change in found.totals[:1]]
    [('params', 32963360, 130512416)]
    >>> found.symbols
    {'D': (384, 768), 'heads': (6, 12)}
    """

    before: Network
    after: Network
    doubted: frozenset[str] = frozenset()

    @property
    def networks(self) -> tuple[Network, Network]:
        """Both states."""
        return self.before, self.after

    @cached_property
    def unrelated(self) -> str:
        """Why these are two networks and no two states of one; empty where they share a node.

        >>> from archgraph import load
        >>> Changes(load("unet").network, load("dit").network).unrelated
        'no node of one stands in the other: these are two networks, not two states of one'
        """
        before, after = (
            {(path, node.row.node.op.kind) for path, node in nodes_of(g.bound()).items()} for g in self.networks
        )
        return "" if before & after else NO_COMMON_NODE

    @cached_property
    def totals(self) -> tuple[MetricChange, ...]:
        """Every metric of the whole network."""
        return tuple(self._total(name, *self.networks) for name in CHANGED_METRICS)

    @cached_property
    def laws(self) -> Mapping[str, tuple[str, str]]:
        """The laws that read differently, by metric."""
        both = {name: tuple(law_text(_law(g, name)) for g in self.networks) for name in CHANGED_METRICS}
        return {name: (before, after) for name, (before, after) in both.items() if before != after}

    @cached_property
    def symbols(self) -> Mapping[str, tuple[object, object]]:
        """The symbols whose default changed, before and after; None if there is no such symbol."""
        before, after = (g.defaults for g in self.networks)
        both = {name: (before.get(name), after.get(name)) for name in (*before, *after)}
        return {name: (old, new) for name, (old, new) in both.items() if old != new}

    @cached_property
    def at_old_defaults(self) -> tuple[MetricChange, ...] | str:
        """The totals with the old defaults on both sides, or why there are none; empty if no default changed."""
        kept = {name: old for name, (old, new) in self.symbols.items() if None not in (old, new)}
        kept = {name: old for name, old in kept.items() if not self.after.declared.is_derived(name)}
        if not kept:
            return ()
        try:
            after = self.after.at(**kept)
        except ArchgraphError as error:
            return error.message
        return tuple(self._total(name, self.before, after) for name in CHANGED_METRICS)

    def _total(self, metric: str, before: Network, after: Network) -> MetricChange:
        if metric in self.doubted:
            return MetricChange("", metric, None, None)
        first, second = (int(whole_part(g.at()).metric(metric)) for g in (before, after))
        bound = metric != "params" and any(g.origin.gaps for g in (before, after))
        return MetricChange("", metric, first, second, bound)

    @cached_property
    def fields(self) -> tuple[FieldChange, ...]:
        """The receptive field of every output on every input with positions, before and after."""
        return field_changes(*self.networks)

    def groups(self, by: str) -> tuple[MetricChange, ...]:
        """Return the metrics of every group of nodes.

        Raises:
            QueryError: an unknown grouping.

        >>> from archgraph import load
        >>> found = Changes(load("dit:S/2").network, load("dit:B/2").network)
        >>> [(change.subject, change.by) for change in found.groups("op") if change.metric == "params"][0]
        ('conv', 6528)
        """
        before, after = (_grouped(g.bound(), by) for g in self.networks)
        bound = any(g.origin.gaps for g in self.networks)
        return tuple(
            MetricChange(group, name, before.get(group, {}).get(name), after.get(group, {}).get(name), bound)
            for group in dict.fromkeys((*before, *after))
            for name in NODE_METRICS
        )

    @cached_property
    def nodes(self) -> tuple[NodeChange, ...]:
        """The nodes that are not the same under the same path, the largest changes first."""
        before, after = (nodes_of(g.bound()) for g in self.networks)
        changes = (node_change(path, before.get(path), after.get(path)) for path in dict.fromkeys((*before, *after)))
        whole = {change.metric: max(change.before or 0, change.after or 0, 1) for change in self.totals}

        def weight(node: NodeChange) -> float:
            return max(abs(change.by) / whole[change.metric] for change in node.changes)

        return tuple(sorted(filter(None, changes), key=weight, reverse=True))


def _law(g: Network, metric: str) -> object:
    return whole_part(g.symbolic()).metric(metric)


def _grouped(g: Network, by: str) -> Mapping[str, dict[str, int]]:
    key_of = group_in(g, by)
    found: dict[str, dict[str, int]] = {}
    for node in nodes_of(g).values():
        group = found.setdefault(key_of(node.row), dict.fromkeys(NODE_METRICS, 0))
        for name, size in zip(NODE_METRICS, sizes_of(node), strict=True):
            group[name] += size or 0
    return found
