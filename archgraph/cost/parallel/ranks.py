"""The ranks of a run that differ: what each of them runs of the network."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from sympy import Expr

from archgraph.cost.memory.loss import loss_of
from archgraph.cost.parallel.expert_parallel import check_experts, expert_parallel
from archgraph.cost.parallel.interleaving import Moment1F1B, joined_stages, moments_1f1b
from archgraph.cost.parallel.pipeline import PipelineStage, pipeline_stages
from archgraph.cost.parallel.sequence_parallel import sequence_parallel
from archgraph.cost.parallel.tensor_parallel import RankGraph, tensor_parallel
from archgraph.cost.training.run import Training
from archgraph.errors import QueryError, counted
from archgraph.graph.ir import Graph, Value
from archgraph.graph.network import Network

MOST_LISTED = 4
"""Layers that are listed by name."""


_ALONE = Moment1F1B(0, (1,))
"""The only moment of a rank on which nothing waits."""


@dataclass(frozen=True)
class RankPart:
    """What a rank runs in one go.

    Attributes:
        graph: with its share of the experts.
        received: inputs that are computed by another part, which needs their gradients.
        has_loss: whether the outputs of the network are its own.
    """

    graph: Graph
    received: tuple[Value, ...] = ()
    has_loss: bool = True


@dataclass(frozen=True)
class Rank:
    """One rank.

    Attributes:
        graph: all that it runs, with its share of the experts.
        all_experts: the same with all experts.
        loss: which loss the network has.
        parts: what it runs one after the other.
        moments: those at which the most of its parts waits for the backward pass.
        received: inputs that are computed by another rank, which needs their gradients.
        sent: outputs that another rank needs.
        exchanged: values that the ranks which split channels sum up in one pass, each with how often it occurs.
        words: which rank it is, and what is split; empty where it has everything.
    """

    graph: Graph
    all_experts: Graph
    loss: str
    parts: tuple[RankPart, ...]
    moments: tuple[Moment1F1B, ...] = (_ALONE,)
    received: tuple[Value, ...] = ()
    sent: tuple[Value, ...] = ()
    exchanged: tuple[tuple[Value, Expr], ...] = ()
    words: tuple[str, ...] = ()

    @property
    def is_in_parts(self) -> bool:
        """Whether it runs several parts of the network, one at a time."""
        return len(self.parts) > 1


def ranks(g: Network, run: Training) -> Iterator[Rank]:
    """Yield the ranks of a run that differ, the first stage of a pipeline first.

    Raises:
        QueryError: a network that cannot be split like this.
    """
    whole = replace(g.graph, outputs=g.selected)
    loss = loss_of(whole, run.loss)
    # Logits stay split where a loss is computed of them.
    split = _split(g, whole, run, split_outputs=loss in ("cross_entropy", "chunked"))
    words = tuple(_words(split, run))
    if run.pp == 1:
        yield _rank(g, split, split.graph, run, loss, words)
        return
    stages = pipeline_stages(split.graph, run.pp, g.evaluate, run.virtual)
    for index in range(run.pp):
        yield _stage_rank(g, split, stages[index :: run.pp], index, run, loss, words)


def _stage_rank(
    g: Network,
    split: RankGraph,
    stages: tuple[PipelineStage, ...],
    index: int,
    run: Training,
    loss: str,
    words: tuple[str, ...],
) -> Rank:
    """Return the rank that has some stages of a pipeline."""
    whole = joined_stages(stages, index)
    moments = moments_1f1b(index, run.pp, run.accumulate, run.virtual)
    own = _rank(g, split, whole.graph, run, loss, (*words, _stage_words(whole, run, moments)))
    parts = tuple(_stage_part(g, split, stage, run) for stage in stages)
    kept = tuple(value for value in own.graph.outputs[: len(whole.graph.outputs) - _delivered(stages[-1])])
    return replace(own, parts=parts, moments=moments, received=_received(own.graph, whole), sent=kept)


def _delivered(stage: PipelineStage) -> int:
    """How many results of a stage are those of the network."""
    return len(stage.graph.outputs) if stage.is_last else 0


def _stage_part(g: Network, split: RankGraph, stage: PipelineStage, run: Training) -> RankPart:
    graph = _own_graph(g, split, stage.graph, run)
    return RankPart(graph, _received(graph, stage), stage.is_last)


def _received(graph: Graph, stage: PipelineStage) -> tuple[Value, ...]:
    """The inputs of a rank's graph that stand where a stage receives its own."""
    return graph.inputs[len(stage.graph.inputs) - len(stage.received) :]


def _split(g: Network, graph: Graph, run: Training, *, split_outputs: bool) -> RankGraph:
    if run.ep > 1:
        check_experts(graph, run.ep)
    if run.tp == 1:
        return RankGraph(graph, frozenset(), frozenset())
    found = tensor_parallel(graph, run.tp, g.evaluate, split_outputs=split_outputs)
    if not found.columns:
        raise QueryError(
            "tensor parallelism splits linear layers between which channels or heads stay apart, and none do",
            hint="tp=1; zero=3 shares all weights",
        )
    return found


def _rank(g: Network, split: RankGraph, graph: Graph, run: Training, loss: str, words: tuple[str, ...]) -> Rank:
    exchanged = tuple(split.exchanged(graph).items())
    all_experts = _in_sequence(g, split, graph, run)
    own = _with_experts(g, all_experts, run)
    return Rank(own, all_experts, loss, (RankPart(own),), exchanged=exchanged, words=words)


def _own_graph(g: Network, split: RankGraph, graph: Graph, run: Training) -> Graph:
    return _with_experts(g, _in_sequence(g, split, graph, run), run)


def _in_sequence(g: Network, split: RankGraph, graph: Graph, run: Training) -> Graph:
    return sequence_parallel(graph, run.tp, g.evaluate, split.columns, split.rows) if run.sequence else graph


def _with_experts(g: Network, graph: Graph, run: Training) -> Graph:
    return expert_parallel(graph, run.ep, g.evaluate) if run.ep > 1 else graph


def _words(split: RankGraph, run: Training) -> Iterator[str]:
    if run.tp > 1:
        yield tensor_words(split, run.tp, sequence=run.sequence)
    if run.ep > 1:
        yield f"{run.ep} ranks share the experts, which are chosen equally often"


def _stage_words(stage: PipelineStage, run: Training, moments: tuple[Moment1F1B, ...]) -> str:
    held = max(sum(moment.held) for moment in moments)
    batches = "1 micro-batch" if held == 1 else f"{held} micro-batches"
    blocks = counted(stage.blocks, "block")
    if run.virtual > 1:
        parts = f"{blocks} in {run.virtual} parts, holds {held} times a part of a micro-batch (interleaved 1F1B)"
        return f"stage {stage.index + 1} of {run.pp}, with {parts}"
    return f"stage {stage.index + 1} of {run.pp}, with {blocks}, holds {batches} (1F1B)"


def tensor_words(found: RankGraph, count: int, *, sequence: bool = False) -> str:
    """Say which layers a rank has parts of.

    >>> from archgraph import load
    >>> g = load("mixtral").network
    >>> tensor_words(tensor_parallel(g.graph, 4, g.evaluate, split_outputs=True), 4)
    '4 ranks split channels: 6 column and 3 row splits; all else is whole, of linear layers blocks.moe_swiglu.router'
    """
    shown, more = ", ".join(found.whole[:MOST_LISTED]), len(found.whole) - MOST_LISTED
    linear = f", of linear layers {shown}{f' and {more} more' if more > 0 else ''}" if shown else ""
    splits = f"{len(found.columns)} column and {counted(len(found.rows), 'row split')}"
    positions = ", and positions wherever these are whole" if sequence else ""
    return f"{count} ranks split channels{positions}: {splits}; all else is whole{linear}"
