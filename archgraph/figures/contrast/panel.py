"""One half of the contrast: stages, what they read as a square and as a slice of the input."""

import itertools
from collections.abc import Sequence
from dataclasses import replace

from archgraph.comparison.mixing import mixing
from archgraph.comparison.seen import seen
from archgraph.fields.report.extent import ReadExtent
from archgraph.figures.charts.ladder import LadderStep
from archgraph.figures.charts.steps import u_rows
from archgraph.figures.content.mathtext import line_of, shape, words
from archgraph.figures.content.thumbnails import field_square
from archgraph.figures.content.wrapping import fitted
from archgraph.figures.drawing.diagram import (
    INK,
    MUTED,
    Box,
    BoxPart,
    Diagram,
    Edge,
    Line,
    Path,
    Rect,
    Text,
    line_width,
)
from archgraph.figures.drawing.outlines import BAR, outlined
from archgraph.figures.drawing.style import FRAME, GRID, HAIR, LINE, PANEL, SIZES, SKIP, ink_on, mix, ramp
from archgraph.figures.facts.facts import Facts

TALL, LOW = 20.5, 13.0
_HEAD, _LANE, _ROOMY = 37.0, 5.0, 205.0
_MARGINS, _LINE, _APART, _COLON = 12.0, 9.0, 8.0, ": "


def tells_mixing(width: float) -> bool:
    """Whether a panel of that width has room to say what mixes positions."""
    return width > _ROOMY


def panel(
    facts: Facts, steps: Sequence[LadderStep], width: float, height: float, mark: str, tall: float = TALL
) -> Diagram:
    """Rows of box, square and slice from input to output; copies as dashed lanes on the left.

    Low boxes (`LOW`) have the name and the shape in one line.
    """
    lanes = _lanes(facts, steps)
    left = 1.0 + (_LANE * len(lanes) + 4.0 if lanes else 0.0)
    slice_width = (width - 26.0) * (0.34 if tall == TALL else 0.31)
    square = tall if width > _ROOMY else 0.0
    box_width = width - left - slice_width - square - (18.0 if square else 10.0)
    rows = max(1, len(steps))
    pitch = (height - _HEAD) / rows
    room = box_width - _MARGINS
    headings = _headings(steps, room)
    parted = tall == TALL and any(map(_is_cut, headings))
    if parted:
        # What a row is and which one have a line each; the shape keeps its own where there is room for three.
        pairs = zip(steps, headings, strict=True)
        headings = [_within(step.title[:-1], room) if _names(step) else heading for step, heading in pairs]
        tall += _LINE if pitch >= TALL + _LINE + _APART else 0.0
    tops = [_HEAD + pitch * index + (pitch - tall) / 2 for index in range(rows)]
    thumb_x, slice_x = left + box_width + 8.0, width - slice_width - 1
    boxes, marks = [], _heading(facts, steps, width)
    shapes = _shapes(facts, steps, headings, box_width, tall)
    texts = [[heading, below] for heading, below in zip(headings, shapes, strict=True)]
    if parted:
        texts = [_parted(step, own, room, tall) for step, own in zip(steps, texts, strict=True)]
    title = "slice of the input" if width > _ROOMY else "slice"
    marks += _column_title(title, slice_x + slice_width / 2)
    marks += _column_title("field", thumb_x + square / 2) if square else []
    marks.append(Rect(slice_x, _HEAD - 1, slice_width, height - _HEAD + 1, PANEL, GRID, HAIR))
    for step, top, lines in zip(steps, tops, texts, strict=True):
        if step.gap:
            marks += _dots(left + box_width / 2, top + tall / 2)
            marks += _dots(thumb_x + square / 2, top + tall / 2) if square else []
            continue
        boxes.append(_row_box(step, lines, box_width, tall, f"{mark}{len(boxes)}").at(left, top))
        if step.reach is not None and square:
            marks += field_square(step.reach, thumb_x, top + (tall - square) / 2, square)
    marks += _slices(steps, tops, slice_x, slice_width, tall)
    edges = [*_arrows(steps, tops, boxes, left + box_width / 2, tall), *_skips(lanes, boxes, left)]
    return Diagram(tuple(boxes), tuple(edges), (), tuple(marks), width, height)


def _heading(facts: Facts, steps: Sequence[LadderStep], width: float) -> list[BoxPart]:
    """Name, verdict and what mixes positions; where there is little room, the verdict has the second line."""
    verdict, kind = _verdict(facts, steps), f"mixing: {mixing(facts.network).text}"
    first = words(facts.network.name, SIZES.heading, "bold")
    if width > _ROOMY:
        first = line_of(fitted(first, width * 0.5), words(f"– {verdict}", SIZES.heading), gap=3.0)
    below = words(kind if width > _ROOMY else verdict, SIZES.body)
    return [Text(fitted(first, width - 2), 1.0, 8.5), Text(fitted(below, width - 2), 1.0, 20.0, MUTED)]


def _column_title(text: str, middle: float) -> list[BoxPart]:
    return [Text(words(text, SIZES.small), color=MUTED).centered(middle).moved(0, 32.5)]


def _verdict(facts: Facts, steps: Sequence[LadderStep]) -> str:
    known = [step for step in steps if step.reach is not None]
    everywhere = next((step for step in known if step.reach and (step.reach.everything or step.reach.causal)), None)
    if everywhere is not None and everywhere.reach is not None:
        word = "global" if everywhere.reach.everything else "causal, all before"
        return f"{word} from the first attention" if "attention" in _plain(everywhere.title) else word
    last = known[-1].reach if known else None
    if last is None:
        return "no positions"
    if seen(facts.network).since.alone:
        return "global along each axis alone"
    if last.sizes[1] >= last.extent:
        return "local, wider than the input"
    return f"local, {last.sizes[1]} of {last.extent} at the end"


def _plain(line: Line) -> str:
    return " ".join(run.text for run in line).lower()


def _shapes(
    facts: Facts, steps: Sequence[LadderStep], headings: Sequence[Line], width: float, tall: float
) -> list[Line]:
    """The shapes of all rows, or only their first sizes where some shape has no room."""
    sizes = [() if step.value is None else facts.sizes(step.value) for step in steps]
    whole = [shape(one, SIZES.body) for one in sizes]
    used = [line_width(heading) + 6 if tall == LOW else 0.0 for heading in headings]
    fits = all(line_width(line) + title <= width - 14 for line, title in zip(whole, used, strict=True))
    return whole if fits else [shape(one[:1], SIZES.body) for one in sizes]


def _is_cut(heading: Line) -> bool:
    return any(run.text.endswith("…") for run in heading)


def _names(step: LadderStep) -> bool:
    """Whether the title of a row has a name behind its number."""
    return len(step.title) > 1 and step.title[-1].text.startswith(_COLON)


def _parted(step: LadderStep, lines: Sequence[Line], room: float, tall: float) -> list[Line]:
    """The lines of a row whose number and name stand below each other, the shape left out where there are but two."""
    if not _names(step):
        return [*lines]
    name = fitted(words(step.title[-1].text.removeprefix(_COLON), SIZES.small), room)
    return [lines[0], name, lines[-1]] if tall > TALL else [lines[0], name]


def _row_box(step: LadderStep, lines: Sequence[Line], width: float, tall: float, name: str) -> Box:
    color = ramp(step.reach.share) if step.reach is not None else "#ffffff"
    room = width - 14
    parts = outlined(step.outline, width, tall, bar=color)
    heading, below = lines[0], lines[-1]
    title = Text(heading, BAR + 4, 9.0)
    if tall >= TALL:
        last = below if line_width(below) <= room + 2 else ()
        first = 9.0 + (tall - TALL - _LINE * (len(lines) - 2)) / 2
        parts += [Text(line, BAR + 4, first + _LINE * row) for row, line in enumerate((*lines[:-1], last))]
    else:
        size = Text(below).ending(width - 5).moved(0, 9.2)
        parts += [title, size] if title.x + title.width + 6 <= size.x else [title]
    hint = f"{' '.join(run.text for run in step.title)}" + (f": {step.reach.label}" if step.reach is not None else "")
    return Box(name, width, tall, tuple(parts), tooltip=hint)


def _headings(steps: Sequence[LadderStep], room: float) -> list[Line]:
    """The headings of all rows, in smaller letters before one is cut."""
    lines = [step.title for step in steps]
    if all(line_width(line) <= room for line in lines):
        return lines
    shrink = SIZES.small / SIZES.title
    small = (tuple(replace(run, size=shrink * run.size, gap=shrink * run.gap) for run in line) for line in lines)
    return [_within(line, room) for line in small]


def _within(line: Line, room: float) -> Line:
    """A heading cut to its room: of a name with a number the name, for many rows have the same one."""
    if len(line) < 2 or line[-1].text.startswith(_COLON):
        return fitted(line, room)
    return (*fitted(line[:1], room - (line_width(line) - line_width(line[:1]))), *line[1:])


def _dots(x: float, middle: float) -> list[BoxPart]:
    return [Rect(x - 0.9, middle + shift - 0.9, 1.8, 1.8, INK, "none", 0, 0.9) for shift in (-4, 0, 4)]


def _slices(steps: Sequence[LadderStep], tops: Sequence[float], x: float, width: float, tall: float) -> list[BoxPart]:
    """Bars as wide as the field, joined by what each adds to the one above."""
    fields: list[BoxPart] = []
    joints: list[BoxPart] = []
    before: tuple[float, float, str] | None = None
    for step, top in zip(steps, tops, strict=True):
        if step.reach is None:
            before = None if not step.gap else before
            fields += _dots(x + width / 2, top + tall / 2) if step.gap and before is None else []
            continue
        color, side = ramp(step.reach.share), max(1.2, step.reach.share * (width - 2))
        inset = 4 if tall >= TALL else 1.5
        middle, high, low = x + width / 2, top + inset, top + tall - inset
        if before is not None:
            corners = (
                (middle - before[0] / 2, before[1]),
                (middle + before[0] / 2, before[1]),
                (middle + side / 2, high),
                (middle - side / 2, high),
            )
            joints.append(Path(corners, "none", 0.5, closed=True, fill=mix(PANEL, color, 0.3)))
        fields += _bar(step.reach, color, middle, high, low - high, side, x + width)
        before = (side, low, color)
    return [*joints, *fields]


def _bar(
    reach: ReadExtent, color: str, middle: float, top: float, height: float, side: float, edge: float
) -> list[BoxPart]:
    parts: list[BoxPart] = [Rect(middle - side / 2, top, side, height, color, FRAME, HAIR)]
    split = reach.sizes[0] < reach.sizes[1] and side > 14
    label = words(reach.label, SIZES.small)
    if line_width(label) + 4 > max(side, edge - middle - side / 2 - 3):
        label = words(str(reach.sizes[1]), SIZES.small)
    text = Text(label)
    if split:
        small = max(1.5, side * reach.sizes[0] / reach.sizes[1])
        parts.append(Rect(middle - small / 2, top + height - 2.2, small, 1.3, ink_on(color), "none"))
    if text.width + 4 <= side:
        baseline = top + height / 2 + (1.4 if split else 2.4)
        return [*parts, Text(label, color=ink_on(color)).centered(middle).moved(0, baseline)]
    start = middle + side / 2 + 3
    if start + text.width <= edge - 1:
        parts.append(Text(label, start, top + height / 2 + 2.5))
    return parts


def _arrows(
    steps: Sequence[LadderStep], tops: Sequence[float], boxes: Sequence[Box], x: float, tall: float
) -> list[Edge]:
    edges, index = [], 0
    for place, (step, after) in enumerate(itertools.pairwise(steps)):
        start, end = tops[place] + tall, tops[place + 1]
        if not step.gap and not after.gap:
            path = Path(((x, start), (x, end)), INK, LINE + 0.15, arrow=True)
            edges.append(Edge(boxes[index].name, boxes[index + 1].name, path))
        index += not step.gap
    return edges


def _lanes(facts: Facts, steps: Sequence[LadderStep]) -> list[tuple[int, int]]:
    """Copies of a U as (from row, to row), inner ones first."""
    rows = {part: index for index, part in enumerate(u_rows(facts))}
    ends = ((rows.get(skip.source, 0), rows.get(skip.target)) for u in facts.us for skip in u.skips)
    pairs = {(first, last) for first, last in ends if last is not None}
    return sorted(pairs, key=lambda pair: pair[1] - pair[0])


def _skips(lanes: Sequence[tuple[int, int]], boxes: Sequence[Box], left: float) -> list[Edge]:
    edges = []
    for lane, (first, last) in enumerate(lanes):
        x = left - 6.0 - _LANE * lane
        start, end = boxes[first].center[1], boxes[last].center[1]
        path = Path(((left, start), (x, start), (x, end), (left, end)), SKIP, LINE, (3.0, 2.0), 4, True)
        edges.append(Edge(boxes[first].name, boxes[last].name, path, style="dashed"))
    return edges
