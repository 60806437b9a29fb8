"""Which input and which output of a network a comparison is about."""

from __future__ import annotations

from archgraph.errors import QueryError
from archgraph.graph.ir import Value
from archgraph.graph.network import Network
from archgraph.outline.forms.network_outline import network_outline
from archgraph.outline.items import Flow, flow_of
from archgraph.outline.structure import end_of, entry_of


def main_flow(g: Network) -> Flow:
    """Return what the selected outputs need, in topological order.

    Where the network is a U, blocks that join its levels are open, however they are written.
    """
    return g.once("main flow", lambda: network_outline(g).flow if _is_u(g) else flow_of(g.graph, g.selected))


def _is_u(g: Network) -> bool:
    return any(len({row.level for row in u.rows}) > 1 for u in network_outline(g).us)


def main_input(g: Network) -> Value:
    """Return the input that the network is about: where its main line starts.

    Raises:
        QueryError: it has no positions.

    >>> from archgraph import load
    >>> main_input(load("sd").network).name
    'latent'
    """
    entry = entry_of(main_flow(g))
    if entry is None or not entry.type.positions:
        raise QueryError("no input has positions")
    return entry


def main_output(g: Network) -> Value:
    """Return the output where the main line ends: the one with the finest positions.

    >>> from archgraph import load
    >>> main_output(load("dit").network).name
    'noise_and_variance'
    """
    return end_of(main_flow(g))
