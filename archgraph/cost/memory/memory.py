"""The laws of a network's memory: weights, optimiser states, what autograd keeps, and what is live at the peak."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from sympy import Expr

from archgraph.cost.costs import Costs, stored_weights
from archgraph.cost.memory.backward import Backward
from archgraph.cost.memory.forward import Forward, RunScope, Tensor
from archgraph.cost.memory.ledger import ACTIVATIONS, WEIGHTS, Ledger, Measure, Moment
from archgraph.cost.memory.saved import SavedBytes
from archgraph.cost.memory.setting import OPTIMIZERS, AttentionKernel, Checkpoint, Dtype, Setting, setting
from archgraph.graph.ir import Graph, Value
from archgraph.graph.network import Law, Network
from archgraph.sizes.expansion import expanded
from archgraph.sizes.symbols import ZERO

STATES = "optimizer states"


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

    >>> from archgraph import load
    >>> g = load("transformer")
    >>> g.show(Memory(g.graph, g.selected, Setting("training")).weights)
    48*D**2*L + 52*D*L
    """

    def __init__(self, graph: Graph, selected: tuple[Value, ...], setting: Setting) -> None:
        self.graph = replace(graph, outputs=selected)
        self.setting = setting
        self.costs = Costs(self.graph)

    @property
    def weights(self) -> Expr:
        """The law of the bytes of all parameters and buffers."""
        return self._stored(self.graph, "trainable", "frozen", "buffer")

    def _stored(self, graph: Graph, *kinds: str) -> Expr:
        """The bytes of weights; a chosen precision casts those that are floating, whatever they were stored in."""
        width, cast = self.setting.precision.values, self.setting.dtype is not None
        return stored_weights(graph, kinds, lambda row: width if cast and row.kind == "float" else row.width(width))

    @property
    def states(self) -> Expr:
        """The law of what the optimiser keeps, with its own copy of the weights where it has one."""
        if not self.setting.training:
            return ZERO
        precision = self.setting.precision
        per_weight = OPTIMIZERS[self.setting.optimizer] * precision.states + precision.master
        return expanded(per_weight * self.costs.total("params_trainable"))

    @property
    def saved(self) -> Expr:
        """The law of what autograd keeps for the backward pass."""
        return SavedBytes(self.setting.execution).total(self.graph)

    def peak(self, measure: Measure) -> Peak:
        """Run the network's schedule at the values of `measure`, and return when the most is live."""
        found = self._run(measure)
        laws = self._run(measure, found.turn).laws
        laws = {WEIGHTS: self.weights, STATES: self.states, **laws}
        sizes = {kind: measure(law) for kind, law in laws.items()}
        present = [kind for kind, size in sizes.items() if size]
        return Peak(
            found.place,
            found.phase,
            {kind: sizes[kind] for kind in present},
            {kind: laws[kind] for kind in present},
        )

    def _run(self, measure: Measure, chosen: int | None = None) -> Moment:
        ledger = Ledger(measure, chosen)
        forward = Forward(ledger, self.setting.execution, self._gradient_bytes, training=self.setting.training)
        inputs = tuple(self._input(ledger, value) for value in self.graph.inputs)
        ledger.note("")
        outputs = self.graph.outputs
        results = forward.run(self.graph, inputs, outputs, (True,) * len(outputs), RunScope())
        if self.setting.training:
            Backward(forward).run(results)
        return ledger.peak

    def _input(self, ledger: Ledger, value: Value) -> Tensor:
        law = self.setting.execution.bytes_of(value.type)
        return Tensor(ledger.new(law, ACTIVATIONS), law)

    def _gradient_bytes(self, body: Graph) -> Expr:
        return self._stored(body, "trainable")


def saved_memory(g: Network, attention: AttentionKernel, dtype: Dtype | None, checkpoint: Checkpoint) -> Law:
    """Return the bytes that autograd keeps, for a kernel of attention, a precision, and checkpoints."""
    run = replace(setting(g.graph, "training", attention, dtype, checkpoint=checkpoint), own=g.floating)
    return g.law(Memory(g.graph, g.selected, run).saved)
