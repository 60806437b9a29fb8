"""Constants that a repeat takes in every iteration: inside it they are boxes, for no line leads there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from archgraph.figures.content.boxes import boxed, content
from archgraph.figures.content.mathtext import words
from archgraph.figures.content.wrapping import fitted
from archgraph.figures.drawing.diagram import Box
from archgraph.figures.drawing.style import SIZES
from archgraph.figures.facts.facts import Facts
from archgraph.figures.layout.spine_plan import Plan, SideBox
from archgraph.figures.overview.spine_links import block_of
from archgraph.graph.ir import Value
from archgraph.outline.groups import Group
from archgraph.outline.items import Item, inputs_read

_OWN, _OTHER = "for all iterations", "of an earlier box"


def with_constants(facts: Facts, plan: Plan, group: Group, room: float) -> Plan:
    """The plan of what a repeat does, with a box for every operand that is a constant."""
    boxes = {name: box for name, box in _boxes(facts, group, room) if name in plan.inputs}
    renamed = {name: box.name for name, box in boxes.items()}
    made = tuple(SideBox(box) for box in boxes.values())
    sides = (
        replace(side, sources=tuple(renamed.get(source, source) for source in side.sources)) for side in plan.sides
    )
    return replace(
        plan,
        sides=(*made, *sides),
        side_inputs=tuple(replace(one, source=renamed.get(one.source, one.source)) for one in plan.side_inputs),
        inputs={name: label for name, label in plan.inputs.items() if name not in boxes},
    )


def _boxes(facts: Facts, group: Group, room: float) -> Iterator[tuple[str, Box]]:
    """The names of a body's inputs with the boxes of what enters there."""
    told: set[Item] = set(group.shared)
    for outer, own in zip(group.items[0].inputs, inputs_read(block_of(group)), strict=True):
        made = _behind(outer, (*group.absorbed, *group.shared))
        if made:
            first = [item for item in made if item not in told]
            told.update(made)
            yield own.name, _box(facts, made, room, counted=bool(first))


def _behind(value: Value, constants: Sequence[Item]) -> list[Item]:
    """What a value is computed from, if it is one of the constants."""
    maker = {made: item for item in constants for made in item.outputs}
    found: dict[Item, None] = {}
    read = [value]
    while read:
        item = maker.get(read.pop())
        if item is not None and item not in found:
            found[item] = None
            read += item.inputs
    return [*reversed(found)]


def _box(facts: Facts, items: Sequence[Item], room: float, *, counted: bool) -> Box:
    """A box that says of its weights that there are no more of them than these, or that they are counted elsewhere."""
    found = content(facts, items, side=True, room=room)
    heading, laws = found.lines[: found.headings], found.lines[len(found.lines) - found.laws :]
    said = fitted(words(_OWN if counted else _OTHER, SIZES.body), room)
    shown = (*heading, said, *laws) if counted else (*heading, said)
    costs = found.costs if counted else ()
    return boxed(
        replace(found, name=f"{items[-1].path} inside", lines=shown, laws=found.laws if counted else 0, costs=costs)
    )
