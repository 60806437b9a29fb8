"""What waits on a rank of a pipeline: in the order in which ways there and back alternate, of one or several parts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

from archgraph.cost.parallel.pipeline import PipelineStage
from archgraph.graph.ir import Graph, Member


@dataclass(frozen=True)
class Moment1F1B:
    """A moment of a schedule.

    Attributes:
        running: the part of the rank whose way there or back is gone.
        held: micro-batches of each part whose forward pass has begun and whose backward pass has not ended.
    """

    running: int
    held: tuple[int, ...]

    @property
    def waiting(self) -> tuple[int, ...]:
        """The micro-batches of each part beside the one that runs."""
        return tuple(count - (part == self.running) for part, count in enumerate(self.held))


def in_flight(stage: int, count: int, micro_batches: int, parts: int = 1) -> int:
    """Return how many micro-batches of the parts of a stage wait for their backward pass, the running one included.

    Narayanan et al. 2021, arXiv:2104.04473.

    >>> [in_flight(stage, 4, 8) for stage in range(4)], [in_flight(stage, 4, 8, 2) for stage in range(4)]
    ([4, 3, 2, 1], [11, 9, 7, 5])
    """
    return max(sum(moment.held) for moment in moments_1f1b(stage, count, micro_batches, parts))


def moments_1f1b(stage: int, count: int, micro_batches: int, parts: int = 1) -> tuple[Moment1F1B, ...]:
    """Return the moments of one rank that hold most: no other one of the same part holds as much of every part.

    Args:
        stage: the rank, from 0.
        count: of the ranks.
        micro_batches: of a step; with several parts a multiple of the ranks.
        parts: of the network that the rank has (virtual stages).

    >>> sorted({moment.held for moment in moments_1f1b(0, 2, 4, 2)})
    [(3, 2), (4, 1)]
    """
    every = dict.fromkeys(_schedule(stage, count, micro_batches, parts))
    return tuple(one for one in every if not any(_exceeds(other, one) for other in every))


def _schedule(stage: int, count: int, micro_batches: int, parts: int) -> Iterator[Moment1F1B]:
    total = micro_batches * parts
    ahead = count - stage - 1 if parts == 1 else 2 * (count - stage - 1) + (parts - 1) * count
    held = Counter[int]()
    for turn in range(total + ahead):
        if turn < total:
            there = turn // count % parts
            held[there] += 1
            yield Moment1F1B(there, tuple(held[part] for part in range(parts)))
        if 0 <= (back := turn - ahead) < total:
            done = parts - 1 - back // count % parts
            yield Moment1F1B(done, tuple(held[part] for part in range(parts)))
            held[done] -= 1


def _exceeds(other: Moment1F1B, one: Moment1F1B) -> bool:
    pairs = list(zip(other.held, one.held, strict=True))
    return other.running == one.running and other != one and all(more >= less for more, less in pairs)


def joined_stages(stages: tuple[PipelineStage, ...], index: int) -> PipelineStage:
    """Return all parts of one rank as one stage, whose graph has them side by side.

    >>> from archgraph import load
    >>> from archgraph.cost.parallel.pipeline import pipeline_stages
    >>> g = load("llama").network
    >>> parts = pipeline_stages(g.graph, 4, g.evaluate)
    >>> joined_stages(parts[1::2], 1).blocks, joined_stages(parts[1::2], 1).is_last
    (16, True)
    """
    if len(stages) == 1:
        return stages[0]
    nodes = tuple(_named_apart(member, part) for part, stage in enumerate(stages) for member in stage.graph.nodes)
    made = {value for member in nodes for value in member.outputs}
    received = tuple(dict.fromkeys(value for stage in stages for value in stage.received if value not in made))
    every = dict.fromkeys(value for stage in stages for value in stage.graph.inputs)
    outside = tuple(value for value in every if value not in made and value not in received)
    outputs = tuple(dict.fromkeys(value for stage in stages for value in stage.graph.outputs))
    graph = Graph((*outside, *received), nodes, outputs)
    return PipelineStage(index, graph, sum(stage.blocks for stage in stages), received, stages[-1].is_last)


def _named_apart(member: Member, part: int) -> Member:
    return replace(member, name=f"{member.name}_part_{part}") if part else member
