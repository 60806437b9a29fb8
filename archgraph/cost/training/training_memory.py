"""The memory of a training run on one rank: the highest of forward, backward and the optimiser's step, as laws."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from sympy import Add, Expr, Symbol, ceiling

from archgraph.cost.costs import Costs
from archgraph.cost.memory.ledger import ACTIVATIONS, WEIGHT_GRADIENTS, WEIGHTS, WORKSPACE
from archgraph.cost.memory.memory import STATES, Memory, Peak
from archgraph.cost.memory.optimizer_step import is_bound, step_bytes
from archgraph.cost.memory.optimizers import OPTIMIZERS
from archgraph.cost.memory.peak_report import check_visited
from archgraph.cost.memory.precision import AS_STORED
from archgraph.cost.memory.setting import Dtype, Setting, checkpoints
from archgraph.cost.parallel.interleaving import Moment1F1B
from archgraph.cost.parallel.ranks import Rank, RankPart, ranks
from archgraph.cost.training.run import Training
from archgraph.cost.training.sharding import Shards, dealt, rows, shards
from archgraph.errors import QueryError, counted
from archgraph.graph.execution import SINGLE_BYTES
from archgraph.graph.ir import Graph, Value
from archgraph.graph.network import Network
from archgraph.report.table import Table
from archgraph.sizes.expansion import expanded
from archgraph.sizes.law_text import law_text
from archgraph.sizes.symbols import ONE, ZERO, evaluate, symbol

AVERAGE = "average of weights"
KEPT_BY_AUTOGRAD = "kept by autograd"
GATHERED_WEIGHTS = "gathered weights"
AVERAGES_COUNTER = 8
"""Bytes of the number of averages that were taken."""
NOT_COUNTED = "not counted: what kernels, the allocator and the driver take for themselves, unless reserve= is given"
SCHEMES = (
    "{} ranks, each with everything; buckets of gradients that are exchanged are not counted",
    "{} ranks: the one with the most states, which are dealt out in whole tensors as PyTorch does",
    "{} ranks: states and gradients in equal parts of a flat buffer as DeepSpeed does, and a group of whole gradients",
    "{} ranks: the first, which has the most rows of every weight (FSDP2); nothing is fetched ahead, or it is one more",
)
OTHERS = "micro-batches on their way"
PER_BATCH = "laws in {} hold from two samples on: one sample keeps views where several keep copies"


@dataclass(frozen=True, repr=False)
class TrainingMemory:
    """What a training run needs on one rank.

    Attributes:
        name: of the network.
        run: how it is trained.
        at: the values of its symbols.
        bytes: the most that is live, or with `peak="saved"` the sum of what is kept.
        by_kind: the same by kind.
        laws: by kind, in the symbols of the spec and the batch; they hold as long as this moment is the highest.
        kinds_of_number: by kind, "exact", "bound" or "estimate".
        node: path of the node that runs then; empty if none does.
        phase: "forward", "backward", "step" or, with `peak="saved"`, "kept".
        moments: the bytes of each phase's highest moment.
        loss: the loss that was used.
        batch_symbol: the name of the batch in the laws.
        rank: if ranks differ, the one that needs most, and the part of the network that it has.
    """

    name: str
    run: Training
    at: str
    bytes: int
    by_kind: Mapping[str, int]
    laws: Mapping[str, Expr]
    kinds_of_number: Mapping[str, str]
    node: str
    phase: str
    moments: Mapping[str, int]
    loss: str
    batch_symbol: str
    rank: tuple[str, ...] = ()

    @property
    def law(self) -> Expr:
        """The law of the moment that is the highest."""
        return Add(*self.laws.values())

    @property
    def kind_of_number(self) -> str:
        """`exact`, or `bound` or `estimate` where one of the parts is."""
        found = set(self.kinds_of_number.values())
        return next((kind for kind in ("estimate", "bound") if kind in found), "exact")

    @property
    def table(self) -> Table:
        """The report as a table, a row per kind."""
        rows = [
            {
                "kind": kind,
                "bytes": size,
                "share": f"{100 * size / self.bytes:.1f} %",
                "kind of number": self.kinds_of_number[kind],
                "law": law_text(self.laws[kind]),
            }
            for kind, size in self.by_kind.items()
        ]
        total = {"kind": "total", "bytes": self.bytes, "share": "", "kind of number": self.kind_of_number, "law": ""}
        columns = ("kind", "bytes", "share", "kind of number", "law")
        return Table(f"{self.name}: {self.sentence}", columns, rows, total, self.notes)

    @property
    def sentence(self) -> str:
        """How much it is, and when, in one line."""
        if self.phase == "kept":
            return f"{self.bytes:,} bytes of weights, gradients, states and what autograd keeps"
        way = {"backward": " in the backward pass", "step": " in the optimiser's step"}.get(self.phase, "")
        where = f"at {self.node}{way}" if self.node else way.strip() or "before the first node"
        return f"{self.bytes:,} bytes at the peak of training, {where}"

    @property
    def notes(self) -> tuple[str, ...]:
        """The values of symbols, every setting that affects the answer, and what is not counted."""
        run = self.run
        told = f"{counted(run.batch, 'sample')}{f' x {run.accumulate}' if run.accumulate > 1 else ''}"
        parts = f" in {run.chunks} parts" if self.loss == "chunked" else ""
        settings = f"{told}, {run.settings}, loss {self.loss}{parts}"
        batch = PER_BATCH.format(self.batch_symbol)
        ranks = (SCHEMES[run.zero].format(run.dp),) if run.dp > 1 else ()
        return (self.at, settings, *self.rank, *ranks, batch, NOT_COUNTED)

    def __str__(self) -> str:
        return str(self.table)

    def __repr__(self) -> str:
        return repr(self.table)

    def _repr_html_(self) -> str:
        return self.table.to_html()


def training_memory(g: Network, run: Training) -> TrainingMemory:
    """Return what a network needs in training at its bound values, on the rank that needs most.

    Raises:
        QueryError: the network cannot be split as the run says.
    """
    check_visited(g.graph, checkpoints(g.graph, run.checkpoint).at(g.evaluate), g.evaluate)
    found = (_Measured(g, run, rank).report() for rank in ranks(g, run))
    return max(found, key=lambda each: each.bytes)


def batch_symbol(g: Network) -> Symbol:
    """Return what laws call the batch: `B`, or `run_B` where the network has a symbol of that name.

    >>> from archgraph import load
    >>> batch_symbol(load("dit").network)
    B
    """
    taken = {*g.symbols, *map(str, g.values)}
    return symbol("run_B" if "B" in taken else "B")


def _with_gradient(received: tuple[Value, ...]) -> frozenset[Value]:
    return frozenset(value for value in received if value.type.has_gradient)


class _Measured:
    """The parts of one run on one rank, as laws of the graph and at numbers."""

    def __init__(self, g: Network, run: Training, rank: Rank) -> None:
        self.g, self.run, self.batch, self.rank = g, run, batch_symbol(g), rank
        self._values = {**g.values, self.batch: run.batch}
        self._numbers: dict[Expr, int] = {}
        self.setting = Setting(
            "training",
            run.attention,
            self._dtype(),
            run.optimizer,
            checkpoints(g.graph, run.checkpoint).at(g.evaluate),
            own=g.floating,
            samples=ONE if run.batch == 1 else self.batch,
            accumulating=run.accumulate > 1,
            hands_on=run.zero >= 2,
            chunks=run.chunks,
        )
        self.parts = [self._part(part) for part in rank.parts]
        self.memory = self._memory(rank.graph, rank.received, self.setting) if rank.is_in_parts else self.parts[-1]

    def _part(self, part: RankPart) -> Memory:
        setting = replace(self.setting, loss=self.rank.loss if part.has_loss else None)
        return self._memory(part.graph, part.received, setting)

    def _memory(self, graph: Graph, received: tuple[Value, ...], setting: Setting) -> Memory:
        return Memory(graph, graph.outputs, setting, self.measure, _with_gradient(received))

    def _dtype(self) -> Dtype | None:
        """A network that is stored in the precision that is asked for keeps types of its own as they are."""
        return None if AS_STORED[self.g.floating] == self.run.dtype else self.run.dtype

    def measure(self, law: Expr) -> int:
        if law not in self._numbers:
            self._numbers[law] = evaluate(law, self._values)
        return self._numbers[law]

    def report(self) -> TrainingMemory:
        if self.run.peak == "saved":
            return self._reported(self._kept(), "", "kept", {"kept": self._total(self._kept())})
        place, phase, passes = self._passes()
        step = self._step()
        moments = {phase: self._total(passes), "step": self._total(step)}
        if moments["step"] > moments[phase]:
            return self._reported(step, "", "step", moments)
        return self._reported(passes, place, phase, moments)

    def _reported(
        self, parts: Mapping[str, Expr], place: str, phase: str, moments: Mapping[str, int]
    ) -> TrainingMemory:
        sizes = {kind: self.measure(law) for kind, law in parts.items()}
        present = [kind for kind, size in sizes.items() if size]
        return TrainingMemory(
            self.g.name,
            self.run,
            self.g.bindings,
            sum(sizes.values()),
            {kind: sizes[kind] for kind in present},
            {kind: self.g.show(parts[kind]) for kind in present},
            {kind: self._kind_of_number(kind, phase) for kind in present},
            place,
            phase,
            moments,
            self.rank.loss,
            str(self.batch),
            self.rank.words,
        )

    def _passes(self) -> tuple[str, str, dict[str, Expr]]:
        """The highest moment of forward and backward: its place, its phase, and the laws by kind."""
        running = {moment.running for moment in self.rank.moments}
        peaks = {part: self.parts[part].peak(self.measure) for part in sorted(running)}
        every = ((peaks[each.running], self._laws(peaks[each.running], each)) for each in self.rank.moments)
        found, laws = max(every, key=lambda pair: self._total(pair[1]))
        return found.place, found.phase, laws

    def _laws(self, found: Peak, moment: Moment1F1B) -> dict[str, Expr]:
        """The laws by kind at the highest moment of the part that runs, beside what waits then."""
        laws = {**found.laws, **self._fixed(), **self._average(), OTHERS: self._kept_of(moment.waiting)}
        if self.rank.is_in_parts:  # gradients of an earlier micro-batch
            others = self.memory.gradients - self.parts[moment.running].gradients
            laws[WEIGHT_GRADIENTS] = laws.get(WEIGHT_GRADIENTS, ZERO) + others
        if self.run.zero == 2:
            # What is made is handed on by groups: one group of whole gradients beside the parts.
            group = self.shards.largest / self.setting.precision.values * self.setting.precision.gradients
            laws[WEIGHT_GRADIENTS] = self._held_gradients() + group
        if self.run.zero == 3:
            # Nothing is fetched ahead: the rest stays once it is gathered; of a group there are the weights, and their
            # gradients before they are handed on.
            laws[WEIGHT_GRADIENTS] = self.shards.gradients
            laws[GATHERED_WEIGHTS] = self.shards.rest + 2 * self.shards.largest
        return laws

    def _kept_of(self, counts: tuple[int, ...]) -> Expr:
        """What so many micro-batches of every part keep."""
        return expanded(Add(*(count * part.saved for count, part in zip(counts, self.parts, strict=True))))

    def _total(self, parts: Mapping[str, Expr]) -> int:
        return sum(map(self.measure, parts.values()))

    def _kept(self) -> dict[str, Expr]:
        """The sum that papers print: what every weight takes, and what autograd keeps."""
        kept = max((self._kept_of(moment.held) for moment in self.rank.moments), key=self.measure)
        held = {WEIGHT_GRADIENTS: self._held_gradients()}
        return {**self._fixed(), **held, **self._average(), KEPT_BY_AUTOGRAD: kept}

    @cached_property
    def shards(self) -> Shards:
        """What the first rank holds."""
        return shards(self.memory, self.run.dp, self.run.dp // self.run.ep)

    def _fixed(self) -> dict[str, Expr]:
        """Weights and states of the rank that holds the most."""
        weights = self.shards.weights if self.run.zero == 3 else self.memory.weights
        return {WEIGHTS: weights, STATES: self._states()}

    def _states(self) -> Expr:
        if self.run.zero == 0:
            return self.memory.states
        if self.run.zero == 3:
            return self.shards.states
        precision, numbers = self.setting.precision, OPTIMIZERS[self.run.optimizer].per_scalar
        if numbers is None:
            even = (name for name, row in OPTIMIZERS.items() if row.per_scalar is not None)
            message = f"zero={self.run.zero} shares what is the same for every scalar, as {self.run.optimizer}'s is not"
            raise QueryError(message, hint=f"zero=3, or an optimiser of {', '.join(even)}")
        per_scalar = numbers * precision.states + precision.master
        if self.run.zero == 1:
            whole = dealt(self.rank.all_experts, self.run.dp, self.measure)
            return expanded(per_scalar * max(whole, key=self.measure))
        return per_scalar * ceiling(self.scalars / self.run.dp)

    @cached_property
    def scalars(self) -> Expr:
        """The scalars that are trained: those of all experts, which are dealt out among the ranks that share them."""
        return Costs(self.rank.all_experts).total("params_trainable")

    def _held_gradients(self) -> Expr:
        """The gradients of one rank between backward and step."""
        if self.run.zero == 3:
            return self.shards.gradients
        if self.run.zero == 2:
            return self.setting.precision.gradients * ceiling(self.scalars / self.run.dp)
        return self.memory.gradients

    def _average(self) -> dict[str, Expr]:
        if not self.run.ema:
            return {}
        return {AVERAGE: (self.shards.weights if self.run.zero == 3 else self.memory.weights) + AVERAGES_COUNTER}

    def _inputs(self) -> Expr:
        execution = self.setting.execution
        return Add(*(execution.bytes_of(value.type) for value in self.memory.graph.inputs))

    def _step(self) -> dict[str, Expr]:
        """What is live while the optimiser steps: all gradients, the inputs, and temporaries."""
        held = {WEIGHT_GRADIENTS: self._held_gradients(), ACTIVATIONS: self._inputs(), WORKSPACE: self._temporaries()}
        return {**self._fixed(), **held, **self._average()}

    def _temporaries(self) -> Expr:
        """What a step needs besides: of the rows, or of the share, that a rank updates."""
        given = (self.memory.graph, self.setting, self.run.kernel, self.measure)
        if self.run.zero == 3:
            copies, precision = OPTIMIZERS[self.run.optimizer].foreach, self.setting.precision
            if self.run.kernel == "foreach" and copies is not None:
                return expanded(precision.states * copies * self.shards.gradients / precision.gradients)
            # The fewest ranks that share a weight have the widest rows of it.
            return step_bytes(*given, lambda weight: rows(weight, self.run.dp // self.run.ep))
        found = step_bytes(*given)
        share = self.run.dp if self.run.zero and self.run.kernel == "foreach" else 1
        return ceiling(found / share)

    def _kind_of_number(self, kind: str, phase: str) -> str:
        """Ways of splitting are measured one by one: of several at once, what is exact of each is a bound."""
        found = self._measured_kind(kind, phase)
        return "bound" if found == "exact" and self.run.splits > 1 else found

    def _measured_kind(self, kind: str, phase: str) -> str:
        """Weights, states and kept values in single precision are exact; what is live besides is so nearly."""
        if kind == WEIGHT_GRADIENTS and self.run.zero == 2 and phase != "step":
            return "estimate"
        if kind in (WEIGHTS, STATES, WEIGHT_GRADIENTS, AVERAGE):
            return "exact"
        if kind == WORKSPACE and phase == "step":
            shared = self.run.zero in (1, 2)
            return "estimate" if shared else "bound" if is_bound(self.setting, self.run.kernel) else "exact"
        precision = self.setting.precision
        single = precision.values >= SINGLE_BYTES and not precision.autocast
        exact = phase == "step" or (phase == "kept" and single)
        return "exact" if exact else "estimate"
