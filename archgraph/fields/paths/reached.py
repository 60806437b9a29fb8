"""What reaches a network from one position of an output inside of it, body by body."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic

from archgraph.fields.paths.target import PathTarget
from archgraph.fields.paths.walk import Carried, PathWalk, PlaceSet, WalkStates


@dataclass(frozen=True)
class Reached(Generic[PlaceSet]):
    """The states of the graphs around an output.

    Attributes:
        target: the output.
        states: of the network, and of the iterations that the output lies in, outermost first.
    """

    target: PathTarget
    states: tuple[WalkStates[PlaceSet], ...]

    def carried(self, depth: int) -> Carried[PlaceSet]:
        """Return what reaches the carried inputs of the iteration around the output at a depth."""
        repeat, _ = self.target.around[depth]
        inputs = tuple(self.states[depth + 1].get(value, ()) for value in repeat.body.inputs)
        return inputs[: len(repeat.outputs)]


def reached(walk: PathWalk[PlaceSet], target: PathTarget, output: PlaceSet) -> Reached[PlaceSet]:
    """Return what reaches the network from positions of an output."""
    frames = target.frames(walk.moves.top)
    states = [walk.states(frames[-1], {target.value: (output,)})]
    for depth in range(len(target.around) - 1, -1, -1):
        repeat, index = target.around[depth]
        inputs: Carried[PlaceSet] = tuple(states[0].get(value, ()) for value in repeat.body.inputs)
        iterations = frames[depth].inside[repeat]
        if not iterations.once:
            carried = len(repeat.outputs)
            earlier = walk.before(repeat, iterations, inputs[:carried], index)
            inputs = (*earlier[:carried], *map(walk.joined, inputs[carried:], earlier[carried:]))
        states.insert(0, walk.states(frames[depth], walk.merged(repeat.inputs, inputs)))
    return Reached(target, tuple(states))
