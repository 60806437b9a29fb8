"""What the outputs of one operation read of its operands, from the facts that the operation states."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sympy import Expr

from archgraph.errors import ShapeError, UnsupportedOpError
from archgraph.fields.rules.fixed_weights import by_fixed_weights
from archgraph.fields.sets import windows
from archgraph.fields.sets.channels import used
from archgraph.fields.sets.field import HELD, THERE, Field, same
from archgraph.fields.sets.indices import interval
from archgraph.fields.sets.readings import HalfLine, Reading, Unsettled, Whole, moving, settled
from archgraph.fields.sets.region import REST, Dependence, Region, Transfer
from archgraph.fields.sets.setmap import SetMap
from archgraph.fields.sets.terms import Sum, Term, itself
from archgraph.graph.ir import Node, Value
from archgraph.ops.reach import (
    All,
    Along,
    AxisMap,
    Blocks,
    Causal,
    Digit,
    Digits,
    Enlarge,
    Interpolated,
    Parts,
    Placed,
    Reach,
    Resized,
    Transposed,
    Unflattened,
    Window,
)
from archgraph.sizes.types import TensorType

Evaluate = Callable[[Expr], int]
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
        reaches = node.op.reach(*node.types)
    except ShapeError as error:
        return (_lost(node, error.message),) * len(node.outputs)
    if learned is not None:
        reaches = by_fixed_weights(node, reaches, learned)
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
        region = Region({REST: HELD if reach.gate else THERE, **fields}, (), used(reach.channels))
        position = _position(maps, reach)
        if position is None:
            return region
        axis, start, length = position
        return region.placed(axis, self.extent(axis), self.evaluate(start), self.evaluate(length) if length else 1)

    def _field(self, index: int, axis: str, maps: dict[str, AxisMap], reach: Reach) -> Field:
        if axis not in maps:
            raise UnsupportedOpError(
                f"'{self.node.op.kind}' does not say how it reads axis {axis} of operand {index}",
                path=self.node.name,
                place=self.node.place,
            )
        size = self.node.types[index].size(axis)
        drivers = frozenset(self.type.positions)
        content = settled(lambda: self._reading(maps[axis], axis, size), drivers)
        stat = self._whole(size) if axis in reach.statistics else content
        return Field(None if reach.gate else content, content, stat)

    def _whole(self, size: Expr) -> Whole:
        return Whole(self.place.order, self.place.path, interval(0, self.evaluate(size) - 1))

    def _reading(self, read: AxisMap, axis: str, size: Expr) -> Reading:
        value = self.evaluate
        match read:
            case All() | Resized(after=1, how="adaptive"):
                return self._whole(size)
            case Causal():
                return HalfLine(itself(axis, self.extent(axis)), windows.IDENTITY, self._whole(size))
            case Unflattened(strides):
                return self._digits(tuple((name, stride, 1, self.type.size(name)) for name, stride in strides))
            case Digits(parts):
                return self._digits(parts)
            case Along(other, Digit(stride, length)):
                return self._digits(((other, 1, stride, length),))
            case Along(other, Window() as inner):
                return self._along(other, _window(inner, value))
            case Window(stride=0):
                return moving(Sum(()), _window(read, value))
        return self._along(axis, self._map(read))

    def _along(self, axis: str, reads: SetMap) -> Reading:
        return moving(Sum(itself(axis, self.extent(axis))), reads)

    def _map(self, read: AxisMap) -> SetMap:
        value = self.evaluate
        match read:
            case Window():
                return _window(read, value)
            case Transposed():
                return windows.transposed(*map(value, (read.kernel, read.stride, read.dilation, read.before)))
            case Enlarge():
                return windows.enlarge(value(read.factor))
            case Blocks():
                return windows.blocks(value(read.size), value(read.shift))
            case Interpolated():
                return windows.bilinear(value(read.factor))
            case Resized(how="adaptive"):
                return windows.resized(value(read.before), value(read.after), "average")
            case Resized():
                return windows.resized(value(read.before), value(read.after), "corners")
            case Placed():
                return windows.shift(-value(read.start))
            case Parts():
                return windows.shift(value(read.starts[self.output]))
        raise UnsupportedOpError(f"no rule for {type(read).__name__} of '{self.node.op.kind}'", path=self.node.name)

    def _digits(self, parts: tuple[tuple[str, Expr | int, Expr | int, Expr | int], ...]) -> Reading:
        terms, reads = [], windows.IDENTITY
        for axis, *sizes in parts:
            scale, stride, size = (value if isinstance(value, int) else self.evaluate(value) for value in sizes)
            if not axis:
                reads = reads.through(windows.window(size, 1, scale))
                continue
            extent = self.extent(axis)
            modulus = None if stride * size >= extent else size
            terms.append(Term(axis, extent, scale, 0, stride, modulus))
        return moving(Sum(tuple(terms)), reads)


def _window(read: Window, value: Evaluate) -> SetMap:
    return windows.window(*map(value, (read.kernel, read.stride, read.dilation, read.before)))


def _position(maps: dict[str, AxisMap], reach: Reach) -> tuple[str, Expr, Expr | None] | None:
    """Return the stretch of an axis that an operand of a concatenation fills, and its length unless it is 1."""
    if reach.position is not None:
        return (*reach.position, None)
    placed = ((axis, read) for axis, read in maps.items() if isinstance(read, Placed))
    return next(((axis, read.start, read.size) for axis, read in placed), None)
