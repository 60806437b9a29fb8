"""What the outputs of one operation read of its operands, from the facts that the operation states."""

from __future__ import annotations

from dataclasses import dataclass

from sympy import Expr

from archgraph.errors import ShapeError, UnsupportedOpError
from archgraph.fields.rules.axis_maps import rule_of
from archgraph.fields.rules.axis_rule import AxisView, is_given
from archgraph.fields.rules.fixed_weights import by_fixed_weights
from archgraph.fields.sets.channels import used
from archgraph.fields.sets.field import HELD, THERE, Field, same
from archgraph.fields.sets.readings import PRESENT, Moving, Reading, Unsettled, Whole, goes_beyond, settled
from archgraph.fields.sets.region import REST, Dependence, Region, Transfer
from archgraph.fields.sets.rows import presence
from archgraph.fields.sets.through import through
from archgraph.graph.ir import Node, Value
from archgraph.ops.reach import AxisMap, Parts, Placed, Reach, at_sizes
from archgraph.sizes.exact import Evaluate
from archgraph.sizes.types import TensorType

Learned = frozenset[Value] | None


def node_reads(node: Node, evaluate: Evaluate, place: Whole, learned: Learned = None) -> Transfer:
    """Return the region that every output reads of every operand that is read.

    Args:
        node: the operation with its operands.
        evaluate: gives the value of a size.
        place: names the node, for what reads all positions.
        learned: values that no input is part of, to leave out what is mixed with weights that an input is part of.
    """
    try:
        reaches = at_sizes(node.reach, evaluate)
    # Not an error: an operation that cannot say what it reads at these sizes makes the field unknown, with this reason,
    # and not those of the steps that do not depend on it.
    except ShapeError as error:
        return (_lost(node, error.message),) * len(node.outputs)
    if learned is not None:
        reaches = by_fixed_weights(node, reaches, learned)
    # A split has many outputs. Where nothing tells them apart one row serves all, and is composed once.
    alike = len({value.type for value in node.outputs}) == 1 and not any(map(_numbered, reaches))
    rows = [_row(node, index, reaches, evaluate, place) for index in range(1 if alike else len(node.outputs))]
    return tuple(rows * len(node.outputs) if alike else rows)


def _numbered(reach: Reach) -> bool:
    return reach.outputs is not None or any(isinstance(read, Parts) for _, read in reach.maps)


def _lost(node: Node, reason: str) -> Dependence:
    axes = frozenset(axis for value in node.outputs for axis in value.type.positions)
    unknown = same(Unsettled(reason, axes))
    return {
        index: Region({REST: THERE, **dict.fromkeys(type_.positions, unknown)}, None)
        for index, type_ in enumerate(node.types)
    }


def _row(node: Node, output: int, reaches: tuple[Reach, ...], evaluate: Evaluate, place: Whole) -> Dependence:
    view = _View(node, output, evaluate, place)
    read = (
        (index, reach)
        for index, reach in enumerate(reaches)
        if reach.reads and (reach.outputs is None or output in reach.outputs)
    )
    return {index: view.region(index, reach) for index, reach in read}


@dataclass(frozen=True)
class _View:
    """One output of a node, to which the maps of its operands are put."""

    node: Node
    output: int
    evaluate: Evaluate
    place: Whole

    @property
    def type(self) -> TensorType:
        return self.node.outputs[self.output].type

    def extent(self, axis: str) -> int:
        """Return the size of the output along an axis."""
        return self.evaluate(self.type.size(axis))

    def region(self, index: int, reach: Reach) -> Region:
        """Return what is read of one operand."""
        maps = dict(reach.maps)
        fields = {axis: self._field(index, axis, maps, reach) for axis in self.node.types[index].positions}
        # A gate only scales what other operands bring: it is no content, but part of the two wider fields.
        rest = HELD if reach.gate else THERE
        for field in fields.values():
            rest = _passing(rest, presence(field.gate))
        own = self.node.types[index]
        extents = {axis: self.evaluate(own.size(axis)) for axis in own.positions}
        beyond = any(goes_beyond(field.gate, extents[axis]) for axis, field in fields.items())
        region = Region({REST: rest, **fields}, (), used(reach.channels, beyond=beyond), extents)
        for axis, read in reach.only:
            region = region.cut(axis, self.extent(axis), read.sets if is_given(read, self.evaluate) else None)
        position = _position(maps, reach)
        if position is None:
            return region
        axis, start, length = position
        return region.placed(axis, self.extent(axis), self.evaluate(start), self.evaluate(length) if length else 1)

    def _field(self, index: int, axis: str, maps: dict[str, AxisMap], reach: Reach) -> Field:
        # An axis that was forgotten must not count as unread.
        if axis not in maps:
            raise UnsupportedOpError(
                f"'{self.node.op.kind}' does not say how it reads axis {axis} of operand {index}",
                path=self.node.name,
                place=self.node.place,
            )
        size = self.node.types[index].size(axis)
        view = AxisView(axis, axis, size, self.type, self.output, self.evaluate, self.place)
        content = settled(lambda: rule_of(maps[axis]).reading(view), frozenset(self.type.positions))
        # What statistics read is kept apart from what values do: all of it, but as one number.
        stat = view.whole if axis in reach.statistics else content
        return Field(None if reach.gate else content, content, stat)


def _passing(rest: Field, present: Reading) -> Field:
    """Return how constant contents are passed on, by the positions that read anything at all."""
    # Holes along several axes count along the first of them: the others are read no less than that.
    if present == PRESENT or (isinstance(present, Moving) and rest.gate != PRESENT):
        return rest
    return rest.each(lambda reading: through(reading, lambda _: present))


def _position(maps: dict[str, AxisMap], reach: Reach) -> tuple[str, Expr, Expr | None] | None:
    """Return the stretch of an axis that an operand of a concatenation fills, and its length unless it is 1."""
    if reach.position is not None:
        return (*reach.position, None)
    placed = ((axis, read) for axis, read in maps.items() if isinstance(read, Placed))
    return next(((axis, read.start, read.size) for axis, read in placed), None)
