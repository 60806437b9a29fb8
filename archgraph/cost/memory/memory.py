"""The laws of a network's memory: weights, optimiser states, what autograd keeps, and what is live at the peak."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from sympy import Expr

from archgraph.cost.costs import stored_weights
from archgraph.cost.memory.autocast import autocast
from archgraph.cost.memory.backward import Backward
from archgraph.cost.memory.cast_weights import CastWeights
from archgraph.cost.memory.forward import Forward
from archgraph.cost.memory.ledger import ACTIVATIONS, WEIGHT_GRADIENTS, WEIGHTS, Ledger, Measure, Moment
from archgraph.cost.memory.loss import ChunkedHead, chunked_head, loss_bytes
from archgraph.cost.memory.records import RunScope
from archgraph.cost.memory.saved import SavedBytes, asked_of
from archgraph.cost.memory.setting import AttentionKernel, Dtype, Setting, setting
from archgraph.cost.memory.states import state_bytes
from archgraph.cost.memory.tensors import Tensor
from archgraph.cost.memory.ways_back import KnownRuns
from archgraph.graph.checkpoints import Checkpoint
from archgraph.graph.execution import Execution
from archgraph.graph.ir import Graph, Value
from archgraph.graph.network import Law, Network
from archgraph.sizes.symbols import ZERO

STATES = "optimizer states"
CAST_WEIGHTS = "weights in half precision"


@dataclass(frozen=True)
class Peak:
    """The moment when the most memory is live.

    Attributes:
        place: path of the node that runs; empty before the first and after the last.
        phase: "forward" or "backward".
        sizes: bytes by kind, the largest share of the report.
        laws: the same as laws, which hold as long as the peak stays at this node.
    """

    place: str
    phase: str
    sizes: Mapping[str, int] = field(default_factory=dict)
    laws: Mapping[str, Expr] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """The bytes of all kinds."""
        return sum(self.sizes.values())


class Memory:
    """The memory of a graph, for a selection of its outputs, run as a setting says.

    Args:
        graph: what is run.
        selected: the outputs that are asked for.
        setting: how it is run.
        measure: the value of a law.
        received: inputs that need a gradient, as those of other stages do.

    >>> from archgraph import load
    >>> g = load("transformer")
    >>> g.show(Memory(g.graph, g.selected, Setting("training")).weights)
    48*D**2*L + 52*D*L
    """

    def __init__(
        self,
        graph: Graph,
        selected: tuple[Value, ...],
        setting: Setting,
        measure: Measure | None = None,
        received: Collection[Value] = frozenset(),
    ) -> None:
        self.setting = setting
        self.graph: Graph = _as_run(replace(graph, outputs=selected), setting)
        pairs = zip(graph.inputs, self.graph.inputs, strict=True)
        self.received: frozenset[Value] = frozenset(own for value, own in pairs if value in received)
        self.measure: Measure | type[int] = measure or int

    @cached_property
    def weights(self) -> Expr:
        """The law of the bytes of all parameters and buffers."""
        return self._stored(self.graph, "trainable", "frozen", "buffer")

    def _stored(self, graph: Graph, *kinds: str) -> Expr:
        """The bytes of weights; a chosen precision casts those that are floating, whatever they were stored in."""
        return self._of_width(graph, self.setting.precision.weights, *kinds)

    def _of_width(self, graph: Graph, width: int, *kinds: str) -> Expr:
        cast = self.setting.dtype is not None
        return stored_weights(graph, kinds, lambda row: width if cast and row.kind == "float" else row.width(width))

    @cached_property
    def states(self) -> Expr:
        """The law of what the optimiser keeps, with its own copy of the weights where it has one.

        Of 8-bit states it holds as long as no tensor grows beyond the size from which they are used.
        """
        return state_bytes(self.graph, self.setting, self.measure) if self.setting.training else ZERO

    @cached_property
    def buffers(self) -> Expr:
        """The law of the bytes of buffers."""
        return self._stored(self.graph, "buffer")

    @cached_property
    def gradients(self) -> Expr:
        """The law of the bytes of all weights' gradients."""
        return self._gradient_bytes(self.graph)

    @cached_property
    def saved(self) -> Expr:
        """The law of what autograd keeps for the backward pass."""
        kept = SavedBytes(self.setting.execution).total(self.graph, received=self.received)
        return kept + self._cast_weights(self.setting.execution)

    def _cast_weights(self, execution: Execution) -> Expr:
        """The copies of weights that autocast makes."""
        if not self.setting.precision.autocast:
            return ZERO
        copies = CastWeights(execution)
        return copies.total(self.graph, copies.flow.of(*asked_of(self.graph, self.graph.outputs, self.received)))

    def peak(self, measure: Measure) -> Peak:
        """Run the network's schedule at the values of `measure`, and return when the most is live."""
        known = KnownRuns()
        found = self._run(measure, known)
        laws = self._run(measure, known, found.turn).laws
        laws = {WEIGHTS: self.weights, STATES: self.states, **laws}
        sizes = {kind: measure(law) for kind, law in laws.items()}
        present = [kind for kind, size in sizes.items() if size]
        return Peak(
            found.place,
            found.phase,
            {kind: sizes[kind] for kind in present},
            {kind: laws[kind] for kind in present},
        )

    def _run(self, measure: Measure, known: KnownRuns, chosen: int | None = None) -> Moment:
        ledger, training = Ledger(measure, chosen), self.setting.training
        forward = Forward(ledger, self.setting.execution, self._skipped_gradients, known, training=training)
        inputs = tuple(self._input(ledger, value) for value in self.graph.inputs)
        # Copies of weights stay from the first use on, those of what is computed again as well.
        ledger.new(self._cast_weights(Execution()), CAST_WEIGHTS)
        ledger.note("")
        chunked = self.setting.training and self.setting.loss == "chunked"
        head = chunked_head(self.graph) if chunked else None
        graph = self.graph if head is None else head.before
        outputs = graph.outputs
        results = forward.run(graph, inputs, outputs, (True,) * len(outputs), RunScope())
        if self.setting.training:
            self._back(forward, results, head)
        return ledger.peak

    def _back(self, forward: Forward, results: tuple[Tensor, ...], head: ChunkedHead | None) -> None:
        accumulating = self.setting.accumulating
        width = 0 if self.setting.hands_on else self.setting.precision.gradients
        if accumulating and width:
            forward.ledger.new(self.gradients, WEIGHT_GRADIENTS)
        backward = Backward(forward, width, accumulating=accumulating)
        if head is None:
            self._take_loss(forward.ledger, results)
        else:
            self._take_chunks(backward, head, width)
        backward.run(results)

    def _take_chunks(self, backward: Backward, head: ChunkedHead, width: int) -> None:
        """Go through the last layer and the loss part by part, up to the gradient of the layer's operand."""
        ledger, execution = backward.ledger, self.setting.execution
        ledger.phase = "backward"
        ledger.note("loss", *head.moments(self.setting.samples, execution.width, width, self.setting.chunks))
        if not self.setting.accumulating:
            backward.weights[f"{head.owner}.weight"] = ledger.new(width * head.weights, WEIGHT_GRADIENTS)

    def _take_loss(self, ledger: Ledger, results: tuple[Tensor, ...]) -> None:
        """Compute a loss of the outputs and go back through it, up to the gradients of the outputs."""
        loss = loss_bytes(self.graph, self.setting.loss, self.setting.precision.values)
        samples = self.setting.samples
        if not loss.holds:
            for tensor in results:
                ledger.drop(tensor.storage)
        ledger.new(samples * loss.data + loss.scalars, ACTIVATIONS)
        kept = ledger.new(samples * loss.kept, ACTIVATIONS)
        ledger.note("loss", samples * loss.peak)
        ledger.drop(kept)

    def _input(self, ledger: Ledger, value: Value) -> Tensor:
        law = self.setting.execution.bytes_of(value.type)
        return Tensor(ledger.new(law, ACTIVATIONS), law, flows=value in self.received)

    def _gradient_bytes(self, body: Graph) -> Expr:
        return self._of_width(body, self.setting.precision.gradients, "trainable")

    def _skipped_gradients(self, body: Graph) -> Expr:
        return ZERO if self.setting.hands_on else self._gradient_bytes(body)


def _as_run(graph: Graph, setting: Setting) -> Graph:
    device = setting.precision.autocast
    return autocast(graph, device) if device else graph


def saved_memory(g: Network, attention: AttentionKernel, dtype: Dtype | None, checkpoint: Checkpoint) -> Law:
    """Return the bytes that autograd keeps, for an attention kernel, a precision, and checkpoints."""
    chosen = setting(g.graph, "training", attention, dtype, checkpoint=checkpoint)
    run = replace(chosen, own=g.floating, checkpoint=chosen.checkpoint.at(g.evaluate))
    return g.law(Memory(g.graph, g.selected, run).saved)
