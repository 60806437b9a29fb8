"""The spine: main line straight down, residuals on its left, conditioning on its right, repeats opened in place."""

import itertools
from collections.abc import Sequence
from dataclasses import replace
from math import fsum

from archgraph.figures.drawing.diagram import (
    INK,
    MUTED,
    BoxPart,
    Cluster,
    Diagram,
    Edge,
    Extent,
    Line,
    Path,
    Rect,
    Run,
    Text,
)
from archgraph.figures.drawing.style import LINE, SIZES
from archgraph.figures.layout.spine_plan import Placement, Plan, Slot, Spine, axis_of, is_small
from archgraph.figures.layout.spine_sides import SIDE_TOP, place_sides

_GAP, _CIRCLE_GAP, _BRANCH_GAP, _LABEL_GAP, _LINE_HEIGHT = 13.0, 10.0, 16.0, 21.0, 9.0
_LANE, _FIRST_LANE, _DOT = 7.0, 10.0, 1.5
_ENTRY, _PAD = 17.0, 7.0
_MAIN = LINE + 0.15

#: Between the main line and the caption of a deck, and beside it.
CAPTION_MARGIN = 14.0


def layout_spine(plan: Plan, *, deck: bool = False) -> Spine:
    """Place a plan; inside a deck the lines start and end at its frame instead of at labels."""
    placed = Placement(plan, deck)
    widths = (slot.box.width - axis_of(slot) for slot in plan.slots if slot.deck is None)
    placed.right = max(widths, default=0.0)
    _place_slots(placed)
    _main_line(placed)
    # After the slots: their heights say where lines leave the main one, on the left and on the right.
    _residuals(placed)
    place_sides(placed)
    return _finished(placed)


def _place_slots(placed: Placement) -> None:
    # Below these slots a line leaves the main one, and the gap has to hold its dot.
    branching = {pair[0] for pair in placed.plan.residuals if pair not in placed.plan.within}
    branching |= {name for side in placed.plan.sides for name in side.sources if name == "" or _is_slot(placed, name)}
    branching |= {name for name in placed.plan.exits if _is_slot(placed, name) and placed.slot(name).deck is not None}
    y = _ENTRY if placed.deck else _entry(placed, branching="" in branching)
    before = ""
    for slot in placed.plan.slots:
        if before or placed.deck:
            y += _gap(placed, before, slot, branching=before in branching)
        elif slot.label:
            y += _LINE_HEIGHT * len(slot.label)
        if before in branching:
            placed.branches[before] = (
                y - _gap(placed, before, slot, branching=True) / 2 - 2 if before else _first_branch(placed)
            )
        y = max(y, _below_feeders(placed, slot))
        box = slot.box.at(-axis_of(slot), y)
        placed.boxes[slot.name] = box
        if slot.deck is not None:
            placed.inner.append(slot.deck.drawing.moved(box.x, box.y))
        y += box.height
        before = slot.name
    if before in branching:
        placed.branches[before] = y + 9
        y += 6
    placed.bottom = y


def _is_slot(placed: Placement, name: str) -> bool:
    return any(slot.name == name for slot in placed.plan.slots)


def _entry(placed: Placement, *, branching: bool) -> float:
    """Write what comes in above the first slot; where that slot may begin."""
    if not placed.plan.entry:
        return 16.0
    placed.marks.append(Text(placed.plan.entry, 0, 8.0, MUTED).centered(0))
    return 28.0 if branching else SIDE_TOP


def _first_branch(placed: Placement) -> float:
    return 7.0 if placed.deck else 15.0


def _gap(placed: Placement, before: str, slot: Slot, *, branching: bool) -> float:
    if placed.deck and not before:
        return 2.0 if branching else 0.0
    lines = len(slot.label)
    gap = _GAP if not lines else max(_LABEL_GAP, 8 + _LINE_HEIGHT * lines)
    if lines and slot.stacked:
        gap += 7.0
    if before and is_small(placed.boxes[before]) and is_small(slot.box):
        gap = min(gap, _CIRCLE_GAP)
    return max(gap, _BRANCH_GAP) if branching else gap


def _below_feeders(placed: Placement, slot: Slot) -> float:
    """Where a deck may begin: below the side boxes that feed it."""
    if slot.deck is None:
        return 0.0
    feeding = {side_input.source for side_input in placed.plan.side_inputs if side_input.target == slot.name}
    heights = [side.box.height + _GAP for side in placed.plan.sides if side.box.name in feeding]
    return SIDE_TOP + fsum(heights) + 6.0 if heights else 0.0


def _main_line(placed: Placement) -> None:
    slots = placed.plan.slots
    if not slots:
        return
    top = 11.0 if placed.plan.entry and not placed.deck else 0.0
    _arrow(placed, "", slots[0], top)
    for before, slot in itertools.pairwise(slots):
        _arrow(placed, before.name, slot, placed.boxes[before.name].extent.bottom)
    end = placed.bottom + (8.0 if placed.deck else 15.0)
    start = placed.boxes[slots[-1].name].extent.bottom
    last = Path(((0, start), (0, end)), INK, _MAIN, arrow=not placed.deck)
    placed.edges.append(Edge(slots[-1].name, "", last))
    placed.bottom = end
    if placed.plan.exit and not placed.deck:
        placed.marks.append(Text(placed.plan.exit, 0, end + 9, MUTED).centered(0))
        placed.bottom = end + 11


def _arrow(placed: Placement, source: str, slot: Slot, top: float) -> None:
    bottom = placed.boxes[slot.name].y
    middle = (top + bottom - (7.0 if slot.stacked else 0.0)) / 2 + 2.4 - _LINE_HEIGHT * (len(slot.label) - 1) / 2
    label = tuple(Text(line, 5, middle + _LINE_HEIGHT * index, MUTED) for index, line in enumerate(slot.label))
    path = Path(((0, top), (0, bottom)), INK, _MAIN, arrow=slot.deck is None)
    placed.edges.append(Edge(source, slot.name, path, label))


# residuals


def _residuals(placed: Placement) -> None:
    spans = {pair: _span(placed, pair) for pair in placed.plan.residuals}
    lanes: list[list[tuple[float, float]]] = []
    inner = min((-axis_of(slot) for slot in placed.plan.slots), default=0.0)
    times = {pair: (Run(f"{n}×", size=SIZES.small),) for pair, n in placed.plan.residuals.items() if n > 1}
    labels = {pair: Text(line, color=MUTED, backdrop="#ffffff") for pair, line in times.items()}
    # Short ones first: they get the inner lanes, and longer ones go around them.
    for pair in sorted(spans, key=lambda pair: spans[pair][1] - spans[pair][0]):
        top, bottom = spans[pair]
        x = inner - _FIRST_LANE - _LANE * _free_lane(lanes, top, bottom)
        target = placed.boxes[pair[1]]
        # What is made inside a box leaves its side, not the line behind it.
        start = placed.boxes[pair[0]].x if pair in placed.plan.within else 0
        path = Path(((start, top), (x, top), (x, bottom), (target.x, bottom)), INK, _MAIN, radius=5, arrow=True)
        label = (labels[pair].centered(x).moved(0, (top + bottom) / 2 + 2.5),) if pair in labels else ()
        placed.edges.append(Edge(pair[0], pair[1], path, label))
    placed.marks += [_dot(0, y) for y in placed.branches.values()]


def _free_lane(lanes: list[list[tuple[float, float]]], top: float, bottom: float) -> int:
    """The innermost lane where nothing else runs between these heights."""
    for number, used in enumerate(lanes):
        if all(bottom < start - 1 or top > end + 1 for start, end in used):
            used.append((top, bottom))
            return number
    lanes.append([(top, bottom)])
    return len(lanes) - 1


def _span(placed: Placement, pair: tuple[str, str]) -> tuple[float, float]:
    target = placed.boxes[pair[1]]
    arriving = [other for other in placed.plan.residuals if other[1] == pair[1]]
    share = (arriving.index(pair) + 1) / (len(arriving) + 1)
    if pair in placed.plan.within:
        source = placed.boxes[pair[0]]
        return source.y + source.height * 0.8, target.y + target.height * share
    return placed.branches[pair[0]], target.y + target.height * share


def _dot(x: float, y: float) -> BoxPart:
    return Rect(x - _DOT, y - _DOT, 2 * _DOT, 2 * _DOT, INK, "none", 0, _DOT)


# putting it together


def _finished(placed: Placement) -> Spine:
    plain = tuple(placed.boxes[slot.name] for slot in placed.plan.slots if slot.deck is None)
    own = Diagram((*plain, *placed.sides.values()), tuple(placed.edges), (), tuple(placed.marks))
    for drawing in placed.inner:
        own = drawing.plus(own)
    extent = own.extent
    pad = _PAD if placed.deck else 1.0
    # Up to here the main line was x = 0; from here on the leftmost thing stands at the margin.
    shift = pad - extent.left
    top = 0.0 if placed.deck else 1.0 - extent.top
    width = extent.right + shift + pad
    height = max(placed.bottom, extent.bottom) + top + (0.0 if placed.deck else 1.0)
    entries = {name: x + shift for name, x in placed.entries.items()}
    drawing = replace(own.moved(shift, top), width=width, height=height)
    undrawn = (*placed.undrawn, *(name for slot in placed.plan.slots if slot.deck for name in slot.deck.undrawn))
    return Spine(drawing, shift, width, height, entries, undrawn)


def framed(spine: Spine, name: str, caption: Sequence[Line], copies: int, tooltip: str = "") -> Spine:
    """Put a frame around an inner spine, with outlines behind it and its caption in the lower right corner."""
    lines = [Text(line) for line in caption]
    longest = max((text.width for text in lines), default=0.0)
    width = max(spine.width, spine.axis + longest + CAPTION_MARGIN)
    room = _caption_room(spine, width - longest - 12, 11.5 * len(lines) + 2)
    height = spine.height + room
    y = height - 7 - _LINE_HEIGHT * (len(lines) - 1) * 1.12
    parts = tuple(text.ending(width - 8).moved(0, y + _LINE_HEIGHT * 1.12 * i) for i, text in enumerate(lines))
    cluster = Cluster(name, Extent(0, 0, width, height), parts, copies, tooltip)
    edges = spine.drawing.edges
    if room:
        # The caption made the frame longer: the main line goes on to its lower edge.
        stub = Path(((spine.axis, spine.height), (spine.axis, height)), INK, _MAIN)
        edges += (Edge("", "", stub),)
    drawing = replace(spine.drawing, clusters=(cluster, *spine.drawing.clusters), edges=edges, height=height)
    return Spine(drawing, spine.axis, width, height, spine.entries, spine.undrawn)


def _caption_room(spine: Spine, left: float, height: float) -> float:
    """Extra height that the caption needs below what is drawn in its corner."""
    top = spine.height - height
    corner = Extent(left, top, spine.width, spine.height)
    extents = (
        *(box.extent for box in spine.drawing.boxes),
        *(text.extent for text in spine.drawing.texts()),
        *(edge.path.extent for edge in spine.drawing.edges if edge.path is not None),
    )
    return max((0.0, *(extent.bottom - top for extent in extents if extent.overlaps(corner, -0.5))))
