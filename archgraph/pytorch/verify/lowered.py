"""What a lowered module tells a measurement: where the channels of a product are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archgraph.graph.ir import Graph
from archgraph.pytorch.lower.lower import leaves
from archgraph.pytorch.measure.structure import Channel

if TYPE_CHECKING:
    from torch import nn


def channels(graph: Graph, module: nn.Module) -> Channel:
    """Return a function that says which axis of a product of a lowered graph holds the channels."""
    paths = {leaf: path for path, leaf in module.named_modules()}
    known: dict[str, int] = {}
    for _, node, leaf in leaves(graph, module):
        names = node.outputs[0].type.names
        known[paths[leaf]] = names.index("c") + 1 if "c" in names else 0

    def channel(node: Any) -> int:
        inside = [path for path, _ in (node.meta.get("nn_module_stack") or {}).values()]
        return next((known[path] for path in reversed(inside) if path in known), 0)

    return channel
