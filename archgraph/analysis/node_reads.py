"""What the outputs of one operation read of its operands, from the facts that the operation states."""

from __future__ import annotations

from collections.abc import Callable

from sympy import Expr

from archgraph.analysis import windows
from archgraph.analysis.field import PRESENT, THERE, Field, Reading, Unsettled, Whole, same
from archgraph.analysis.region import Dependence, Region
from archgraph.errors import ShapeError, UnsupportedOpError
from archgraph.ir import Node
from archgraph.ops.arithmetic import Multiply
from archgraph.ops.reach import All, AxisMap, Enlarge, Reach, Transposed, Window

Evaluate = Callable[[Expr], int]


def node_reads(node: Node, axes: tuple[str, ...], evaluate: Evaluate, place: Whole) -> Dependence:
    """Return the region that the outputs read of every operand that is read.

    Args:
        node: the operation with its operands.
        axes: the axes that are asked about.
        evaluate: gives the value of a size.
        place: what to read where all positions are read: it names the node.
    """
    try:
        reaches = node.op.reach(*node.types)
    except ShapeError as error:
        lost = Region((same(Unsettled(error.message)),) * len(axes))
        return dict.fromkeys(range(len(node.inputs)), lost)
    return {
        index: Region(tuple(_field(node, index, reach, axis, evaluate, place) for axis in axes))
        for index, reach in enumerate(reaches)
        if reach.reads
    }


def _field(node: Node, index: int, reach: Reach, axis: str, evaluate: Evaluate, place: Whole) -> Field:
    if not node.types[index].has(axis):
        return Field(None, PRESENT, PRESENT) if _is_gate(node, axis) else THERE
    maps = dict(reach.maps)
    if axis not in maps:
        raise UnsupportedOpError(
            f"'{node.op.kind}' does not say how it reads axis {axis} of operand {index}",
            path=node.name,
            place=node.place,
        )
    content = _reading(maps[axis], evaluate, place)
    return Field(content, content, place if axis in reach.statistics else content)


def _is_gate(node: Node, axis: str) -> bool:
    """Say whether a product broadcasts, along that axis, an operand that does not have it."""
    return isinstance(node.op, Multiply) and node.outputs[0].type.has(axis)


def _reading(read: AxisMap, evaluate: Evaluate, place: Whole) -> Reading:
    match read:
        case Window():
            sizes = (read.kernel, read.stride, read.dilation, read.before)
            return windows.window(*map(evaluate, sizes))
        case Transposed():
            sizes = (read.kernel, read.stride, read.dilation, read.before)
            return windows.transposed(*map(evaluate, sizes))
        case Enlarge():
            return windows.enlarge(evaluate(read.factor))
        case All():
            return place
