"""Hulls folded over a graph, with repeats in closed form and counts as they are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import islice
from typing import TypeAlias

from sympy import Expr

from archgraph.errors import ShapeError
from archgraph.fields.hulls.hull import Hull, Span, hull_union, repeated_hull, widened_hull
from archgraph.fields.sets.band import EVERYTHING, Unknown
from archgraph.fields.sets.limits import check_walked
from archgraph.graph.fold import Fold, iterations
from archgraph.graph.ir import Graph, Node, Repeat, Value
from archgraph.graph.operations import operation_count
from archgraph.ops.reach import All, Reach

Spans: TypeAlias = Mapping[str, Span]
"""What a value reads, by axis of the input."""
_MOST_ITERATIONS = 64


class HullFold(Fold[Spans]):
    """Carries hulls from the inputs of a graph to its values.

    Args:
        join: what is read where two ways meet: the union, or the narrower one.
    """

    def __init__(self, join: Callable[[Span, Span], Span] = hull_union) -> None:
        self._join = join

    def values(self, graph: Graph, input: Value) -> dict[Value, Spans]:
        """Return what every value of a graph reads of one input.

        Raises:
            QueryError: it walks through too many operations.
        """
        check_walked(operation_count(graph), "the law of a field walks")
        begin = {axis: Hull(axis) for axis in input.type.positions}
        return self.run(graph, tuple(begin if value is input else {} for value in graph.inputs))

    def _joined(self, parts: list[Spans]) -> Spans:
        result: dict[str, Span] = {}
        for part in parts:
            for axis, span in part.items():
                result[axis] = self._join(result.get(axis), span)
        return result

    def node(self, node: Node, operands: tuple[Spans, ...]) -> tuple[Spans, ...]:
        """Return what every output reads."""
        if not any(operands):
            return ({},) * len(node.outputs)
        try:
            reaches = node.reach
        except ShapeError as error:
            unknown = {axis: Unknown(error.message) for spans in operands for axis in spans}
            return (unknown,) * len(node.outputs)
        pairs = list(zip(reaches, operands, strict=True))
        return tuple(
            self._joined([_through(reach, spans, index) for reach, spans in pairs if _reads(reach, index)])
            for index in range(len(node.outputs))
        )

    def repeat(self, repeat: Repeat, operands: tuple[Spans, ...]) -> tuple[Spans, ...]:
        """Return what every output reads, for symbolic counts too where one value is carried."""
        count, carried = repeat.iterations, len(repeat.outputs)
        if count == 1 or not any(operands):
            return self.outputs(repeat.body, operands)
        first = self.outputs(repeat.body, operands)
        # A body that changes nothing the second time never will: this holds for every count, symbols included.
        if self.outputs(repeat.body, (*first, *operands[carried:])) == first:
            return first
        # One carried value has powers in closed form. Several read each other, and would need those of a matrix:
        # few iterations are walked through, and more are not guessed.
        if carried == 1:
            return (self._powers(repeat, operands, first[0]),)
        if count.is_Integer and int(count) <= _MOST_ITERATIONS:
            steps = iterations(lambda given: self.outputs(repeat.body, given), operands)
            return next(islice(steps, int(count), None))[:carried]
        unknown: Spans = {axis: Unknown("several carried values") for spans in operands for axis in spans}
        return (unknown,) * carried

    def _powers(self, repeat: Repeat, operands: tuple[Spans, ...], once: Spans) -> Spans:
        """Return what the carried value reads: the body's own hull added up, and what enters at every iteration."""
        (value, *rest), count = operands, repeat.iterations
        axes = repeat.body.inputs[0].type.positions
        nothing: tuple[Spans, ...] = ({},) * len(rest)
        (body,) = self.outputs(repeat.body, ({axis: Hull(axis) for axis in axes}, *nothing))
        (entering,) = self.outputs(repeat.body, ({}, *rest))
        result: dict[str, Span] = {}
        for axis in once:
            # What enters at the first iteration passes all the others, what enters at the last passes none; what enters
            # between lies within the two.
            early = entering.get(axis)
            late = _power(early, body, count - 1)
            result[axis] = self._join(_power(value.get(axis), body, count), self._join(late, early))
        return result


def _reads(reach: Reach, output: int) -> bool:
    return reach.reads and not reach.gate and (reach.outputs is None or output in reach.outputs)


def _through(reach: Reach, spans: Spans, output: int) -> Spans:
    maps = dict(reach.maps)
    return {
        axis: widened_hull(span, maps.get(span.axis, All()), output) if isinstance(span, Hull) else span
        for axis, span in spans.items()
    }


def _power(span: Span, body: Spans, count: Expr) -> Span:
    if not isinstance(span, Hull):
        return span
    step = body.get(span.axis)
    # A digit that carries is another axis: only a body that stays where it is can be repeated on it.
    if isinstance(step, Hull) and span.digit is not None:
        return span if step == Hull(span.axis) else Unknown("an axis is cut into digits")
    if isinstance(step, Hull) and step.axis == span.axis:
        return repeated_hull(span, step, count)
    return step if step is None or step is EVERYTHING or isinstance(step, Unknown) else Unknown("axes are exchanged")
