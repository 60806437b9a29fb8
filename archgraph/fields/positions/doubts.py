"""Why what a node reads is known as a bound only: the operations on the way that may read less than they say."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from archgraph.errors import ShapeError
from archgraph.fields.rules.axis_maps import rule_of
from archgraph.fields.rules.axis_rule import AxisView
from archgraph.graph.ir import Graph, Member, Node, Value
from archgraph.graph.walk_back import WalkBack, walk_back
from archgraph.ops.reach import Reach, at_sizes
from archgraph.sizes.exact import Evaluate

LEAKING = "sets too long to be held are filled up, and windows within blocks reach over their borders"
PICKED = "some channels were picked, which may read less than all of them together"


class _Read(NamedTuple):
    """That a value is read."""


class _DoubtfulReads(WalkBack[_Read]):
    """Collects the reasons of the operations that it passes, each once, by the operation that has it."""

    def __init__(self, evaluate: Evaluate) -> None:
        super().__init__(evaluate)
        self.reasons: dict[str, None] = {}

    def join(self, left: _Read, right: _Read) -> _Read:
        return left

    def pull(self, node: Node, outputs: tuple[_Read | None, ...]) -> tuple[_Read | None, ...]:
        try:
            reaches = at_sizes(node.reach, self.evaluate)
        # Then the field says so itself.
        except ShapeError:
            return (_Read(),) * len(node.inputs)
        asked = [number for number, state in enumerate(outputs) if state is not None]
        for reason in self._of(node, reaches, asked):
            self.reasons.setdefault(f"{reason} ({node.name})")
        return tuple(_Read() if reach.reads else None for reach in reaches)

    def _of(self, node: Node, reaches: tuple[Reach, ...], asked: list[int]) -> Iterator[str]:
        for operand, reach in zip(node.types, reaches, strict=True):
            for axis, read in reach.maps if reach.reads else ():
                for number in asked if reach.outputs is None else set(asked).intersection(reach.outputs):
                    type_ = node.outputs[number].type
                    view = AxisView(axis, axis, operand.size(axis), type_, number, self.evaluate)
                    reason = rule_of(read).doubt(view)
                    if reason:
                        yield reason


def doubts(graph: Graph, chain: tuple[Member, ...], asked: tuple[Value, ...], evaluate: Evaluate) -> tuple[str, ...]:
    """Return why what a node reads is a bound, with the operation that makes it so.

    Args:
        graph: the network.
        chain: the node, behind the repeats that it lies in.
        asked: outputs of the node.
        evaluate: gives the value of a size.
    """
    walker = _DoubtfulReads(evaluate)
    seeds: dict[Value, _Read] = dict.fromkeys(asked, _Read())
    walk_back(walker, graph, chain, seeds)
    return tuple(walker.reasons)
