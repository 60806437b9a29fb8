"""Which layers cannot add context because their input has seen all of the image already, and for which images.

After Richter et al. 2021, arXiv:2106.12307: a layer that widens receptive fields is at the border where even the
narrowest path to its input sees more than the image, so that it meets nothing new. It is critical where its own
narrowest path does. What attention and pooling gather globally is left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from archgraph.errors import some
from archgraph.fields.hulls.hull import Hull, Span, hull_union
from archgraph.fields.hulls.hull_fold import HullFold, Spans
from archgraph.fields.rules.node_reads import node_reads
from archgraph.fields.sets.readings import Moving, Whole
from archgraph.graph.ir import Graph, Node, Value
from archgraph.graph.locate import axis_named, input_named
from archgraph.keywords import strict_methods
from archgraph.report.table import Table, named_title
from archgraph.sizes.exact import Evaluate
from archgraph.steps import stepping

LayerState = Literal["productive", "critical", "border"]


@strict_methods
@dataclass(frozen=True)
class LayerField:
    """A layer that widens receptive fields, along one axis.

    Attributes:
        node: its path in the flat network.
        before: the size of its input's field along the narrowest path.
        narrowest: the size of its own field along the narrowest path.
        widest: the size of its own field along all paths together.
    """

    node: str
    before: Fraction
    narrowest: Fraction
    widest: Fraction

    def state(self, extent: int) -> LayerState:
        """Return the state of the layer for an image of some size."""
        if self.before > extent:
            return "border"
        return "critical" if self.narrowest > extent else "productive"


@strict_methods
@dataclass(frozen=True, repr=False)
class Productivity:
    """The layers of a network along one axis of an input.

    Attributes:
        axis: the axis.
        extent: its size.
        layers: those that widen receptive fields, in order.
    """

    axis: str
    extent: int
    layers: tuple[LayerField, ...]

    def __repr__(self) -> str:
        states = ("productive", "critical", "border")
        lines = [f"{len(self.layers)} layers along {self.axis} = {self.extent}"]
        lines += [f"{state:<10}  {len(of)}  {some(of, 4)}" for state in states if (of := self.of(state))]
        return "\n  ".join(lines)

    def _repr_html_(self) -> str:
        return productivity_table(self).to_html()

    def of(self, state: LayerState) -> tuple[str, ...]:
        """Return the layers in some state."""
        return tuple(layer.node for layer in self.layers if layer.state(self.extent) == state)

    @property
    def feasible(self) -> tuple[int, int] | None:
        """The smallest size for which no layer is at the border, and the largest that some layer sees as a whole."""
        if not self.layers:
            return None
        least, most = max(layer.before for layer in self.layers), max(layer.widest for layer in self.layers)
        return -int(-least // 1), int(most // 1)


def productivity_table(found: Productivity, name: str = "") -> Table:
    """Return the layers that widen receptive fields and whether they meet anything new, under the name of a network."""
    rows = [
        {
            "layer": layer.node,
            "input": str(layer.before),
            "narrowest": str(layer.narrowest),
            "widest": str(layer.widest),
            "state": layer.state(found.extent),
        }
        for layer in found.layers
    ]
    notes = (
        f"sizes along {found.axis} in elements of the input, means over phases; its size is {found.extent}",
        "border: the narrowest path to its input has seen all of the input; critical: its own narrowest path does",
        _feasible_sizes(found),
    )
    columns = ("layer", "input", "narrowest", "widest", "state")
    return Table(named_title("productive layers (Richter et al. 2021)", name), columns, rows, notes=notes)


def _feasible_sizes(found: Productivity) -> str:
    if found.feasible is None:
        return "no layer widens receptive fields"
    least, most = found.feasible
    return f"feasible sizes: {least} (no layer at the border) to {most} (some layer sees all)"


def productivity(
    graph: Graph, input: str | None = None, axis: str | None = None, *, evaluate: Evaluate
) -> Productivity:
    """Return which layers of a flat network are productive for its input.

    Args:
        graph: without repeats, with numbers for sizes.
        input: the name of the input, by default the only one with positions.
        axis: an axis of the input, by default its first.
        evaluate: gives the value of a size.
    """
    source = input_named(graph, input)
    chosen = axis_named(source, axis)
    narrow = HullFold(narrower).values(graph, source)
    wide = HullFold(wider).values(graph, source)
    layers = tuple(_layers(graph, chosen, narrow, wide, evaluate))
    return Productivity(chosen, evaluate(source.type.size(chosen)), layers)


def _layers(
    graph: Graph, axis: str, narrow: dict[Value, Spans], wide: dict[Value, Spans], evaluate: Evaluate
) -> Iterator[LayerField]:
    for index, node in enumerate(stepping(graph.nodes, "layers")):
        assert isinstance(node, Node)
        if not _widens(node, evaluate, Whole((index,), node.name)):
            continue
        before = [_size(narrow[value].get(axis)) for value in node.inputs]
        sizes = (_size(narrow[node.outputs[0]].get(axis)), _size(wide[node.outputs[0]].get(axis)))
        known = [size for size in before if size is not None]
        if known and sizes[0] is not None and sizes[1] is not None:
            yield LayerField(node.name, min(known), sizes[0], sizes[1])


def _widens(node: Node, evaluate: Evaluate, place: Whole) -> bool:
    regions = (region for row in node_reads(node, evaluate, place) for region in row.values())
    readings = (field.content for region in regions for field in region.fields.values())
    return any(isinstance(reading, Moving) and reading.map.size_max > 1 for reading in readings)


def _size(span: Span) -> Fraction | None:
    if not isinstance(span, Hull):
        return None
    numerator, denominator = span.size.as_numer_denom()
    return Fraction(int(numerator), int(denominator))


def wider(left: Span, right: Span) -> Span:
    """Return the union of the hulls among two spans."""
    hulls = [span for span in (left, right) if isinstance(span, Hull)]
    return hull_union(left, right) if len(hulls) != 1 else hulls[0]


def narrower(left: Span, right: Span) -> Span:
    """Return the smaller of two spans, of which a hull is smaller than anything else."""
    hulls = [span for span in (left, right) if isinstance(span, Hull)]
    if len(hulls) == 2:
        return min(hulls, key=lambda hull: _size(hull) or Fraction(0))
    return hulls[0] if hulls else right if left is None else left
