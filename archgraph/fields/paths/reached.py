"""What reaches a network from one position of an output inside of it, body by body."""

from __future__ import annotations

from dataclasses import dataclass

from archgraph.fields.paths.target import Target
from archgraph.fields.paths.walk import NOWHERE, Carried, States, Walk, joined
from archgraph.fields.sets.indices import interval


@dataclass(frozen=True)
class Reached:
    """The states of the graphs around an output.

    Attributes:
        target: the output.
        states: of the network, and of the iterations that the output lies in, outermost first.
    """

    target: Target
    states: tuple[States, ...]

    def carried(self, depth: int) -> Carried:
        """Return what reaches the carried inputs of the iteration around the output at a depth."""
        repeat, _ = self.target.around[depth]
        inputs = tuple(self.states[depth + 1].get(value, NOWHERE) for value in repeat.body.inputs)
        return inputs[: len(repeat.outputs)]


def reached(walk: Walk, target: Target, output: int) -> Reached:
    """Return what reaches the network from one position of an output."""
    frames = target.frames(walk.top)
    states = [walk.states(frames[-1], {target.value: (interval(output, output),)})]
    for depth in range(len(target.around) - 1, -1, -1):
        repeat, index = target.around[depth]
        inputs: Carried = tuple(states[0].get(value, NOWHERE) for value in repeat.body.inputs)
        iterations = frames[depth].inside[repeat]
        if not iterations.once:
            carried = len(repeat.outputs)
            earlier = walk.before(repeat, iterations, inputs[:carried], index)
            inputs = (*earlier[:carried], *map(joined, inputs[carried:], earlier[carried:]))
        seeds: States = {}
        for value, levels in zip(repeat.inputs, inputs, strict=True):
            seeds[value] = joined(seeds.get(value, NOWHERE), levels)
        states.insert(0, walk.states(frames[depth], seeds))
    return Reached(target, tuple(states))
