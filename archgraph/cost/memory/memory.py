"""Memory of a network: weights, optimiser states, what autograd keeps, and what is live at the peak."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias

from sympy import Expr, expand

from archgraph.cost.costs import Costs
from archgraph.cost.memory.backward import Backward
from archgraph.cost.memory.forward import Forward, RunScope, Tensor
from archgraph.cost.memory.ledger import ACTIVATIONS, WEIGHTS, Ledger, Measure, Moment
from archgraph.cost.memory.saved import SavedBytes
from archgraph.errors import not_among
from archgraph.graph.execution import Execution, execution
from archgraph.graph.ir import Graph, Value
from archgraph.sizes.symbols import ZERO

Mode: TypeAlias = Literal["inference", "training"]
AttentionKernel: TypeAlias = Literal["math", "flash"]
Dtype: TypeAlias = Literal["fp32", "bf16", "fp16", "mixed"]
Optimizer: TypeAlias = Literal["sgd", "momentum", "adam"]
Checkpoint: TypeAlias = bool | Collection[str]

STATES = "optimizer states"
OPTIMIZERS = {"sgd": 0, "momentum": 1, "adam": 2}
"""How many numbers an optimiser keeps per trained weight."""


@dataclass(frozen=True)
class Precision:
    """Bytes of values, weights and gradients, of an optimiser's numbers, and of its own copy of each weight."""

    values: int
    states: int
    master: int = 0


PRECISIONS = {
    "fp32": Precision(4, 4),
    "bf16": Precision(2, 2),
    "fp16": Precision(2, 2),
    "mixed": Precision(2, 4, 4),
}
"""`mixed` is half precision with single-precision weights and states in the optimiser (Rajbhandari et al. 2020,
arXiv:1910.02054, section 3.1)."""
CHOICES: Mapping[str, Collection[str]] = {
    "mode": ("inference", "training"),
    "attention": ("math", "flash"),
    "dtype": PRECISIONS,
    "optimizer": OPTIMIZERS,
}


@dataclass(frozen=True)
class Setting:
    """How a network is run and trained.

    Raises:
        QueryError: a word that is none of the choices.

    >>> Setting(dtype="bf16").execution.width
    2
    """

    mode: Mode = "inference"
    attention: AttentionKernel = "math"
    dtype: Dtype = "fp32"
    optimizer: Optimizer = "sgd"
    checkpoint: bool | frozenset[str] = False

    def __post_init__(self) -> None:
        for name, known in CHOICES.items():
            value = getattr(self, name)
            if value not in known:
                raise not_among(name, value, known)

    @property
    def training(self) -> bool:
        """Whether there is a way back."""
        return self.mode == "training"

    @property
    def precision(self) -> Precision:
        """The bytes of its numbers."""
        return PRECISIONS[self.dtype]

    @property
    def execution(self) -> Execution:
        """How the operations are computed."""
        return execution(self.precision.values, self.attention, checkpoint=self.checkpoint)

    def __str__(self) -> str:
        parts = [self.dtype, f"{self.attention} attention"]
        if self.training:
            parts.append(self.optimizer)
            where = "repeats" if self.checkpoint is True else ", ".join(sorted(self.checkpoint or ()))
            parts += [f"checkpoints of {where}"] if where else []
        return ", ".join(parts)


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
        scalars = self.costs.total("params") + self.costs.total("buffers")
        return expand(self.setting.precision.values * scalars)

    @property
    def states(self) -> Expr:
        """The law of what the optimiser keeps, with its own copy of the weights where it has one."""
        if not self.setting.training:
            return ZERO
        precision = self.setting.precision
        per_weight = OPTIMIZERS[self.setting.optimizer] * precision.states + precision.master
        return expand(per_weight * self.costs.total("params_trainable"))

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
        results = forward.run(self.graph, inputs, self.graph.outputs, RunScope())
        if self.setting.training:
            Backward(forward).run(results)
        return ledger.peak

    def _input(self, ledger: Ledger, value: Value) -> Tensor:
        law = self.setting.execution.bytes_of(value.type)
        return Tensor(ledger.new(law, ACTIVATIONS), law)

    def _gradient_bytes(self, body: Graph) -> Expr:
        return self.setting.precision.values * Costs(body).total("params_trainable")
