"""The forward run of a graph as its lowered module makes it in PyTorch: what is allocated, held and released."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from sympy import Add, Expr, Mul

from archgraph.cost.memory.ledger import ACTIVATIONS, WEIGHTS, Ledger, LiveStorage
from archgraph.graph.execution import Execution, is_weight, needed_inside, schedule
from archgraph.graph.gradients import Flags, GradientFlow, GradientPaths
from archgraph.graph.ir import Graph, Node, Repeat, Value
from archgraph.sizes.symbols import ZERO

UNROLLED = 4
"""Iterations of a repeat that are run one by one: two, then two more behind what all those between keep."""


@dataclass(eq=False)
class Tensor:
    """A value while the graph runs: the memory it views, its bytes, and whether gradients flow into it."""

    storage: LiveStorage
    law: Expr
    flows: bool = False


Tensors: TypeAlias = tuple[Tensor, ...]


@dataclass(frozen=True, eq=False)
class RunScope:
    """Where a body stands: the path of its nodes, and the path of their weights, which iterations may share."""

    path: str = ""
    weights: str = ""


@dataclass(frozen=True, eq=False)
class Done:
    """A node that has run, with what it keeps for the way back."""

    node: Node
    scope: RunScope
    operands: Tensors
    results: Tensors
    kept: tuple[LiveStorage, ...]


@dataclass(frozen=True, eq=False)
class Again:
    """A body that is computed again on the way back, from the inputs it keeps."""

    body: Graph
    scope: RunScope
    operands: Tensors
    results: Tensors
    wanted: Flags


@dataclass(frozen=True, eq=False)
class Skipped:
    """Iterations that are not run one by one: what they keep, and the bytes of their weights' gradients."""

    kept: LiveStorage
    gradients: Expr


@dataclass(frozen=True, eq=False)
class Summed:
    """A mixture: the sum of the results of its active experts, and the gradients of the others' weights."""

    total: Tensor
    parts: Tensors
    gradients: Expr


RunRecord: TypeAlias = Done | Again | Skipped | Summed


class Forward:
    """Runs graphs and, in training, writes down what the way back needs.

    Values are freed after their last use, views share storage, and what a call takes is held until it returns.
    """

    def __init__(
        self, ledger: Ledger, execution: Execution, weight_bytes: Callable[[Graph], Expr], *, training: bool
    ) -> None:
        self.ledger = ledger
        self.execution = execution
        self.recording = training
        self.weight_bytes = weight_bytes
        self.flow = GradientFlow()
        self.tape: list[RunRecord] = []
        self.weight = LiveStorage(ZERO, 0, WEIGHTS)

    def run(
        self, graph: Graph, operands: Tensors, needed: tuple[Value, ...], wanted: Flags, scope: RunScope
    ) -> Tensors:
        """Run a graph whose operands the caller holds, and return the results for the caller to hold.

        Args:
            graph: the graph.
            operands: its inputs.
            needed: the outputs that are computed.
            wanted: which outputs get a gradient on the way back.
            scope: where it stands.
        """
        values = dict(zip(graph.inputs, operands, strict=True))
        gradients = self.flow.of(graph, tuple(tensor.flows for tensor in operands), wanted)
        # No `Fold`, which keeps all values: what is live at each step is the question, so that values are let go after
        # their last use, and what nobody needs is not run.
        for node, expired in schedule(graph, needed):
            inputs = tuple(values[value] for value in node.inputs)
            if isinstance(node, Node):
                results = self._node(node, inputs, gradients, scope)
            else:
                inside = needed_inside(graph, needed, node)
                results = self._repeat(node, inputs, inside, gradients.wanted(node.outputs), scope)
            values.update(zip(node.outputs, results, strict=True))
            self._drop(tuple(values.pop(value) for value in expired))
        # Outputs that nobody needs were not computed, and take no memory.
        absent = Tensor(self.weight, ZERO)
        results = tuple(values.get(value, absent) for value in graph.outputs)
        # Held for the caller before the body lets go, or a result would be freed in between.
        self._hold(results)
        self._drop(tuple(tensor for value, tensor in values.items() if value not in graph.inputs))
        return results

    def _hold(self, tensors: Tensors) -> None:
        for tensor in tensors:
            self.ledger.hold(tensor.storage)

    def _drop(self, tensors: Tensors) -> None:
        for tensor in tensors:
            self.ledger.drop(tensor.storage)

    # -- nodes -------------------------------------------------------------------------------------------

    def _node(self, node: Node, operands: Tensors, gradients: GradientPaths, scope: RunScope) -> Tensors:
        workspace = self.execution.workspace(node)
        recording = self.recording and gradients.is_on_the_way_back(node)
        saved = self.execution.saved(node, gradients.flowing if recording else None)
        # What would be kept is made without recording too, and freed at once, unless the operation says that inference
        # goes another way.
        alone = None if recording else workspace.inference
        fresh = self.ledger.new(self.execution.fresh(saved) if alone is None else ZERO, ACTIVATIONS)
        # Before the results exist: the workspace is needed to make them. The next note is with them, without it.
        self.ledger.note(f"{scope.path}{node.name}", *(m * self.execution.width for m in alone or workspace.training))
        results = tuple(self._results(node, operands, gradients))
        self.ledger.note(f"{scope.path}{node.name}")
        if not recording:
            self.ledger.drop(fresh)
            return results
        kept = [operands[index] for index in saved.inputs] + [results[index] for index in saved.outputs]
        storages = (fresh, *(self.ledger.hold(tensor.storage) for tensor in kept))
        self.tape.append(Done(node, scope, operands, results, storages))
        return results

    def _results(self, node: Node, operands: Tensors, gradients: GradientPaths) -> Iterator[Tensor]:
        saved = self.execution.saved(node)
        views = dict(saved.aliases)
        laws = [self.execution.bytes_of(value.type) for value in node.outputs]
        joined = self.ledger.new(Add(*laws), ACTIVATIONS) if saved.joined else None
        for index, law in enumerate(laws):
            if is_weight(node):
                storage = self.weight
            elif index in views:
                storage = self.ledger.hold(operands[views[index]].storage)
            elif joined is not None:
                storage = self.ledger.hold(joined) if index else joined
            else:
                storage = self.ledger.new(law, ACTIVATIONS)
            yield Tensor(storage, law, node.outputs[index] in gradients.flowing)

    # -- scopes ------------------------------------------------------------------------------------------

    def _repeat(
        self, node: Repeat, operands: Tensors, needed: tuple[Value, ...], wanted: Flags, scope: RunScope
    ) -> Tensors:
        inner = RunScope(f"{scope.path}{node.name}.", f"{scope.weights}{node.share or node.name}.")
        again = self.recording and self.execution.drops(node, f"{scope.path}{node.name}")
        wanted = self.flow.leaving(node, wanted)
        if node.experts is not None:
            return self._mixture(node, operands, wanted, inner)
        if not node.once:
            return self._iterations(node, operands, wanted, inner, again=again)
        return self._body(node.body, operands, needed, wanted, inner, again=again)

    def _body(
        self, body: Graph, operands: Tensors, needed: tuple[Value, ...], wanted: Flags, scope: RunScope, *, again: bool
    ) -> Tensors:
        if not again or not any(wanted):
            return self.run(body, operands, needed, wanted, scope)
        self.recording = False
        results = self.run(body, operands, needed, wanted, scope)
        self.recording = True
        self._hold(operands)
        self.tape.append(Again(body, scope, operands, results, wanted))
        return results

    def _iterations(self, node: Repeat, operands: Tensors, wanted: Flags, scope: RunScope, *, again: bool) -> Tensors:
        count, carried = self.ledger.measure(node.count), len(node.outputs)
        before = dict(self.ledger.storages)
        tensors = operands
        for index in range(min(count, UNROLLED)):
            own = scope.weights if node.share is not None else f"{scope.weights}{index}."
            place = RunScope(scope.path, own)
            results = self._body(node.body, tensors, node.body.outputs, wanted, place, again=again)
            # The first operands are the caller's; later ones are results of the iteration before, and held here.
            if index:
                self._drop(tensors[:carried])
            tensors = (*results, *tensors[carried:])
            # The second iteration keeps what all later ones keep; the first may not: its operands come from outside.
            # Two more run behind the skipped ones, where the most is live.
            if index == 1 and count > UNROLLED:
                self._skip(node, before)
            before = dict(self.ledger.storages)
        # Without iterations the results are the operands, now held by one user more.
        if not count:
            self._hold(tensors[:carried])
        return tensors[:carried]

    def _skip(self, node: Repeat, before: dict[LiveStorage, None]) -> None:
        """Add what all the iterations between keep: each as much as the last one kept."""
        times = node.count - UNROLLED
        kept = self.ledger.new(Mul(times, self.ledger.growth(before)), ACTIVATIONS)
        gradients = ZERO if node.share is not None else Mul(times, self.weight_bytes(node.body))
        self.tape.append(Skipped(kept, gradients))

    def _mixture(self, node: Repeat, operands: Tensors, wanted: Flags, scope: RunScope) -> Tensors:
        """Run the active experts one after another; their results are stacked and summed.

        The others get gradients too, for other positions use them.
        """
        active = [RunScope(scope.path, f"{scope.weights}{i}.") for i in range(self.ledger.measure(node.count))]
        parts = tuple(self.run(node.body, operands, node.body.outputs, wanted, place)[0] for place in active)
        law = self.execution.bytes_of(node.outputs[0].type)
        stacked = self.ledger.new(node.count * law, ACTIVATIONS)
        self.ledger.note(scope.path[:-1])
        self._drop(parts)
        total = Tensor(self.ledger.new(law, ACTIVATIONS), law, any(part.flows for part in parts))
        self.ledger.note(scope.path[:-1])
        self.ledger.drop(stacked)
        if self.recording and total.flows:
            others = Mul((node.experts or node.count) - node.count, self.weight_bytes(node.body))
            self.tape.append(Summed(total, parts, others))
        return (total,)
