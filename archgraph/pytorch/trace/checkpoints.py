"""Regions of a recording that are computed again in the backward pass, as scopes of the graph."""

from __future__ import annotations

from collections.abc import Sequence

from archgraph.pytorch.trace.builder import Stack
from archgraph.pytorch.trace.recording.node import RecordedNode

ScopeEntry = tuple[str, str, str]


class Checkpoints:
    """Which scopes are checkpoints: the calls of modules that a region holds, else a scope that is made for it.

    A region runs from its first step to its last, so that regions inside of it are found. Of a region in which the
    user chooses what is kept nothing is said: it counts as if all were kept, which is a bound.

    Attributes:
        keys: of the scopes that are checkpoints.
    """

    def __init__(self, nodes: Sequence[RecordedNode]) -> None:
        self.keys: set[str] = set()
        self._made: dict[RecordedNode, list[tuple[int, ScopeEntry]]] = {}
        spans: dict[int, list[int]] = {}
        for place, node in enumerate(nodes):
            if node.gradients.region is not None and not node.gradients.region.selective:
                spans.setdefault(node.gradients.region.number, []).append(place)
        # An outer region is entered, and so numbered, before what is inside of it.
        for number, places in sorted(spans.items()):
            self._place(number, nodes, places[0], places[-1] + 1)

    def _place(self, number: int, nodes: Sequence[RecordedNode], start: int, stop: int) -> None:
        members = nodes[start:stop]
        around = common_scope([node.stack for node in members])
        outside = {entry[0] for node in (*nodes[:start], *nodes[stop:]) for entry in node.stack}
        if around and around[-1][0] not in outside and around[-1][0] not in self.keys:
            self.keys.add(around[-1][0])
            return
        path = f"{around[-1][1]}.checkpoint" if around else "checkpoint"
        entry = (f"checkpoint {number}", path, "Checkpoint")
        self.keys.add(entry[0])
        for node in members:
            self._made.setdefault(node, []).append((len(around), entry))

    def stack(self, node: RecordedNode) -> Stack:
        """Return the scopes around a node, outermost first."""
        stack: list[ScopeEntry] = list(node.stack)
        # Of two regions in one place the later one stands inside, so that it is put there first.
        made = self._made.get(node, [])[::-1]
        for depth, entry in sorted(made, key=lambda item: -item[0]):
            stack.insert(depth, entry)
        return tuple(stack)


def common_scope(stacks: Sequence[Stack]) -> Stack:
    """Return the entries with which all stacks begin."""
    first = stacks[0]
    length = next((d for d in range(len(first)) if any(s[d : d + 1] != first[d : d + 1] for s in stacks)), len(first))
    return first[:length]
