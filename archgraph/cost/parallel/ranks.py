"""The ranks of a run that differ: what each of them runs of the network."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from sympy import Expr

from archgraph.cost.memory.loss import loss_of
from archgraph.cost.parallel.expert_parallel import check_experts, expert_parallel
from archgraph.cost.parallel.pipeline import PipelineStage, in_flight, pipeline_stages
from archgraph.cost.parallel.sequence_parallel import sequence_parallel
from archgraph.cost.parallel.tensor_parallel import RankGraph, tensor_parallel
from archgraph.cost.training.run import Training
from archgraph.errors import QueryError, counted
from archgraph.graph.ir import Graph, Value
from archgraph.graph.network import Network

MOST_LISTED = 4
"""Layers that are listed by name."""


@dataclass(frozen=True)
class Rank:
    """One rank.

    Attributes:
        graph: what it runs, with its share of the experts.
        all_experts: the same with all experts.
        loss: which loss the network has.
        received: inputs that are computed by another rank, which needs their gradients.
        sent: outputs that another rank needs.
        exchanged: values that the ranks which split channels sum up in one pass, each with how often it occurs.
        has_loss: whether the outputs of the network are its own.
        waiting: micro-batches, beside the one that runs, that wait for their way back.
        words: which rank it is, and what is split; empty where it has everything.
    """

    graph: Graph
    all_experts: Graph
    loss: str
    received: tuple[Value, ...] = ()
    sent: tuple[Value, ...] = ()
    exchanged: tuple[tuple[Value, Expr], ...] = ()
    has_loss: bool = True
    waiting: int = 0
    words: tuple[str, ...] = ()


def ranks(g: Network, run: Training) -> Iterator[Rank]:
    """Yield the ranks of a run that differ, the first stage of a pipeline first.

    Raises:
        QueryError: a network that cannot be split like this.
    """
    whole = replace(g.graph, outputs=g.selected)
    loss = loss_of(whole, run.loss)
    # Logits stay split where a loss is computed of them.
    split = _split(g, whole, run, split_outputs=loss == "cross_entropy")
    words = tuple(_words(split, run))
    if run.pp == 1:
        yield _rank(g, split, split.graph, run, loss, words)
        return
    for stage in pipeline_stages(split.graph, run.pp, g.evaluate):
        waiting = in_flight(stage.index, run.pp, run.accumulate) - 1
        own = _rank(g, split, stage.graph, run, loss, (*words, _stage_words(stage, run, waiting + 1)))
        received = own.graph.inputs[len(stage.graph.inputs) - len(stage.received) :]
        sent = () if stage.is_last else own.graph.outputs
        yield replace(own, received=received, sent=sent, has_loss=stage.is_last, waiting=waiting)


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
    exchanged = tuple(split.exchanged(graph))
    if run.sequence:
        graph = sequence_parallel(graph, run.tp, g.evaluate, split.columns, split.rows)
    own = expert_parallel(graph, run.ep, g.evaluate) if run.ep > 1 else graph
    return Rank(own, graph, loss, exchanged=exchanged, words=words)


def _words(split: RankGraph, run: Training) -> Iterator[str]:
    if run.tp > 1:
        yield tensor_words(split, run.tp, sequence=run.sequence)
    if run.ep > 1:
        yield f"{run.ep} ranks share the experts, which are chosen equally often"


def _stage_words(stage: PipelineStage, run: Training, held: int) -> str:
    batches = "1 micro-batch" if held == 1 else f"{held} micro-batches"
    return f"stage {stage.index + 1} of {run.pp}, with {counted(stage.blocks, 'block')}, holds {batches} (1F1B)"


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
