"""The overview of two streams that meet: each with its boxes, joint boxes across both, the joint repeat opened."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import product

from archgraph.figures.content.boxes import MEDIUM, NARROW, WIDE, Content, boxed, content, natural_width, pairs
from archgraph.figures.content.headings import title
from archgraph.figures.content.labels import count_label, value_label
from archgraph.figures.content.law_lines import law_lines
from archgraph.figures.content.mathtext import line_of, result_shape, words
from archgraph.figures.content.wrapping import fitted
from archgraph.figures.drawing.diagram import Cluster, Diagram, Line
from archgraph.figures.drawing.geometry import is_faulty
from archgraph.figures.drawing.style import SIZES
from archgraph.figures.facts.facts import Facts
from archgraph.figures.layout.streams import StreamBox, StreamDeck, StreamPlan, layout_streams
from archgraph.figures.overview.conditions import condition_row
from archgraph.graph.ir import Repeat
from archgraph.outline.forms.network_outline import outline_of
from archgraph.outline.items import Item
from archgraph.outline.streams import StreamPart, TwoStreams, streams_of
from archgraph.outline.wording import block_name, bracketed, capitalized, phrase_in_full

_PAGE_HEIGHT, _BETWEEN = 590.0, 26.0


def streams_diagram(facts: Facts, found: TwoStreams, width: float) -> Diagram | None:
    """The most detailed form without a fault that fits the page; nothing if there is none."""
    costly = sorted(found.parts, key=lambda part: -facts.value(facts.macs(part.items)))
    opened = next((part for part in costly if _joint_inside(facts, part)), None)
    for chosen in dict.fromkeys((opened, None)):
        for room, brief in product((WIDE, MEDIUM, NARROW), (False, True)):
            drawn = _drawn(facts, found, chosen, room, brief=brief)
            if drawn.width <= width + 0.5 and drawn.height <= _PAGE_HEIGHT and not is_faulty(drawn):
                return drawn
    return None


def _joint_inside(facts: Facts, part: StreamPart) -> TwoStreams | None:
    """The two streams inside a repeat that both go through, unless blocks are to stay closed."""
    repeat = part.repeat if part.joint and part.gives == (0, 1) else None
    if repeat is None or facts.options.depth is not None:
        return None
    item = part.items[0]
    return streams_of(outline_of(repeat.body, (), f"{item.path}.", facts.network.values))


def _drawn(facts: Facts, found: TwoStreams, opened: StreamPart | None, room: float, *, brief: bool) -> Diagram:
    inside = _joint_inside(facts, opened) if opened is not None else None
    contents = {part: _content(facts, part, room) for part in found.parts if part is not opened}
    inner = {part: _content(facts, part, room, own=True) for part in inside.parts} if inside is not None else {}
    wide = max(natural_width(one) for one in (*contents.values(), *inner.values()))
    steps: list[StreamBox | StreamDeck] = []
    for part in found.parts:
        if part is opened and inside is not None:
            steps.append(_deck(facts, part, inside, inner, wide))
        else:
            steps.append(_box(part, contents[part], wide))
    names = {part: contents[part].name for part in contents}
    drawn = layout_streams(
        StreamPlan(
            tuple(steps),
            wide,
            (value_label(facts, found.sources[0]), value_label(facts, found.sources[1])),
            {stream: result_shape(facts.sizes(value), SIZES.body) for stream, value in found.outputs.items()},
            tuple(_named(found, names)),
        )
    )
    drawn = replace(drawn, clusters=(*drawn.clusters, *_closed(found, opened, drawn)))
    rows = [
        condition_row(facts, side.inputs, side.made, f"into {_taken(facts, found, side.taken, brief=brief)}")
        for side in found.sides
    ]
    return _with_rows(drawn, rows)


def _with_rows(drawn: Diagram, rows: Sequence[Diagram]) -> Diagram:
    """The drawing with rows below it, each centred above the other."""
    wide = max((drawn.width, *(row.extent.right + 1 for row in rows)))
    whole = replace(drawn.moved((wide - drawn.width) / 2, 0), width=wide)
    for row in rows:
        placed = row.moved((wide - row.extent.right) / 2, whole.height + 8)
        whole = replace(whole.plus(placed), height=whole.height + 8 + row.height)
    return whole


def _named(found: TwoStreams, names: Mapping[StreamPart, str]) -> Iterator[tuple[str, str, int]]:
    for source, target, stream in found.jumps:
        if target in names and (source is None or source in names):
            yield (names[source] if source is not None else "", names[target], stream)


def _taken(facts: Facts, found: TwoStreams, taken: Sequence[StreamPart], *, brief: bool) -> str:
    """Which parts take something, in words: all, the names of a few, or how many."""
    if len(taken) == len(found.parts):
        return "all boxes"
    called = dict.fromkeys(capitalized(_heading(facts, part)) for part in taken)
    return ", ".join(called) if len(called) < 4 and not brief else f"{len(taken)} boxes"


def _heading(facts: Facts, part: StreamPart) -> str:
    repeat = part.repeat
    heavy = [item for item in part.items if not item.light] or list(part.items)
    own = bracketed(block_name(repeat)) if repeat else phrase_in_full(heavy, facts.brief)
    return facts.author.label(part.items) or own


def _content(facts: Facts, part: StreamPart, room: float, *, own: bool = False) -> Content:
    """A box says what it is; one that both streams attend in says so."""
    found = content(facts, part.items, own=own, room=room, beside=part.beside, shared=part.shared)
    repeat = part.repeat
    if repeat is not None:
        tail = count_label(facts, repeat)
        heading = line_of(words(capitalized(_heading(facts, part)), SIZES.title, "bold"), tail, gap=2.2)
        return replace(found, lines=(heading, *found.lines[1:]))
    if part.joint and not isinstance(part.items[0].member, Repeat) and facts.attends(part.items):
        return replace(found, lines=(*title("Joint attention", (), room), *found.lines[1:]))
    return found


def _box(part: StreamPart, contents: Content, wide: float) -> StreamBox:
    width = 2 * wide + _BETWEEN if part.joint else wide
    gives = part.gives or part.takes
    return StreamBox(boxed(contents, width), part.takes, gives, (), part.repeat is not None)


def _deck(
    facts: Facts, part: StreamPart, inside: TwoStreams, contents: Mapping[StreamPart, Content], wide: float
) -> StreamDeck:
    boxes = tuple(_box(one, contents[one], wide) for one in inside.parts)
    names = {one: contents[one].name for one in inside.parts}
    rows = tuple(
        condition_row(facts, side.inputs, side.made, _inner_taken(inside, side.taken), own=True)
        for side in inside.sides
    )
    items = part.items
    tooltip = content(facts, items).tooltip
    caption = tuple(_caption(facts, part, inside))
    return StreamDeck(part.items[0].path, boxes, tuple(_named(inside, names)), rows, caption, 2, tooltip)


def _inner_taken(inside: TwoStreams, taken: Sequence[StreamPart]) -> str:
    own = [part for part in inside.parts if not part.joint]
    return "into all four" if len(taken) == len(own) == 4 else f"into {len(taken)} boxes"


def _caption(facts: Facts, part: StreamPart, inside: TwoStreams) -> list[Line]:
    """The name of the block, how often it is applied, and the laws of one application."""
    repeat = part.repeat
    assert repeat is not None
    named = words(capitalized(_heading(facts, part)), SIZES.heading, "bold")
    lines = [line_of(fitted(named, WIDE), count_label(facts, repeat), gap=2.5)]
    laws = (law_lines(facts, name, one, WIDE) for name, one in pairs(facts, _all(inside)))
    return lines + [line for some in laws for line in some]


def _all(inside: TwoStreams) -> tuple[Item, ...]:
    parts = [item for part in inside.parts for item in (*part.beside, *part.items)]
    return (*parts, *(item for side in inside.sides for item in side.made))


def _closed(found: TwoStreams, opened: StreamPart | None, drawn: Diagram) -> Iterator[Cluster]:
    """Outlines behind the boxes of repeats that stay closed."""
    closed = {part.items[-1].path for part in found.parts if part.repeat is not None and part is not opened}
    for box in drawn.boxes:
        if box.name in closed:
            yield Cluster(box.name, box.extent, (), 2)
