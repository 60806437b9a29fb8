"""What a rank sends in one training step, as laws: gradients, weights, channels, blocks' results, tokens of experts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sympy import Add, Expr, Integer, Rational

from archgraph.cost.costs import Costs
from archgraph.cost.memory.precision import PRECISIONS
from archgraph.cost.parallel.ranks import Rank, ranks
from archgraph.cost.training.run import Training
from archgraph.cost.training.training_memory import batch_symbol
from archgraph.graph.execution import execution
from archgraph.graph.ir import Graph, Repeat, Value
from archgraph.graph.network import Network
from archgraph.report.table import Table
from archgraph.sizes.expansion import expanded
from archgraph.sizes.law_text import law_text
from archgraph.sizes.symbols import ONE, evaluate

SUMMED_GRADIENTS = "gradients"
SHARDED_WEIGHTS = "sharded weights"
_CHANNELS = "channels"
STAGES = "stages"
TOKENS = "tokens of experts"
RINGS = "of n ranks each sends (n-1)/n of what is gathered or scattered, and twice that of a sum that all get (rings)"
SUMS_AGAIN = "what checkpoints compute again is summed again, and not counted"


@dataclass(frozen=True, repr=False)
class Communication:
    """What the rank that sends most sends in one step.

    Attributes:
        name: of the network.
        run: how it is trained.
        at: the values of its symbols.
        bytes: of all kinds.
        by_kind: the bytes by kind.
        laws: by kind, in the symbols of the spec and the batch.
        rank: which rank it is, and the part of the network that it has.
    """

    name: str
    run: Training
    at: str
    bytes: int
    by_kind: Mapping[str, int]
    laws: Mapping[str, Expr]
    rank: tuple[str, ...]

    @property
    def table(self) -> Table:
        """The report as a table, a row per kind."""
        rows = [{"kind": kind, "bytes": size, "law": law_text(self.laws[kind])} for kind, size in self.by_kind.items()]
        notes = (
            self.at,
            *self.rank,
            RINGS,
            *((SUMS_AGAIN,) if self.run.tp > 1 and self.run.checkpoint not in ("none", False) else ()),
        )
        title = f"{self.name}: a rank of {self.run.gpus} sends {self.bytes:,} bytes in a step (estimate)"
        return Table(title, ("kind", "bytes", "law"), rows, {"kind": "total", "bytes": self.bytes, "law": ""}, notes)

    def __repr__(self) -> str:
        return str(self.table)

    def _repr_html_(self) -> str:
        return self.table.to_html()


def communication(g: Network, run: Training) -> Communication:
    """Return what a rank sends in one step, at the bound values.

    Raises:
        QueryError: the network cannot be split as the run says.

    >>> from archgraph import load
    >>> communication(load("dit:S/2").network, Training(gpus=4, batch=2)).by_kind
    {'gradients': 197190336}
    """
    values = {**g.values, (symbol := batch_symbol(g)): run.batch}
    samples = ONE if run.batch == 1 else symbol
    found = []
    for rank in ranks(g, run):
        laws = {kind: expanded(law) for kind, law in _Sent(run, rank, samples).laws()}
        sizes = {kind: evaluate(law, values) for kind, law in laws.items()}
        present = [kind for kind, size in sizes.items() if size]
        by_kind = {kind: sizes[kind] for kind in present}
        shown = {kind: g.show(laws[kind]) for kind in present}
        found.append(Communication(g.name, run, g.bindings, sum(by_kind.values()), by_kind, shown, rank.words))
    return max(found, key=lambda each: each.bytes)


class _Sent:
    """The laws of one rank."""

    def __init__(self, run: Training, rank: Rank, samples: Expr) -> None:
        self.run, self.rank, self.precision = run, rank, PRECISIONS[run.dtype]
        self.execution = execution(self.precision.values, samples=samples)

    def laws(self) -> Iterator[tuple[str, Expr]]:
        yield SUMMED_GRADIENTS, self._gradients()
        yield SHARDED_WEIGHTS, self._weights()
        yield _CHANNELS, self._channels()
        yield STAGES, self.run.accumulate * Add(*map(self._bytes, (*self.rank.sent, *self.rank.received)))
        yield TOKENS, self.run.accumulate * _share(self.run.ep) * 2 * self._tokens(self.rank.graph, ONE)

    def _bytes(self, value: Value) -> Expr:
        return self.execution.bytes_of(value.type)

    def _gradients(self) -> Expr:
        """Summed over the ranks with a batch of their own: by all for all, or by each for its part."""
        passes = self.run.accumulate if self.run.zero >= 2 else 1
        to_all = 2 if self.run.zero == 0 else 1
        return passes * to_all * self.precision.gradients * self._rings("params_trainable")

    def _weights(self) -> Expr:
        """Gathered after a step where states are shared; for both ways of every micro-batch where weights are."""
        times = {0: 0, 1: 1, 2: 1, 3: 2 * self.run.accumulate}[self.run.zero]
        width = self.precision.values if self.run.zero == 3 else self.precision.weights
        return times * width * self._rings("params")

    def _rings(self, metric: str) -> Expr:
        """Scalars that pass a rank once around: among all with a batch of their own, or those with the same experts."""
        own, every = (Costs(each).total(metric) for each in (self.rank.graph, self.rank.all_experts))
        if self.run.ep == 1:
            return _share(self.run.dp) * own
        experts = (every - own) * Rational(1, self.run.ep - 1)
        return _share(self.run.dp) * (own - experts) + _share(self.run.dp // self.run.ep) * experts

    def _channels(self) -> Expr:
        """Sums over the ranks that split channels: results of row splits, gradients of column splits' operands."""
        sums = Add(*(times * self._bytes(value) for value, times in self.rank.exchanged))
        return self.run.accumulate * 2 * _share(self.run.tp) * sums

    def _tokens(self, graph: Graph, times: Expr) -> Expr:
        """What goes to experts and comes back from them, of one pass."""
        total: Expr = Integer(0)
        for member in graph.nodes:
            if not isinstance(member, Repeat):
                continue
            if member.experts is not None:
                ends = self._bytes(member.inputs[0]) + self._bytes(member.outputs[0])
                total += times * member.count * ends
            else:
                total += self._tokens(member.body, times * member.count)
        return total


def _share(count: int) -> Expr:
    return Rational(count - 1, count)
