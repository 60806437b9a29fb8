"""What a module returns, in its graph: values under the names of their places."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from archgraph.errors import ArchgraphError
from archgraph.graph.ir import Graph, Value
from archgraph.pytorch.trace.recording.recording import Recording

if TYPE_CHECKING:
    from torch import nn


def refuse_idle(module: nn.Module, recording: Recording) -> None:
    """Refuse a module that gives nothing that it computes.

    Raises:
        ArchgraphError: it returns no tensor, or only what it was given.
    """
    name = type(module).__name__
    if not recording.outputs:
        raise ArchgraphError(f"{name} returns no tensor", hint="return what it computes, in a tuple, list or mapping")
    if all(node.kind == "input" for node in recording.outputs.values()):
        raise ArchgraphError(f"{name} returns its input as it is", hint="trace the part that computes something")


def with_names(graph: Graph, outputs: Mapping[str, Value]) -> tuple[Graph, dict[str, Value]]:
    """Return a graph whose outputs are called by their places, and them by name; one value may have several names.

    What is returned alone, without a name of its own, is called by the operation that makes it.
    """
    fresh: dict[Value, Value] = {value: value for value in graph.inputs}
    named: dict[str, Value] = {}
    for place, value in outputs.items():
        name = value.name if place == "output" else place
        named[name] = fresh.setdefault(value, Value(value.type, name))
    members = tuple(
        replace(
            member,
            inputs=tuple(fresh.get(v, v) for v in member.inputs),
            outputs=tuple(fresh.get(v, v) for v in member.outputs),
        )
        for member in graph.nodes
    )
    return Graph(graph.inputs, members, tuple(dict.fromkeys(named.values()))), named
