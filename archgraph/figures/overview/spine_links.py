"""From the links of a structure to the residuals, side_inputs and side boxes of a spine."""

from collections.abc import Mapping, Sequence

from archgraph.figures.content.labels import input_name, is_named, value_label
from archgraph.figures.content.mathtext import result_shape, words
from archgraph.figures.drawing.diagram import Box, Line
from archgraph.figures.drawing.style import SIZES
from archgraph.figures.facts.facts import Facts
from archgraph.figures.layout.spine_plan import Plan, SideBox, SideInput, Slot
from archgraph.graph.ir import Repeat, Value
from archgraph.outline.groups import Group
from archgraph.outline.items import inputs_read
from archgraph.outline.structure import Structure
from archgraph.outline.wording import humanized

_LONG_NAME = 18


def repeat_of(group: Group) -> Repeat | None:
    """The repeat that a group is, if it is applied more than once."""
    only = group.items[0].member
    return only if len(group.items) == 1 and isinstance(only, Repeat) and not only.once else None


def block_of(group: Group) -> Repeat:
    """The block that a group is, whether it is applied once or more often."""
    (only,) = group.items
    assert isinstance(only.member, Repeat)
    return only.member


def head_of(found: Structure, side: Group) -> Group | None:
    """The group of the main line that one last operation turns into a further output."""
    makes_output = any(group is side for group, _ in found.outputs)
    used = any(source is side for source, _, _ in found.links)
    sources = [source for source, target, _ in found.links if target is side]
    if not makes_output or used or len(side.items) > 1 or len(sources) != 1:
        return None
    return sources[0] if isinstance(sources[0], Group) and sources[0] in found.chain else None


def joined(
    facts: Facts,
    found: Structure,
    slots: Sequence[Slot],
    homes: Mapping[Group, str],
    sides: Mapping[Group, Box],
    *,
    own: bool,
) -> Plan:
    """Sort every link into residuals, side_inputs, and what side boxes take."""
    residuals: dict[tuple[str, str], set[Value]] = {}
    side_inputs: dict[SideInput, None] = {}
    opened = {slot.name for slot in slots if slot.deck is not None}
    taken: dict[Group, dict[str, None]] = {side: {} for side in sides}
    flowing = {homes[group]: group.output for group in found.chain if group in homes}
    # The last group of a box says what its end makes.
    leaving = {homes[group]: group.items[-1].outputs for group in found.chain if group in homes}
    for source, target, value in found.links:
        name = _source_name(found, source, homes, sides)
        if target not in homes and target not in sides:
            continue
        if target in sides:
            taken[target][name] = None
        elif source is found.entry or source in homes:
            flows = _follows(slots, name, homes[target]) and value is flowing.get(name)
            if name != homes[target] and not flows:
                residuals.setdefault((name, homes[target]), set()).add(value)
        else:
            # Into a box that stays closed a value goes by one arrow, however many blocks in it take it.
            entry = _deck_input(target, value) if homes[target] in opened else ""
            side_inputs[SideInput(name, homes[target], _side_label(source, target), entry)] = None
    return Plan(
        tuple(slots),
        {pair: len(values) for pair, values in residuals.items()},
        tuple(SideBox(drawn, tuple(taken[side])) for side, drawn in sides.items()),
        tuple(side_inputs),
        {value.name: input_name(facts, value.name) for value in found.flow.inputs if value is not found.entry},
        () if own else value_label(facts, found.entry),
        () if own else result_shape(facts.sizes(found.chain[-1].output), SIZES.body),
        within=frozenset(
            pair for pair, values in residuals.items() if pair[0] and values.isdisjoint(leaving.get(pair[0], ()))
        ),
    )


def _source_name(
    found: Structure, source: Group | Value, homes: Mapping[Group, str], sides: Mapping[Group, Box]
) -> str:
    """The name of a slot, a side box or an input; the main input has none."""
    if isinstance(source, Value):
        return "" if source is found.entry else source.name
    return homes[source] if source in homes else sides[source].name


def _follows(slots: Sequence[Slot], source: str, target: str) -> bool:
    names = [slot.name for slot in slots]
    return source in names and names.index(target) == names.index(source) + 1


def _deck_input(target: Group, value: Value) -> str:
    """The name of the body's input that the value becomes."""
    repeat = repeat_of(target)
    if repeat is None:
        return ""
    pairs = zip(target.items[0].inputs, inputs_read(repeat), strict=True)
    return next((inner.name for outer, inner in pairs if outer is value), "")


def _side_label(source: Group | Value, target: Group) -> Line:
    """The names of the values that go from a side box to a slot, if the spec gave them names."""
    if isinstance(source, Value):
        return ()
    made = [value for item in source.items for value in item.outputs]
    used = dict.fromkeys(value for item in target.all for value in item.inputs if value in made)
    names = [humanized(value.name) for value in used if is_named(value)]
    text = ", ".join(names)
    return words(text, SIZES.small) if len(source.items[-1].outputs) > 1 and len(text) <= _LONG_NAME else ()
