"""The overview as a spine: the main line with its most expensive repeat opened."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import product

from archgraph.figures.content.boxes import (
    MEDIUM,
    NARROW,
    WIDE,
    Content,
    boxed,
    circle,
    content,
    natural_width,
    pairs,
)
from archgraph.figures.content.headings import title
from archgraph.figures.content.labels import count_label, output_labels, stage_way, value_label, way
from archgraph.figures.content.law_lines import law_lines, tells_value
from archgraph.figures.content.mathtext import line_of, words
from archgraph.figures.content.wrapping import fitted
from archgraph.figures.drawing.box_look import BoxLook, with_look
from archgraph.figures.drawing.decks import frames
from archgraph.figures.drawing.diagram import Box, Cluster, Diagram, Line, Text, line_width
from archgraph.figures.drawing.geometry import is_faulty
from archgraph.figures.drawing.style import SIZES
from archgraph.figures.facts.facts import Facts
from archgraph.figures.layout.spine import CAPTION_MARGIN, framed, layout_spine
from archgraph.figures.layout.spine_plan import Plan, SideInput, Slot, Spine
from archgraph.figures.overview.deck_constants import with_constants
from archgraph.figures.overview.spine_links import block_of, head_of, joined, repeat_of
from archgraph.graph.ir import Repeat
from archgraph.outline.folding import kinds_of_parts
from archgraph.outline.groups import Group, is_circle, read_elsewhere
from archgraph.outline.items import Item
from archgraph.outline.second_streams import second_streams
from archgraph.outline.stages import Stage, stages
from archgraph.outline.structure import Structure, merged_groups
from archgraph.outline.wording import block_name, bracketed, capitalized, phrase

_MANY_SLOTS, _MANY_INSIDE = 14, 18
_CAPTION_ROOMS, _CAPTION_SHARE, _LONGEST_CAPTION = (130.0, 105.0, 92.0), 0.7, 170.0
_PAGE_HEIGHT, _FEW_STAGES = 600.0, 3
_SIDE_SHARE = 0.66
_CIRCLE_WORDS = {"add": ("addition", "additions"), "multiply": ("product", "products")}


def spine_diagram(facts: Facts, found: Structure, width: float, *, open_one: bool = True) -> Diagram | None:
    """The most detailed form without a fault that fits the page; nothing if there is none.

    Details that may have to go, in this order: room in the boxes, equal neighbours that are shown one by one, the
    inside of the most expensive repeat, groups within one stage.
    """
    chosen, tall = _to_open(facts, found) if open_one else None, None
    for groups, opened, room in _trials(found, chosen):
        drawn = _drawn(facts, found, groups, opened, room)
        if drawn is None or drawn.width > width + 0.5 or (tall is not None and drawn.height >= tall.height):
            continue
        if is_faulty(drawn):
            continue
        if drawn.height <= (facts.options.height or _PAGE_HEIGHT):
            return _with_laws(facts, found, groups, opened, width, drawn)
        # Better than nothing, if all forms turn out too tall.
        tall = drawn
    return tall


def _with_laws(
    facts: Facts, found: Structure, groups: tuple[Group, ...], opened: Group | None, width: float, drawn: Diagram
) -> Diagram:
    """The same with a frame as wide as the page allows, if that makes laws of the numbers in its caption."""
    lines = (part.runs for cluster in drawn.clusters for part in cluster.parts if isinstance(part, Text))
    if facts.options.values or not any(map(tells_value, lines)):
        return drawn
    for room, caption in product((WIDE, MEDIUM, NARROW), _CAPTION_ROOMS):
        wider = _drawn(facts, found, groups, opened, room, caption=caption)
        fits = wider is not None and wider.width <= width + 0.5 and not is_faulty(wider)
        if wider is not None and fits and wider.height <= (facts.options.height or _PAGE_HEIGHT):
            return wider
    return drawn


def _trials(found: Structure, chosen: Group | None) -> Iterator[tuple[tuple[Group, ...], Group | None, float]]:
    """Which groups, which of them opened, and how wide the boxes, with less and less detail."""
    for groups in _groupings(found):
        # Opened, then closed; once only where there is nothing to open.
        for opened in dict.fromkeys((chosen if chosen in groups else None, None)):
            for room in (WIDE, MEDIUM, NARROW):
                yield groups, opened, room


def _groupings(found: Structure) -> list[tuple[Group, ...]]:
    """The main line as it is, with equal neighbours merged, and by stage if there are several."""
    fewer = merged_groups(found)
    forms = [found.chain] if len(fewer) == len(found.chain) else [found.chain, fewer]
    staged = _by_stage(found)
    return [*forms, staged] if _FEW_STAGES <= len(staged) < len(fewer) else forms


def _drawn(
    facts: Facts,
    found: Structure,
    groups: tuple[Group, ...],
    opened: Group | None,
    room: float,
    *,
    caption: float = 0.0,
) -> Diagram | None:
    plan = _plan(facts, found, groups, opened, room, caption=caption)
    if plan is None:
        return None
    spine = layout_spine(plan)
    if spine.undrawn:
        return None
    drawn = spine.drawing
    shown = (*groups, *found.sides)
    return replace(drawn, clusters=drawn.clusters + closed_decks(shown, drawn, opened))


def block_diagram(facts: Facts, group: Group, width: float) -> Diagram | None:
    """The inside of one block on its own, with what goes in and comes out."""
    repeat = block_of(group)
    for room in (WIDE, MEDIUM, NARROW):
        deck = _deck(facts, group, room)
        if deck is None:
            return None
        slot = Slot(Box(group.name, deck.width, deck.height), deck)
        taken = zip(repeat.inputs[1:], repeat.body.inputs[1:], strict=True)
        # What is a box inside does not enter.
        inner = {outer: own.name for outer, own in taken if own.name in deck.entries}
        side_inputs = tuple(SideInput(name, group.name, (), name) for name in inner.values())
        labels = {name: value_label(facts, value, name) for value, name in inner.items()}
        entry, exit_ = (value_label(facts, value) for value in (repeat.body.inputs[0], repeat.outputs[0]))
        spine = layout_spine(Plan((slot,), {}, (), side_inputs, labels, entry, exit_))
        if spine.width <= width + 0.5 and not spine.undrawn and not is_faulty(spine.drawing):
            return spine.drawing
    return None


def repeat_groups(facts: Facts, found: Structure) -> list[Group]:
    """The groups that are repeats, the most expensive one first."""
    decks = [group for group in found.chain if repeat_of(group) is not None]
    return sorted(decks, key=lambda group: -facts.value(facts.macs(group.items)))


def _to_open(facts: Facts, found: Structure) -> Group | None:
    """The most expensive repeat, unless there is nothing to see inside."""
    return next(filter(facts.tells_inside, repeat_groups(facts, found)), None)


# from a structure to a plan


def _plan(
    facts: Facts,
    found: Structure,
    groups: tuple[Group, ...],
    opened: Group | None,
    room: float,
    least: float = 60.0,
    *,
    own: bool = False,
    caption: float = 0.0,
) -> Plan | None:
    """The plan of a structure; nothing if it has too many parts for one line."""
    if len(groups) > (_MANY_INSIDE if own else _MANY_SLOTS):
        return None
    staged = groups[0] not in found.chain
    slots = _slots(facts, groups, opened, room, own=own, staged=staged, least=least, caption=caption)
    if slots is None:
        return None
    names = {item: slot.name for group, slot in zip(groups, slots, strict=True) for item in group.all}
    homes = {group: names[group.items[0]] for group in (*found.chain, *found.sides) if group.items[0] in names}
    # Boxes beside the line are read after it, and must not take its room.
    narrow = min(room * _SIDE_SHARE, NARROW)
    heads = {side: source for side in found.sides if (source := head_of(found, side)) is not None}
    beside = [side for side in found.sides if side.items[0] not in names and side not in heads]
    streams = second_streams(found)
    sides = {side: boxed(group_content(facts, side, narrow, own=own, side=side not in streams)) for side in beside}
    aside = {box.name for box in sides.values()}
    leaving = [
        (sides[group].name if group in sides else homes[heads.get(group, group)], value)
        for group, value in found.outputs
        if group in sides or value is not found.chain[-1].output
    ]
    exits = output_labels(facts, leaving, brief=lambda box: box not in aside)
    named = frozenset(sides[side].name for side in streams if side in sides)
    return replace(joined(facts, found, slots, homes, sides, own=own), exits=exits, streams=named)


def _slots(
    facts: Facts,
    groups: Sequence[Group],
    opened: Group | None,
    room: float,
    least: float,
    *,
    own: bool,
    staged: bool,
    caption: float,
) -> list[Slot] | None:
    """Boxes, circles and the opened deck; for whole stages, strides are written beside the arrows."""
    framed = [group for group in groups if not group.circle and group is not opened]
    contents = {group: group_content(facts, group, room, own=own, strides=not staged) for group in framed}
    wide = max((least, *(natural_width(one) for one in contents.values())))
    slots = []
    for group in groups:
        label, deck = (stage_way(facts, group) if staged else way(facts, group.before)), None
        if group is opened:
            deck = _deck(facts, group, room, caption=caption)
            if deck is None:
                return None
            drawn = Box(group.name, deck.width, deck.height)
        elif group.circle:
            drawn = with_look(circle(group.name, group.circle), facts.author.look(group.items))
        else:
            drawn = replace(boxed(contents[group], wide), name=group.name)
        slots.append(Slot(drawn, deck, label, repeat_of(group) is not None))
    return slots


def group_content(
    facts: Facts, group: Group, room: float, *, own: bool, side: bool = False, strides: bool = True
) -> Content:
    """What is written in the box of a group; a repeat is called by its block and how often it is applied."""
    weights = [item for item in group.absorbed if _is_weight(item, group)]
    items = (*(item for item in group.absorbed if item not in weights), *group.items)
    found = content(
        facts,
        items,
        own=own,
        side=side,
        times=group.times,
        room=room,
        strides=strides,
        beside=(*weights, *group.beside),
        joins=True,
        shared=group.shared,
    )
    if group.steps:
        return _with_fold(facts, found, group, room)
    repeat = repeat_of(group)
    if repeat is None or (repeat.block == "repeat" and not repeat.title):
        return found
    named = facts.author.label(items) or bracketed(_block_name(repeat))
    heading = title(named, count_label(facts, repeat), max(room, WIDE))
    return replace(found, lines=(*heading, *found.lines[found.headings :]), headings=len(heading))


def _is_weight(constant: Item, group: Group) -> bool:
    """Whether a constant is a table that operations work with, rather than what is added: nothing that has a name."""
    readers = [item for item in group.all if not set(constant.outputs).isdisjoint(item.inputs)]
    return constant.label == "parameter" and not any(is_circle(item) for item in readers)


def _with_fold(facts: Facts, found: Content, group: Group, room: float) -> Content:
    """The content of a fold, with what its heading does not say of what lies in it."""
    said = ", ".join((*_differing(facts, group), *_circles(group)))
    line = (fitted(words(said, SIZES.body), room),) if said else ()
    return replace(found, lines=(*found.lines[: found.headings], *line, *found.lines[found.headings :]))


def _differing(facts: Facts, group: Group) -> Iterator[str]:
    """Of how many kinds is what a heading counts."""
    count = phrase(group.items, facts.brief)[1]
    if not count.is_Integer or count == 1:
        return
    kinds = kinds_of_parts(group, int(count))
    if kinds > 1:
        yield "no two alike" if kinds == count else f"of {kinds} kinds"


def _circles(group: Group) -> Iterator[str]:
    """How many operations there are that a figure draws as circles, which headings do not name."""
    for kind, (one, many) in _CIRCLE_WORDS.items():
        count = sum(is_circle(item) for item in group.items if item.label == kind)
        if count:
            yield f"{count} {one if count == 1 else many}"


def _block_name(repeat: Repeat) -> str:
    return capitalized(block_name(repeat))


def _deck(facts: Facts, group: Group, room: float, *, caption: float = 0.0) -> Spine | None:
    """The inside of a repeat, framed; its boxes are widened where the caption needs the room.

    Its caption has the room that is told, else what there is.
    """
    repeat = block_of(group)
    inner = facts.inside(group)
    # Into a frame and out of it goes one main line.
    if len(inner.outputs) != 1 or inner.entry is not repeat.body.inputs[0]:
        return None
    narrow = min(room * _SIDE_SHARE, NARROW)
    plan = _plan(facts, inner, inner.chain, None, room, own=True)
    if plan is None:
        return None
    spine = layout_spine(with_constants(facts, plan, group, narrow), deck=True)
    free = caption or max(room * _CAPTION_SHARE, spine.width - spine.axis - CAPTION_MARGIN)
    told = deck_caption(facts, inner, group, free)
    lacking = spine.axis + max(line_width(line) for line in told) + CAPTION_MARGIN - spine.width
    if lacking > 0:
        widest = max(slot.box.width for slot in plan.slots)
        # Twice, for boxes grow to both sides of the line and the caption stands on the right.
        wider = _plan(facts, inner, inner.chain, None, room, own=True, least=widest + 2 * lacking)
        if wider is not None:
            spine = layout_spine(with_constants(facts, wider, group, narrow), deck=True)
    framed_one = framed(spine, group.name, told, 0 if repeat.once else 2, content(facts, group.items).tooltip)
    outer, *others = framed_one.drawing.clusters
    look = facts.author.look(group.items)
    dressed = outer if look == BoxLook() else replace(outer, frames=tuple(map(look.frame, frames(outer))))
    return replace(framed_one, drawing=replace(framed_one.drawing, clusters=(dressed, *others)))


def deck_caption(facts: Facts, inner: Structure, group: Group, room: float) -> list[Line]:
    """The name of the block, how often it is applied, and the laws of one application."""
    body = tuple(item for part in (*inner.chain, *inner.sides) for item in part.all)
    repeat = block_of(group)
    count = () if repeat.once else count_label(facts, repeat)
    called = _block_name(repeat) if repeat.once else bracketed(_block_name(repeat))
    named = words(facts.author.label(group.items) or called, SIZES.heading, "bold")
    caption = [line_of(fitted(named, _LONGEST_CAPTION), count, gap=2.5)]
    free = min(_CAPTION_ROOMS[0], max(room, line_width(caption[0])))
    lines = (law_lines(facts, name, expression, free) for name, expression in pairs(facts, body))
    return caption + [line for some in lines for line in some]


def closed_decks(groups: Sequence[Group], drawn: Diagram, opened: Group | None = None) -> tuple[Cluster, ...]:
    """Outlines behind the boxes of repeats that stay closed."""
    closed = {group.name for group in groups if repeat_of(group) is not None and group is not opened}
    return tuple(Cluster(box.name, box.extent, (), 2) for box in drawn.boxes if box.name in closed)


def _by_stage(found: Structure) -> tuple[Group, ...]:
    """One group per stage, for long networks."""
    return tuple(_stage_group(found, stage) for stage in stages(found))


def _stage_group(found: Structure, stage: Stage) -> Group:
    heads = {item for group in stage.beside if head_of(found, group) is not None for item in group.items}
    beside = tuple(item for item in stage.items if item not in stage.line and item not in heads)
    return Group(stage.line, stage.before, beside=beside, shared=read_elsewhere((*stage.groups, *stage.beside)))
