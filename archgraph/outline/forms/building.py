"""From a reading to the graph behind an outline."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from fractions import Fraction

from archgraph.graph.ir import Member, Node, Repeat, Value
from archgraph.laws.numeric import value_at
from archgraph.outline.forms.dag import Dag, OutlineVertex
from archgraph.outline.forms.form import Leaf
from archgraph.outline.forms.levels import FamilyLevel, ValueLevels, has_extent
from archgraph.outline.forms.reading import ReadGraph
from archgraph.outline.forms.trunk import Terminals
from archgraph.outline.groups import shape_of_member
from archgraph.outline.items import Flow, Item
from archgraph.outline.mixing import kinds_of

_SILENT = ("crop", "crop_like", "identity", "dropout", "rename")
_LARGE = 2**12
_PLAIN = FamilyLevel(Fraction(1), 0)


def dag_of(reading: ReadGraph) -> tuple[Dag, Terminals]:
    """Return the graph of a reading, inputs before members, and what is known of its ends."""
    flow, levels = reading.flow, reading.levels
    made: dict[Value, tuple[int, int]] = {value: (index, 0) for index, value in enumerate(flow.inputs)}
    vertices = [_input(value, levels) for value in flow.inputs]
    reads: list[tuple[tuple[int, int], ...]] = [() for _ in flow.inputs]
    invariant: list[tuple[int, int]] = []
    for item in flow.items:
        number = len(vertices)
        vertices.append(_vertex(item, levels, made))
        reads.append(tuple(dict.fromkeys(made[value] for value in item.inputs)))
        invariant += [(made[value][0], number) for value in _invariant(item)]
        made.update((value, (number, index)) for index, value in enumerate(item.outputs))
    return Dag(vertices, reads), _terminals(flow, made, frozenset(invariant))


def _terminals(flow: Flow, made: Mapping[Value, tuple[int, int]], invariant: frozenset[tuple[int, int]]) -> Terminals:
    outputs = [(made[value][0], value_at(value.type.area, {}, _LARGE)) for value in flow.outputs]
    axes = {axis for value in flow.outputs for axis in value.type.positions}
    inputs = [(made[value][0], _rank(value, axes)) for value in flow.inputs]
    return Terminals(inputs, outputs, invariant)


def _rank(value: Value, axes: set[str]) -> tuple[int, ...]:
    """How much an input looks like what a network is about: by its positions, those of a result first."""
    own = value.type.positions
    return len(own), len(axes.intersection(own)), int(value.type.has("c"))


def _input(value: Value, levels: ValueLevels) -> OutlineVertex:
    place = levels.places.get(value, _PLAIN)
    return OutlineVertex(
        Leaf(value.name, None, value), ("input", value.type), "", place.level, (place.family,), heavy=False
    )


def _vertex(item: Item, levels: ValueLevels, made: Mapping[Value, tuple[int, int]]) -> OutlineVertex:
    member = item.member
    places = tuple(levels.places.get(value, _PLAIN) for value in item.outputs)
    main = next((place for place, value in zip(places, item.outputs, strict=True) if has_extent(value.type)), places[0])
    kind = member.op.kind if isinstance(member, Node) else ""
    return OutlineVertex(
        Leaf(item.path, item),
        _kind(member),
        kind if kind in ("add", "multiply") else "",
        main.level,
        tuple(place.family for place in places),
        heavy=not item.light,
        attends=frozenset(made[value][0] for value in _attended(item)),
        silent=kind in _SILENT,
        mixes=isinstance(member, Repeat) and "dynamic" in kinds_of(member),
    )


def _kind(member: Member) -> Hashable:
    """Equal for members that do the same to values of the same types."""
    # An attention to a memory is no attention to what is before it, though both have one class.
    sets = (member.experts, member.count, len(member.inputs)) if isinstance(member, Repeat) else ()
    main = member.inputs[0].type if member.inputs else None
    return shape_of_member(member), main, tuple(value.type for value in member.outputs), sets


def _invariant(item: Item) -> tuple[Value, ...]:
    """The operands that a repeat takes alike in each iteration."""
    member = item.member
    return item.inputs[len(member.outputs) :] if isinstance(member, Repeat) and not member.once else ()


def _attended(item: Item) -> tuple[Value, ...]:
    """The operands that an operation only attends to; a block is not one."""
    member = item.member
    if not isinstance(member, Node):
        return ()
    reaches = [reach for reach in member.reach if reach.reads]
    pairs = zip(item.inputs[1:], reaches[1:], strict=False)
    return tuple(value for value, reach in pairs if reach.mixing == "dynamic")
