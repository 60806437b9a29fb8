"""The forward run of a graph as its lowered module makes it in PyTorch: what is allocated, held and released."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial

from sympy import Add, Expr, Mul, ceiling

from archgraph.cost.memory.bodies import BodyCall, BodyRun, WatchedRun, known_storages, looks, places, played
from archgraph.cost.memory.ledger import ACTIVATIONS, WEIGHTS, Ledger, LiveStorage
from archgraph.cost.memory.records import Again, BodyRecord, Done, RunRecord, RunScope, Skipped, Summed
from archgraph.cost.memory.saved import is_part
from archgraph.cost.memory.tensors import Tensor, Tensors
from archgraph.cost.memory.ways_back import KnownRuns
from archgraph.graph.execution import Execution, is_weight, needed_inside, schedule
from archgraph.graph.gradients import Flags, GradientFlow, GradientPaths
from archgraph.graph.ir import Graph, Node, Repeat, Value
from archgraph.sizes.symbols import ZERO
from archgraph.steps import stepping

UNROLLED = 4
"""Iterations of a repeat that are run one by one: two, then two more behind what all those between keep."""


def _is_part(tensor: Tensor) -> bool:
    return is_part(tensor.storage.law, tensor.law)


class Forward:
    """Runs graphs and, in training, writes down what the way back needs.

    Values are freed after their last use, views share storage, and what a call takes is held until it returns.
    """

    def __init__(
        self,
        ledger: Ledger,
        execution: Execution,
        weight_bytes: Callable[[Graph], Expr],
        known: KnownRuns,
        *,
        training: bool,
        flow: GradientFlow | None = None,
    ) -> None:
        self.ledger = ledger
        self.execution = execution
        self.training = training
        self.recording = training
        self.weight_bytes = weight_bytes
        self.flow: GradientFlow = flow or GradientFlow()
        self.tape: list[RunRecord] = []
        self.uses: Counter[str] = Counter()
        self.weight: LiveStorage = LiveStorage(ZERO, 0, WEIGHTS)
        self.known = known

    def run(
        self, graph: Graph, operands: Tensors, needed: tuple[Value, ...], wanted: Flags, scope: RunScope
    ) -> Tensors:
        """Run a graph whose operands the caller holds, and return the results for the caller to hold.

        Args:
            graph: the graph.
            operands: its inputs.
            needed: the outputs that are computed.
            wanted: which outputs get a gradient in the backward pass.
            scope: where it stands.
        """
        values = dict(zip(graph.inputs, operands, strict=True))
        gradients = self.flow.of(graph, tuple(tensor.flows for tensor in operands), wanted)
        # No `Fold`, which keeps all values: what is live at each step is the question, so that values are let go after
        # their last use, and what nobody needs is not run.
        for node, expired in stepping(schedule(graph, needed), "operations"):
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
        if not (self.recording and gradients.is_on_the_way_back(node) and self.execution.again(node)):
            return self._step(node, operands, gradients, scope)
        run = lambda: self._step(node, operands, gradients, scope)  # noqa: E731
        return self._dropped(run, f"{scope.path}{node.name}", operands)

    def _dropped(self, run: Callable[[], Tensors], place: str, operands: Tensors) -> Tensors:
        """Run something of which the operands alone are kept, and is run again in the backward pass."""
        self.recording = False
        results = run()
        self.recording: bool = True
        self._hold(operands)
        self.tape.append(Again(run, place, operands, results))
        return results

    def _step(self, node: Node, operands: Tensors, gradients: GradientPaths, scope: RunScope) -> Tensors:
        workspace = self.execution.workspace(node)
        graded = self.training and gradients.is_on_the_way_back(node)
        saved = self.execution.saved(
            node, gradients.flowing if graded else None, lambda index: _is_part(operands[index])
        )
        # What would be kept is made without recording too, and freed at once, unless the operation says that inference
        # goes another way. What is computed again is no inference: its gradients are wanted later.
        alone = None if graded else workspace.inference
        fresh = self.ledger.new(self.execution.fresh(saved) if alone is None else ZERO, ACTIVATIONS)
        # Before the results exist: the workspace is needed to make them. The next note is with them, without it.
        self.ledger.note(f"{scope.path}{node.name}", *(m * self.execution.width for m in alone or workspace.training))
        results = tuple(self._results(node, operands, gradients))
        self.ledger.note(f"{scope.path}{node.name}")
        if not (graded and self.recording):
            self.ledger.drop(fresh)
            return results
        kept = [operands[index] for index in saved.inputs] + [results[index] for index in saved.outputs]
        storages = (fresh, *(self.ledger.hold(tensor.storage) for tensor in kept))
        record = Done(node, scope, operands, results, storages)
        self.tape.append(record)
        self.uses[record.owner] += 1
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
        is_shared = scope.is_shared or node.share is not None
        inner = RunScope(f"{scope.path}{node.name}.", f"{scope.weights}{node.share or node.name}.", is_shared)
        length = self.execution.run(node, f"{scope.path}{node.name}") if self.recording else None
        wanted = self.flow.leaving(node, wanted)
        if node.experts is not None:
            return self._mixture(node, operands, wanted, inner)
        length = length if any(wanted) else None
        if not node.once:
            return self._iterations(node, operands, wanted, inner, length)
        run = lambda: self._body(node.body, operands, needed, wanted, inner)  # noqa: E731
        return run() if length is None else self._dropped(run, inner.path[:-1], operands)

    def _body(
        self, body: Graph, operands: Tensors, needed: tuple[Value, ...], wanted: Flags, scope: RunScope
    ) -> Tensors:
        """Run a body, or do what an earlier run of it did."""
        # Otherwise what it keeps depends on where it stands, or its way back on what others with its weights did.
        if self.recording and (scope.is_shared or self.execution.checkpoint.by_path):
            return self.run(body, operands, needed, wanted, scope)
        call = BodyCall(body, looks(operands), needed, wanted, self.recording, self.execution)
        run = self.known.forward.get(call)
        # The moment that laws are made for lies in one run only, which has to be gone through.
        if run is None or self.ledger.is_chosen_within(run.turns):
            run, results = self._watched(call, operands, scope)
        else:
            results = played(run, self.ledger, operands, self.weight, scope.path)
        if run.recorded:
            self.tape.append(self._called(run, call, scope.path, operands, results))
        return results

    def _watched(self, call: BodyCall, operands: Tensors, scope: RunScope) -> tuple[BodyRun, Tensors]:
        """Run a body, and return what it did, of which the tape holds nothing yet."""
        watched, start = WatchedRun(self.ledger, operands, self.weight, scope.path), len(self.tape)
        results = self.run(call.body, operands, call.needed, call.wanted, scope)
        run = watched.ended(results, recorded=len(self.tape) > start)
        del self.tape[start:]
        if self.ledger.chosen is None:
            self.known.forward[call] = run
        return run, results

    def _called(self, run: BodyRun, call: BodyCall, path: str, operands: Tensors, results: Tensors) -> BodyRecord:
        kept = self.ledger.new(run.kept[0], ACTIVATIONS, run.kept[1])
        returned = (one.storage for one in results)
        storages = tuple(places((*known_storages(operands, self.weight), *returned)))
        return BodyRecord(call, path, operands, results, kept, storages, run.held)

    def _iterations(
        self, node: Repeat, operands: Tensors, wanted: Flags, scope: RunScope, length: Expr | None
    ) -> Tensors:
        """Run iterations one by one, or run by run of those that are computed again together."""
        count, carried = self.ledger.measure(node.count), len(node.outputs)
        each = 1 if length is None else min(self.ledger.measure(length), max(count, 1))
        runs = -(-count // each)
        before = dict(self.ledger.storages)
        tensors = operands
        for index in range(min(runs, UNROLLED)):
            is_last = index == min(runs, UNROLLED) - 1
            turns = count - (runs - 1) * each if is_last else each
            run = partial(self._turns, node, tensors, wanted, scope, index * each, turns)
            results = run() if length is None else self._dropped(run, scope.path[:-1], tensors)
            # The first operands are the caller's; later ones are results of the iteration before, and held here.
            if index:
                self._drop(tensors[:carried])
            tensors = (*results, *tensors[carried:])
            # The second iteration keeps what all later ones keep; the first may not: its operands come from outside.
            # Two more run behind the skipped ones, where the most is live.
            if index == 1 and runs > UNROLLED:
                rest = (node.count if length is None else ceiling(node.count / length)) - UNROLLED
                self._skip(node, before, rest, each)
            before = dict(self.ledger.storages)
        # Without iterations the results are the operands, now held by one user more.
        if not count:
            self._hold(tensors[:carried])
        return tensors[:carried]

    def _turns(
        self, node: Repeat, operands: Tensors, wanted: Flags, scope: RunScope, start: int, turns: int
    ) -> Tensors:
        """Run some iterations in a row, whose operands the caller holds."""
        carried, tensors = len(node.outputs), operands
        for turn in range(turns):
            own = scope.weights if node.share is not None else f"{scope.weights}{start + turn}."
            place = RunScope(scope.path, own, scope.is_shared)
            results = self._body(node.body, tensors, node.body.outputs, wanted, place)
            if turn:
                self._drop(tensors[:carried])
            tensors = (*results, *tensors[carried:])
        return tensors[:carried]

    def _skip(self, node: Repeat, before: dict[LiveStorage, None], times: Expr, each: int) -> None:
        """Add what all the runs between keep, each as much as the last one; without recording they keep nothing."""
        if not self.recording:
            return
        kept = self.ledger.new(Mul(times, self.ledger.growth(before)), ACTIVATIONS)
        gradients = ZERO if node.share is not None else Mul(times * each, self.weight_bytes(node.body))
        self.tape.append(Skipped(kept, gradients))

    def _mixture(self, node: Repeat, operands: Tensors, wanted: Flags, scope: RunScope) -> Tensors:
        """Run the active experts one after another; their results are stacked and summed.

        The others get gradients too, for other positions use them.
        """
        count = self.ledger.measure(node.count)
        active = [RunScope(scope.path, f"{scope.weights}{i}.", scope.is_shared) for i in range(count)]
        parts = tuple(self._body(node.body, operands, node.body.outputs, wanted, place)[0] for place in active)
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
