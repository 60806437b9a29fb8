"""What is read along local paths alone: the way by which a position is at home somewhere in the input."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction

from archgraph.fields.report.read_fold import ReadFold
from archgraph.fields.sets.field import Field
from archgraph.fields.sets.readings import HalfLine, Moving, Reading, Rows, Unsettled, Whole, on_axis
from archgraph.fields.sets.region import REST, Dependence, Region, Transfer, apply
from archgraph.graph.ir import Graph, Node, Value


class LocalReads(ReadFold):
    """What reads all positions moves nobody; of branches that disagree about places, the best-fitting one counts."""

    def of(self, graph: Graph) -> Mapping[Value, Dependence]:
        """Return what every value of a graph reads locally."""
        before = getattr(self, "_sources", ())
        self._sources = graph.inputs
        try:
            return super().of(graph)
        finally:
            self._sources = before

    def reads(self, node: Node) -> Transfer:
        """Return what every output of an operation reads locally of its operands."""
        return tuple({index: _local(region) for index, region in row.items()} for row in super().reads(node))

    def node(self, node: Node, operands: tuple[Dependence, ...]) -> tuple[Dependence, ...]:
        """Return what the outputs of an operation read locally, by way of its operands."""
        found = super().node(node, operands)
        if not any(_misaligned(field.content) for row in found for region in row.values() for field in _axes(region)):
            return found
        ways = [[apply({index: read}, operands) for index, read in row.items()] for row in self.reads(node)]
        return tuple(
            {source: self._agreed(source, region, branches) for source, region in row.items()}
            for row, branches in zip(found, ways, strict=True)
        )

    def _agreed(self, source: int, region: Region, branches: list[Dependence]) -> Region:
        """Return a region in which every axis whose branches disagree is that of one of them."""
        parts = [branch[source] for branch in branches if source in branch]
        fields = {
            axis: self._fitting(source, axis, [part.fields[axis] for part in parts]) or field
            if axis != REST and _misaligned(field.content)
            else field
            for axis, field in region.fields.items()
        }
        return replace(region, fields=fields, boxes=None)

    def _fitting(self, source: int, axis: str, branches: list[Field]) -> Field | None:
        """Return the branch whose cells cover the input best, None where none is better than the others.

        An upsampling that aligns corners has cells that are a little too short; the skip beside it has its places.
        """
        extent = self._evaluate(self._sources[source].type.size(axis))
        misses = {branch: miss for branch in branches if (miss := _miss(branch.content, extent)) is not None}
        least = min(misses.values(), default=None)
        best = [branch for branch, miss in misses.items() if miss == least]
        alike = best and all(_steps(branch.content) == _steps(best[0].content) for branch in best)
        return best[0] if alike else None


def _axes(region: Region) -> list[Field]:
    return [field for axis, field in region.fields.items() if axis != REST]


def _misaligned(reading: Reading) -> bool:
    return isinstance(reading, Unsettled) and reading.label == "misaligned"


def _plain(reading: Reading) -> Moving | None:
    return on_axis(reading) if isinstance(reading, Moving) and reading.form else None


def _miss(reading: Reading, extent: int) -> Fraction | None:
    """By how much all cells of a branch together are longer or shorter than the input."""
    plain = _plain(reading)
    return None if plain is None else abs(plain.map.stride * plain.form[0].extent - extent)


def _steps(reading: Reading) -> Fraction | None:
    plain = _plain(reading)
    return None if plain is None else plain.map.stride


def _local(region: Region) -> Region:
    fields = {axis: field if axis == REST else field.each(_moving) for axis, field in region.fields.items()}
    return Region(fields, region.boxes, region.channels)


def _moving(reading: Reading) -> Reading:
    return None if isinstance(reading, Whole | HalfLine | Rows) else reading
