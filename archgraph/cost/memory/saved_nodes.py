"""What autograd keeps for the backward pass, by the node that made it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from sympy import Expr

from archgraph.cost.memory.saved import SavedBytes, SavedFold, Storage, asked_of
from archgraph.graph.execution import Execution
from archgraph.graph.gradients import GradientPaths
from archgraph.graph.ir import Graph, Repeat, Value


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
    _saved: SavedBytes = field(default_factory=SavedBytes)

    def of(self, graph: Graph, selected: tuple[Value, ...] = (), execution: Execution | None = None) -> dict[str, int]:
        """Return the bytes kept by path, all iterations together; those of the graph's inputs under no path."""
        self._saved = SavedBytes(execution or Execution())
        inputs = [Storage(self._saved.execution.bytes_of(value.type)) for value in graph.inputs]
        self._owners = [(storage, "") for storage in inputs]
        self._fresh = []
        self._run(graph, self._saved.flow.of(*asked_of(graph, selected or graph.outputs)), inputs, "")
        total: dict[str, int] = defaultdict(int)
        for size, path in [*((s.size, path) for s, path in self._owners if s.kept), *self._fresh]:
            total[path] += int(size)
        return {path: size for path, size in total.items() if size}

    def _run(self, graph: Graph, gradients: GradientPaths, inputs: list[Storage], prefix: str) -> list[Storage]:
        fold = SavedFold(self._saved, graph, gradients, prefix)
        fold.storages.update(zip(graph.inputs, inputs, strict=True))
        for member in graph.nodes:
            if isinstance(member, Repeat):
                self._repeat(fold, member, f"{prefix}{member.name}")
            else:
                fold.node(member)
            self._attribute(fold, f"{prefix}{member.name}")
        return [fold.storages[value] for value in graph.outputs]

    def _attribute(self, fold: SavedFold, path: str) -> None:
        """What the fold has taken in since it was asked last belongs to one node."""
        self._owners += [(storage, path) for storage in fold.own]
        self._fresh += [(size, path) for size in fold.inside]
        fold.own.clear()
        fold.inside.clear()

    def _repeat(self, fold: SavedFold, repeat: Repeat, path: str) -> None:
        flow, state = self._saved.flow, [fold.storages[value] for value in repeat.inputs]
        wanted = fold.gradients.wanted(repeat.outputs)
        again = fold.execution.run(repeat, path) is not None and any(wanted)
        flags, later = flow.entering(repeat, fold.gradients.flags(repeat.inputs))
        first = state
        for _ in range(int(repeat.count)):
            given = first if repeat.experts is not None else state
            if again:
                results = self._once_more(fold, repeat, given, path)
            else:
                gradients = flow.of(repeat.body, flags, flow.leaving(repeat, wanted))
                results = self._run(repeat.body, gradients, given, f"{path}.")
            state, flags = [*results, *first[len(results) :]], later
        if repeat.experts is not None:
            state = [self._sum(fold, repeat)]
        fold.storages.update(zip(repeat.outputs, state, strict=False))

    def _once_more(self, fold: SavedFold, repeat: Repeat, inputs: list[Storage], path: str) -> list[Storage]:
        """A scope that is computed again in the backward pass keeps its inputs."""
        for storage in inputs:
            storage.kept = True
        results = [Storage(fold.execution.bytes_of(value.type)) for value in repeat.outputs]
        makers = (_maker(repeat.body, value, path) for value in repeat.body.outputs)
        self._owners += zip(results, makers, strict=True)
        return results

    @staticmethod
    def _sum(fold: SavedFold, repeat: Repeat) -> Storage:
        """The results of several experts are added into a storage of their own."""
        storage = Storage(fold.execution.bytes_of(repeat.outputs[0].type))
        fold.own.append(storage)
        return storage


def _maker(graph: Graph, value: Value, path: str) -> str:
    """The path of the operation that makes a value of a body; of an input the body's own."""
    for member in graph.nodes:
        if value in member.outputs:
            inside = f"{path}.{member.name}"
            if not isinstance(member, Repeat):
                return inside
            return _maker(member.body, member.body.outputs[member.outputs.index(value)], inside)
    return path
