"""Whether the saved bytes of a traced module are those that autograd keeps of it, at the sizes of its trace."""

from __future__ import annotations

from weakref import WeakKeyDictionary

from archgraph.cost.memory.memory import Memory
from archgraph.cost.memory.setting import Setting
from archgraph.graph.ir import Graph, Node
from archgraph.graph.network import Network
from archgraph.pytorch.verify.original import kept_by_module
from archgraph.sizes.symbols import evaluate

_KNOWN: WeakKeyDictionary[Graph, str] = WeakKeyDictionary()
"""What was found of a graph: the module is run on shapes once, whatever is asked of its network."""


def saved_doubt(network: Network) -> str:
    """Return why the saved bytes of a network are not exact, or nothing.

    A traced module is run once more on shapes, and asked what autograd keeps. That takes as long as its trace, so it is
    done when somebody asks. A spec says itself what is kept.

    >>> from archgraph import load
    >>> saved_doubt(load("unet").network)
    ''
    """
    if network.origin.module is None:
        return ""
    if network.graph not in _KNOWN:
        _KNOWN[network.graph] = _doubt(network)
    return _KNOWN[network.graph]


def _doubt(network: Network) -> str:
    if network.origin.gaps:
        return "operators without a rule keep what is not counted"
    kept = kept_by_module(network.origin.module, network.origin.example)
    if kept is None:
        return "PyTorch cannot be asked what it keeps of this module, which needs values or a device"
    law = Memory(network.graph, network.graph.outputs, Setting("training", own=network.floating)).saved
    said = evaluate(law, network.origin.traced_at)
    if said != kept:
        return f"{said:,} bytes at the sizes of the trace, of which PyTorch keeps {kept:,}"
    roomy = next(
        (node.name for _, node in network.graph.walk() if isinstance(node, Node) and _has_room(node, network)), ""
    )
    return f"the result of '{roomy}' lies in memory as large as its operand, as its kernel makes it" if roomy else ""


def _has_room(node: Node, network: Network) -> bool:
    """Whether a result lies in more memory than it needs, which no pass on shapes shows."""
    place = node.op.in_room_of(*node.types)
    if place is None:
        return False
    needed, made = (kind.numel for kind in (node.outputs[0].type, node.types[place]))
    return evaluate(needed, network.origin.traced_at) < evaluate(made, network.origin.traced_at)
