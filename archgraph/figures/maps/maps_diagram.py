"""Feature maps in true proportion, as a U or from left to right: the figure that is mostly drawn by hand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property, partial
from itertools import pairwise

from archgraph.errors import QueryError
from archgraph.figures.content.mathtext import line_of, math, words
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
)
from archgraph.figures.drawing.style import LINE, PANEL, SIZES, SKIP
from archgraph.figures.facts.facts import Facts
from archgraph.figures.maps.drawn_map import MapScale
from archgraph.figures.maps.feature_map import FeatureMap, MapScene, MapSkip, maps_of
from archgraph.figures.maps.fragment import HEAD, Fragment, chained
from archgraph.figures.maps.level_cards import LevelCosts, costs_of_level, levels_of
from archgraph.figures.maps.map_facts import MapFacts
from archgraph.figures.maps.map_pieces import MapPieces
from archgraph.figures.maps.row_ways import RowStretch, below_the_last, ways
from archgraph.figures.maps.scene import drawn_maps, scene_of
from archgraph.figures.maps.tree_of_maps import TreeOfMaps
from archgraph.figures.maps.trials import Outcome, Trial, TrialSearch, trials_of
from archgraph.figures.room import PAGE_HEIGHT
from archgraph.graph.ir import Value
from archgraph.outline.forms.network_outline import NetworkOutline, network_outline, outline_of

_GUTTER, _BRIEF_GUTTER, _CARD, _CARD_GAP = 104.0, 62.0, 112.0, 14.0
_TALLEST, _WIDEST = 62.0, 46.0
_BETWEEN, _PAD, _LEGEND = 17.0, 5.0, 76.0
_DEPTHS = (4, 3, 2, 1, 0)


def maps_outline(facts: Facts) -> NetworkOutline:
    """The outline of what is drawn."""
    if facts.options.focus:
        repeat = facts.focused
        return outline_of(repeat.body, prefix=f"{facts.options.focus}.", numbers=facts.network.values)
    return network_outline(facts.network)


def maps_diagram(facts: Facts, width: float) -> Diagram:
    """The most detailed drawing that fits the width: blocks are opened as far as there is room.

    Raises:
        QueryError: nothing in the network changes sizes or multiplies matrices.
    """
    outline, right = maps_outline(facts), facts.options.direction == "right"
    depths = _DEPTHS if facts.options.depth is None else (facts.options.depth,)
    inside = cache(NetworkOutline.inside)
    scenes = [scene_of(TreeOfMaps(facts, depth, inside), outline, right=right) for depth in depths]
    scenes.append(scene_of(TreeOfMaps(facts, depths[-1], inside, brief=True), outline, right=right))
    if not drawn_maps(scenes[0]):
        raise QueryError(f"{facts.network.name} has no feature map: nothing in it has channels or positions")
    sheet = Sheet(MapFacts(facts), levels_of(facts, outline, right=right), width)
    # Too wide at any price is worse than shut blocks: a trial loses by what it has over, then by what it leaves empty.
    best = TrialSearch(list(_trials(sheet, scenes)), partial(_outcome, sheet)).best()
    drawn = _u(sheet, best.scene, best.scale) if len(best.scene.rows) > 1 else _in_lines(sheet, best.scene, best.scale)
    return replace(drawn, undrawn=best.scene.notes)


@dataclass(frozen=True)
class Sheet:
    """What all trials share: what is known, the levels, and the width of the page."""

    known: MapFacts
    levels: Sequence[LevelCosts]
    width: float

    @property
    def costs(self) -> bool:
        """Whether cards are asked for."""
        return bool({"params", "macs", "field"} & set(self.known.facts.options.show))

    @cached_property
    def told(self) -> list[LevelCosts]:
        """The levels that something is told of below lines of maps."""
        facts = self.known.facts
        return [level for level in self.levels if level.value is None or costs_of_level(facts, level.items)]

    @cached_property
    def below(self) -> float:
        """How high the cards and the legend below lines of maps are, about."""
        return _card_rows(self, self.told, self.width).height + (_LEGEND if self.known.facts.options.legend else 0.0)

    @property
    def gutter(self) -> float:
        """How wide the cards beside the rows of a U are, with the gap behind them."""
        shown = set(self.known.facts.options.show)
        return _GUTTER if {"params", "macs"} & shown else _BRIEF_GUTTER if self.costs else 0.0


def _trials(sheet: Sheet, scenes: Sequence[MapScene]) -> Iterator[list[Trial]]:
    """Every scene that shows something else than the one before, on every scale."""
    before = 0
    for index, scene in enumerate(scenes):
        every = drawn_maps(scene)
        # Opened one level deeper it shows no more maps, so that it is the same drawing.
        if index and len(every) == before:
            continue
        before = len(every)
        yield list(trials_of(scene, index, partial(_scale, sheet, every)))


def _scale(sheet: Sheet, every: Sequence[FeatureMap], share: float, gap: float) -> MapScale:
    """The scale on which the largest of all maps are as high and as wide as maps shall be."""
    tall = max((one.side for one in every), default=1.0) or 1.0
    wide = max(one.channels for one in every) or 1
    depth = sheet.known.facts.options.style == "perspective"
    return MapScale(_TALLEST / tall**0.5, share * _WIDEST / wide**0.5, depth, gap)


def _outcome(sheet: Sheet, trial: Trial) -> Outcome:
    if len(trial.scene.rows) > 1:
        return _outcome_of_u(sheet, trial.scene, trial.scale)
    return _outcome_of_lines(sheet, trial.scene, trial.scale)


def _outcome_of_u(sheet: Sheet, scene: MapScene, scale: MapScale) -> Outcome:
    stretches = _stretches(sheet, scene, scale)
    end = max(max(one.x + one.piece.width, one.x + one.piece.tail) for one in stretches) + _PAD
    return Outcome(max(0.0, end + 0.5 - sheet.width), max(0.0, 0.8 * sheet.width - end) * 0.004)


def _outcome_of_lines(sheet: Sheet, scene: MapScene, scale: MapScale) -> Outcome:
    lines = _broken(MapPieces(sheet.known, scale, scale.gap), scene.rows[0].inner, sheet.width)
    widths = [max(line.width, line.tail) - min(0.0, line.lead) for line in lines]
    over = max(0.0, max(widths) + 1 - sheet.width)
    # What no page holds is worse than shut blocks, too.
    high = sum(line.bottom - line.top for line in lines) + _BETWEEN * len(lines) + sheet.below
    over += max(0.0, high - (sheet.known.facts.options.height or PAGE_HEIGHT))
    return Outcome(over, len(lines) + (1 - min(widths) / sheet.width) * 0.8)


# from left to right


def _in_lines(sheet: Sheet, scene: MapScene, scale: MapScale) -> Diagram:
    """Elements in as many lines as it takes, and the cards of the levels below."""
    width, pieces = sheet.width, MapPieces(sheet.known, scale, scale.gap)
    lines = _broken(pieces, scene.rows[0].inner, width)
    drawn, y, wide = Diagram(), 0.0, 0.0
    for index, line in enumerate(lines):
        shift = 0.5 + max(0.0, -line.lead) + (9.0 if index else 0.0)
        placed = line.moved(shift)
        drawn = drawn.plus(placed.drawn.moved(0.0, y - line.top))
        if index < len(lines) - 1:
            end = placed.right
            mark = Path(((end, y - line.top), (end + 9.0, y - line.top)), INK, LINE, (2.0, 1.5), arrow=True, head=HEAD)
            drawn = replace(drawn, marks=(*drawn.marks, mark))
        if index:
            mark = Path(((placed.left - 9.0, y - line.top), (placed.left, y - line.top)), INK, LINE, (2.0, 1.5))
            drawn = replace(drawn, marks=(*drawn.marks, mark))
        wide = max(wide, shift + line.width + (9.0 if index < len(lines) - 1 else 0.0), shift + line.tail)
        y += line.bottom - line.top + _BETWEEN
    if wide < width:
        drawn = drawn.moved((width - wide) / 2, 0.0)
    cards = _card_rows(sheet, sheet.told, max(width, wide))
    whole = drawn.plus(cards.moved(0.0, y - 4.0))
    return replace(whole, width=max(width, wide), height=y - 4.0 + cards.height)


def _broken(pieces: MapPieces, elements: Sequence, width: float) -> list[Fragment]:
    """Lines that are about equally long, broken between elements."""
    parts = [pieces.row((one,)) for one in elements]
    total = chained(parts, pieces.gap)
    room = width - 20.0
    if max(total.width, total.tail) - min(0.0, total.lead) <= width - 1:
        return [total]
    # How many lines it takes at least; with that many, lines are filled evenly, so that the last one is not a stub.
    count = int(total.width // room) + 1
    lines: list[list[Fragment]] = [[]]
    for part in parts:
        tried = chained([*lines[-1], part], pieces.gap)
        if lines[-1] and max(tried.width, tried.tail) > (
            room if len(lines) >= count else max(room * 0.86, total.width / count)
        ):
            if max(tried.width, tried.tail) <= room and len(lines[-1]) and len(lines) >= count:
                lines[-1].append(part)
                continue
            lines.append([part])
        else:
            lines[-1].append(part)
    return [chained(line, pieces.gap) for line in lines]


def _card_rows(sheet: Sheet, levels: Sequence[LevelCosts], width: float) -> Diagram:
    """Cards beside each other, in rows."""
    if not sheet.costs or not levels:
        return Diagram(width=width)
    columns = max(1, min(len(levels), int((width + _CARD_GAP) // (_CARD - 22 + _CARD_GAP))))
    rows = -(-len(levels) // columns)
    columns = -(-len(levels) // rows)
    own = min(150.0, (width - 1 - _CARD_GAP * (columns - 1)) / columns)
    cards = [sheet.known.card(level, own, f"level {sheet.levels.index(level)}") for level in levels]
    boxes, y = [], 0.0
    left = (width - columns * own - (columns - 1) * _CARD_GAP) / 2
    for row in range(rows):
        line = cards[row * columns : (row + 1) * columns]
        boxes += [card.at(left + column * (own + _CARD_GAP), y) for column, card in enumerate(line)]
        y += max(card.height for card in line) + 7.0
    return Diagram(tuple(boxes), width=width, height=y - 7.0)


# as a U


def _stretches(sheet: Sheet, scene: MapScene, scale: MapScale) -> list[RowStretch]:
    pieces = MapPieces(sheet.known, scale, scale.gap - 1.0, _from_above(scene), _downwards(scene))
    found = [pieces.row(row.inner) for row in scene.rows]
    return _walked(sheet.known.facts, scene, found, sheet.gutter)


def _u(sheet: Sheet, scene: MapScene, scale: MapScale) -> Diagram:
    """Every stretch to the right of the one before: below it on the way down, above it on the way up."""
    facts, levels, width = sheet.known.facts, sheet.levels, sheet.width
    gutter = sheet.gutter
    stretches = _stretches(sheet, scene, scale)
    # Cards come first, for a row is as high as its card where its maps are small.
    cards = [sheet.known.card(level, max(46.0, gutter - 14), f"level {index}") for index, level in enumerate(levels)]
    count = max(one.row for one in stretches) + 1
    tops, bottoms, y = [], [], 0.0
    axes = []
    for row in range(count):
        own = [one.piece for one in stretches if one.row == row]
        up, down = max((-one.top for one in own), default=0.0), max((one.bottom for one in own), default=0.0)
        card = cards[row].height if gutter and row < len(cards) else 0.0
        high = max(up + down, card) + 2 * _PAD
        tops.append(y)
        bottoms.append(y + high)
        axes.append(y + (high - up - down) / 2 + up)
        y += high + _BETWEEN - 5.0
    end = max(max(one.x + one.piece.width, one.x + one.piece.tail) for one in stretches) + _PAD
    wide = max(width, end + 0.5)
    drawn = Diagram(clusters=tuple(_bands(tops, bottoms, wide)))
    shift = (wide - end) / 2 if not gutter else (wide - end) * 0.5
    stretches = [replace(one, x=one.x + shift) for one in stretches]
    for one in stretches:
        drawn = drawn.plus(one.piece.moved(one.x).drawn.moved(0.0, axes[one.row]))
    boxes = {box.name: box for box in drawn.boxes}
    framed = (part for cluster in drawn.clusters for part in cluster.parts)
    texts = [mark for mark in (*drawn.marks, *framed) if isinstance(mark, Text)]
    edges = [*ways(stretches, boxes, texts, axes), *_copies(facts, scene.skips, stretches, boxes, axes)]
    drawn = replace(drawn, edges=(*drawn.edges, *edges))
    height = bottoms[-1]
    if gutter:
        for index, card in enumerate(cards[:count]):
            middle = (tops[index] + bottoms[index]) / 2
            drawn = replace(drawn, boxes=(*drawn.boxes, card.at(_PAD + 1, middle - card.height / 2)))
        if levels[count:]:
            rest = _card_rows(sheet, levels[count:], wide)
            drawn = drawn.plus(rest.moved(0.0, height + 8.0))
            height += 8.0 + rest.height
    return replace(drawn, width=wide, height=height)


def _from_above(scene: MapScene) -> frozenset[FeatureMap]:
    """Maps that a line reaches or leaves above."""
    found = []
    for before, after in pairwise(scene.rows):
        down = after.row > before.row
        ends = list(maps_of(after.inner if down else before.inner))
        found.append(ends[0 if down else -1])
    return frozenset(found)


def _downwards(scene: MapScene) -> frozenset[FeatureMap]:
    """Maps that a line to the row below leaves."""
    return frozenset(
        list(maps_of(before.inner))[-1] for before, after in pairwise(scene.rows) if after.row > before.row
    )


def _walked(facts: Facts, scene: MapScene, pieces: Sequence[Fragment], gutter: float) -> list[RowStretch]:
    found: list[RowStretch] = []
    ends: dict[int, float] = {}
    for index, (row, piece) in enumerate(zip(scene.rows, pieces, strict=True)):
        lead = max(0.0, -piece.lead)
        if not found:
            x = gutter + _PAD + lead
        else:
            before = found[-1]
            x = below_the_last(before, piece, down=row.row > before.row)
            skip = next((one for one in scene.skips if one.target == index), None)
            # A skip runs between the two halves of its row: they stand apart as far as its label is wide.
            need = 14.0 if skip is None else 24.0 + _label(facts, skip.values).width
            if row.row in ends:
                x = max(x, ends[row.row] + need)
        found.append(RowStretch(row.row, piece, x))
        ends[row.row] = max(ends.get(row.row, 0.0), x + max(piece.width, piece.tail))
    return found


def _bands(tops: Sequence[float], bottoms: Sequence[float], width: float) -> Iterator[Cluster]:
    """A band behind every row, which ties its maps to its card."""
    for index, (top, bottom) in enumerate(zip(tops, bottoms, strict=True)):
        rect = Rect(0.0, top, width, bottom - top, PANEL, "none", 0.0, 4.0)
        yield Cluster(f"row {index}", Extent(0.0, top, width, bottom), frames=(rect,))


def _copies(
    facts: Facts,
    skips: Sequence[MapSkip],
    stretches: Sequence[RowStretch],
    boxes: dict[str, Box],
    axes: Sequence[float],
) -> Iterator[Edge]:
    """A dashed line straight across a row, with what it carries."""
    for skip in skips:
        source, target = stretches[skip.source], stretches[skip.target]
        first = source.x + source.piece.width
        one, other = boxes[source.piece.last], boxes[target.piece.first]
        start, end, y = (
            max(one.extent.right, first if source.piece.right < source.piece.width else 0.0),
            other.x,
            axes[source.row],
        )
        text = _label(facts, skip.values)
        label = (text.centered((start + end) / 2).moved(0.0, y + 2.5),) if end - start > text.width + 14 else ()
        path = Path(((start, y), (end, y)), SKIP, LINE, (3.0, 2.0), arrow=True)
        yield Edge(one.name, other.name, path, label, "dashed")


def _label(facts: Facts, values: Sequence[Value]) -> Text:
    """``copy 2C``; of several, how many carry so much each."""
    sizes = [facts.size(value.type.channels) if value.type.has("c") else 1 for value in values]
    parts: list[Line] = []
    for one in dict.fromkeys(map(str, sizes)):
        count = sum(str(size) == one for size in sizes)
        value = next(size for size in sizes if str(size) == one)
        times = words(f"{count} ×", SIZES.small) if count > 1 else ()
        parts.append(line_of(times, math(value, SIZES.small), gap=2.0))
    told = line_of(words("copy", SIZES.small), *_with_commas(parts), gap=3.0)
    return Text(told, color=MUTED, backdrop=PANEL)


def _with_commas(parts: Sequence[Line]) -> Iterator[Line]:
    for index, part in enumerate(parts):
        yield line_of(part, words(",", SIZES.small)) if index < len(parts) - 1 else part
