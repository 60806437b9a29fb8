"""The finite relations of one operation, from the facts that it states."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from archgraph.errors import QueryError, ShapeError
from archgraph.fields.rules.axis_maps import rule_of
from archgraph.fields.rules.axis_rule import AxisView, Digital, SourceDigit, is_given
from archgraph.fields.rules.fixed_weights import by_fixed_weights
from archgraph.fields.rules.links import Every, LinkGroup, Only, Tangle, untangled
from archgraph.fields.rules.node_reads import Learned
from archgraph.fields.rules.relation import Relation
from archgraph.fields.sets.field import ReadKind
from archgraph.fields.sets.index_sets import every_index, one_index
from archgraph.fields.sets.indices import of_bits
from archgraph.graph.ir import Node
from archgraph.ops.reach import AxisMap, Listed, Reach, at_sizes
from archgraph.sizes.exact import Evaluate
from archgraph.sizes.types import TensorType


def node_relations(
    node: Node, output: int, evaluate: Evaluate, kind: ReadKind = "content", learned: Learned = None
) -> dict[int, Relation]:
    """Return what one output reads of every operand that it reads; see `node_reads` for `learned`.

    Raises:
        QueryError: the operation moves elements in a way that it cannot state.
    """
    try:
        reaches = at_sizes(node.reach, evaluate)
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
    kind: ReadKind

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
            groups.append(Only(axis, one_index(self.evaluate(start))))
        groups += (_only(axis, read, outputs[axis], self.evaluate) for axis, read in reach.only)
        return Relation(operand.positions, outputs, untangled(groups, outputs))

    def _groups(
        self, operand: TensorType, maps: dict[str, AxisMap], pooled: tuple[str, ...], outputs: dict[str, int]
    ) -> Iterator[LinkGroup]:
        tangled: dict[str, tuple[SourceDigit, ...]] = {}
        for axis in operand.positions:
            view = AxisView(axis, axis, operand.size(axis), self.type, self.output, self.evaluate)
            found = Every(axis, every_index(view.extent)) if axis in pooled else rule_of(maps[axis]).relation(view)
            # Axes that are made of one axis of the output move together: read one by one, their product would hold
            # places that no output reads.
            if isinstance(found, Digital):
                tangled[axis] = found.parts
            else:
                yield found
        yield from _tangles(tangled, outputs)


def _only(axis: str, read: Listed, extent: int, evaluate: Evaluate) -> Only:
    """Which positions of an axis of the output read an operand: where the list does not hold all may."""
    if extent != read.sets.extent or not is_given(read, evaluate):
        return Only(axis, every_index(extent), exact=False)
    return Only(axis, of_bits(0, read.sets.masks[0]))


def _tangles(tangled: dict[str, tuple[SourceDigit, ...]], outputs: dict[str, int]) -> Iterator[LinkGroup]:
    """Group axes of the operand that share an axis of the output."""
    left = dict(tangled)
    while left:
        axis, parts = next(iter(left.items()))
        axes, drivers = [axis], {name for name, *_ in parts if name}
        del left[axis]
        grown = True
        while grown:
            # An axis may share a driver only with one that has just joined, hence until none does.
            joined = [other for other, more in left.items() if drivers & {name for name, *_ in more}]
            for other in joined:
                drivers |= {name for name, *_ in left.pop(other) if name}
            axes += joined
            grown = bool(joined)
        names = sorted(drivers)
        numbered = tuple(
            tuple((names.index(part[0]) if part[0] else -1, *part[1:]) for part in tangled[axis]) for axis in axes
        )
        yield Tangle(tuple(axes), tuple(names), tuple(outputs[name] for name in names), numbered)
