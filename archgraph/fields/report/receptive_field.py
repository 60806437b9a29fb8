"""Receptive fields of all nodes: what they read of one input of the network, wherever they stand in it."""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass
from functools import reduce

from sympy import Expr

from archgraph.errors import printable
from archgraph.fields.positions.places import Places
from archgraph.fields.report.axis_field import AxisField
from archgraph.fields.report.field_report import ReceptiveField
from archgraph.fields.report.field_rows import rows_table
from archgraph.fields.report.read_fold import ReadFold
from archgraph.fields.rules.fixed_weights import learned_values
from archgraph.fields.sets.field import NOTHING
from archgraph.fields.sets.readings import PRESENT, Whole
from archgraph.fields.sets.region import (
    Dependence,
    Region,
    Transfer,
    apply,
    reading_alone,
    within,
)
from archgraph.graph.ir import Graph, Member, Repeat, Value
from archgraph.graph.locate import input_named, members, output_asked
from archgraph.graph.network import Network
from archgraph.keywords import strict_methods
from archgraph.sizes.exact import Evaluate
from archgraph.sizes.symbols import evaluate as evaluate_at


def _constant(size: Expr) -> int:
    return evaluate_at(size, {})


def receptive_field(
    graph: Graph, node: str | Value | None = None, input: str | None = None, *, evaluate: Evaluate = _constant
) -> ReceptiveField:
    """Return what a node reads of an input; see `ReceptiveFields.at`.

    >>> from archgraph.ops.convolution import Conv
    >>> from archgraph.sizes.symbols import size
    >>> from archgraph.graph.tracer import Inference, Tracer
    >>> from archgraph.sizes.types import tensor
    >>> image = Value(tensor(c=3, h=32, w=32), "image")
    >>> tracer = Tracer((image,), Inference())
    >>> out = tracer.apply(Conv(out=size(8), kernel=size(3), stride=size(2)), (image,), "stem")
    >>> receptive_field(tracer.finish(out))
    receptive field of stem on image
      h  3, stride 2
      w  3, stride 2
    """
    return ReceptiveFields(graph, input, evaluate=evaluate).at(node)


@dataclass(frozen=True)
class _Scope:
    """The graph of a body at one place of the network, and what its inputs read of the network's input."""

    graph: Graph
    inputs: Transfer
    place: Whole = PRESENT
    iterations: int = 1

    def path(self, member: Member) -> str:
        return f"{self.place.path}.{member.name}" if self.place.path else member.name


@strict_methods
class ReceptiveFields:
    """The receptive fields of all nodes of a graph on one of its inputs.

    Nodes inside repeats are reported as of the last iteration.

    Args:
        graph: the traced graph.
        input: the name of the input; by default the only one with positions.
        evaluate: gives the value of a size; kernels, strides and counts need one.
        fixed_weights: whether to leave out what is mixed with weights computed from the input, as by attention.

    Raises:
        QueryError: there is no such input, or none was named and several have positions.
    """

    def __repr__(self) -> str:
        return f"<receptive fields on {printable(self.input.name)} of {self.graph!r}>"

    def _repr_html_(self) -> str:
        steps = [field for member in self.graph.nodes for field in self.by_output(member)]
        title = f"receptive fields on {self.input.name}"
        return rows_table(title, steps, fixed_weights=self.places.fixed_weights).to_html()

    def __init__(
        self,
        graph: Graph,
        input: str | None = None,
        *,
        evaluate: Evaluate = _constant,
        fixed_weights: bool = False,
    ) -> None:
        self.graph = graph
        self.input: Value = input_named(graph, input)
        self.axes: tuple[str, ...] = self.input.type.positions
        self._evaluate = evaluate
        self._learned = learned_values(graph) if fixed_weights else None
        self._reads = ReadFold(evaluate, self._learned)
        self.places: Places = Places(graph, self.input, evaluate, self._learned)

    def at(self, node: str | Value | None = None) -> ReceptiveField:
        """Return the field of one node.

        Args:
            node: a dotted path, or a value of the network's own graph; by default the graph's only output. For a path
                with several outputs, it is what they read together.

        Raises:
            QueryError: there is no such node, or the graph has several outputs.
        """
        node = self.graph.outputs[0] if node is None and len(self.graph.outputs) == 1 else node
        *outer, member = members(self.graph, node)
        scope = self._top()
        for repeat in outer:
            scope = self._enter(scope, repeat)
        return self._report(scope, member, output_asked(member, node))

    def by_output(self, member: Member) -> tuple[ReceptiveField, ...]:
        """Return the fields of a member of the network's own graph: one where all of its outputs read the same."""
        top = self._top()
        found = tuple(self._report(top, member, output_asked(member, value)) for value in member.outputs)
        return found if any(field.axes != found[0].axes for field in found) else (self._report(top, member),)

    def __getitem__(self, node: str) -> ReceptiveField:
        """Return the field of one node by its path.

        Raises:
            QueryError: there is no such node.
        """
        return self.at(node)

    def every(self) -> dict[str, ReceptiveField]:
        """Return the field of every node by dotted path, repeats before their bodies."""
        fields = self._walk(self._top())
        return {field.node: field for field in fields}

    def _top(self) -> _Scope:
        whole = self._reads.itself(self.input)
        source = Region({axis: whole.fields[axis] for axis in self.axes}, extents=whole.extents)
        return _Scope(self.graph, tuple({0: source} if value is self.input else {} for value in self.graph.inputs))

    def _walk(self, scope: _Scope) -> Iterator[ReceptiveField]:
        for member in scope.graph.nodes:
            yield self._report(scope, member)
            if isinstance(member, Repeat):
                yield from self._walk(self._enter(scope, member))

    def _enter(self, scope: _Scope, member: Member) -> _Scope:
        """Return the inside of a repeat at its last iteration."""
        assert isinstance(member, Repeat)
        self._reads.of(scope.graph)
        operands = tuple(self._known(scope, value) for value in member.inputs)
        count, place = self._reads.count(member), self._reads.place(member).under(scope.place)
        if count == 0:
            inputs: Transfer = ({},) * len(operands)
        elif count == 1:
            inputs = operands
        else:
            before = self._reads.iterated(member.body, count - 1)
            inputs = tuple(apply(within(row, place), operands) for row in before)
        return _Scope(member.body, inputs, place, scope.iterations * count)

    def _known(self, scope: _Scope, value: Value) -> Dependence:
        """Return what a value of a scope reads of the graph's input."""
        return apply(within(self._reads.of(scope.graph)[value], scope.place), scope.inputs)

    def _report(self, scope: _Scope, member: Member, output: int | None = None) -> ReceptiveField:
        asked = member.outputs if output is None else (member.outputs[output],)
        rows = [reading_alone(self._known(scope, value)) for value in asked]
        regions = [region for row in rows for region in row.values()]
        nothing = Region(dict.fromkeys(self.axes, NOTHING))
        region = reduce(Region.join, regions, nothing)
        axes = {axis: self._axis(asked, axis, region) for axis in self.axes}
        paths = None if region.channels.lost else region.boxes
        return ReceptiveField(scope.path(member), self.input.name, axes, scope.iterations, paths, self.places, output)

    def _axis(self, asked: tuple[Value, ...], axis: str, region: Region) -> AxisField:
        extent = self._evaluate(self.input.type.size(axis))
        lengths = [value.type.size(axis) for value in asked if value.type.has(axis)]
        outputs = self._evaluate(lengths[0]) if lengths else None
        return AxisField(axis, region.fields[axis], extent, outputs, partial=region.channels.lost)


def with_other_counts(fields: ReceptiveFields, graph: Graph) -> ReceptiveFields:
    """Return the fields of the same graph with other counts of repeats; bodies that both share are folded once."""
    other = copy(fields)
    other.graph = graph
    other.places = Places(graph, fields.input, fields._evaluate, fields._learned)
    return other


def receptive_fields(network: Network, input: str | None = None, *, fixed_weights: bool = False) -> ReceptiveFields:
    """Return the receptive fields of all nodes of a network on one input, at the bound values.

    `fixed_weights` leaves out mixing by weights that are computed from the input, as in attention.
    """
    return network.once(
        ("receptive fields", input, fixed_weights),
        lambda: ReceptiveFields(network.graph, input, evaluate=network.evaluate, fixed_weights=fixed_weights),
    )
