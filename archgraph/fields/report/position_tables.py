"""Which parameters are tables of positions: those that meet the input position by position, as embeddings do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from archgraph.fields.positions.probe import ReadBack
from archgraph.graph.fold import Fold, iterated
from archgraph.graph.ir import Graph, Node, Repeat, Value
from archgraph.ops.sources import Parameter
from archgraph.sizes.exact import Evaluate


@dataclass(frozen=True)
class _Places:
    """What the positions of a value are.

    Attributes:
        axes: the axes along which positions of an input lie.
        tables: the parameters with positions of their own that it is made of, where no input is part of it.
    """

    axes: frozenset[str] = frozenset()
    tables: frozenset[Value] = frozenset()


class _Tables(Fold[_Places]):
    """Collects the parameters that meet an input along an axis of both."""

    def __init__(self, evaluate: Evaluate) -> None:
        self.found: set[Value] = set()
        self._evaluate = evaluate
        self._reader = ReadBack(evaluate, "stat")

    def node(self, node: Node, operands: tuple[_Places, ...]) -> tuple[_Places, ...]:
        if isinstance(node.op, Parameter):
            (made,) = node.outputs
            return (_Places(tables=frozenset([made] if made.type.positions else ())),)
        return tuple(self._met(node, index, operands) for index in range(len(node.outputs)))

    def _met(self, node: Node, index: int, operands: tuple[_Places, ...]) -> _Places:
        driving = [list(self._drivers(node, index, number)) for number in range(len(operands))]
        axes = frozenset[str]().union(
            *(read for each, reads in zip(operands, driving, strict=True) for axis, read in reads if axis in each.axes)
        )
        for each, reads in zip(operands, driving, strict=True):
            if any(axes.intersection(read) for _, read in reads):
                self.found.update(each.tables)
        tables = frozenset[Value]().union(*(each.tables for each in operands))
        return _Places(axes, frozenset() if axes else tables)

    def _drivers(self, node: Node, index: int, operand: int) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Yield the axes of an operand, each with the axes of an output along which it is read."""
        relation = self._reader.relations(node, index).get(operand)
        for group in relation.groups if relation is not None else ():
            for axis in group.axes:
                yield axis, group.drivers

    def repeat(self, repeat: Repeat, operands: tuple[_Places, ...]) -> tuple[_Places, ...]:
        body = lambda state: self.outputs(repeat.body, state)  # noqa: E731
        return iterated(body, operands, self._evaluate(repeat.iterations))[: len(repeat.outputs)]


def position_tables(graph: Graph, evaluate: Evaluate) -> set[Value]:
    """Return the outputs of parameters that have a value for every position of some input."""
    fold = _Tables(evaluate)
    fold.run(graph, tuple(_Places(frozenset(value.type.positions)) for value in graph.inputs))
    return fold.found
