"""What is read along local paths alone: the way by which a position is at home somewhere in the input."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from functools import reduce

from archgraph.errors import ShapeError
from archgraph.fields.report.read_fold import ReadFold
from archgraph.fields.sets.field import Field
from archgraph.fields.sets.readings import HalfLine, Moving, Pieces, Reading, Rows, Whole, on_axis
from archgraph.fields.sets.region import REST, Dependence, Region, apply
from archgraph.graph.ir import Graph, Member, Node, Value
from archgraph.ops.reach import Reach
from archgraph.sizes.exact import Evaluate


class LocalReads(ReadFold):
    """What reads all positions moves nobody; of several branches the one counts that tells a position's place best.

    Args:
        graph: the network, of whose inputs it is asked.
        evaluate: gives the value of a size.
    """

    def __init__(self, graph: Graph, evaluate: Evaluate) -> None:
        super().__init__(evaluate)
        self._sources: tuple[Value, ...] = graph.inputs

    def place(self, member: Member) -> Whole:
        """Return a name for what a member gathers, which nobody asks for here."""
        return Whole((), member.name)

    def node(self, node: Node, operands: tuple[Dependence, ...]) -> tuple[Dependence, ...]:
        """Return what the outputs of an operation read locally, by way of its operands."""
        mixed = _operands(node, lambda reach: reach.mixing == "dynamic")
        compared = _operands(node, lambda reach: reach.among is not None)
        return tuple(self._output(_uncut(row, compared), operands, mixed) for row in self.reads(node))

    def _output(self, row: Dependence, operands: tuple[Dependence, ...], mixed: frozenset[int]) -> Dependence:
        local = {index: _each(region, _moving) for index, region in row.items()}
        found = apply(local, operands)
        if len(local) < 2:
            return found
        ways = {index: apply({index: read}, operands) for index, read in local.items()}
        ranks = {index: _rank(region, mixed=index in mixed) for index, region in row.items()}
        if len(set(ranks.values())) == 1 and all(way == found for way in ways.values()):
            return found
        return {source: self._placed(source, region, ways, ranks) for source, region in found.items()}

    def _placed(self, source: int, region: Region, ways: dict[int, Dependence], ranks: dict[int, int]) -> Region:
        """Return a region with every axis that of the branches that tell places best."""
        branches = {index: way[source] for index, way in ways.items() if source in way}
        fields = {
            axis: field
            if axis == REST
            else self._best(source, axis, {index: branch.fields[axis] for index, branch in branches.items()}, ranks)
            or field
            for axis, field in region.fields.items()
        }
        return replace(region, fields=fields, boxes=None)

    def _best(self, source: int, axis: str, branches: dict[int, Field], ranks: dict[int, int]) -> Field | None:
        """Return the field of the best branches.

        An operand that is read position by position says where a position is; one that is mixed into it says less,
        and of two the one with the wider window: beside a convolution it is the skip that stays where it was.
        """
        sited = {index: branch for index, branch in branches.items() if _sited(branch.content)}
        least = min((ranks[index] for index in sited), default=0)
        best = list(dict.fromkeys(branch for index, branch in sited.items() if ranks[index] == least))
        if len(best) < 2:
            return best[0] if best else None
        if len({_steps(branch.content) for branch in best}) > 1:
            extent = self._evaluate(self._sources[source].type.size(axis))
            best = _least(best, lambda branch: _miss(branch.content, extent))
        if len({_steps(branch.content) for branch in best}) > 1:
            return None
        best = _least(best, lambda branch: _width(branch.content))
        joined = reduce(Field.join, best)
        return joined if _sited(joined.content) else best[0]


def _least(branches: list[Field], key: Callable[[Field], Fraction | int]) -> list[Field]:
    keys = [key(branch) for branch in branches]
    return [branch for branch, own in zip(branches, keys, strict=True) if own == min(keys)]


def _operands(node: Node, has: Callable[[Reach], bool]) -> frozenset[int]:
    """Return the operands whose reach is of some kind."""
    try:
        reaches = node.reach
    except ShapeError:
        return frozenset()
    return frozenset(index for index, reach in enumerate(reaches) if has(reach))


def _uncut(row: Dependence, operands: frozenset[int]) -> Dependence:
    """Return some operands as if all outputs read them: one that has nothing to choose from lies where others do."""
    return {index: _each(region, _of_one_piece) if index in operands else region for index, region in row.items()}


def _of_one_piece(reading: Reading) -> Reading:
    return reading.parts[0].reading if isinstance(reading, Pieces) and len(reading.parts) == 1 else reading


def _rank(region: Region, *, mixed: bool) -> int:
    """Return how badly an operand tells places: position by position, by windows that depend on it, by an edge."""
    edges = any(isinstance(field.content, HalfLine) for axis, field in region.fields.items() if axis != REST)
    return 2 if edges else int(mixed)


def _sited(reading: Reading) -> bool:
    return isinstance(reading, Rows) or (isinstance(reading, Moving) and bool(reading.map.advance))


def _plain(reading: Reading) -> Moving | None:
    return on_axis(reading) if isinstance(reading, Moving) and reading.form else None


def _miss(reading: Reading, extent: int) -> Fraction:
    """By how much all cells of a branch together are longer or shorter than the input."""
    plain = _plain(reading)
    return Fraction(extent) if plain is None else abs(plain.map.stride * plain.form[0].extent - extent)


def _steps(reading: Reading) -> Fraction | None:
    plain = _plain(reading)
    return None if plain is None else plain.map.stride


def _width(reading: Reading) -> int:
    if isinstance(reading, Moving):
        return reading.map.size_max
    assert isinstance(reading, Rows)
    return max(found.size for found in reading.sets)


def _each(region: Region, change: Callable[[Reading], Reading]) -> Region:
    fields = {axis: field if axis == REST else field.each(change) for axis, field in region.fields.items()}
    return Region(fields, region.boxes, region.channels, region.extents)


def _moving(reading: Reading) -> Reading:
    """Return where a position lies in what it reads: of all up to it that is the end."""
    if isinstance(reading, HalfLine):
        return Moving(reading.form, reading.edge)
    return None if isinstance(reading, Whole) else reading
