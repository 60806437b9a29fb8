"""Graph and analyses to a diagram: a U where there is one, else a spine, else whatever Graphviz makes of it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from archgraph.backend.boxes import MEDIUM, NARROW, WIDE, Content, box, circle, content, law, natural_width
from archgraph.backend.diagram import Box, Cluster, Diagram, Edge, Run
from archgraph.backend.facts import Facts
from archgraph.backend.geometry import faults
from archgraph.backend.graphviz import layout_graphviz
from archgraph.backend.items import Item, flow, scale
from archgraph.backend.layout_spine import framed, layout_spine
from archgraph.backend.spine_plan import Plan, Side, Slot, Spine, Tap
from archgraph.backend.layout_u import Skip, UShape, fits, layout_u
from archgraph.backend.legend import legend, ticks
from archgraph.backend.mathtext import join, math, shape, variable, words
from archgraph.backend.stages import Copy, Stage, UNet, find_u, stages
from archgraph.backend.structure import Group, Structure, structure
from archgraph.backend.style import SIZES
from archgraph.backend.wording import capitalized, humanized, phrase
from archgraph.ir import Repeat, Value

Line = tuple[Run, ...]
_MANY_SLOTS, _MANY_INSIDE = 14, 18
_LEGEND_GAP = 12.0


def overview(facts: Facts, width: float) -> Diagram:
    """The whole network on one page: a U, a spine, or any graph; with its legend."""
    found = facts.structure
    u = find_u(found)
    drawn = _drawn_u(facts, u, width) if u is not None else None
    if drawn is None:
        drawn = spine_diagram(facts, found, width)
    return with_legend(facts, drawn, width)


def with_legend(facts: Facts, drawn: Diagram, width: float, own: bool = False) -> Diagram:
    """Put the legend below the drawing, which is centred on the page."""
    wide = max(width, drawn.width)
    below = _legend(facts, wide, own).moved(0, drawn.height + _LEGEND_GAP)
    whole = drawn.moved((wide - drawn.width) / 2, 0).plus(below)
    notes = drawn.notes + ((f"wider than the page: {wide:.0f} of {width:.0f} pt",) if drawn.width > width + 0.5 else ())
    return replace(whole, width=wide, height=drawn.height + _LEGEND_GAP + below.height + 0.5, notes=notes)


def _legend(facts: Facts, width: float, own: bool) -> Diagram:
    size = SIZES.small
    symbols = join(
        variable("theta", size), words("parameters,", size), variable("M", size), words("MACs (leading terms)", size), gap=2
    )
    if facts.input is None:
        return Diagram((Box("legend", width, 10, ()),), height=10)
    axis = max(facts.input.type.positions, key=lambda name: facts.number(facts.input.type.size(name)))
    length = facts.input.type.size(axis)
    side = ", one side" if len(facts.input.type.positions) > 1 else ""
    unit = f"{facts.unit}{side}" if facts.pixels() == 1 else f"elements of {facts.pixels()} px{side}"
    heading = join(words("Receptive field", size, "bold"), words(f"({unit})", size), gap=2.5)
    name = str(facts.shown(length))
    marks = ticks(facts.number(length), name if name.isidentifier() else "")
    inside = "Inside ×: positions the box itself connects" if own else "Square: receptive field in the input"
    return legend(width, heading, marks, (symbols, words(inside, size)))


# the U


def _drawn_u(facts: Facts, u: UNet, width: float) -> Diagram | None:
    """The most generous form that fits: laws side by side or below each other, labels of copies long or short."""
    for form in (_Form(), _Form(stacked=True), _Form(stacked=True, brief=True), _Form(True, True, False)):
        shaped = _u_shape(facts, u, form)
        if fits(shaped, width):
            return layout_u(shaped, width)
    return None


@dataclass(frozen=True)
class _Form:
    """How much room the parts of a U may take."""

    stacked: bool = False
    brief: bool = False
    picture: bool = True


def _u_shape(facts: Facts, u: UNet, form: _Form) -> UShape:
    every = (*u.encoder, u.bottom, *u.decoder)
    contents = {stage: _stage_content(facts, stage, form.picture, MEDIUM if form.stacked else WIDE) for stage in every}
    wide = max(natural_width(one if form.stacked else _two_columns(one)) for one in contents.values())
    boxes = {stage: box(contents[stage], wide) for stage in every}
    labels = {boxes[stage].name: lines for stage in every if (lines := _way_lines(facts, stage))}
    copies = tuple(
        Skip(boxes[copy.source].name, boxes[copy.target].name, _copy_label(facts, copy, form.brief))
        for copy in u.copies
    )
    return UShape(
        tuple(boxes[stage] for stage in u.encoder),
        boxes[u.bottom],
        tuple(boxes[stage] for stage in u.decoder),
        copies,
        labels,
        _value_label(facts, facts.structure.entry),
        _exit_label(facts, u.head, u.decoder[-1].output),
        {boxes[stage].name: _output_label(facts, value, form.brief) for stage, value in u.exits},
    )


def _output_label(facts: Facts, value: Value, brief: bool) -> Line:
    if brief:
        return words(value.name, SIZES.small)
    return shape(facts.sizes(value), SIZES.small)


def _two_columns(contents: Content) -> Content:
    """The same with both laws on one line, for measuring."""
    if len(contents.lines) < 4:
        return contents
    *lines, first, second = contents.lines
    return replace(contents, lines=(*lines, join(first, second, gap=10.0)))


def _stage_content(facts: Facts, stage: Stage, picture: bool, room: float) -> Content:
    heads = {group for group in stage.beside if group.output in facts.selected}
    items = [item for item in stage.items if not any(item in head.items for head in heads)]
    line = content(facts, stage.line, room=room)
    found = content(facts, (*(item for item in items if item not in stage.line), *stage.line), room=room)
    return replace(line, lines=(*line.lines[: len(line.lines) - line.laws], *found.lines[len(found.lines) - found.laws :]), tooltip=found.tooltip, picture=picture)


def _way_lines(facts: Facts, stage: Stage) -> tuple[Line, ...]:
    """What is written beside the arrow to a stage: the change of resolution, in a layer of its own or not."""
    if stage.before:
        return _before_lines(facts, stage.before)
    change = scale(stage.groups[0].items[0].member)
    return (words(f"stride {change:g}", SIZES.body),) if change > 1 else ()


def _before_lines(facts: Facts, items: Sequence[Item]) -> tuple[Line, ...]:
    if not items:
        return ()
    lines: list[Line] = [words(phrase(items, facts.brief)[0], SIZES.body)]
    params = facts.params(items)
    if params != 0:
        lines.append(law(facts, "theta", params, NARROW))
    return tuple(lines)


def _copy_label(facts: Facts, copy: Copy, brief: bool) -> Line:
    verb = "crop, copy" if copy.cropped else "copy"
    if brief:
        return words(verb, SIZES.body)
    count = words(f"{copy.count}×", SIZES.body) if copy.count > 1 else ()
    return join(words(verb, SIZES.body), count, shape(facts.sizes(copy.value), SIZES.body), gap=2.5)


def _value_label(facts: Facts, value: Value | None) -> Line:
    if value is None:
        return ()
    return join(words(humanized(value.name), SIZES.body), shape(facts.sizes(value), SIZES.body), gap=3.0)


def _exit_label(facts: Facts, head: Sequence[Item], output: Value) -> Line:
    value = head[-1].outputs[0] if head else output
    shown = shape(facts.sizes(value), SIZES.body)
    return join(words(f"{phrase(head, facts.brief)[0]} →", SIZES.body), shown, gap=2.5) if head else shown


# the spine


def spine_diagram(facts: Facts, found: Structure, width: float) -> Diagram:
    """The main line with its most expensive repeat opened; the widest form that fits the page."""
    chosen = _to_open(facts, found)
    trials = [(opened, room) for opened in dict.fromkeys((chosen, None)) for room in (WIDE, MEDIUM, NARROW)]
    for opened, room in trials:
        plan = spine_plan(facts, found, opened, room=room)
        if plan is None:
            continue
        drawn = layout_spine(plan).drawing
        drawn = replace(drawn, clusters=drawn.clusters + _closed_decks(found, drawn, opened))
        if drawn.width <= width + 0.5 and not faults(drawn):
            return drawn
    return graph_diagram(facts, found)


def _to_open(facts: Facts, found: Structure) -> Group | None:
    decks = [group for group in found.chain if _repeat(group) is not None]
    return max(decks, key=lambda group: facts.value(facts.macs(group.items)), default=None)


def _repeat(group: Group) -> Repeat | None:
    only = group.items[0].member
    return only if len(group.items) == 1 and isinstance(only, Repeat) and not only.once else None


def spine_plan(
    facts: Facts, found: Structure, opened: Group | None, own: bool = False, room: float = WIDE
) -> Plan | None:
    """The plan of a structure; nothing if it has too many parts for one line."""
    groups = found.chain
    if len(groups) > (_MANY_INSIDE if own else _MANY_SLOTS):
        groups = _by_stage(found)
        if len(groups) > _MANY_SLOTS:
            return None
    slots = _slots(facts, groups, opened, own, room)
    home = {group: slot.name for group, slot in zip(groups, slots, strict=True)}
    by_item = {item: home[group] for group in groups for item in group.all}
    every = (*found.chain, *found.sides)
    home |= {group: by_item[group.items[0]] for group in every if group.items[0] in by_item}
    sides = [side for side in found.sides if side.items[0] not in by_item]
    side_boxes = {side: box(content(facts, side.items, own=own, side=True, room=min(room * 0.66, NARROW))) for side in sides}
    return _connected(facts, found, tuple(slots), home, side_boxes, own)


def _connected(facts, found, slots, home, side_boxes, own) -> Plan:  # type: ignore[no-untyped-def]
    residuals: list[tuple[str, str]] = []
    taps: list[Tap] = []
    sources: dict[Group, list[str]] = {side: [] for side in side_boxes}
    for source, target, value in found.links:
        name = _source_name(source, home, side_boxes)
        entry = source is found.entry
        if target in side_boxes:
            sources[target].append("" if entry else name)
        elif entry or source in home:
            pair = ("" if entry else name, home[target])
            if pair[0] != pair[1] and pair not in residuals and not _next(slots, pair):
                residuals.append(pair)
        else:
            taps.append(Tap(name, home[target], _tap_label(found, source, target), _entry_name(target, value)))
    inputs = {value.name: _input_name(value.name) for value in found.flow.inputs if value is not found.entry}
    sides = tuple(Side(drawn, tuple(dict.fromkeys(sources[side]))) for side, drawn in side_boxes.items())
    output = found.chain[-1].output
    return Plan(
        slots,
        tuple(residuals),
        sides,
        tuple(taps),
        inputs,
        () if own else _value_label(facts, found.entry),
        () if own else shape(facts.sizes(output), SIZES.body),
    )


def _input_name(name: str) -> Line:
    return variable(name, SIZES.body) if len(name) == 1 else words(humanized(name), SIZES.body)


def _next(slots: Sequence[Slot], pair: tuple[str, str]) -> bool:
    names = [slot.name for slot in slots]
    return pair[0] in names and names.index(pair[1]) - names.index(pair[0]) == 1


def _source_name(source: Group | Value, home, side_boxes) -> str:  # type: ignore[no-untyped-def]
    if isinstance(source, Value):
        return source.name
    return home[source] if source in home else side_boxes[source].name


def _entry_name(target: Group, value: Value) -> str:
    """The name of the body's input that the value becomes."""
    repeat = _repeat(target)
    if repeat is None:
        return ""
    return next((inner.name for outer, inner in zip(target.items[0].inputs, repeat.body.inputs) if outer is value), "")


def _tap_label(found: Structure, source: Group | Value, target: Group) -> Line:
    """The names of the values that go from a side box to a slot, if the spec gave them names."""
    if isinstance(source, Value):
        return ()
    made = {value for item in source.items for value in item.outputs}
    used = dict.fromkeys(value for item in target.all for value in item.inputs if value in made)
    names = [value.name for value in used if "#" not in value.name]
    text = ", ".join(names)
    return words(text, SIZES.small) if names and len(text) <= 18 and len(made) > 1 else ()


def _slots(facts: Facts, groups: Sequence[Group], opened: Group | None, own: bool, room: float) -> list[Slot]:
    boxed = [group for group in groups if not group.circle and group is not opened]
    contents = {group: _slot_content(facts, group, own, room) for group in boxed}
    wide = max((natural_width(one) for one in contents.values()), default=60.0)
    slots = []
    for group in groups:
        label = _before_lines(facts, group.before)
        if group.circle:
            slots.append(Slot(circle(group.name, group.circle), None, label))
        elif group is opened:
            deck = _deck(facts, group, room)
            slots.append(Slot(Box(group.name, deck.width, deck.height), deck, label))
        else:
            slots.append(Slot(replace(box(contents[group], wide), name=group.name), None, label))
    return slots


def _slot_content(facts: Facts, group: Group, own: bool, room: float) -> Content:
    found = content(facts, (*group.absorbed, *group.items), own=own, times=group.times, room=room)
    repeat = _repeat(group)
    if repeat is None:
        return found
    heading = join(words(capitalized(humanized(repeat.block)), SIZES.title, "bold"), _count(facts, repeat), gap=2.2)
    return replace(found, lines=(heading, *found.lines[1:]))


def _count(facts: Facts, repeat: Repeat) -> Line:
    return join(words("×", SIZES.title), math(facts.shown(repeat.count), SIZES.title), gap=1.5)


def _deck(facts: Facts, group: Group, room: float) -> Spine:
    """The inside of a repeat, framed."""
    repeat = _repeat(group)
    assert repeat is not None
    inner = structure(flow(repeat.body, prefix=f"{group.items[0].path}."))
    plan = spine_plan(facts, inner, None, own=True, room=room)
    assert plan is not None
    body = tuple(item for part in (*inner.chain, *inner.sides) for item in part.all)
    caption = [join(words(capitalized(humanized(repeat.block)), SIZES.heading, "bold"), _count(facts, repeat), gap=2.5)]
    for name, expression in (("theta", facts.params(body)), ("M", facts.macs(body))):
        if expression != 0:
            caption.append(law(facts, name, expression, 130.0))
    return framed(layout_spine(plan, deck=True), group.name, caption, 2, content(facts, group.items).tooltip)


def _closed_decks(found: Structure, drawn: Diagram, opened: Group | None) -> tuple[Cluster, ...]:
    """Outlines behind the boxes of repeats that stay closed."""
    closed = {group.name for group in found.chain if _repeat(group) is not None and group is not opened}
    return tuple(Cluster(box.name, box.extent, (), 2) for box in drawn.boxes if box.name in closed)


def _by_stage(found: Structure) -> tuple[Group, ...]:
    """One group per stage, for long networks."""
    return tuple(
        Group(stage.line, stage.before, tuple(item for item in stage.items if item not in stage.line))
        for stage in stages(found)
    )


# any other graph


def graph_diagram(facts: Facts, found: Structure) -> Diagram:
    """Every group as a box, placed by Graphviz."""
    groups = (*found.chain, *found.sides)
    boxes = [_graph_box(facts, group, group in found.sides) for group in groups]
    name = {group: drawn.name for group, drawn in zip(groups, boxes, strict=True)}
    edges = [Edge(name[a], name[b]) for a, b in zip(found.chain, found.chain[1:], strict=False)]
    ends: dict[Value, Box] = {}
    for value in found.flow.inputs:
        ends[value] = _end_box(f"input {value.name}", _value_label(facts, value))
    if found.entry is not None and found.chain:
        edges.insert(0, Edge(ends[found.entry].name, name[found.chain[0]]))
    for source, target, _ in found.links:
        start = ends[source].name if isinstance(source, Value) else name[source]
        edges.append(Edge(start, name[target], style="dashed" if target in found.sides or source in found.sides else "solid"))
    for index, (group, value) in enumerate(found.outputs):
        end = _end_box(f"output {index}", shape(facts.sizes(value), SIZES.body))
        boxes.append(end)
        edges.append(Edge(name[group], end.name))
    placed = layout_graphviz(Diagram((*ends.values(), *boxes), tuple(edges)))
    return _trimmed(placed)


def _graph_box(facts: Facts, group: Group, side: bool) -> Box:
    if group.circle:
        return circle(group.name, group.circle)
    return replace(box(content(facts, group.items, side=side, times=group.times)), name=group.name)


def _end_box(name: str, line: Line) -> Box:
    from archgraph.backend.diagram import Text

    wide = sum(run.width for run in line) + 4
    return Box(name, wide, 12, (Text(line, 2, 8.6),))


def _trimmed(drawn: Diagram) -> Diagram:
    extent = drawn.extent
    moved = drawn.moved(1 - extent.left, 1 - extent.top)
    return replace(moved, width=extent.right - extent.left + 2, height=extent.bottom - extent.top + 2)


def unique(names: Iterable[str]) -> list[str]:
    """The names without repetitions, in order."""
    return list(dict.fromkeys(names))
