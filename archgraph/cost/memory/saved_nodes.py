"""What autograd keeps for the backward pass, by the node that made it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from sympy import Expr

from archgraph.cost.memory.saved import SavedBytes, SavedFold, Storage
from archgraph.graph.execution import needed_inside
from archgraph.graph.ir import Graph, Repeat, Value
from archgraph.sizes.symbols import ZERO

SavedResult = tuple[Storage, bool]
"""Where a value is stored, and whether gradients flow into it."""


@dataclass
class SavedByNode:
    """Walks a graph whose counts are numbers, iteration by iteration, and remembers who made every storage.

    It shares with `SavedBytes` what is known of single operations, and none of its shortcuts over repeats.

    >>> from archgraph import load
    >>> g = load("conv_stack").bound(C=2, L=3, H=4, W=4)
    >>> SavedByNode().of(g.graph)
    {'': 128, 'layers.relu': 384}
    """

    _owners: list[tuple[Storage, str]] = field(default_factory=list)
    _fresh: list[tuple[Expr, str]] = field(default_factory=list)

    def of(self, graph: Graph, selected: tuple[Value, ...] = ()) -> dict[str, int]:
        """Return the bytes kept by path, all iterations together; those of the graph's inputs under no path."""
        bytes_of = SavedBytes().execution.bytes_of
        inputs = [(Storage(bytes_of(value.type)), False) for value in graph.inputs]
        self._owners = [(storage, "") for storage, _ in inputs]
        self._fresh = []
        self._run(graph, selected or graph.outputs, inputs, "")
        total: dict[str, int] = defaultdict(int)
        for size, path in [*((s.size, path) for s, path in self._owners if s.kept), *self._fresh]:
            total[path] += int(size)
        return {path: size for path, size in total.items() if size}

    def _run(
        self, graph: Graph, needed: tuple[Value, ...], inputs: list[SavedResult], prefix: str
    ) -> list[SavedResult]:
        fold = SavedFold(SavedBytes(), graph, needed, tuple(flows for _, flows in inputs), prefix)
        fold.storages.update(zip(graph.inputs, (storage for storage, _ in inputs), strict=True))
        alive = graph.live(needed)
        # No `Fold`, for the reason given in `SavedFold`: what a node is charged with is settled behind the last one.
        for member in graph.nodes:
            if member not in alive:
                continue
            if isinstance(member, Repeat):
                self._repeat(fold, member, f"{prefix}{member.name}")
            else:
                fold.node(member)
            self._attribute(fold, f"{prefix}{member.name}")
        unread = Storage(ZERO)
        return [(fold.storages.get(value, unread), value in fold.flowing) for value in graph.outputs]

    def _attribute(self, fold: SavedFold, path: str) -> None:
        """What the fold has taken in since it was asked last belongs to one node."""
        self._owners += [(storage, path) for storage in fold.own]
        self._fresh += [(size, path) for size in fold.inside]
        fold.own.clear()
        fold.inside.clear()

    def _repeat(self, fold: SavedFold, repeat: Repeat, path: str) -> None:
        needed = needed_inside(fold.graph, fold.needed, repeat)
        state = [(fold.storages[value], value in fold.flowing) for value in repeat.inputs]
        first = state
        for _ in range(int(repeat.count)):
            results = self._run(repeat.body, needed, first if repeat.experts is not None else state, f"{path}.")
            state = [*results, *first[len(results) :]]
        if repeat.experts is not None:
            state = [self._sum(fold, repeat, flows=state[0][1])]
        for value, (storage, flows) in zip(repeat.outputs, state, strict=False):
            fold.storages[value] = storage
            if flows:
                fold.flowing.add(value)

    @staticmethod
    def _sum(fold: SavedFold, repeat: Repeat, *, flows: bool) -> SavedResult:
        """The results of several experts are added into a storage of their own."""
        storage = Storage(fold.execution.bytes_of(repeat.outputs[0].type))
        fold.own.append(storage)
        return storage, flows
