"""Questions about receptive fields and paths that an architecture passes on, at the bound values."""

from __future__ import annotations

from fractions import Fraction
from functools import reduce
from typing import Any

from sympy import Expr

from archgraph.errors import ArchgraphError, QueryError, did_you_mean
from archgraph.fields.effective.effective import EffectiveField, EffectiveFields
from archgraph.fields.field_table import Column, plain_table, steps_by_output, with_column
from archgraph.fields.paths.depth import depth_to_cover
from archgraph.fields.paths.hop_path import HopPath
from archgraph.fields.paths.paths import Paths
from archgraph.fields.report.field_report import ReceptiveField
from archgraph.fields.report.halo import Halo, halo
from archgraph.fields.report.productive import Productivity, productivity
from archgraph.fields.report.receptive_field import receptive_fields
from archgraph.fields.report.size_law import SizeLaw, SizeLaws
from archgraph.fields.sets.limits import MOST_LAYERS
from archgraph.graph.ir import Value
from archgraph.graph.locate import axis_named, input_named, members
from archgraph.graph.network import Network
from archgraph.laws.periodic import periodic_law
from archgraph.report.table import Table
from archgraph.sizes.exact import evaluate, number_of
from archgraph.sizes.symbols import symbol


def _value(g: Network, node: str | None) -> Value:
    """Return the output of a step of the network, by default the only selected one."""
    if node is None and len(g.selected) == 1:
        return g.selected[0]
    output = None if node is None else _output(g, node)
    if output is not None:
        return output
    step, *inner = members(g.graph, node)
    if inner:
        raise QueryError(f"'{node}' lies inside a block: name a step of the network", hint=step.name)
    return step.outputs[0]


def _output(g: Network, name: str) -> Value | None:
    """Return the output of that name, such as `logits`, which comes before a node that is called alike."""
    value = g.named.get(name)
    return value if value in g.graph.outputs else None


def receptive_field(
    g: Network, node: str | None = None, input: str | None = None, *, fixed_weights: bool = False
) -> ReceptiveField:
    """Return what one node or output, by its name, reads of one input: by default the only selected output."""
    only = g.selected[0] if len(g.selected) == 1 else None
    asked = only if node is None else _output(g, node) or node
    return receptive_fields(g, input, fixed_weights=fixed_weights).at(asked)


def size_laws(g: Network, input: str | None = None) -> SizeLaws:
    """Return the laws of all steps on one input."""
    return SizeLaws(g.graph, input_named(g.graph, input))


def law_of(g: Network, laws: SizeLaws, value: Value, axis: str) -> SizeLaw:
    """Return the law of one step in the user's symbols, held against the field at the bound values."""

    def evaluate(expression: Expr) -> Fraction:
        return Fraction(number_of(expression, g.values))

    field = receptive_fields(g, laws.input.name).at(value).axes[axis]
    law = laws.at(value, axis, field, evaluate)
    shown = None if law.expression is None else g.show(law.expression)
    return SizeLaw(shown, law.label, law.domain)


def receptive_field_law(g: Network, node: str | None, input: str | None, axis: str | None, over: str | None) -> SizeLaw:
    """Return how long a step's field is, in all symbols, or in one repeat count by its periodic increments."""
    source = input_named(g.graph, input)
    chosen = axis_named(source, axis)
    value = _value(g, node)
    if over is None:
        return law_of(g, size_laws(g, source.name), value, chosen)
    if over not in g.symbols:
        raise QueryError(f"there is no symbol '{over}'.{did_you_mean(over, g.symbols)}")
    law = periodic_law(lambda count: _size_at(g, node, source.name, chosen, {over: count}), symbol(over))
    return SizeLaw(law, "hull", f"largest over the phases, extrapolated from periodic increments in {over}")


def _size_at(g: Network, node: str | None, input: str, axis: str, values: dict[str, Any]) -> int | None:
    try:
        field = receptive_field(g.at(**values), node, input).axes[axis]
        return None if field.is_global else field.size_max
    except ArchgraphError:
        return None


def paths(g: Network, node: str | None, input: str | None, axis: str | None) -> Paths:
    """Return the paths between an input and an output of the network."""
    value = _value(g, node) if node is None else _output(g, node)
    return Paths(g.graph, node if value is None else value, input, axis, evaluate=g.evaluate)


def hops(
    g: Network,
    distance: int | None,
    axis: str | None,
    start: int | None,
    end: int | None,
    node: str | None,
    input: str | None,
) -> HopPath | None:
    """Return a path with the fewest moves: between two positions, or at a distance from the central output."""
    found = paths(g, node, input, axis)
    output = found.centre if end is None else end
    if start is not None:
        return found.path(start, output)
    if distance is None:
        raise QueryError("hops takes a distance, or the input position to start at", hint="g.hops(distance=90)")
    beside = found.beside(output, distance)
    if not beside:
        raise QueryError(f"no position of the input is {distance:,} from output {output}: it has {found.extent:,}")
    sides = {place: found.hops(place, output) for place in beside}
    reached = {place: moves for place, moves in sides.items() if moves is not None}
    return found.path(max(reached, key=lambda place: reached[place]), output) if reached else None


def cover(g: Network, distance: int, axis: str | None, input: str | None) -> int | None:
    """Return the fewest mixing layers that cover an offset."""
    return depth_to_cover(g.graph, distance, input, axis, evaluate=g.evaluate)


def tiling(g: Network, node: str | None, input: str | None) -> Halo:
    """Return the margin that tiles need."""
    return halo(receptive_fields(g, input), _value(g, node), g.evaluate)


def effective_fields(g: Network, input: str | None = None) -> EffectiveFields:
    """Return the effective fields of all steps at initialisation."""
    return EffectiveFields(g.graph, input_named(g.graph, input), g.evaluate)


def effective_field(g: Network, node: str | None, input: str | None) -> EffectiveField:
    """Return the effective field of one step, by axis."""
    return EffectiveField(effective_fields(g, input).at(_value(g, node)))


def productive(g: Network, axis: str | None, input: str | None) -> Productivity:
    """Return which layers are productive for the input's size."""
    flat = g.flat(experts=True, limit=MOST_LAYERS)
    return productivity(flat, input, axis, evaluate=lambda size: evaluate(size, {}))


def field_table(
    g: Network, input: str | None, *, every: bool, laws: bool, effective: bool, fixed_weights: bool
) -> Table:
    """Return the table of receptive fields, of the network's steps with laws and effective fields when asked."""
    if fixed_weights and (laws or effective):
        raise QueryError("laws and effective fields are of the whole network, not of its fixed weights alone")
    columns: list[Column] = []
    if laws and not every:
        columns.append(Column("law", _laws(g, input), "law: the size, as labelled; without a label its hull, exactly"))
    if effective and not every:
        columns += _effective(g, input)
    return reduce(with_column, columns, plain_table(g, input, every=every, fixed_weights=fixed_weights))


def _laws(g: Network, input: str | None) -> dict[tuple[str, str], str]:
    found = size_laws(g, input)
    axes = found.input.type.positions
    steps = steps_by_output(receptive_fields(g, input))
    return {(field.title, axis): str(law_of(g, found, value, axis)) for field, value in steps for axis in axes}


def _effective(g: Network, input: str | None) -> list[Column]:
    found, sigma, width = effective_fields(g, input), {}, {}
    for field, value in steps_by_output(receptive_fields(g, input)):
        for axis, numbers in found.at(value).items():
            known = numbers.sigma is not None and numbers.width is not None
            sigma[field.title, axis] = f"{numbers.sigma:.2f}" if known else ""
            width[field.title, axis] = f"{numbers.width:.1f}" if known else numbers.reason
    note = "sigma, width95: the effective field at initialisation, weights at random; no trained network's"
    return [Column("sigma", sigma, note), Column("width95", width)]
