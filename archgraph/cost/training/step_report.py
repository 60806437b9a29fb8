"""The operations of a training step as a result that prints as a report, and the utilisation of a device."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from sys import float_info
from typing import Literal, TypeAlias

from sympy import Expr

from archgraph.cost.costs import Costs
from archgraph.cost.device import device
from archgraph.cost.memory.setting import checkpoints
from archgraph.cost.part import costs_of
from archgraph.cost.training.run import Training
from archgraph.cost.training.step_flops import StepProducts
from archgraph.errors import QueryError, not_among
from archgraph.graph.execution import execution
from archgraph.graph.ir import Node
from archgraph.graph.network import Network
from archgraph.ops.attention import ScaledDotProductAttention
from archgraph.report.table import Table
from archgraph.sizes.expansion import expanded
from archgraph.sizes.law_text import law_text

CausalPairs: TypeAlias = Literal["all", "half"]
CAUSAL = ("all", "half")
ALL_PAIRS = "causal masks are not halved: all pairs of positions are counted"
APPROXIMATE = "6ND is an approximation; for convolutions it means nothing"


@dataclass(frozen=True, repr=False)
class StepFlops:
    """Operations of matrix products and convolutions, two per multiply-accumulate, of all samples of a step.

    Attributes:
        name: of the network.
        run: how it is trained.
        at: the values of its symbols.
        forward: of the way there.
        backward: of the backward pass: one product for every factor that needs a gradient.
        again: what is recomputed: checkpoints, and scores that a fused kernel drops.
        laws: the same, of one sample, by name.
        tokens: positions that attention mixes first, over all samples; without attention, those of the first input.
        six_n_d: six times the parameters times the tokens.
    """

    name: str
    run: Training
    at: str
    forward: int
    backward: int
    again: int
    laws: dict[str, Expr]
    tokens: int
    six_n_d: int

    @property
    def model(self) -> int:
        """Forward and backward, however they are computed."""
        return self.forward + self.backward

    @property
    def hardware(self) -> int:
        """The same, with what is recomputed."""
        return self.model + self.again

    @property
    def samples(self) -> int:
        """Samples of a step on one rank."""
        return self.run.batch * self.run.accumulate

    @property
    def per_token(self) -> Fraction:
        """Model operations per token."""
        return Fraction(self.model, self.tokens)

    @property
    def ratio(self) -> float:
        """6ND over the model's operations."""
        return self.six_n_d / self.model if self.model else float("nan")

    @property
    def table(self) -> Table:
        """The report as a table."""
        rows = [
            {"part": part, "FLOP": number, "kind of number": "exact", "law per sample": law_text(self.laws[part])}
            for part, number in (("forward", self.forward), ("backward", self.backward), ("again", self.again))
        ]
        six = {"part": "6ND", "FLOP": self.six_n_d, "kind of number": "approximation", "law per sample": ""}
        total = {"part": "model FLOP (forward + backward)", "FLOP": self.model, "kind of number": "exact"}
        six_told = f"6ND is {self.ratio:.3f} of the model FLOP, with {self.tokens:,} tokens"
        notes = (self.at, six_told, APPROXIMATE, ALL_PAIRS)
        title = f"{self.name}: {self.model:,} FLOP of a step of {self.samples} samples, {self.hardware:,} are computed"
        columns = ("part", "FLOP", "kind of number", "law per sample")
        return Table(title, columns, [*rows, six], {**total, "law per sample": ""}, notes)

    def __str__(self) -> str:
        return str(self.table)

    def __repr__(self) -> str:
        return repr(self.table)

    def _repr_html_(self) -> str:
        return self.table.to_html()


def step_laws(g: Network, run: Training) -> dict[str, Expr]:
    """Return the operations of one sample in the symbols of the graph: forward, backward, again."""

    chosen = checkpoints(g.graph, run.checkpoint).at(g.evaluate)

    def make() -> dict[str, Expr]:
        how = execution(kernel=run.attention, checkpoint=chosen)
        products = StepProducts(how, run.early_stop)
        laws = {
            "forward": costs_of(g).total("macs"),
            "backward": products.backward(g.graph, g.selected),
            "again": products.again(g.graph, g.selected),
        }
        return {part: expanded(2 * law) for part, law in laws.items()}

    key = ("step", run.attention, chosen, run.early_stop)
    return g.once_for_graph(key, make)


def step_flops(g: Network, run: Training) -> StepFlops:
    """Return the operations of a training step on one rank, at the bound values."""
    laws, samples = step_laws(g, run), run.batch * run.accumulate
    forward, backward, again = (samples * g.evaluate(law) for law in laws.values())
    tokens = samples * g.evaluate(positions(g))
    params = g.evaluate(Costs(g.graph).total("params"))
    shown = {part: g.show(law) for part, law in laws.items()}
    return StepFlops(g.name, run, g.bindings, forward, backward, again, shown, tokens, 6 * params * tokens)


def positions(g: Network) -> Expr:
    """Return what is called a token: a position that attention mixes first, else one of the first input.

    >>> from archgraph import load
    >>> [g.evaluate(positions(g)) for g in (load("dit").network, load("unet:padded-512").network)]
    [256, 262144]
    """
    members = (member for _, member in g.graph.walk() if isinstance(member, Node))
    mixing = (node.types[0].area for node in members if isinstance(node.op.core, ScaledDotProductAttention))
    return next(mixing, g.graph.inputs[0].type.area)


def causal_flops(g: Network, run: Training) -> int:
    """Return the model's operations in attention that is causal over all positions, of a step on one rank."""
    law = StepProducts(execution(kernel=run.attention)).causal(g.graph, g.selected)
    return run.batch * run.accumulate * g.evaluate(2 * law)


def mfu(g: Network, name: str, run: Training, tokens_per_second: float, causal: CausalPairs) -> float:
    """Return the share of the ranks' peak that a measured throughput uses, by the model's operations alone.

    Raises:
        QueryError: an unknown device, or one without products in that type; a throughput that is none; an unknown way
            to count causal attention.
    """
    if not isinstance(causal, str) or causal not in CAUSAL:
        raise not_among("way to count causal attention", causal, CAUSAL)
    if not 0 < tokens_per_second <= float_info.max:
        raise QueryError(f"tokens_per_second is a positive number, and not {tokens_per_second}")
    step, peak = step_flops(g, run), device(name).rate(run.dtype) * run.gpus
    unread = Fraction(causal_flops(g, run), 2) if causal == "half" else 0
    return float((step.model - unread) / step.tokens) * tokens_per_second / peak
