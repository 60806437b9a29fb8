"""The spine: main line straight down, residuals on its left, conditioning on its right, repeats opened in place."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from archgraph.backend.diagram import INK, MUTED, Box, Cluster, Diagram, Edge, Extent, Part, Path, Run, Text
from archgraph.backend.style import LINE, SKIP

Line = tuple[Run, ...]

_GAP, _BRANCH_GAP, _LABEL_GAP, _LINE_HEIGHT = 13.0, 16.0, 21.0, 9.0
_LANE, _FIRST_LANE, _BUS, _DOT = 7.0, 10.0, 10.0, 1.5
_ENTRY, _PAD = 17.0, 7.0
_SIDE_TOP = 24.0
_DASH = (3.0, 2.0)


@dataclass(frozen=True)
class Slot:
    """One place on the main line: a box, or a deck that shows what it repeats.

    Attributes:
        box: size and parts; for a deck only the size counts.
        deck: the drawing inside, in the coordinates of the box.
        label: lines beside the arrow that leads here.
    """

    box: Box
    deck: "Spine | None" = None
    label: tuple[Line, ...] = ()

    @property
    def name(self) -> str:
        return self.box.name


@dataclass(frozen=True)
class Side:
    """A box in the right column; ``sources`` are side boxes, side inputs, slots, or nothing."""

    box: Box
    sources: tuple[str, ...] = ()


@dataclass(frozen=True)
class Tap:
    """A value that a slot takes from the right column or a side input; ``entry`` names the side input of a deck."""

    source: str
    target: str
    label: Line = ()
    entry: str = ""


@dataclass(frozen=True)
class Plan:
    """What is to be placed.

    Attributes:
        slots: the main line from top to bottom.
        residuals: (from, to) along the main line; from "" is the main input.
        sides: the right column from top to bottom.
        inputs: side inputs with their labels; entry and exit: labels of the main input and output.
    """

    slots: tuple[Slot, ...]
    residuals: tuple[tuple[str, str], ...] = ()
    sides: tuple[Side, ...] = ()
    taps: tuple[Tap, ...] = ()
    inputs: Mapping[str, Line] = field(default_factory=dict)
    entry: Line = ()
    exit: Line = ()


@dataclass(frozen=True)
class Spine:
    """A placed plan: the drawing, where its main line runs, and where side inputs enter at the top."""

    drawing: Diagram
    axis: float
    width: float
    height: float
    entries: Mapping[str, float]


def layout_spine(plan: Plan, deck: bool = False) -> Spine:
    """Place a plan; inside a deck the lines start and end at its frame instead of at labels."""
    return _Layout(plan, deck).run()


class _Layout:
    """Coordinates while a plan is being placed; the main line is x = 0 until the end."""

    def __init__(self, plan: Plan, deck: bool) -> None:
        self.plan, self.deck = plan, deck
        self.index = {slot.name: i for i, slot in enumerate(plan.slots)}
        self.left = min((-_axis(slot) for slot in plan.slots), default=0.0)
        self.right = max((slot.box.width - _axis(slot) for slot in plan.slots if slot.deck is None), default=0.0)
        self.boxes: dict[str, Box] = {}
        self.sides: dict[str, Box] = {}
        self.edges: list[Edge] = []
        self.clusters: list[Cluster] = []
        self.inner: list[Diagram] = []
        self.marks: list[Part] = []
        self.entries: dict[str, float] = {}
        self.branches: dict[str, float] = {}
        self.used: list[Extent] = []

    def run(self) -> Spine:
        self._main_line()
        self._main_edges()
        self._residuals()
        self._right()
        return self._finish()

    # the main line

    def _main_line(self) -> None:
        y = _ENTRY if self.deck else 0.0
        branching = {source for source, _ in self.plan.residuals}
        if not self.deck:
            y = self._entry_label("" in branching)
        before = ""
        for slot in self.plan.slots:
            if before or self.deck:
                y += self._gap(before, slot, before in branching)
            elif slot.label:
                y += _LINE_HEIGHT
            if before in branching:
                self.branches[before] = y - self._gap(before, slot, True) / 2 - 2 if before else self._first_branch()
            y = max(y, self._above_deck(slot))
            box = slot.box.at(-_axis(slot), y)
            self.boxes[slot.name] = box
            if slot.deck is not None:
                self.inner.append(slot.deck.drawing.moved(box.x, box.y))
            y += box.height
            before = slot.name
        self.bottom = y

    def _entry_label(self, branching: bool) -> float:
        if not self.plan.entry:
            return 16.0
        self.marks.append(Text(self.plan.entry, 0, 8.0, MUTED).centered(0))
        return 28.0 if branching else 24.0

    def _first_branch(self) -> float:
        return 7.0 if self.deck else 15.0

    def _gap(self, before: str, slot: Slot, branching: bool) -> float:
        if self.deck and not before:
            return 2.0 if branching else 0.0
        lines = len(slot.label)
        gap = _GAP if not lines else max(_LABEL_GAP, 8 + _LINE_HEIGHT * lines)
        if before and _small(self.boxes[before]) and _small(slot.box):
            gap = min(gap, 10.0)
        return max(gap, _BRANCH_GAP) if branching else gap

    def _above_deck(self, slot: Slot) -> float:
        """Where a deck may begin: below the side boxes that feed it."""
        if slot.deck is None:
            return 0.0
        feeding = {tap.source for tap in self.plan.taps if tap.target == slot.name}
        heights = [side.box.height + _GAP for side in self.plan.sides if side.box.name in feeding]
        return _SIDE_TOP + sum(heights) + 6.0 if heights else 0.0

    def _main_edges(self) -> None:
        slots = self.plan.slots
        if not slots:
            return
        first = self.boxes[slots[0].name]
        start = 0.0 if self.deck else (11.0 if self.plan.entry else 0.0)
        self._arrow("", slots[0], start, first.y)
        for before, slot in zip(slots, slots[1:], strict=False):
            self._arrow(before.name, slot, self.boxes[before.name].extent.bottom, self.boxes[slot.name].y)
        end = self.bottom + (8.0 if self.deck else 15.0)
        self.edges.append(
            Edge(slots[-1].name, "", Path(((0, self.bottom), (0, end)), INK, LINE + 0.15, arrow=not self.deck))
        )
        self.bottom = end
        if self.plan.exit and not self.deck:
            self.marks.append(Text(self.plan.exit, 0, end + 9, MUTED).centered(0))
            self.bottom = end + 11

    def _arrow(self, source: str, slot: Slot, top: float, bottom: float) -> None:
        label = tuple(
            Text(line, 5, (top + bottom) / 2 + 2.4 + _LINE_HEIGHT * (i - (len(slot.label) - 1) / 2), MUTED)
            for i, line in enumerate(slot.label)
        )
        path = Path(((0, top), (0, bottom)), INK, LINE + 0.15, arrow=slot.deck is None)
        self.edges.append(Edge(source, slot.name, path, label))

    # residuals on the left

    def _residuals(self) -> None:
        spans = sorted(self.plan.residuals, key=lambda pair: self._span(pair)[1] - self._span(pair)[0])
        lanes: list[list[tuple[float, float]]] = []
        for pair in spans:
            top, bottom = self._span(pair)
            lane = next(
                (k for k, used in enumerate(lanes) if all(bottom < a - 1 or top > b + 1 for a, b in used)), len(lanes)
            )
            if lane == len(lanes):
                lanes.append([])
            lanes[lane].append((top, bottom))
            inner = min(-_axis(slot) for slot in self.plan.slots)
            x = inner - _FIRST_LANE - _LANE * lane
            self.left = min(self.left, x)
            target = self.boxes[pair[1]]
            path = Path(((0, top), (x, top), (x, bottom), (target.x, bottom)), INK, LINE + 0.15, radius=5, arrow=True)
            self.edges.append(Edge(pair[0], pair[1], path))
        self.marks += [_dot(0, y) for y in self.branches.values()]

    def _span(self, pair: tuple[str, str]) -> tuple[float, float]:
        target = self.boxes[pair[1]]
        arriving = [other for other in self.plan.residuals if other[1] == pair[1]]
        share = (arriving.index(pair) + 1) / (len(arriving) + 1)
        if pair[0] not in self.branches:
            self.branches[pair[0]] = self.boxes[pair[0]].extent.bottom + 4 if pair[0] else self._first_branch()
        return self.branches[pair[0]], target.y + target.height * share

    # conditioning on the right

    def _right(self) -> None:
        sources = [source for source in self._tap_sources() if source in self.plan.inputs or self._is_side(source)]
        bus = {source: self.right + _BUS + _LANE * lane for lane, source in enumerate(sources)}
        column = self.right + _BUS + _LANE * max(0, len(sources) - 1) + _BUS + 3
        self._draw_taps(bus)
        self._place_sides(column)
        self._connect_sides(bus)
        self._enter(bus)

    def _tap_sources(self) -> list[str]:
        seen: dict[str, None] = {}
        for tap in self.plan.taps:
            if self._slot(tap.target).deck is None:
                seen.setdefault(tap.source)
        return list(seen)

    def _is_side(self, name: str) -> bool:
        return any(side.box.name == name for side in self.plan.sides)

    def _slot(self, name: str) -> Slot:
        return self.plan.slots[self.index[name]]

    def _tap_height(self, tap: Tap) -> float:
        box = self.boxes[tap.target]
        same = [other for other in self.plan.taps if other.target == tap.target]
        return box.y + box.height * (same.index(tap) + 1) / (len(same) + 1)

    def _draw_taps(self, bus: Mapping[str, float]) -> None:
        """The horizontal pieces, from the bus to the right side of a slot, with their labels."""
        for tap in self.plan.taps:
            if tap.source not in bus or self._slot(tap.target).deck is not None:
                continue
            box, y, x = self.boxes[tap.target], self._tap_height(tap), bus[tap.source]
            label: tuple[Text, ...] = ()
            if tap.label and _small(box):
                free = x - box.extent.right
                text = Text(tap.label, color=MUTED)
                if text.width < free - 4:
                    label = (text.centered((box.extent.right + x) / 2 + 2).moved(0, y - 2.2),)
            if tap.label and not label:
                label = (Text(tap.label, max(bus.values()) + 4, y + 2.4, MUTED),)
                self.used.append(label[0].extent)
            path = Path(((x, y), (box.extent.right, y)), SKIP, LINE, _DASH, arrow=True)
            self.edges.append(Edge(tap.source, tap.target, path, label, "dashed"))

    def _place_sides(self, column: float) -> None:
        """Each side box as high as its sources and the labels allow, below the ones before it."""
        for slot in self.plan.slots:
            if slot.deck is not None:
                self.used.append(self.boxes[slot.name].extent)
        floor = 0.0 if not self.deck else _ENTRY + 2
        for side in self.plan.sides:
            box = side.box.at(column, max(floor, self._wish(side)))
            while (clash := self._clash(box)) is not None:
                box = box.at(column, clash + 6)
            self.sides[box.name] = box
            floor = box.extent.bottom + _GAP
        self.bottom = max(self.bottom, floor - _GAP + (8 if self.deck else 0))

    def _wish(self, side: Side) -> float:
        heights = [
            self._tap_height(tap) if self._slot(tap.target).deck is None else self.boxes[tap.target].y - side.box.height
            for tap in self.plan.taps
            if tap.source == side.box.name
        ]
        entry = _SIDE_TOP if not self.deck else 0.0
        return max(entry, min(heights, default=0.0) - side.box.height / 2)

    def _clash(self, box: Box) -> float | None:
        grown = Extent(box.x - 4, box.y - 4, box.extent.right + 4, box.extent.bottom + 4)
        return next((used.bottom for used in self.used if used.overlaps(grown)), None)

    def _connect_sides(self, bus: Mapping[str, float]) -> None:
        """Vertical buses with their feeder from the side box; straight drops from side boxes into decks."""
        for name, x in bus.items():
            heights = [
                self._tap_height(tap)
                for tap in self.plan.taps
                if tap.source == name and self._slot(tap.target).deck is None
            ]
            if name in self.sides:
                box = self.sides[name]
                heights.append(y := box.y + box.height / 2)
                self.edges.append(Edge(name, "", Path(((box.x, y), (x, y)), SKIP, LINE, _DASH), style="dashed"))
            if max(heights) > min(heights):
                path = Path(((x, min(heights)), (x, max(heights))), SKIP, LINE, _DASH)
                self.edges.append(Edge(name, "", path, style="dashed"))
        self._drops()
        self._side_to_side()

    def _drops(self) -> None:
        for tap in self.plan.taps:
            slot = self._slot(tap.target)
            if slot.deck is None or tap.source not in self.sides:
                continue
            source, target = self.sides[tap.source], self.boxes[tap.target]
            x = target.x + slot.deck.entries.get(tap.entry, slot.deck.width - 12)
            start = source.center[0]
            if source.y > target.y:
                continue
            if source.x + 4 < x < source.extent.right - 4:
                points = ((x, source.extent.bottom), (x, target.y))
            else:
                middle = target.y - 7
                points = ((start, source.extent.bottom), (start, middle), (x, middle), (x, target.y))
            path = Path(points, SKIP, LINE, _DASH, radius=4)
            self.edges.append(Edge(tap.source, tap.target, path, style="dashed"))

    def _side_to_side(self) -> None:
        """Side boxes feed later ones straight down, or around the right of what lies between."""
        lane = 0
        order = list(self.sides)
        for side in self.plan.sides:
            target = self.sides[side.box.name]
            for name in side.sources:
                if name not in self.sides:
                    continue
                source = self.sides[name]
                free = order.index(side.box.name) == order.index(name) + 1 and not self._between(source, target)
                if free:
                    x = min(source.center[0], target.center[0])
                    points = ((x, source.extent.bottom), (x, target.y))
                else:
                    lane += 1
                    x = self._rightmost() + _LANE * lane
                    y, end = source.y + source.height / 2, target.y + target.height / 2
                    points = ((source.extent.right, y), (x, y), (x, end), (target.extent.right, end))
                path = Path(points, SKIP, LINE, _DASH, radius=4, arrow=True)
                self.edges.append(Edge(name, side.box.name, path, style="dashed"))

    def _between(self, source: Box, target: Box) -> bool:
        corridor = Extent(target.center[0] - 2, source.extent.bottom, target.center[0] + 2, target.y)
        return any(self.boxes[slot.name].extent.overlaps(corridor) for slot in self.plan.slots if slot.deck is not None)

    def _rightmost(self) -> float:
        boxes = (*self.boxes.values(), *self.sides.values())
        decks = [self.boxes[slot.name].extent.right + 6 for slot in self.plan.slots if slot.deck is not None]
        return max((*(box.extent.right for box in boxes), *decks))

    def _enter(self, bus: Mapping[str, float]) -> None:
        """Side inputs come in at the top: to the first side box that takes them, to their bus, or to a deck."""
        taken: list[Extent] = []
        for name, label in self.plan.inputs.items():
            x, y = self._entrance(name, bus)
            if x is None:
                continue
            self.entries[name] = x
            arrow = name not in bus
            top = 0.0
            if not self.deck:
                text = Text(label, 0, 8.0, MUTED).centered(x)
                for other in taken:
                    if text.extent.overlaps(other):
                        text = text.moved(other.right + 6 - text.x, 0)
                taken.append(text.extent)
                self.marks.append(text)
                top = 11.0
            path = Path(((x, top), (x, y)), SKIP, LINE, _DASH, arrow=arrow)
            self.edges.append(Edge(name, "", path, style="dashed"))

    def _entrance(self, name: str, bus: Mapping[str, float]) -> tuple[float | None, float]:
        users = [side for side in self.plan.sides if name in side.sources]
        if users:
            box = self.sides[users[0].box.name]
            inputs = [source for source in users[0].sources if source in self.plan.inputs]
            places = ((inputs.index(name) + 1) / (len(inputs) + 1), 0.75, 0.88, 0.25)
            columns = [box.x + box.width * place for place in places]
            free = (x for x in columns if not any(e.left - 2 < x < e.right + 2 and e.top < box.y for e in self.used))
            return next(free, columns[0]), box.y
        taps = [tap for tap in self.plan.taps if tap.source == name]
        if name in bus:
            return bus[name], min(self._tap_height(tap) for tap in taps)
        if taps:
            deck = self._slot(taps[0].target).deck
            target = self.boxes[taps[0].target]
            assert deck is not None
            return target.x + deck.entries.get(taps[0].entry, deck.width - 12), target.y
        return None, 0.0

    # putting it together

    def _finish(self) -> Spine:
        own = Diagram(
            tuple(
                self.boxes[slot.name] for slot in self.plan.slots if slot.deck is None
            )
            + tuple(self.sides.values()),
            tuple(self.edges),
            tuple(self.clusters),
            tuple(self.marks),
        )
        for drawing in self.inner:
            own = drawing.plus(own)
        extent = own.extent
        pad = _PAD if self.deck else 1.0
        shift = pad - extent.left
        top = 0.0 if self.deck else 1.0 - extent.top
        entries = {name: x + shift for name, x in self.entries.items()}
        moved = own.moved(shift, top)
        width = extent.right + shift + pad
        height = max(self.bottom, extent.bottom) + top + (0.0 if self.deck else 1.0)
        return Spine(replace(moved, width=width, height=height), shift, width, height, entries)


def framed(spine: Spine, name: str, caption: Sequence[Line], copies: int, tooltip: str = "") -> Spine:
    """Put a frame around an inner spine, with outlines behind it and its caption in the lower right corner."""
    lines = [Text(line) for line in caption]
    longest = max((text.width for text in lines), default=0.0)
    width = max(spine.width, spine.axis + longest + 18)
    room = _caption_room(spine, width - longest - 12, 11.5 * len(lines) + 2)
    height = spine.height + room
    y = height - 7 - _LINE_HEIGHT * (len(lines) - 1) * 1.12
    parts = tuple(text.ending(width - 8).moved(0, y + _LINE_HEIGHT * 1.12 * i) for i, text in enumerate(lines))
    cluster = Cluster(name, Extent(0, 0, width, height), parts, copies, tooltip)
    edges = spine.drawing.edges
    if room:
        stub = Path(((spine.axis, spine.height), (spine.axis, height)), INK, LINE + 0.15)
        edges += (Edge("", "", stub),)
    drawing = replace(spine.drawing, clusters=(cluster, *spine.drawing.clusters), edges=edges, height=height)
    return Spine(drawing, spine.axis, width, height, spine.entries)


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


def _axis(slot: Slot) -> float:
    return slot.box.width / 2 if slot.deck is None else slot.deck.axis


def _small(box: Box) -> bool:
    """A circle for an operation on two values."""
    return box.width <= 20


def _dot(x: float, y: float) -> Part:
    from archgraph.backend.diagram import Rect

    return Rect(x - _DOT, y - _DOT, 2 * _DOT, 2 * _DOT, INK, "none", 0, _DOT)
