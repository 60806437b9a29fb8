"""The overview of an encoder and decoder with skips, as a U."""

from dataclasses import dataclass, replace

from archgraph.figures.content.boxes import MEDIUM, WIDE, Content, boxed, content, natural_width
from archgraph.figures.content.labels import copy_label, exit_label, input_name, output_label, stage_way, value_label
from archgraph.figures.content.mathtext import line_of, words
from archgraph.figures.drawing.diagram import MUTED, Box, Diagram, Line, Path, Text
from archgraph.figures.drawing.geometry import faults
from archgraph.figures.drawing.style import LINE, SIZES, SKIP
from archgraph.figures.facts.facts import Facts
from archgraph.figures.layout.u import Skip, UShape, fits, layout_u
from archgraph.outline.stages import Stage, UNet, conditions


@dataclass(frozen=True)
class UForm:
    """How much room the parts of a U may take; ``room`` is that of a law."""

    room: float = WIDE
    stacked: bool = False
    brief: bool = False
    picture: bool = True


_FORMS = (
    UForm(),
    *(UForm(room, True, brief) for room in (WIDE, MEDIUM + 20.0, MEDIUM) for brief in (False, True)),
    UForm(MEDIUM, True, True, False),
)


def u_diagram(facts: Facts, u: UNet, width: float) -> Diagram | None:
    """The most generous form that fits: laws side by side or below each other, labels of copies long or short."""
    for form in _FORMS:
        shaped = _shape(facts, u, form)
        if fits(shaped, width):
            drawn = _with_conditions(facts, u, layout_u(shaped, width))
            if not faults(drawn):
                return drawn
    return None


def _with_conditions(facts: Facts, u: UNet, drawn: Diagram) -> Diagram:
    """A row per condition below the U: what it is made of, and how many stages take it."""
    stages = (*u.encoder, u.bottom, *u.decoder)
    for group, sources, taken in conditions(facts.structure, stages):
        given = line_of(*(input_name(facts, name) for name in sources), gap=6.0)
        count = "all stages" if len(taken) == len(stages) else f"{len(taken)} stage{'s' if len(taken) > 1 else ''}"
        made = None if group is None else boxed(content(facts, group.items, side=True))
        row = _condition_row(given, made, words(f"into {count}", SIZES.body))
        drawn = replace(drawn.plus(row.moved(0, drawn.height + 8)), height=drawn.height + 8 + row.height)
    return drawn


def _condition_row(given: Line, made: Box | None, users: Line) -> Diagram:
    first = Text(given, 1.0, 0.0, MUTED)
    x, parts, boxes = first.x + first.width + 3, [], []
    middle = 6.0 if made is None else made.height / 2
    if made is not None:
        boxes.append(made.at(x + 14, 0.0))
        parts.append(Path(((x, middle), (x + 14, middle)), SKIP, LINE, (3.0, 2.0), arrow=True))
        x = boxes[0].extent.right
    parts.append(Path(((x, middle), (x + 14, middle)), SKIP, LINE, (3.0, 2.0), arrow=True))
    texts = (*((first.moved(0, middle + 2.4),) if given else ()), Text(users, x + 17, middle + 2.4, MUTED))
    return Diagram(tuple(boxes), (), (), (*parts, *texts), 0.0, 2 * middle)


def _shape(facts: Facts, u: UNet, form: UForm) -> UShape:
    every = (*u.encoder, u.bottom, *u.decoder)
    contents = {stage: _content(facts, stage, form) for stage in every}
    wide = max(natural_width(one if form.stacked else _two_columns(one)) for one in contents.values())
    boxes = {stage: boxed(contents[stage], wide) for stage in every}
    copies = (
        Skip(boxes[copy.source].name, boxes[copy.target].name, copy_label(facts, copy, brief=form.brief))
        for copy in u.copies
    )
    return UShape(
        tuple(boxes[stage] for stage in u.encoder),
        boxes[u.bottom],
        tuple(boxes[stage] for stage in u.decoder),
        tuple(copies),
        {boxes[stage].name: lines for stage in every if (lines := stage_way(facts, stage))},
        value_label(facts, facts.structure.entry),
        exit_label(facts, u.head, u.decoder[-1].output),
        {boxes[stage].name: output_label(facts, value, brief=form.brief) for stage, value in u.exits},
    )


def _two_columns(contents: Content) -> Content:
    """The same with both laws on one line, for measuring."""
    if contents.laws < 2:
        return contents
    *lines, first, second = contents.lines
    return replace(contents, lines=(*lines, line_of(first, second, gap=10.0)))


def _content(facts: Facts, stage: Stage, form: UForm) -> Content:
    """Named and shaped by the main line; its laws include what stands beside it, but no heads of other outputs."""
    heads = {item for group in stage.beside if group.output in facts.flow.outputs for item in group.items}
    beside = [item for item in stage.items if item not in stage.line and item not in heads]
    found = content(facts, stage.line, room=form.room, strides=not stage_way(facts, stage), beside=beside)
    return replace(found, picture=found.picture and form.picture)
