"""Elements as fragments: maps with their channels above, decks in frames, ways past in arcs, lanes below each other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from archgraph.figures.content.mathtext import line_of, words
from archgraph.figures.content.wrapping import fitted
from archgraph.figures.drawing.box_look import with_look
from archgraph.figures.drawing.diagram import (
    INK,
    MUTED,
    Box,
    Cluster,
    Diagram,
    Edge,
    Extent,
    Line,
    Path,
    Rect,
    Text,
    line_width,
)
from archgraph.figures.drawing.style import DECK, DECK_EDGE, LINE, SIZES, SKIP
from archgraph.figures.maps.drawn_map import EDGE, MapScale, map_box
from archgraph.figures.maps.exchange_lines import ABOVE, BEFORE, LINK_GAP, exchange_lines
from archgraph.figures.maps.feature_map import (
    FeatureMap,
    MapBlock,
    MapDeck,
    MapElement,
    MapLanes,
    MapLoose,
    WayPast,
    maps_of,
)
from archgraph.figures.maps.fragment import HEAD, Fragment, chained, dot, extended
from archgraph.figures.maps.map_facts import MapFacts
from archgraph.outline.wording import capitalized, humanized

_LONGEST_NAME = 72.0
_BEHIND, _BEHIND_EDGE = "#ececec", "#9a9a9a"
_STACK, _PAD, _ARC, _LABEL, _LANE_GAP, _FORK = 2.3, 6.0, 4.5, 9.5, 9.0, 7.0
_JOIN, _BRACKET, _CLEAR = 10.0, 3.5, 2.0


@dataclass
class MapPieces:
    """Makes fragments on one scale.

    Attributes:
        gap: between two maps in a row, in points.
        below: maps whose channels are written below them, since a line comes from above.
        leaving: maps that a line leaves downwards, which nothing may stand in the way of.
        named: channels as they were written last, so that equal ones are written once.
    """

    known: MapFacts
    scale: MapScale
    gap: float = 8.0
    below: frozenset[FeatureMap] = frozenset()
    leaving: frozenset[FeatureMap] = frozenset()
    named: str = ""
    seen: set[str] = field(default_factory=set)
    names: dict[FeatureMap, str] = field(default_factory=dict)

    def row(self, elements: Sequence[MapElement]) -> Fragment:
        """Elements one after another."""
        return chained([self._piece(one) for one in elements], self.gap)

    def _piece(self, one: MapElement) -> Fragment:
        if isinstance(one, FeatureMap):
            return self._map(one)
        if isinstance(one, MapDeck):
            return self._deck(one)
        if isinstance(one, MapBlock):
            return self._block(one)
        if isinstance(one, MapLoose):
            inner = self.row(one.inner)
            return replace(inner, follows=False, lead=min(inner.lead, -BEFORE))
        return self._past(one) if isinstance(one, WayPast) else self._lanes(one)

    def _unique(self, name: str) -> str:
        """A name that no other box of the figure has."""
        while name in self.seen:
            name += "′"
        self.seen.add(name)
        return name

    def _map(self, one: FeatureMap) -> Fragment:
        box = replace(self._box(one), name=self._unique(one.name))
        self.names[one] = box.name
        right, up = self.scale.back(one)
        high = self.scale.high(one)
        top, bottom = -high / 2 - up, high / 2
        placed = box.at(0.0, top)
        label = self._channels(one)
        marks, clusters = [], []
        lead, tail = 0.0, box.width
        behind = 2 * _STACK if one.count else 0.0
        if one.count:
            clusters.append(_stack(placed, box.name, high, right, up))
        if label:
            low = one in self.below
            text = Text(label).centered(self.scale.wide(one) / 2 + (0 if low else right / 2 + behind / 2))
            text = text.moved(0.0, bottom + 8.6 if low else top - behind - 2.6)
            marks.append(text)
            lead, tail = text.x, text.x + text.width
            top, bottom = (top - behind, bottom + _LABEL + 1) if low else (top - behind - _LABEL, bottom)
        else:
            top -= behind
        if one.count:
            text = Text(one.count).centered(box.width / 2)
            marks.append(text.moved(0.0, bottom + 9.0))
            lead, tail, bottom = min(lead, text.x), max(tail, text.x + text.width), bottom + 11.5
        if not one.items:
            text = Text(self.known.input_name(one), color=MUTED).centered(box.width / 2).moved(0.0, bottom + 8.6)
            marks.append(text)
            lead, tail, bottom = min(lead, text.x), max(tail, text.x + text.width), bottom + _LABEL + 1.5
        drawn = Diagram((placed,), clusters=tuple(clusters), marks=tuple(marks))
        port = self.scale.wide(one) + right / 2 if right else box.width
        return Fragment(
            drawn, box.width + behind, 0.0, max(port, box.width), box.name, box.name, top, bottom, lead, tail
        )

    def _box(self, one: FeatureMap) -> Box:
        told = self.known.told(one)
        box = map_box(one, self.scale, told.fill, kinds=self.known.facts.color == "op")
        return with_look(replace(box, tooltip=told.hint, laws=told.laws, label=told.label), told.look)

    def _channels(self, one: FeatureMap) -> Line:
        """What the author calls a map, and its channels where they are others than those before."""
        label = self.known.told(one).label if one.items else ""
        called = fitted(words(label, SIZES.small), _LONGEST_NAME)
        if not one.value.type.has("c") or "shape" not in self.known.facts.options.show:
            return called
        text, line = self.known.channels(one)
        if text == self.named:
            return called
        self.named = text
        return line_of(called, line, gap=3.0)

    def _deck(self, one: MapDeck) -> Fragment:
        self.named = ""
        inner = self.row(one.inner)
        room = max(inner.width, inner.tail)
        title = line_of(words(capitalized(one.title) if one.title else "", SIZES.small), one.count, gap=4.0)
        title = title if line_width(title) <= room + 12 else one.count
        left = _PAD + max(0.0, -inner.lead, (line_width(title) - room) / 2)
        right = _PAD + max(0.0, inner.tail - inner.width, (line_width(title) - room) / 2)
        framed = extended(inner, left, right)
        top, bottom = inner.top - _PAD + 1, inner.bottom + 13.0
        extent = Extent(0.0, top, framed.width, bottom)
        text = Text(title).centered(framed.width / 2).moved(0.0, bottom - 4.0)
        name = self._unique(one.name)
        frame = Cluster(name, extent, (text,), 2, frames=tuple(_cards(extent, 3.0, 4.0)))
        drawn = replace(framed.drawn, clusters=(frame, *framed.drawn.clusters))
        joining = self._joining(one.conditions, framed.width / 2, bottom)
        drawn = replace(drawn, marks=(*drawn.marks, *joining))
        self.named = ""
        ends = Diagram(clusters=(frame,), marks=joining).extent
        return replace(
            framed,
            drawn=drawn,
            width=framed.width + 6.0,
            top=top - 6.0,
            bottom=ends.bottom,
            lead=min(0.0, ends.left),
            tail=max(framed.width + 6.0, ends.right),
            fork=None if inner.fork is None else 0.0,
            joined=None,
        )

    def _block(self, one: MapBlock) -> Fragment:
        """Maps on a bracket, into which their conditions go."""
        inner = self.row(one.inner)
        left, right = min(0.0, inner.lead), max(inner.width, inner.tail)
        y, x = inner.bottom + _BRACKET, (left + right) / 2
        if list(maps_of(one.inner))[-1] in self.leaving:
            last = next(box.x for box in inner.drawn.boxes if box.name == inner.last)
            wide = max(mark.extent.right - mark.extent.left for mark in self._joining(one.conditions, x, y))
            x = min(x, last - _CLEAR - wide / 2)
            left = min(left, x - _CLEAR)
        corners = ((left, y - 2.0), (left, y), (right, y), (right, y - 2.0))
        bracket = Path(corners, SKIP, LINE)
        marks = (bracket, *self._joining(one.conditions, x, y))
        ends = Diagram(marks=marks).extent
        drawn = replace(inner.drawn, marks=(*inner.drawn.marks, *marks))
        lead, tail = min(inner.lead, ends.left), max(inner.tail, ends.right)
        return replace(inner, drawn=drawn, bottom=ends.bottom, lead=lead, tail=tail)

    def _joining(self, conditions: Sequence[str], x: float, y: float) -> tuple[Path | Text, ...]:
        """What joins in a block: a dashed arrow into its frame or bracket from below, with names."""
        if not conditions:
            return ()
        names = ", ".join(self.known.facts.author.input_label(name) or humanized(name) for name in conditions)
        arrow = Path(((x, y + _JOIN), (x, y + 0.5)), SKIP, LINE, (3.0, 2.0), arrow=True, head=HEAD)
        text = Text(fitted(words(names, SIZES.small), _LONGEST_NAME), color=MUTED)
        return arrow, text.centered(x).moved(0.0, y + _JOIN + 7.6)

    def _past(self, one: WayPast) -> Fragment:
        inner = self.row(one.inner)
        text = Text(words(one.word, SIZES.small), color=MUTED, backdrop=DECK) if one.word else None
        need = text.width + 2 * _FORK + 6 if text is not None else 0.0
        spare = max(0.0, need - inner.width - 2 * _FORK) / 2
        left, right = _FORK + max(spare, -inner.lead), _FORK + max(spare, inner.tail - inner.width)
        whole = extended(inner, left, right)
        top = inner.top - (_ARC if text is None else _ARC + 3.5)
        start, end = 1.5, whole.width - 1.5
        path = Path(((start, 0.0), (start, top), (end, top), (end, 0.0)), INK, LINE, radius=4.0, arrow=True, head=HEAD)
        label = ()
        if text is not None:
            label = (text.centered(whole.width / 2).moved(0.0, top + 2.5),)
        drawn = replace(whole.drawn, edges=(*whole.drawn.edges, Edge(inner.first, inner.last, path, label)))
        line = Path(((inner.right + left, 0.0), (whole.width, 0.0)), INK, LINE)
        drawn = replace(drawn, marks=(*drawn.marks, dot(start), line))
        return replace(
            whole,
            drawn=drawn,
            right=whole.width,
            top=top - (1.0 if text is None else 6.0),
            lead=0.0,
            tail=whole.width,
            fork=start,
            joined=whole.width,
        )

    def _lanes(self, one: MapLanes) -> Fragment:
        before = self.named
        lanes = []
        for lane in one.lanes:
            self.named = before if one.forks else ""
            lanes.append(self.row(lane))
        self.named = ""
        heights = [lane.bottom - lane.top for lane in lanes]
        gap = LINK_GAP if one.links else _LANE_GAP
        y = -(sum(heights) + gap * (len(lanes) - 1)) / 2
        room = max(max(lane.width, lane.tail) for lane in lanes)
        lead = max(0.0, *(-lane.lead for lane in lanes))
        start = (_FORK + 4 if set(one.origins) != {"itself"} else 0.0) + lead
        drawn, top, end = Diagram(), y - (ABOVE if one.links else 0.0), start + room + _FORK
        marks: list[Path | Rect] = []
        tops: list[float] = []
        for lane, high, origin in zip(lanes, heights, one.origins, strict=True):
            shift = y - lane.top
            placed = lane.moved(start)
            drawn = drawn.plus(placed.drawn.moved(0.0, shift))
            if origin == "axis":
                marks.append(_bent(0.0, 0.0, placed.left, shift, arrow=lane.opens))
            elif origin == "elsewhere":
                marks.append(_given(placed.left, shift, arrow=lane.opens))
            if one.joins:
                marks.append(_bent(end, 0.0, placed.right, shift, arrow=False))
            tops.append(y)
            y += high + gap
        drawn = self._linked(drawn, one, tops)
        drawn = replace(drawn, marks=(*drawn.marks, *marks))
        return Fragment(
            drawn,
            end,
            0.0,
            end,
            lanes[0].first,
            lanes[-1].last,
            top,
            -top,
            0.0,
            end,
            opens=False,
            lowest=lanes[-1].first,
            fork=0.0 if one.forks else None,
            joined=end,
        )

    def _linked(self, drawn: Diagram, one: MapLanes, tops: Sequence[float]) -> Diagram:
        """With lines from maps to those that read them from another place than behind them."""
        rows = {self.names[each]: index for index, lane in enumerate(one.lanes) for each in maps_of(lane)}
        links = [(self.names[source], self.names[target]) for source, target in one.links]
        boxes = {box.name: box for box in drawn.boxes}
        return replace(drawn, edges=(*drawn.edges, *exchange_lines(links, boxes, rows, tops)))


def _given(x: float, y: float, *, arrow: bool) -> Path:
    """To a lane that does not read what stands before it."""
    return Path(((x - _FORK - 4.0, y), (x, y)), SKIP, LINE, (3.0, 2.0), arrow=arrow, head=HEAD)


def _bent(x: float, y: float, to_x: float, to_y: float, *, arrow: bool) -> Path:
    """From the axis to a lane, or from a lane to the axis, around a corner."""
    turn = x + _FORK / 2 if to_x > x else x - _FORK / 2
    points = ((x, y), (turn, y), (turn, to_y), (to_x, to_y))
    return Path(points, INK, LINE, radius=2.0, arrow=arrow, head=HEAD)


def _cards(extent: Extent, shift: float, radius: float) -> Iterator[Rect]:
    wide, high = extent.right - extent.left, extent.bottom - extent.top
    for copy in (2, 1, 0):
        fill, edge = (_BEHIND, _BEHIND_EDGE) if copy else (DECK, DECK_EDGE)
        yield Rect(extent.left + copy * shift, extent.top - copy * shift, wide, high, fill, edge, LINE, radius)


def _stack(box: Box, name: str, high: float, right: float, up: float) -> Cluster:
    """Two outlines behind a map that stands for several in a row."""
    front = box.parts[0]
    assert isinstance(front, Rect)
    extent = Extent(box.x, box.y, box.x + box.width, box.y + box.height)
    cards = []
    for copy in (2, 1):
        x, y = copy * _STACK, -copy * _STACK
        cards.append(Rect(box.x + x, box.y + up + y, front.width + right, high - 0.0, _BEHIND, _BEHIND_EDGE, EDGE))
    return Cluster(f"{name} ×", extent, (), 0, frames=tuple(cards))
