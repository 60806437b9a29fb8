"""The stages of a pipeline: consecutive blocks of a network, with what stands before, between and after them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from sympy import Expr, Integer, ceiling, floor

from archgraph.errors import QueryError
from archgraph.graph.ir import Graph, Member, Repeat, Value


@dataclass(frozen=True)
class PipelineStage:
    """What one rank of a pipeline runs.

    Attributes:
        index: from 0, the one with the inputs.
        graph: its part of the network; what comes from other stages enters as its last inputs.
        blocks: how many iterations of repeats it has.
        received: values of other stages.
        is_last: whether it computes the loss.
    """

    index: int
    graph: Graph
    blocks: int
    received: tuple[Value, ...]
    is_last: bool


def pipeline_stages(
    graph: Graph, count: int, measure: Callable[[Expr], int], parts: int = 1
) -> tuple[PipelineStage, ...]:
    """Return the stages of a pipeline with equally many blocks each; the first ones have one more where need be.

    Blocks are iterations of the outermost repeats. Everything else stays beside the block before it, or with the first.
    Where a rank has several parts, they are dealt out in turns: it has every `count`-th stage.

    Raises:
        QueryError: there are fewer blocks than stages.

    >>> from archgraph import load
    >>> g = load("llama").network
    >>> [(stage.blocks, len(stage.graph.nodes)) for stage in pipeline_stages(g.graph, 4, g.evaluate)]
    [(8, 2), (8, 1), (8, 1), (8, 3)]
    """
    blocks, stages = sum(_blocks(member, measure) for member in graph.nodes), count * parts
    if blocks < stages:
        named = f"pp={count} stages" if parts == 1 else f"pp={count} ranks with virtual={parts} parts each"
        most = blocks // parts
        raise QueryError(
            f"{named} share the iterations of the outermost repeats, and there are {blocks}",
            hint=f"pp: 1 to {most}" if most > 1 else "pp=1" if parts == 1 else "virtual=1",
        )
    lengths = [blocks // stages + (index < blocks % stages) for index in range(stages)]
    members = list(_Cut(lengths, measure).parts(graph.nodes))
    made = [{value for member in part for value in member.outputs} for part in members]
    return tuple(_stage(graph, members, made, index, lengths[index]) for index in range(stages))


def _blocks(member: Member, measure: Callable[[Expr], int]) -> int:
    if not isinstance(member, Repeat) or member.experts is not None:
        return 0
    iterations = measure(member.count)
    return iterations if iterations > 1 else 0


class _Cut:
    """Deals out the members of a network over its stages; a repeat that is cut hands its carried values on."""

    def __init__(self, lengths: list[int], measure: Callable[[Expr], int]) -> None:
        self.measure = measure
        self.stages = len(lengths)
        self._left = list(lengths)
        self._part: list[Member] = []

    def parts(self, members: Sequence[Member]) -> Iterator[list[Member]]:
        """Yield the members of every stage."""
        for member in members:
            if isinstance(member, Repeat) and (whole := _blocks(member, self.measure)):
                yield from self._repeat(member, whole)
            else:
                self._part.append(member)
        yield self._part

    def _repeat(self, repeat: Repeat, whole: int) -> Iterator[list[Member]]:
        rest, inputs = whole, repeat.inputs
        while rest:
            if not self._left[0]:
                yield self._part
                self._part = []
                del self._left[0]
            taken = min(rest, self._left[0])
            rest, self._left[0] = rest - taken, self._left[0] - taken
            outputs = self._between(repeat, whole - rest) if rest else repeat.outputs
            count = self._count(repeat.count, taken, whole)
            self._part.append(replace(repeat, count=count, inputs=inputs, outputs=outputs))
            inputs = outputs + inputs[len(outputs) :]

    def _between(self, repeat: Repeat, done: int) -> tuple[Value, ...]:
        return tuple(Value(value.type, f"{value.name}_after_{done}") for value in repeat.outputs)

    def _count(self, count: Expr, taken: int, whole: int) -> Expr:
        """Return the law of a part: an even share, rounded where it does not come out even, or what it is here."""
        if taken == whole:
            return count
        even = count / self.stages
        if whole % self.stages == 0 and taken == whole // self.stages:
            return even
        rounded = (law for law in (ceiling(even), floor(even)) if self.measure(law) == taken)
        return next(rounded, count * Integer(taken) / whole)


def _stage(graph: Graph, parts: list[list[Member]], made: list[set[Value]], index: int, blocks: int) -> PipelineStage:
    taken = dict.fromkeys(value for member in parts[index] for value in member.inputs if value not in made[index])
    later = {value for part in parts[index + 1 :] for member in part for value in member.inputs}
    kept = {*later, *graph.outputs}
    given = tuple(value for member in parts[index] for value in member.outputs if value in kept)
    received = tuple(value for value in taken if value not in graph.inputs)
    outside = tuple(value for value in taken if value in graph.inputs)
    own = Graph((*outside, *received), tuple(parts[index]), given)
    return PipelineStage(index, own, blocks, received, index == len(parts) - 1)
