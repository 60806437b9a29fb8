"""Receptive fields as laws of the sizes, where these hold at all sizes: what an interactive page computes anew."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass, replace

from sympy import Expr, Integer

from archgraph.errors import ArchgraphError
from archgraph.fields.hulls.hull import Hull, Span
from archgraph.fields.hulls.hull_fold import HullFold, Spans
from archgraph.fields.report.axis_field import AxisField
from archgraph.fields.report.extent import ReadExtent, reach_of
from archgraph.fields.report.receptive_field import ReceptiveFields
from archgraph.fields.sets.band import Unknown
from archgraph.graph.ir import Graph, Node, Repeat, Value


@dataclass(frozen=True)
class FieldLaw:
    """What one output position of a member reads, along every axis: the smallest and largest size, and the input's.

    Attributes:
        axes: three laws for each axis.
        everything: whether it is the whole input whatever the sizes are; and ``causal`` all up to its own position.
    """

    axes: tuple[tuple[Expr, Expr, Expr], ...]
    everything: bool
    causal: bool


class FieldsAtAnySize:
    """The laws of all members of a network on one input, held against the fields at the bound values.

    Args:
        graph: the network.
        input: the input.
        checked: its fields.
        shown: an expression in the user's symbols; and ``number`` its value.
    """

    def __init__(
        self,
        graph: Graph,
        input: Value,
        checked: ReceptiveFields,
        shown: Callable[[Expr], Expr],
        number: Callable[[Expr], int],
    ) -> None:
        self._graph, self._input, self._checked = graph, input, checked
        self._shown, self._number = shown, number
        self._fold = HullFold()
        self._values = self._fold.values(graph, input)
        self._steady = not any(_reads_by_sizes(node) for _, node in graph.walk() if isinstance(node, Node))

    def at(self, path: str) -> FieldLaw | None:
        """The law of the last result of a member; nothing where no law holds at all sizes."""
        try:
            field, spans = self._checked.at(path), self._spans(path)
        except ArchgraphError:
            return None
        found, reach = field.axes, reach_of(field)
        if spans is None or reach is None or reach.through:
            return None
        known = {name: axis for name, axis in found.items() if axis.settled}
        laws = [self._axis(spans.get(name), axis, reach) for name, axis in known.items()]
        whole = tuple(law for law in laws if law is not None)
        return FieldLaw(whole, reach.everything, reach.causal) if len(whole) == len(found) else None

    def _axis(self, span: Span, axis: AxisField, reach: ReadExtent) -> tuple[Expr, Expr, Expr] | None:
        extent = self._shown(self._input.type.size(axis.axis))
        if axis.is_global or axis.is_causal:
            known = span is not None and not isinstance(span, Hull | Unknown)
            all_read = axis.size_max == axis.extent and (known or (axis.is_causal and self._steady))
            return (extent, extent, extent) if all_read else None
        if not isinstance(span, Hull) or span.reason:
            return None
        size, bound = self._shown(span.size), (axis.size_min, axis.size_max)
        if not span.phased:
            return (size, size, extent) if bound == (self._number(span.size),) * 2 else None
        steady = self._steady and not span.size.free_symbols and not span.stride.free_symbols
        return (Integer(bound[0]), Integer(bound[1]), extent) if steady else None

    def _spans(self, path: str) -> Spans | None:
        """What the last result of a member reads, in the last iteration of the repeats that it lies in."""
        graph, values, names = self._graph, self._values, path.split(".")
        while True:
            member, used = _member(graph, names)
            if member is None:
                return None
            names = names[used:]
            if not names:
                return values[member.outputs[0]]
            if not isinstance(member, Repeat):
                return None
            operands = tuple(values[value] for value in member.inputs)
            graph = member.body
            values = self._fold.run(graph, self._last_iteration(member, operands))

    def _last_iteration(self, repeat: Repeat, operands: tuple[Spans, ...]) -> tuple[Spans, ...]:
        if repeat.iterations == 1 or repeat.experts is not None:
            return operands
        before = self._fold.repeat(replace(repeat, count=repeat.count - 1), operands)
        return (*before, *operands[len(before) :])


def _member(graph: Graph, names: list[str]):
    """The member that the first of some names lead to, and how many these are."""
    by_name = {one.name: one for one in graph.nodes}
    for used in range(1, len(names) + 1):
        found = by_name.get(".".join(names[:used]))
        if found is not None:
            return found, used
    return None, 0


def _reads_by_sizes(node: Node) -> bool:
    """Whether which positions an operation reads depends on a symbol."""
    try:
        reaches = node.reach
    except ArchgraphError:
        return True
    return any(_has_symbols(read) for reach in reaches for _, read in reach.maps)


def _has_symbols(read: object) -> bool:
    if isinstance(read, Expr):
        return bool(read.free_symbols)
    if isinstance(read, tuple):
        return any(map(_has_symbols, read))
    return is_dataclass(read) and any(_has_symbols(getattr(read, one.name)) for one in fields(read))
