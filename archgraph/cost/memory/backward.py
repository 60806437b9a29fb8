"""The way back through a forward run, last node first, as autograd makes it: gradients, and what they release."""

from __future__ import annotations

from collections.abc import Iterator

from sympy import Add, Expr

from archgraph.cost.memory.forward import Forward
from archgraph.cost.memory.ledger import GRADIENTS, WEIGHT_GRADIENTS, Ledger, LiveStorage, Moment
from archgraph.cost.memory.records import Again, BodyRecord, Done, RunRecord, Skipped, Summed
from archgraph.cost.memory.replay import replayed
from archgraph.cost.memory.tensors import Tensor, Tensors
from archgraph.cost.memory.ways_back import BodyWayBack, CallGradients, Start
from archgraph.graph.weights import weights_of
from archgraph.sizes.expansion import expanded
from archgraph.sizes.symbols import ZERO


class Backward:
    """Reads what a forward run wrote down.

    A node takes the gradients of its results, makes those of its operands and weights, and releases what it
    kept. Where two gradients meet at a value, a third tensor takes their sum. Of a second batch whose gradients are
    accumulated, those of all weights are there from the start.
    """

    def __init__(self, forward: Forward, gradient_width: int | None = None, *, accumulating: bool = False) -> None:
        self.width = gradient_width
        self.accumulating = accumulating
        self.forward = forward
        self.ledger: Ledger = forward.ledger
        self.gradients: dict[Tensor, LiveStorage] = {}
        self.weights: dict[str, LiveStorage] = {}

    def run(self, outputs: Tensors) -> None:
        """Go back from the outputs, whose gradients the loss makes."""
        self.ledger.phase = "backward"
        # An output that is delivered twice has one gradient.
        for tensor in dict.fromkeys(outputs):
            if tensor.flows:
                self.gradients[tensor] = self.ledger.new(tensor.law, GRADIENTS)
        self._replay(self.forward.tape)
        self.ledger.note("")

    def _replay(self, tape: list[RunRecord]) -> None:
        while tape:
            record = tape.pop()
            if isinstance(record, Done):
                self._node(record)
            elif isinstance(record, Again):
                self._again(record)
            elif isinstance(record, BodyRecord):
                self._called(record)
            elif isinstance(record, Summed):
                self._summed(record)
            else:
                self._skipped(record)

    def _skipped(self, record: Skipped) -> None:
        self.ledger.drop(record.kept)
        self._more_gradients(record.gradients)

    def _more_gradients(self, law: Expr) -> None:
        """Make gradients of weights whose nodes are not gone through; of a later batch they are there already."""
        if not self.accumulating:
            self.ledger.new(law, WEIGHT_GRADIENTS)

    def _summed(self, record: Summed) -> None:
        """Hand the gradient of a sum on to all its parts."""
        gradient = self.gradients.pop(record.total, None)
        if gradient is None:
            return
        self._more_gradients(record.gradients)
        for part in record.parts:
            self._arrive(part, self.ledger.hold(gradient), "")
        self.ledger.drop(gradient)

    def _again(self, record: Again) -> None:
        """Run something a second time, now with all that it keeps, and go back through it."""
        forward = self.forward
        tape, execution = forward.tape, forward.execution
        # A tape of its own: the inside is gone through to its start before what stands before it. Inside, nothing is
        # dropped a second time.
        forward.tape, forward.execution = [], execution.inside()
        results = record.replay()
        inner, forward.tape, forward.execution = forward.tape, tape, execution
        for old, new in zip(record.results, results, strict=True):
            self.ledger.drop(new.storage)
            # The gradient arrived at the tensor of the first run, and belongs to that of the second.
            if old in self.gradients:
                self._arrive(new, self.gradients.pop(old), record.place)
        self._replay(inner)
        for tensor in record.operands:
            self.ledger.drop(tensor.storage)

    # -- bodies ------------------------------------------------------------------------------------------

    def _called(self, record: BodyRecord) -> None:
        """Go back through a body, or do what an earlier way back through it did."""
        gradients = CallGradients(record, self.gradients, self.forward.weight)
        start, known = gradients.start(), self.forward.known.backward
        if start not in known:
            known[start] = self._inside(start)[0]
        if self.ledger.is_chosen_within(known[start].turns):
            self.ledger.peak = self._moment(start, record.path)
        gradients.play(known[start], self.ledger)

    def _inside(self, start: Start, chosen: int | None = None) -> tuple[BodyWayBack, Moment, dict[str, Expr]]:
        """Go back through a body in an account of its own; return what was done, when, and what was live."""
        forward, gradients = replayed(start, self.forward)
        ledger = forward.ledger
        ledger.chosen = chosen
        backward = Backward(forward, self.width, accumulating=self.accumulating)
        backward.gradients = gradients.gradients
        laws = ledger.by_kind() if chosen else {}
        live, users = ledger.live, [one.users for one in gradients.storages]
        backward._replay(forward.tape)
        return gradients.ended(ledger, live, users), ledger.peak, laws

    def _moment(self, start: Start, path: str) -> Moment:
        """Return the chosen moment, which lies inside of a body: its laws are those of what is live outside as well."""
        ledger = self.ledger
        _, found, first = self._inside(start, (ledger.chosen or 0) - ledger.turn)
        outside = ledger.by_kind()
        laws = {
            kind: expanded(Add(outside.get(kind, ZERO), found.laws.get(kind, ZERO), -first.get(kind, ZERO)))
            for kind in dict.fromkeys((*outside, *found.laws))
        }
        return Moment(ledger.live, ledger.chosen or 0, f"{path}{found.place}", found.phase, laws)

    # -- nodes -------------------------------------------------------------------------------------------

    def _node(self, record: Done) -> None:
        arrived = [self.gradients.pop(result) for result in record.results if result in self.gradients]
        made = list(self._gradients(record, arrived)) if arrived else []
        for storage in (*arrived, *record.kept):
            self.ledger.drop(storage)
        for operand, storage in made:
            self._arrive(operand, storage, _place(record))

    def _gradients(self, record: Done, arrived: list[LiveStorage]) -> Iterator[tuple[Tensor, LiveStorage]]:
        width, place = self.forward.execution.width, _place(record)
        workspace = self.forward.execution.workspace(record.node)
        self.ledger.note(place, *(moment * width for moment in workspace.backward))
        passes = workspace.passes or self._views(record)
        made = []
        for index, operand in enumerate(record.operands):
            if operand.flows and index in passes:
                # Handed on as it is, or as a view of it: no memory of its own.
                made.append((operand, self.ledger.hold(arrived[0])))
            elif operand.flows:
                made.append((operand, self.ledger.new(operand.law, GRADIENTS)))
        spare = list(self._weight_gradients(record))
        self.ledger.note(place)
        for storage in spare:
            self.ledger.drop(storage)
        yield from made

    def _views(self, record: Done) -> tuple[int, ...]:
        """Return the operand that the only result views, all of it: the gradient is a view too."""
        # As the operation says: what was written in place is no view of what stood there.
        saved = record.node.op.saved_by(self.forward.execution.kernel, *record.node.types)
        if len(record.results) != 1 or not saved.aliases or saved.inputs:
            return ()
        ((_, index),) = saved.aliases
        return (index,) if record.operands[index].law == record.results[0].law else ()

    def _weight_gradients(self, record: Done) -> Iterator[LiveStorage]:
        """Make gradients of weights, and yield what is released at once: the parts, where weights are shared."""
        width = self.forward.execution.width if self.width is None else self.width
        self.forward.uses[record.owner] -= 1
        for name, weight in weights_of(record.node).items():
            if weight.kind != "trainable":
                continue
            law, key = weight.bytes(width), f"{record.owner}.{name}"
            old = self.weights.pop(key, None)
            total = self.ledger.new(law, WEIGHT_GRADIENTS)
            if old is not None:
                # The sum so far, this part and the new sum are live together; the first two go at once.
                yield from (old, self.ledger.new(law, WEIGHT_GRADIENTS))
            if self.accumulating and not self.forward.uses[record.owner]:
                # Added in place to what an earlier batch left, once all nodes with this weight have had their turn.
                yield total
            else:
                self.weights[key] = total

    def _arrive(self, tensor: Tensor, storage: LiveStorage, place: str) -> None:
        old = self.gradients.get(tensor)
        if old is None:
            self.gradients[tensor] = storage
            return
        self.gradients[tensor] = self.ledger.new(tensor.law, GRADIENTS)
        self.ledger.note(place)
        self.ledger.drop(storage)
        self.ledger.drop(old)


def _place(record: Done) -> str:
    return f"{record.scope.path}{record.node.name}"
