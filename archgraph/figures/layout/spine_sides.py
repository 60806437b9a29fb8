"""The right column of a spine: conditioning boxes, the buses that carry their values, and side inputs."""

from collections.abc import Mapping
from dataclasses import replace

from archgraph.figures.drawing.diagram import INK, MUTED, Box, Edge, Extent, Path, Point, Text
from archgraph.figures.drawing.style import LINE, SKIP
from archgraph.figures.layout.spine_plan import Line, Placement, SideBox, SideInput, is_small

SIDE_TOP = 24.0  # where boxes may begin below the labels of what comes in

_GAP, _LANE, _BUS, _ENTRY, _STUB = 13.0, 7.0, 10.0, 19.0, 14.0
_DASH = (3.0, 2.0)


def place_sides(placed: Placement) -> None:
    """Place the boxes beside the main line and connect them with it."""
    sources = _bus_sources(placed)
    bus = {source: placed.right + _BUS + _LANE * lane for lane, source in enumerate(sources)}
    column = placed.right + 2 * _BUS + 3 + _LANE * max(0, len(sources) - 1)
    # Labels and exits claim their room first (`used`); boxes then go where it is free.
    _draw_side_inputs(placed, bus)
    _slot_exits(placed, max(bus.values(), default=placed.right))
    _place_boxes(placed, column)
    _draw_buses(placed, bus)
    _drops(placed)
    _from_main_line(placed)
    _side_to_side(placed)
    _inputs(placed, bus)
    _lines_of_streams(placed)


def _lines_of_streams(placed: Placement) -> None:
    """What leaves or enters a stream of its own is data, and no condition."""
    streams = placed.plan.streams
    fed = {source for side in placed.plan.sides if side.box.name in streams for source in side.sources}
    ends = streams | fed.intersection(placed.plan.inputs)
    placed.edges[:] = [
        _as_data(edge) if ends.intersection((edge.source, edge.target)) else edge for edge in placed.edges
    ]


def _as_data(edge: Edge) -> Edge:
    if edge.path is None or edge.style != "dashed":
        return edge
    return replace(edge, path=replace(edge.path, stroke=INK, thickness=LINE + 0.15, dash=()), style="solid")


def _line(source: str, target: str, points: tuple[Point, ...], *, arrow: bool = False) -> Edge:
    return Edge(source, target, Path(points, SKIP, LINE, _DASH, 4.0, arrow), style="dashed")


def _bus_sources(placed: Placement) -> list[str]:
    """Who feeds plain boxes of the main line, in order."""
    own = {side.box.name for side in placed.plan.sides} | set(placed.plan.inputs)
    # Into a deck a value comes from above, without a bus.
    plain = (side_input.source for side_input in placed.plan.side_inputs if placed.slot(side_input.target).deck is None)
    return [source for source in dict.fromkeys(plain) if source in own]


def _draw_side_inputs(placed: Placement, bus: Mapping[str, float]) -> None:
    """The horizontal pieces, from the bus to the right side of a slot, with their labels."""
    for side_input in placed.plan.side_inputs:
        if side_input.source not in bus or placed.slot(side_input.target).deck is not None:
            continue
        box, y, x = placed.boxes[side_input.target], placed.side_input_height(side_input), bus[side_input.source]
        label = _side_label(placed, side_input, box, y, x, max(bus.values()) + 4)
        path = Path(((x, y), (box.extent.right, y)), SKIP, LINE, _DASH, arrow=True)
        placed.edges.append(Edge(side_input.source, side_input.target, path, label, "dashed"))


def _side_label(
    placed: Placement, side_input: SideInput, box: Box, y: float, bus: float, beyond: float
) -> tuple[Text, ...]:
    """Above the line where that is long enough, else to the right of the buses."""
    if not side_input.label:
        return ()
    text = Text(side_input.label, color=MUTED)
    if is_small(box) and text.width < bus - box.extent.right - 8:
        return (text.centered((box.extent.right + bus) / 2 + 2).moved(0, y - 2.2),)
    label = text.moved(beyond, y + 2.4)
    placed.used.append(label.extent)
    return (label,)


def _slot_exits(placed: Placement, beyond: float) -> None:
    """Further outputs of slots leave to the right, past the buses."""
    for name, label in placed.plan.exits.items():
        if name not in placed.boxes:
            continue
        box = placed.boxes[name]
        tapped = any(side_input.target == name for side_input in placed.plan.side_inputs)
        start, y = box.extent.right, box.y + box.height * (0.85 if tapped else 0.5)
        if placed.slot(name).deck is not None:
            start, y = 0.0, placed.branches[name]
        x = max(beyond, start) + 11
        text = Text(label, x + 2, y + 2.4, MUTED)
        placed.used.append(text.extent)
        placed.marks.append(text)
        placed.edges.append(Edge(name, "", Path(((start, y), (x, y)), INK, LINE + 0.15, arrow=True)))


def _side_exit(placed: Placement, box: Box) -> float:
    """A further output of a side box leaves below it; how much room that takes."""
    label = placed.plan.exits.get(box.name)
    if label is None:
        return 0.0
    x, y = box.center[0], box.extent.bottom
    placed.edges.append(Edge(box.name, "", Path(((x, y), (x, y + 12)), INK, LINE + 0.15, arrow=True)))
    placed.marks.append(Text(label, 0, y + 20.5, MUTED).centered(x))
    return 22.0


def _place_boxes(placed: Placement, column: float) -> None:
    """Each box as high as its sources and the labels allow, below the ones before it."""
    placed.used += [placed.boxes[slot.name].extent for slot in placed.plan.slots if slot.deck is not None]
    floor = _ENTRY if placed.deck else 0.0
    for side in placed.plan.sides:
        box = side.box.at(column, max(floor, _wish(placed, side)))
        # Downwards only, so that this ends and boxes keep their order.
        while (clash := _clash(placed, box)) is not None:
            box = box.at(column, clash + 6)
        placed.sides[box.name] = box
        floor = box.extent.bottom + _side_exit(placed, box) + _GAP
    placed.bottom = max(placed.bottom, floor - _GAP + (8 if placed.deck else 0))


def _wish(placed: Placement, side: SideBox) -> float:
    """Level with its first side input, but below where its own operands leave the main line."""
    name = side.box.name
    heights = [placed.side_input_height(side_input) for side_input in placed.side_inputs_of(name, decks=False)]
    heights += [
        placed.boxes[side_input.target].y - side.box.height for side_input in placed.side_inputs_of(name, decks=True)
    ]
    least = 0.0 if placed.deck else SIDE_TOP
    branches = [placed.branches[source] + 8 for source in side.sources if source in placed.branches]
    return max(least, min(heights, default=0.0) - side.box.height / 2, *branches)


def _clash(placed: Placement, box: Box) -> float | None:
    grown = Extent(box.x - 4, box.y - 4, box.extent.right + 4, box.extent.bottom + 4)
    return next((used.bottom for used in placed.used if used.overlaps(grown)), None)


def _draw_buses(placed: Placement, bus: Mapping[str, float]) -> None:
    """Vertical lines that join the side_inputs of one source, and the piece from its box to there."""
    for name, x in bus.items():
        heights = [placed.side_input_height(side_input) for side_input in placed.side_inputs_of(name, decks=False)]
        if name in placed.sides:
            box = placed.sides[name]
            heights.append(y := box.center[1])
            placed.edges.append(_line(name, "", ((box.x, y), (x, y))))
        for side in _users(placed, name) if name in placed.plan.inputs else ():
            box = placed.sides[side.box.name]
            heights.append(y := box.center[1])
            placed.edges.append(_line(name, box.name, ((x, y), (box.x, y)), arrow=True))
        if max(heights) > min(heights):
            placed.edges.append(_line(name, "", ((x, min(heights)), (x, max(heights)))))


def _drops(placed: Placement) -> None:
    """From a side box straight down into a deck, with a jog where the entry lies elsewhere."""
    for name, source in placed.sides.items():
        for side_input in placed.side_inputs_of(name, decks=True):
            x, top = _deck_entry(placed, side_input)
            # Too low for a line from above: whoever asked takes another form, rather than a line through a box.
            if source.extent.bottom > top:
                placed.undrawn.append(f"{name} to {side_input.target}")
                continue
            start, middle = source.center[0], top - 10
            points: tuple[Point, ...] = ((start, source.extent.bottom), (start, middle), (x, middle), (x, top))
            if source.x + 4 < x < source.extent.right - 4:
                points = ((x, source.extent.bottom), (x, top))
            placed.edges.append(_line(name, side_input.target, points))


def _deck_entry(placed: Placement, side_input: SideInput) -> Point:
    deck, box = placed.slot(side_input.target).deck, placed.boxes[side_input.target]
    assert deck is not None
    return box.x + deck.entries.get(side_input.entry, deck.width - 12), box.y


def _from_main_line(placed: Placement) -> None:
    """From the main line to the right and down into a side box."""
    for side in placed.plan.sides:
        box = placed.sides[side.box.name]
        for source in side.sources:
            if source in placed.branches:
                y, x = placed.branches[source], box.center[0]
                placed.edges.append(_line(source, box.name, ((0, y), (x, y), (x, box.y)), arrow=True))


def _side_to_side(placed: Placement) -> None:
    """Side boxes feed later ones straight down, or around the right of what lies between."""
    order, lane = list(placed.sides), 0
    for side in placed.plan.sides:
        target = placed.sides[side.box.name]
        for name in side.sources:
            if name not in placed.sides:
                continue
            source = placed.sides[name]
            if order.index(side.box.name) == order.index(name) + 1 and not _deck_between(placed, source, target):
                x = min(source.center[0], target.center[0])
                points: tuple[Point, ...] = ((x, source.extent.bottom), (x, target.y))
            else:
                # A lane for each, or they would lie on one another.
                lane += 1
                x, start, end = _rightmost(placed) + _LANE * lane, source.center[1], target.center[1]
                points = ((source.extent.right, start), (x, start), (x, end), (target.extent.right, end))
            placed.edges.append(_line(name, side.box.name, points, arrow=True))


def _deck_between(placed: Placement, source: Box, target: Box) -> bool:
    corridor = Extent(target.center[0] - 2, source.extent.bottom, target.center[0] + 2, target.y)
    decks = (placed.boxes[slot.name].extent for slot in placed.plan.slots if slot.deck is not None)
    return any(deck.overlaps(corridor) for deck in decks)


def _rightmost(placed: Placement) -> float:
    decks = [placed.boxes[slot.name].extent.right + 6 for slot in placed.plan.slots if slot.deck is not None]
    boxes = (*placed.boxes.values(), *placed.sides.values())
    return max((*(box.extent.right for box in boxes), *decks))


def _users(placed: Placement, name: str) -> list[SideBox]:
    """The side boxes that take a value."""
    return [side for side in placed.plan.sides if name in side.sources]


def _inputs(placed: Placement, bus: Mapping[str, float]) -> None:
    """Side inputs come in at the top: to their bus, else to the side box that takes them, else to a deck.

    Into a side box below another one they come from the right.
    """
    right = float("-inf")
    for name, label in placed.plan.inputs.items():
        x, y, arrow = _entrance(placed, name, bus)
        if arrow and not placed.deck and _covered(placed, x, y):
            _from_the_right(placed, name, label)
            continue
        placed.entries[name] = x
        top = 0.0 if placed.deck else 11.0
        if not placed.deck:
            text = Text(label, 0, 8.0, MUTED).centered(x)
            # Labels of neighbours must not run into each other, while their lines stay where they are.
            text = text.moved(max(0.0, right + 6 - text.x), 0)
            right = text.x + text.width
            placed.marks.append(text)
        placed.edges.append(_line(name, "", ((x, top), (x, y)), arrow=arrow))


def _covered(placed: Placement, x: float, y: float) -> bool:
    """Whether a side box lies above a point."""
    return any(box.x < x < box.extent.right and box.extent.bottom <= y for box in placed.sides.values())


def _from_the_right(placed: Placement, name: str, label: Line) -> None:
    """A label beside the side box that takes the input, and an arrow; several share its height."""
    side = _users(placed, name)[0]
    box, inputs = placed.sides[side.box.name], [source for source in side.sources if source in placed.plan.inputs]
    y = box.y + box.height * (inputs.index(name) + 1) / (len(inputs) + 1)
    x = box.extent.right + _STUB
    placed.marks.append(Text(label, x + 2, y + 2.4, MUTED))
    placed.edges.append(_line(name, box.name, ((x, y), (box.extent.right, y)), arrow=True))


def _entrance(placed: Placement, name: str, bus: Mapping[str, float]) -> tuple[float, float, bool]:
    """Where an input goes down to, and whether it ends there; ways that cannot be drawn are noted."""
    users, decks = _users(placed, name), placed.side_inputs_of(name, decks=True)
    if name in bus:
        if decks:
            placed.undrawn.append(f"{name} to {decks[0].target}")
        return (
            bus[name],
            min(placed.side_input_height(side_input) for side_input in placed.side_inputs_of(name, decks=False)),
            False,
        )
    extra = [side.box.name for side in users[1:]] + [
        side_input.target for side_input in (decks if users else decks[1:])
    ]
    placed.undrawn += [f"{name} to {target}" for target in extra]
    if users:
        return (*_into_side(placed, name, users[0]), True)
    if decks:
        return (*_deck_entry(placed, decks[0]), False)
    placed.undrawn.append(name)
    return 0.0, 0.0, False


def _into_side(placed: Placement, name: str, user: SideBox) -> Point:
    """Spread over the top of the box, but not through a label above it."""
    box = placed.sides[user.box.name]
    inputs = [source for source in user.sources if source in placed.plan.inputs]
    shares = ((inputs.index(name) + 1) / (len(inputs) + 1), 0.75, 0.88, 0.25)
    columns = [box.x + box.width * share for share in shares]

    def is_free(x: float) -> bool:
        return not any(used.left - 2 < x < used.right + 2 and used.top < box.y for used in placed.used)

    return next(filter(is_free, columns), columns[0]), box.y
