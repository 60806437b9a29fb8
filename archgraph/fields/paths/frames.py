"""Where every value of a network is at home, body by body: iterations that do the same on the same cells are one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from archgraph.fields.paths.homes import Located, home_of
from archgraph.fields.paths.local_reads import LocalReads
from archgraph.fields.sets.field import Field
from archgraph.fields.sets.limits import check_iterations
from archgraph.fields.sets.readings import axes_of
from archgraph.fields.sets.region import Dependence, reading_alone
from archgraph.graph.ir import Graph, Node, Repeat, Value
from archgraph.sizes.exact import Evaluate
from archgraph.steps import stepping

Operands: TypeAlias = tuple[Dependence, ...]
COMPARED = 4
"""How many of the iterations before may be what one is like."""
TOLD_APART = 256
"""Iterations in a row that all differ, after which the others are taken to do so too."""


@dataclass(frozen=True, eq=False)
class Frame:
    """A graph whose inputs lie somewhere in the network's input.

    Attributes:
        graph: the network's own, or a body.
        homes: where its values are; none where every position reads the same.
        untold: values whose positions differ in what they read, and lie in no order along the axis.
        inside: the iterations of its repeats.
    """

    graph: Graph
    homes: Mapping[Value, Located | None]
    inside: Mapping[Repeat, Iterations]
    untold: frozenset[Value] = frozenset()


@dataclass(frozen=True, eq=False)
class Iterations:
    """The frames of the iterations of a repeat: from `start` on those from there come again and again."""

    count: int
    frames: tuple[Frame, ...]
    start: int
    once: bool = field(default=False)

    def at(self, index: int) -> Frame:
        """Return the frame of one iteration."""
        if index < len(self.frames):
            return self.frames[index]
        return self.frames[self.start + (index - self.start) % (len(self.frames) - self.start)]

    def since(self, index: int) -> int:
        """Return the first of the iterations up to one that all have its frame."""
        if index >= self.start and len(self.frames) - self.start == 1:
            index = self.start
        while index and self.at(index - 1) is self.at(index):
            index -= 1
        return index


@dataclass(frozen=True, eq=False)
class _Framed:
    """What comes into a graph, its frame then, and what its outputs read."""

    inputs: Operands
    frame: Frame
    outputs: Operands


class Framing(LocalReads):
    """Makes the frames of a network for one axis of an input.

    Args:
        graph: the network.
        input: the input.
        axis: one of its axes.
        evaluate: gives the value of a size.
    """

    def __init__(self, graph: Graph, input: Value, axis: str, evaluate: Evaluate) -> None:
        super().__init__(graph, evaluate)
        self._graph = graph
        self._axis = axis
        self._number = graph.inputs.index(input)
        self._known: dict[Graph, list[_Framed]] = {}
        self._alike: dict[object, Frame] = {}

    def frame(self) -> Frame:
        """Return the frame of the network."""
        inputs = (
            {index: self.itself(value)} if index == self._number else {}
            for index, value in enumerate(self._graph.inputs)
        )
        return self._framed(self._graph, tuple(inputs)).frame

    def _framed(self, graph: Graph, inputs: Operands) -> _Framed:
        """Return the frame of a graph, and what its outputs read."""
        known = self._known.setdefault(graph, [])
        for framed in known[-COMPARED:]:
            if framed.inputs == inputs:
                return framed
        inside: dict[Repeat, Iterations] = {}
        reads = dict(zip(graph.inputs, inputs, strict=True))
        for member in stepping(graph.nodes, "operations"):
            operands = tuple(reads[value] for value in member.inputs)
            if isinstance(member, Node):
                results = self.node(member, operands)
            else:
                inside[member], results = self._iterations(member, operands)
            reads.update(zip(member.outputs, results, strict=True))
        homes = {value: self._home(row) for value, row in reads.items()}
        untold = frozenset(value for value, home in homes.items() if home is None and self._differs(reads[value]))
        frame = self._shared(Frame(graph, homes, inside, untold))
        known.append(_Framed(inputs, frame, tuple(reads[value] for value in graph.outputs)))
        return known[-1]

    def _shared(self, frame: Frame) -> Frame:
        """Return the first frame that is equal: iterations that read more and more may all lie in the same places."""
        repeats = ((repeat, each.count, each.frames, each.start) for repeat, each in frame.inside.items())
        key = (frame.graph, tuple(frame.homes.items()), frame.untold, tuple(repeats))
        return self._alike.setdefault(key, frame)

    def _home(self, row: Dependence) -> Located | None:
        reading = self._read(row)
        return None if reading is None else home_of(reading)

    def _differs(self, row: Dependence) -> bool:
        reading = self._read(row)
        return reading is not None and bool(axes_of(reading.content))

    def _read(self, row: Dependence) -> Field | None:
        region = reading_alone(row).get(self._number)
        return None if region is None else region.fields[self._axis]

    def _iterations(self, repeat: Repeat, operands: Operands) -> tuple[Iterations, Operands]:
        count, carried = self.count(repeat), len(repeat.outputs)
        if repeat.once or repeat.experts is not None:
            framed = self._framed(repeat.body, operands)
            return Iterations(1, (framed.frame,), 0, once=True), framed.outputs
        met: dict[_Framed, int] = {}
        for index in range(count):
            framed = self._framed(repeat.body, operands)
            if framed in met:
                # What comes in has come in before: from there on the same comes again.
                return _again(count, tuple(met), met[framed])
            met[framed] = index
            if len(met) == TOLD_APART:
                check_iterations(repeat.name, count, len(repeat.body.nodes))
            operands = (*framed.outputs, *operands[carried:])
        return _iterations(count, tuple(met), max(count - 1, 0)), operands[:carried]


def _again(count: int, framed: tuple[_Framed, ...], start: int) -> tuple[Iterations, Operands]:
    """Return iterations of which those from `start` on come again and again, and what the last one gives."""
    last = start + (count - 1 - start) % (len(framed) - start)
    return _iterations(count, framed, start), framed[last].outputs


def _iterations(count: int, framed: tuple[_Framed, ...], start: int) -> Iterations:
    """Return the frames of iterations; the last ones are one where they are equal."""
    frames = [each.frame for each in framed]
    if len(set(frames[start:])) == 1:
        del frames[start + 1 :]
        while start and frames[start - 1] is frames[start]:
            frames.pop()
            start -= 1
    return Iterations(count, tuple(frames), start)
