"""The overview of an encoder and decoder with skips, as a U."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import product

from archgraph.figures.content.boxes import MEDIUM, NARROW, WIDE, Content, boxed, content, end_box, natural_width
from archgraph.figures.content.labels import (
    copy_label,
    exit_label,
    output_labels,
    value_label,
    way_to,
)
from archgraph.figures.content.mathtext import line_of, words
from archgraph.figures.drawing.diagram import Box, Diagram, Line
from archgraph.figures.drawing.geometry import is_faulty
from archgraph.figures.drawing.style import SIZES
from archgraph.figures.facts.facts import Facts
from archgraph.figures.layout.u import TURNING, Skip, UShape, fits, layout_us
from archgraph.figures.overview.conditions import condition_row
from archgraph.outline.items import Item
from archgraph.outline.u_pairs import pairs_together
from archgraph.outline.u_parts import UPart, UParts, USkip

_PAGE_HEIGHT, _WAY_SHARE, _ALIKE, _MOST_LINES = 570.0, 0.85, 3, 8


@dataclass(frozen=True)
class UForm:
    """How much room the parts of a U may take; ``room`` is that of a law.

    Attributes:
        stacked: laws stand below each other.
        brief: of copies, only the channels are told.
        picture: boxes show their field.
        ways: what works on a copy has a box of its own.
        terse: headings have one line, with an ellipsis for what they do not name.
    """

    room: float = WIDE
    stacked: bool = False
    brief: bool = False
    picture: bool = True
    ways: bool = True
    terse: bool = False


_ROOMS = (WIDE, MEDIUM + 20.0, MEDIUM)


def _forms(us: Sequence[UParts]) -> Iterator[UForm]:
    """From the most generous one to the least."""
    ways = (True, False) if any(skip.works for u in us for skip in u.skips) else (True,)
    for own, terse in product(ways, (False, True)):
        yield UForm(ways=own, terse=terse)
        for room, brief in product(_ROOMS, (False, True)):
            yield UForm(room, True, brief, ways=own, terse=terse)
        yield UForm(MEDIUM, True, True, False, own, terse)
        if own:
            yield UForm(NARROW, True, True, False, own, terse)


def u_diagram(facts: Facts, us: Sequence[UParts], width: float) -> Diagram | None:
    """The most generous form that fits: laws side by side or below each other, labels of copies long or short."""
    tall: Diagram | None = None
    us = [pairs_together(u) for u in us]
    for form in _forms(us):
        shapes = [_shape(facts, u, form, first=u is us[0], last=u is us[-1]) for u in us]
        if not all(fits(shape, width - (0.0 if len(us) == 1 else TURNING)) for shape in shapes):
            continue
        drawn = _with_conditions(facts, us, layout_us(shapes, width))
        if (tall is not None and drawn.height >= tall.height) or is_faulty(drawn):
            continue
        if drawn.height <= (facts.options.height or _PAGE_HEIGHT):
            return drawn
        # Better than nothing, if all forms turn out too tall.
        tall = drawn
    return tall


def _with_conditions(facts: Facts, us: Sequence[UParts], drawn: Diagram) -> Diagram:
    """A row per condition below the U: what it is made of, and how many parts take it."""
    parts = [part for u in us for part in u.parts]
    for condition in us[-1].conditions:
        row = condition_row(facts, condition.inputs, condition.made, f"into {_taken(parts, condition.taken)}")
        drawn = replace(drawn.plus(row.moved(0, drawn.height + 8)), height=drawn.height + 8 + row.height)
    return drawn


def _taken(parts: Sequence[UPart], taken: Sequence[UPart]) -> str:
    """Which parts take a condition, in words."""
    if len(taken) == len(parts):
        return "all stages"
    return "the first stage" if taken == (parts[0],) else f"{len(taken)} stage{'s' if len(taken) > 1 else ''}"


def _shape(facts: Facts, u: UParts, form: UForm, *, first: bool, last: bool) -> UShape:
    way = partial(_way_to, facts, begin=u.encoder[0] if first else None)
    contents = {part: _content(facts, u, part, form, strides=not way(part)) for part in u.parts if part.line}
    ways = {skip: _way(facts, skip, form) for skip in u.skips if form.ways and skip.works}
    wide = max(natural_width(one if form.stacked else _two_columns(one)) for one in contents.values())
    for column in (u.encoder, tuple(reversed(u.decoder))):
        contents |= _told_once([(part, contents[part]) for part in column if part in contents])
    boxes = {part: boxed(contents[part], wide) if part.line else _input_box(facts, part) for part in u.parts}
    begin = u.encoder[0]
    entry = value_label(facts, begin.value or facts.structure.entry) if first and begin.line else ()
    return UShape(
        tuple(boxes[part] for part in u.encoder),
        boxes[u.bottom],
        tuple(boxes[part] for part in u.decoder),
        tuple(_copies(facts, u, form, boxes, ways)),
        {boxes[part].name: lines for part in u.parts if (lines := way(part))},
        entry,
        exit_label(facts, u.head, u.decoder[-1].line[-1].outputs[0]) if last else (),
        output_labels(facts, [(boxes[part].name, value) for part, value in u.exits], brief=lambda _: form.brief),
    )


def _way_to(facts: Facts, part: UPart, begin: UPart | None) -> tuple[Line, ...]:
    """What is written beside the arrow to a part; nothing where the network begins, for no box stands above."""
    return () if part is begin and not part.before else way_to(facts, part.before, part.line)


def _input_box(facts: Facts, part: UPart) -> Box:
    """An input that a copy leaves from, in words."""
    return end_box(part.name, value_label(facts, part.value))


def _copies(facts: Facts, u: UParts, form: UForm, boxes: dict[UPart, Box], ways: dict[USkip, Box]) -> Iterator[Skip]:
    """Every copy; those between the same two boxes together, with one label."""
    together: dict[tuple[UPart, UPart, Box | None], list[USkip]] = {}
    for skip in u.skips:
        together.setdefault((skip.source, skip.target, ways.get(skip)), []).append(skip)
    for (source, target, works), skips in together.items():
        label = copy_label(facts, skips, brief=form.brief)
        if len(skips) > _MOST_LINES:
            label = line_of(label, words(", last to first", SIZES.body))
        lines = len(skips) if len(skips) <= _MOST_LINES else 3
        yield Skip(boxes[source].name, boxes[target].name, label, lines, works)


def _way(facts: Facts, skip: USkip, form: UForm) -> Box:
    """The box of what works on a copy."""
    found = content(facts, skip.way, side=True, room=min(form.room, NARROW) * _WAY_SHARE, terse=form.terse)
    return boxed(replace(found, picture=found.picture and form.picture))


def _told_once(column: Sequence[tuple[UPart, Content]]) -> dict[UPart, Content]:
    """Of several boxes in a row that say the same, the first says it and the others have their headings."""
    found: dict[UPart, Content] = {}
    start = 0
    for index in range(1, len(column) + 1):
        if index < len(column) and column[index][1].lines == column[start][1].lines:
            continue
        if index - start >= _ALIKE:
            for part, said in column[start + 1 : index]:
                found[part] = replace(said, lines=said.lines[: said.headings], picture=False, laws=0)
        start = index
    return found


def _two_columns(contents: Content) -> Content:
    """The same with both laws on one line, for measuring."""
    if contents.laws != 2 or any(run.continues for run in contents.lines[-1]):
        return contents
    *lines, first, second = contents.lines
    return replace(contents, lines=(*lines, line_of(first, second, gap=10.0)))


def _content(facts: Facts, u: UParts, part: UPart, form: UForm, *, strides: bool) -> Content:
    """Named and shaped by the main line; its laws include what stands beside it, but no heads of other outputs."""
    beside: list[Item] = list(part.beside)
    for skip in u.skips:
        if skip.target is part and not (form.ways and skip.works):
            beside += skip.way
    found = content(
        facts, part.line, room=form.room, strides=strides, beside=beside, terse=form.terse, shared=part.shared
    )
    return replace(found, picture=found.picture and form.picture)
