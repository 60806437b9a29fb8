"""Boxes with measured contents: what is written in them, and how wide they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import fsum

from sympy import Expr

from archgraph.fields.report.extent import ReadExtent
from archgraph.figures.content.fixed_positions import fixed_positions
from archgraph.figures.content.headings import heading_of
from archgraph.figures.content.kernels import with_kernels
from archgraph.figures.content.law_lines import law_lines
from archgraph.figures.content.mathtext import result_shape, words
from archgraph.figures.content.thumbnails import connectivity, field_square
from archgraph.figures.content.tooltips import tooltip
from archgraph.figures.content.windows import with_windows
from archgraph.figures.content.wrapping import fitted
from archgraph.figures.drawing.box_look import PLAIN_LOOK, BoxLook, with_look
from archgraph.figures.drawing.diagram import Box, BoxPart, Line, Live, Outline, Path, Rect, Text, line_width
from archgraph.figures.drawing.outlines import BAR, INSET, outline, outlined
from archgraph.figures.drawing.style import FRAME, HAIR, LINE, SIDE_FILL, SIZES, ramp
from archgraph.figures.facts.facts import Facts
from archgraph.outline.items import Item
from archgraph.outline.wording import phrase_in_full

_PAD, _LINE_HEIGHT, _TOP = 4.5, 9.6, 9.2
_THUMB, _THUMB_GAP = 21.0, 6.0
_CIRCLE = 13.0
_LAW_ROOM, _LAST_ROOM, _LONG_LAW, _BELOW = 150.0, 172.0, 72.0, 4.0
_NEUTRAL, _SHARED = "#8a8a8a", "weights of an earlier box"

#: The longest lines of a wide, a medium and a narrow box, in points.
WIDE, MEDIUM, NARROW = 150.0, 108.0, 92.0


@dataclass(frozen=True)
class Content:
    """What goes into a box, before its width is known.

    Attributes:
        lines: text from top to bottom; a tuple of two lines is set in two columns where they fit.
        reach: the field for the picture; ``own`` draws the connections of the box itself.
        tint: the place of the coloured bar on the scale.
        outline: thick for what attends to every position, double for what attends within windows, else thin.
        side: a grey box without a bar, for what works on no positions.
        laws: how many of the last lines are laws.
        headings: how many of the first lines are the heading.
        located: the colours speak of locality, in the picture too.
        costs: (metric, law) in full, for the interactive page.
        label: what the spec calls it, where it does.
        look: how the author wants it.
        shade: what its colour follows at other sizes; and ``field`` what its picture follows.
    """

    name: str
    lines: tuple[Line, ...]
    reach: ReadExtent | None = None
    tint: float | None = None
    own: bool = False
    picture: bool = True
    outline: Outline = "thin"
    side: bool = False
    tooltip: str = ""
    laws: int = 0
    located: bool = True
    costs: tuple[tuple[str, Expr], ...] = ()
    label: str = ""
    look: BoxLook = PLAIN_LOOK
    shade: Live | None = None
    field: Live | None = None
    headings: int = 1


def content(
    facts: Facts,
    items: Sequence[Item],
    *,
    own: bool = False,
    side: bool = False,
    times: int = 1,
    room: float = WIDE,
    strides: bool = True,
    beside: Sequence[Item] = (),
    terse: bool = False,
    joins: bool = False,
    shared: Sequence[Item] = (),
) -> Content:
    """Describe a group of items.

    Args:
        facts: where the numbers come from.
        items: what the box stands for.
        own: show what the box itself connects, instead of its receptive field in the input.
        side: it is off the main line.
        times: how many equal groups it stands for.
        room: the width that the longest line should not exceed.
        strides: name the strides of convolutions.
        beside: items that count for the laws; those that multiply matrices are named in a line of their own.
        terse: in one line, with an ellipsis for what has no room; see `phrase`.
        joins: values come in by arrows that do not say how; see `phrase`.
        shared: what is read here and counted in another box, of which there is a word if it holds weights.
    """
    key = ("content", tuple(items), own, side, times, room, strides, tuple(beside), terse, joins, tuple(shared))
    find = lambda: _described(  # noqa: E731
        facts,
        items,
        own=own,
        side=side,
        times=times,
        room=room,
        strides=strides,
        beside=beside,
        terse=terse,
        joins=joins,
        shared=shared,
    )
    return facts.known(key, find)


def _described(
    facts: Facts,
    items: Sequence[Item],
    *,
    own: bool,
    side: bool,
    times: int,
    room: float,
    strides: bool,
    beside: Sequence[Item],
    terse: bool,
    joins: bool,
    shared: Sequence[Item],
) -> Content:
    last = items[-1]
    reach = facts.own_reach(items) if own else facts.reach(last.path)
    light = all(item.light for item in items)
    most = 1 if terse else 4 if side else 2
    heading = heading_of(facts, items, room, most, times=times, strides=strides, terse=terse, joins=joins)
    lines = with_kernels(facts, items, with_windows(facts, items, heading, room), room)
    if not own and not side and not light and "shape" in facts.options.show:
        lines.append(result_shape(facts.sizes(last.outputs[0]), SIZES.body))
    lines += _named_beside(facts, [item for item in beside if not item.light], room)
    lines += _said_of_shared(facts, shared, room)
    costs = laws(facts, (*beside, *items), room)
    picture, hint = not light and "field" in facts.options.show, tooltip(facts, items, reach, beside)
    all_lines = (*lines, *costs)
    full = (("params", facts.params((*beside, *items))), ("macs", facts.macs((*beside, *items))))
    tint, grey = facts.tint((*beside, *items), reach), side and reach is None
    return Content(
        last.path,
        all_lines,
        reach,
        tint,
        own,
        picture,
        outline(facts.attends(items), reach),
        grey,
        hint,
        len(costs),
        facts.color == "locality",
        full,
        _label(items),
        facts.author.look(items),
        _shade(facts, (*beside, *items), last, own=own),
        Live("field", "" if own else last.path, facts.place),
        len(heading),
    )


def _shade(facts: Facts, items: Sequence[Item], last: Item, *, own: bool) -> Live | None:
    """What the colour of a box says at other sizes: a share of costs, or of the input."""
    if facts.color in ("params", "macs"):
        law = facts.params(items) if facts.color == "params" else facts.macs(items)
        return Live("tint", (law, facts.total(facts.color)), facts.place)
    return Live("tint", "" if own else last.path, facts.place) if facts.color == "locality" else None


def _named_beside(facts: Facts, items: Sequence[Item], room: float) -> list[Line]:
    """What works beside the main line, for its costs are in the laws of the box."""
    if not items:
        return []
    text = f"beside: {phrase_in_full(items, facts.brief)}"
    return [fitted(words(text, SIZES.body), room)]


def _said_of_shared(facts: Facts, items: Sequence[Item], room: float) -> list[Line]:
    """That some weights are counted in another box, so that nobody misses them in this one."""
    holds = "params" in facts.options.show and facts.params(items) != 0
    return [fitted(words(_SHARED, SIZES.body), room)] if holds else []


def _label(items: Sequence[Item]) -> str:
    """What a spec calls the items of a box, nothing where it calls none of them."""
    return ", ".join(dict.fromkeys(item.member.title for item in items if item.member.title))


def laws(facts: Facts, items: Sequence[Item], room: float) -> list[Line]:
    """The laws of parameters and multiply-accumulates, where they are not zero."""
    more = _LAST_ROOM if room >= WIDE else None
    wide, found = min(room, _LAW_ROOM), list[Line]()
    for name, one in pairs(facts, items):
        lengths = fixed_positions(facts, items[-1].outputs[0]) if name == "macs" else ()
        found += law_lines(facts, name, one, wide, more=more, lengths=lengths)
    return found


def pairs(facts: Facts, items: Sequence[Item]) -> list[tuple[str, Expr]]:
    """The metrics that are asked for and are not zero, with their laws."""
    every = (("params", facts.params(items)), ("macs", facts.macs(items)))
    return [(metric, found) for metric, found in every if metric in facts.options.show and found != 0]


def natural_width(contents: Content) -> float:
    """The width that the content asks for."""
    beside, below = _beside_and_below(contents)
    texts = max((line_width(line) for line in beside), default=0.0) + _picture_width(contents)
    return _left(contents) + max(texts, line_width(below)) + _PAD


def _beside_and_below(contents: Content) -> tuple[tuple[Line, ...], Line]:
    """The lines beside the picture, and a last one that runs below it because it is long."""
    *beside, last = contents.lines or ((),)
    low = contents.own and _has_picture(contents) and len(beside) > 1 and line_width(last) > _LONG_LAW
    low = low and not any(run.continues for run in last)
    return (tuple(beside), last) if low else (contents.lines, ())


def _left(contents: Content) -> float:
    return _PAD if contents.side else BAR + _PAD - 0.5


def _picture_width(contents: Content) -> float:
    if not _has_picture(contents):
        return 0.0
    assert contents.reach is not None
    label = 0.0 if contents.own else sum(run.width for run in _number(contents.reach))
    return max(_THUMB, label) + _THUMB_GAP


def _has_picture(contents: Content) -> bool:
    return contents.reach is not None and contents.picture and not contents.side and len(contents.lines) > 1


def _number(reach: ReadExtent) -> Line:
    return words(reach.label, SIZES.small)


def boxed(contents: Content, width: float | None = None) -> Box:
    """Set the content into a box of the given or its natural width."""
    wide = natural_width(contents) if width is None else width
    left = _left(contents)
    texts = _paired(contents, wide - left - _PAD - _picture_width(contents))
    rows = max(len(texts), 1)
    height = _TOP + _LINE_HEIGHT * (rows - 1) + 5.0
    if _has_picture(contents):
        height = max(height, _THUMB + (6 if contents.own else 14.0))
    if contents.outline == "double":
        height += INSET
    low = _BELOW if line_width(_beside_and_below(contents)[1]) > wide - left - _PAD - _picture_width(contents) else 0.0
    height += low
    fill = SIDE_FILL if contents.side else "#ffffff"
    parts = _tinted(outlined(contents.outline, wide, height, fill, _bar(contents)), contents)
    top = (height - low - _LINE_HEIGHT * (rows - 1)) / 2 + 2.6
    for row, columns in enumerate(texts):
        y = top + row * _LINE_HEIGHT + (low if row == rows - 1 else 0.0)
        parts += [Text(line, left + x, y) for x, line in columns]
    parts += _picture(contents, wide, height - (_LINE_HEIGHT if low else 0.0))
    shown = ("connections" if contents.own else "field") if _has_picture(contents) else ""
    plain = Box(
        contents.name,
        wide,
        height,
        tuple(parts),
        tooltip=contents.tooltip,
        picture=shown,
        outline=contents.outline,
        laws=contents.costs,
        label=contents.label,
    )
    return with_look(plain, contents.look)


def _paired(contents: Content, room: float) -> list[list[tuple[float, Line]]]:
    """Rows of (x, line); the two laws share a row where there is room."""
    rows: list[list[tuple[float, Line]]] = [[(0.0, line)] for line in contents.lines]
    if len(rows) >= 4 and not any(run.continues for line in contents.lines[-2:] for run in line):
        first, second = rows[-2][0][1], rows[-1][0][1]
        needed = line_width(first), line_width(second)
        if fsum(needed) + 9 <= room:
            column = max(needed[0] + 9, room * 0.46) if room * 0.46 + needed[1] <= room else room - needed[1]
            rows[-2:] = [[(0.0, first), (column, second)]]
    return rows


def _bar(contents: Content) -> str:
    """Return the colour of the bar; boxes beside the main line have none."""
    if contents.side:
        return ""
    return "#ffffff" if contents.tint is None else ramp(contents.tint)


def _tinted(parts: list[BoxPart], contents: Content) -> list[BoxPart]:
    """The parts of an empty box, whose bar follows the sizes where its colour speaks of them."""
    if contents.tint is None or contents.side or contents.shade is None:
        return parts
    return [replace(part, live=contents.shade) if isinstance(part, Path) else part for part in parts]


def _picture(contents: Content, width: float, height: float) -> list[BoxPart]:
    if not _has_picture(contents):
        return []
    assert contents.reach is not None
    column = _picture_width(contents) - _THUMB_GAP
    x = width - 4.0 - column
    if contents.own:
        left, color = x + (column - _THUMB) / 2, "" if contents.located else _NEUTRAL
        return connectivity(contents.reach, left, (height - _THUMB) / 2, _THUMB, color)
    y = (height - _THUMB - 9.0) / 2
    (said,) = _number(contents.reach)
    label = Text((replace(said, live=contents.field),)).centered(x + column / 2).moved(0, y + _THUMB + 7.6)
    color = "" if contents.located else _NEUTRAL
    return [*field_square(contents.reach, x + (column - _THUMB) / 2, y, _THUMB, color, contents.field), label]


def end_box(name: str, line: Line) -> Box:
    """A text where the data comes in or goes out."""
    return Box(name, line_width(line) + 4, 12, (Text(line, 2, 8.6),))


def circle(name: str, kind: str, hint: str = "") -> Box:
    """A circle for an operation on two values: a plus, or a dot for products."""
    middle = _CIRCLE / 2
    parts: list[BoxPart] = [Rect(0, 0, _CIRCLE, _CIRCLE, "#ffffff", FRAME, LINE, middle)]
    if kind == "add":
        arm = 3.0
        parts.append(Path(((middle - arm, middle), (middle + arm, middle)), FRAME, 0.9))
        parts.append(Path(((middle, middle - arm), (middle, middle + arm)), FRAME, 0.9))
    else:
        parts.append(Rect(middle - 2.7, middle - 2.7, 5.4, 5.4, "none", FRAME, HAIR, 2.7))
        parts.append(Rect(middle - 0.9, middle - 0.9, 1.8, 1.8, FRAME, "none", 0, 0.9))
    return Box(name, _CIRCLE, _CIRCLE, tuple(parts), tooltip=hint or f"{name}: {kind}")
