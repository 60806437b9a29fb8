"""The finite relations of one operation, from the facts that it states."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from archgraph.errors import QueryError, ShapeError
from archgraph.fields.rules.fixed_weights import by_fixed_weights
from archgraph.fields.rules.node_reads import Evaluate, Learned
from archgraph.fields.rules.relation import Every, Group, Link, Only, Relation, Tangle, tabulate
from archgraph.fields.sets import windows
from archgraph.fields.sets.area import full
from archgraph.fields.sets.setmap import SetMap
from archgraph.graph.ir import Node
from archgraph.ops.reach import (
    All,
    Along,
    AxisMap,
    Blocks,
    Border,
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

Kind = Literal["content", "gate", "stat"]
Part = tuple[int, int, int, int]


def node_relations(
    node: Node, output: int, evaluate: Evaluate, kind: Kind = "content", learned: Learned = None
) -> dict[int, Relation]:
    """Return what one output reads of every operand that it reads; see `node_reads` for `learned`.

    Raises:
        QueryError: the operation moves elements in a way that it cannot state.
    """
    try:
        reaches = node.op.reach(*node.types)
    except ShapeError as error:
        raise QueryError(f"'{node.name}' does not say what it reads: {error.message}", path=node.name) from error
    if learned is not None:
        reaches = by_fixed_weights(node, reaches, learned)
    view = _View(node, output, evaluate, kind)
    return {index: view.relation(index, reach) for index, reach in enumerate(reaches) if view.is_read(reach)}


@dataclass(frozen=True)
class _View:
    node: Node
    output: int
    evaluate: Evaluate
    kind: Kind

    def is_read(self, reach: Reach) -> bool:
        if not reach.reads or (reach.gate and self.kind == "content"):
            return False
        return reach.outputs is None or self.output in reach.outputs

    @property
    def type(self) -> TensorType:
        return self.node.outputs[self.output].type

    def relation(self, index: int, reach: Reach) -> Relation:
        operand = self.node.types[index]
        outputs = {axis: self.evaluate(self.type.size(axis)) for axis in self.type.positions}
        pooled = reach.statistics if self.kind == "stat" else ()
        groups = list(self._groups(operand, dict(reach.maps), pooled, outputs))
        if reach.position is not None:
            axis, start = reach.position
            groups.append(Only(axis, 1 << self.evaluate(start)))
        return Relation(operand.positions, outputs, tuple(groups))

    def _groups(
        self, operand: TensorType, maps: dict[str, AxisMap], pooled: tuple[str, ...], outputs: dict[str, int]
    ) -> Iterator[Group]:
        tangled: dict[str, tuple[tuple[str, Part], ...]] = {}
        for axis in operand.positions:
            extent, read = self.evaluate(operand.size(axis)), maps[axis]
            parts = self._digits(read)
            if axis in pooled or isinstance(read, All):
                yield Every(axis, full(extent))
            elif parts is not None:
                tangled[axis] = parts
            elif isinstance(read, Window) and read.stride == 0:
                (mask,), _ = tabulate(self._map(read)[0], "drop", extent, 1)
                yield Every(axis, mask)
            else:
                yield self._link(axis, read, extent, outputs)
        yield from _tangles(tangled, outputs)

    def _link(self, axis: str, read: AxisMap, extent: int, outputs: dict[str, int]) -> Link:
        driver = axis
        if isinstance(read, Along):
            driver, read = read.axis, read.map
        if isinstance(read, Causal):
            return Link(axis, driver, tuple(full(index + 1) & full(extent) for index in range(outputs[driver])))
        reads, border = self._map(read)
        table, outside = tabulate(reads, border, extent, outputs[driver])
        return Link(axis, driver, table, 0 if isinstance(read, Placed) else outside)

    def _map(self, read: AxisMap) -> tuple[SetMap, Border]:
        value = self.evaluate
        match read:
            case Window():
                sizes = map(value, (read.kernel, read.stride, read.dilation, read.before))
                return windows.window(*sizes), read.border
            case Transposed():
                sizes = map(value, (read.kernel, read.stride, read.dilation, read.before))
                return windows.transposed(*sizes), "drop"
            case Enlarge():
                return windows.enlarge(value(read.factor)), "drop"
            case Blocks():
                return windows.blocks(value(read.size), value(read.shift)), "drop"
            case Interpolated():
                return windows.bilinear(value(read.factor)), "clamp"
            case Resized():
                how = "average" if read.how == "adaptive" else "corners"
                return windows.resized(value(read.before), value(read.after), how), "drop"
            case Placed():
                return windows.shift(-value(read.start)), "drop"
            case Parts():
                return windows.shift(value(read.starts[self.output])), "drop"
        raise QueryError(f"no finite rule for {type(read).__name__} of '{self.node.op.kind}'", path=self.node.name)

    def _digits(self, read: AxisMap) -> tuple[tuple[str, Part], ...] | None:
        """Return an axis as a sum of digits of axes of the output, None where it is not given as one."""
        match read:
            case Unflattened(strides):
                given = [(name, stride, 1, self.type.size(name)) for name, stride in strides]
            case Digits(parts):
                given = parts
            case Along(other, Digit(stride, length)):
                given = [(other, 1, stride, length)]
            case _:
                return None
        return tuple((axis, (0, *map(self._number, sizes))) for axis, *sizes in given)  # type: ignore[misc]

    def _number(self, size) -> int:
        return size if isinstance(size, int) else self.evaluate(size)


def _tangles(tangled: dict[str, tuple[tuple[str, Part], ...]], outputs: dict[str, int]) -> Iterator[Group]:
    """Group axes of the operand that share an axis of the output."""
    left = dict(tangled)
    while left:
        axis, parts = next(iter(left.items()))
        axes, drivers = [axis], {name for name, _ in parts if name}
        del left[axis]
        grown = True
        while grown:
            joined = [other for other, more in left.items() if drivers & {name for name, _ in more}]
            for other in joined:
                drivers |= {name for name, _ in left.pop(other) if name}
            axes += joined
            grown = bool(joined)
        names = sorted(drivers)
        numbered = tuple(
            tuple((names.index(name) if name else -1, *sizes[1:]) for name, sizes in tangled[axis]) for axis in axes
        )
        yield Tangle(tuple(axes), tuple(names), tuple(outputs[name] for name in names), numbered)
