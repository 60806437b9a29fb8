"""The fewest mixing layers by which an offset is covered."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from fractions import Fraction
from functools import reduce
from itertools import islice, pairwise
from typing import TypeAlias

from archgraph.fields.rules.node_reads import node_reads
from archgraph.fields.sets.pieces import join
from archgraph.fields.sets.readings import HalfLine, Moving, Reading, Rows, Whole, axes_of
from archgraph.fields.sets.region import Region, own_region
from archgraph.fields.sets.through import through
from archgraph.graph.fold import Fold, iterations
from archgraph.graph.ir import Graph, Member, Node, Repeat, Value
from archgraph.graph.locate import axis_named, checked_distance, input_named
from archgraph.sizes.exact import Evaluate

Depths: TypeAlias = Mapping[int, Reading]
"""What a value reads by way of at most so many mixing layers, as far as more layers read more."""


def depth_to_cover(
    graph: Graph, distance: int, input: str | None = None, axis: str | None = None, *, evaluate: Evaluate
) -> int | None:
    """Return after how many mixing layers at least some value reads as far as a distance to either side.

    A layer mixes where outputs share what they read: a convolution or attention, but no patches or pooling side
    by side. Of a value's largest set one half lies to either side. None where the network never gets that far.

    Args:
        graph: the network.
        distance: in elements of the input.
        input: the name of the input, by default the only one with positions.
        axis: an axis of the input, by default its first.
        evaluate: gives the value of a size.

    Raises:
        QueryError: there is no such input or axis, or the distance is negative.
    """
    source = input_named(graph, input)
    chosen = axis_named(source, axis)
    return _Depth(evaluate, checked_distance(distance)).search(graph, source, chosen)


class _Depth(Fold[Depths]):
    def __init__(self, evaluate: Evaluate, distance: int) -> None:
        self.evaluate = evaluate
        self.distance = distance
        self.best: int | None = None

    def search(self, graph: Graph, source: Value, axis: str) -> int | None:
        extents = {name: self.evaluate(source.type.size(name)) for name in source.type.positions}
        begin: Depths = {0: own_region(extents).fields[axis].content}
        self.run(graph, tuple(begin if value is source else {} for value in graph.inputs))
        return self.best

    def member(self, member: Member, operands: tuple[Depths, ...]) -> tuple[Depths, ...]:
        """Return nothing where nothing comes in."""
        return super().member(member, operands) if any(operands) else ({},) * len(member.outputs)

    def repeat(self, repeat: Repeat, operands: tuple[Depths, ...]) -> tuple[Depths, ...]:
        """Apply the body until nothing new comes of it."""
        steps = iterations(lambda given: self.outputs(repeat.body, given), operands)
        count = self.evaluate(repeat.iterations)
        for before, after in pairwise(islice(steps, min(count + 1, sys.maxsize))):
            operands = after
            if before == after:
                break
        return operands[: len(repeat.outputs)]

    def node(self, node: Node, operands: tuple[Depths, ...]) -> tuple[Depths, ...]:
        """Return what every output reads, one layer deeper where the operation mixes."""
        return tuple(self._rows(node, operands))

    def _rows(self, node: Node, operands: tuple[Depths, ...]) -> Iterator[Depths]:
        for row in node_reads(node, self.evaluate, Whole((), node.name)):
            found: dict[int, list[Reading]] = {}
            for operand, region in row.items():
                for depth, reading in operands[operand].items():
                    new = through(reading, lambda name, region=region: region.fields[name].content)
                    found.setdefault(depth + _mixes(reading, region), []).append(new)
            yield self._pruned({depth: reduce(join, readings) for depth, readings in found.items()})

    def _pruned(self, found: Depths) -> Depths:
        """Keep what reads more than anything of fewer layers, up to the depth that covers the distance."""
        kept: dict[int, Reading] = {}
        before: Reading = None
        for depth in sorted(found):
            if self.best is not None and depth >= self.best:
                break
            together = join(before, found[depth])
            if together is None or together == before:
                continue
            kept[depth], before = together, together
            if self._covers(together):
                self.best = depth
        return kept

    def _covers(self, reading: Reading) -> bool:
        if isinstance(reading, Whole | HalfLine):
            return True
        if isinstance(reading, Rows):
            return any(Fraction(found.size - 1, 2) >= self.distance for found in reading.sets)
        return isinstance(reading, Moving) and Fraction(reading.map.size_max - 1, 2) >= self.distance


def _mixes(reading: Reading, region: Region) -> int:
    """Return 1 where the node mixes positions along what drives the reading."""
    return int(any(_several(region.fields[axis].content) for axis in axes_of(reading) if axis in region.fields))


def _several(read: Reading) -> bool:
    if isinstance(read, Rows):
        return any(found.length > 1 for found in read.sets)
    if not isinstance(read, Moving):
        return isinstance(read, Whole | HalfLine)
    reads = read.map
    neighbours = ((reads.at(index), reads.at(index + 1)) for index in range(reads.period))
    return any(here.touched > 1 and here.hi >= following.lo for here, following in neighbours)
