"""From the tree of an outline to maps in a row, decks and ways past them: names decide nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from archgraph.figures.content.labels import count_label
from archgraph.figures.content.mathtext import line_of, words
from archgraph.figures.drawing.diagram import Line
from archgraph.figures.drawing.style import SIZES
from archgraph.figures.facts.facts import Facts
from archgraph.figures.facts.naming import means
from archgraph.figures.maps.exchange import crossing, stream_rows, undrawn
from archgraph.figures.maps.feature_map import (
    FeatureMap,
    LaneOrigin,
    MapBlock,
    MapDeck,
    MapElement,
    MapLanes,
    MapLoose,
    Share,
    WayPast,
    maps_of,
)
from archgraph.figures.maps.in_a_line import is_in_lines, with_loose
from archgraph.figures.maps.map_kinds import COPIED, MapKinds
from archgraph.figures.maps.map_reads import MapReads
from archgraph.graph.ir import Repeat, Value
from archgraph.outline.forms.form import (
    Gate,
    Leaf,
    Nest,
    OutlinePart,
    Parallel,
    Prime,
    Residual,
    Series,
    Times,
    U,
    leaves_of,
)
from archgraph.outline.forms.network_outline import NetworkOutline
from archgraph.outline.items import Item
from archgraph.outline.mixing import learned_of
from archgraph.outline.wording import block_name, bracketed, phrase_in_full

_FEW_WORDS, _FEW_MAPS, _FEW_PLACES = 26, 8, 8
Inside = Callable[[NetworkOutline, Leaf], NetworkOutline | None]


class TreeOfMaps:
    """Makes elements of forms, and remembers which map every value lies in.

    Args:
        facts: the network.
        depth: how many levels of blocks are opened.
        inside: the outline of what a block holds, as `NetworkOutline.inside`, which remembers it over several trees.
        brief: whether what puts maps together is left out.
    """

    def __init__(self, facts: Facts, depth: int, inside: Inside, *, brief: bool = False) -> None:
        self.facts = facts
        self.depth = depth
        self.inside = inside
        self.brief = brief
        self._fresh: frozenset[FeatureMap] = frozenset()
        self.notes: list[str] = []
        self.kinds: MapKinds = MapKinds(facts.number, learned_of(facts.network))
        self._map_of: dict[Value, FeatureMap] = {}
        self._carried: set[Value] = set()
        self._waiting: tuple[str, ...] = ()

    def elements(self, outline: NetworkOutline, form: OutlinePart, level: int = 0) -> tuple[MapElement, ...]:
        """Return what a form of an outline is drawn as."""
        found: list[MapElement] = []
        for part in form.steps if isinstance(form, Series) else (form,):
            for element in self._part(outline, part, level):
                self.append(found, element)
        return tuple(found)

    def append(self, found: list[MapElement], element: MapElement) -> None:
        """A concatenation takes the place of the map before it where that is one of its operands."""
        before = found[-1] if found else None
        if isinstance(before, FeatureMap) and isinstance(element, FeatureMap) and self._merge(before, element):
            # What was just computed is drawn as a part of the block it is joined into: two maps side by side would show
            # it twice.
            merged = replace(element, items=(*before.items, *element.items))
            found[-1] = merged
            self._moved(element, merged)
        else:
            apart = isinstance(before, MapLanes) and not before.joins
            found.append(MapLoose((element,)) if apart else element)

    def _merge(self, before: FeatureMap, element: FeatureMap) -> bool:
        """Whether a map is drawn as a share of the next."""
        return bool(element.shares) and not before.shares and not before.count and self._is_operand(before, element)

    def _is_operand(self, before: FeatureMap, element: FeatureMap) -> bool:
        operands = [self._map_of.get(value) for value in element.items[-1].inputs]
        return before in operands and before.kind != "input"

    def _moved(self, old: FeatureMap, new: FeatureMap) -> None:
        self._map_of = {value: new if one is old else one for value, one in self._map_of.items()}

    def _part(self, outline: NetworkOutline, form: OutlinePart, level: int) -> tuple[MapElement, ...]:
        if isinstance(form, Leaf):
            return self._leaf(outline, form, level)
        if isinstance(form, Times):
            return self._times(outline, form, level)
        if isinstance(form, Nest):
            return self._nest(outline, form, level)
        if isinstance(form, Parallel):
            return self._parallel(outline, form, level)
        if isinstance(form, U):
            return self._u_in_a_row(outline, form, level)
        if isinstance(form, Prime):
            return self._prime(outline, form, level)
        if len(form.parts) > 1:
            return self._lanes(outline, form.parts, level)
        return tuple(one for part in form.parts for one in self.elements(outline, part, level))

    def _u_in_a_row(self, outline: NetworkOutline, form: U, level: int) -> tuple[MapElement, ...]:
        """Rows one after another; what is copied goes past all between."""
        inner = self.elements(outline, form.bottom, level)
        for row in reversed(form.rows):
            down = self.elements(outline, row.encoder, level)
            count = len(row.skips)
            past = (WayPast(inner, f"{count} × copy" if count > 1 else "copy"),) if inner and count else inner
            inner = (*down, *past, *self.elements(outline, row.decoder, level))
        return inner

    def _note(self, text: str) -> None:
        if text not in self.notes:
            self.notes.append(text)

    def _times(self, outline: NetworkOutline, form: Times, level: int) -> tuple[MapElement, ...]:
        each = [self.elements(outline, part, level) for part in form.each]
        if not each[0]:
            return ()
        found = self._repeated(each[0], _times_line(form.count), next(leaves_of(form)).name, "")
        # What joins at the end of each part joins in the stack, and not in what comes next.
        return self._joined(found, ()) if level == 0 else found

    def _repeated(self, inner: tuple[MapElement, ...], count: Line, name: str, title: str) -> tuple[MapElement, ...]:
        """A deck, or one map that is drawn as a deck."""
        only = inner[0] if len(inner) == 1 else None
        # A single map with a stack behind it says the same as a frame around it, in less room.
        if isinstance(only, FeatureMap) and not only.count:
            stacked = replace(only, count=count)
            self._moved(only, stacked)
            return (stacked,)
        return (MapDeck(f"{name} ×", inner, title, count),)

    def _prime(self, outline: NetworkOutline, form: Prime, level: int) -> tuple[MapElement, ...]:
        """One after another, with arrows only where one reads the other."""
        self._note(f"forks among {len(form.inside)} parts with {len(form.links)} links")
        found: list[MapElement] = []
        for part, loose in with_loose(form, self._writes_any):
            elements = self.elements(outline, part, level)
            found += (MapLoose(elements),) if loose and elements else elements
        return tuple(found)

    def _nest(self, outline: NetworkOutline, form: Nest, level: int) -> tuple[MapElement, ...]:
        found = [one for stage in form.stages for one in self.elements(outline, stage, level)]
        self._note(f"the ways of {len(form.ways)} stages to one end")
        return (*found, *(self._leaf(outline, form.join, level) if form.join is not None else ()))

    def _parallel(self, outline: NetworkOutline, form: Parallel, level: int) -> tuple[MapElement, ...]:
        branches = [self.elements(outline, part, level) for part in form.branches]
        # The ends of the branches are new at the join; everything else that it takes was copied from further back.
        self._fresh = frozenset(last for branch in branches for last in list(maps_of(branch))[-1:])
        join = self._leaf(outline, form.join, level) if form.join is not None else ()
        drawn = [(part, branch) for part, branch in zip(form.branches, branches, strict=True) if branch]
        # One branch without a map is the identity: an arrow past the others says that, a lane would be empty.
        if type(form) is Parallel or len(drawn) != len(branches) - 1:
            short = self._shortcut(form, drawn)
            if short is not None:
                return (WayPast(short[1], short[0]), *join)
            lanes = tuple(branch for _, branch in drawn)
            if len(lanes) < 2:
                return (*(lanes[0] if lanes else ()), *join)
            origins = self._origins(form, [part for part, _ in drawn], level)
            return (MapLanes(lanes, origins, "add" if isinstance(form, Residual) else ""), *join)
        body = next(iter(drawn))[1] if len(drawn) == 1 else ()
        if len(drawn) > 1:
            body = (MapLanes(tuple(branch for _, branch in drawn), ("axis",) * len(drawn)),)
        word = "" if isinstance(form, Residual) else "gate" if isinstance(form, Gate) else "copy"
        if isinstance(form, Gate) and self._is_light_gate(form):
            return (*body, *join)
        return (*((WayPast(body, word),) if body else ()), *join)

    def _is_light_gate(self, form: Gate) -> bool:
        return all(leaf.item is None or leaf.item.light for leaf in leaves_of(form))

    def _shortcut(self, form: Parallel, drawn: Sequence[tuple[OutlinePart, tuple[MapElement, ...]]]):
        """A shortcut of one layer: what it is in words, and the body."""
        if not isinstance(form, Residual) or len(drawn) != 2:
            return None
        sized = sorted(drawn, key=lambda pair: sum(1 for _ in maps_of(pair[1])))
        # A shortcut of several layers is a branch like any other, and is drawn as one.
        if sum(1 for _ in maps_of(sized[0][1])) > 1:
            return None
        items = [leaf.item for leaf in leaves_of(sized[0][0]) if leaf.item is not None]
        heavy = [item for item in items if not item.light]
        text = phrase_in_full(heavy or items, self.facts.brief)
        return (text if len(text) < _FEW_WORDS else "projection"), sized[1][1]

    def _lanes(self, outline: NetworkOutline, parts: Sequence[OutlinePart], level: int) -> tuple[MapElement, ...]:
        drawn = [(part, lane) for part in parts if (lane := self.elements(outline, part, level))]
        if len(drawn) < 2:
            return drawn[0][1] if drawn else ()
        lanes, after = [lane for _, lane in drawn], ()
        if readers := crossing([part for part, _ in drawn]):
            ends = [index for index, lane in enumerate(lanes) if _is_written_by(lane[-1], readers[0])]
            if len(readers) > 1 or not ends or len(lanes[ends[0]]) < 2:
                return self._streams(outline, [part for part, _ in drawn], lanes)
            # What reads several lanes stands behind them.
            after = lanes[ends[0]][-1:]
            lanes[ends[0]] = lanes[ends[0]][:-1]
        firsts = [next(leaves_of(part)) for part, _ in drawn]
        origins: list[LaneOrigin] = [self._origin(leaf, level) if leaf.item is None else "itself" for leaf in firsts]
        return (MapLanes(tuple(lanes), tuple(origins)), *after)

    def _streams(
        self, outline: NetworkOutline, parts: Sequence[OutlinePart], lanes: Sequence[tuple[MapElement, ...]]
    ) -> tuple[MapElement, ...]:
        """Streams that exchange values again and again: lines only from maps to those that read them."""
        reads = MapReads(outline.flow, self._map_of)
        found = stream_rows(parts, lanes, reads.of)
        if undrawn(parts, found, reads.of):
            self._note(f"what {len(found.lanes)} streams exchange{' at their ends' if found.links else ''}")
        return (found,)

    def _origins(self, form: Parallel, drawn: Sequence[OutlinePart], level: int) -> tuple[LaneOrigin, ...]:
        """Where the lanes of a form come from; beside an input of the network no lane comes from what is before."""
        if level == 0 and any(isinstance(leaf, Leaf) and leaf.item is None for leaf in _firsts(form)):
            return ("itself",) * len(drawn)
        return tuple(self._origin(next(leaves_of(part)), level) for part in drawn)

    def _origin(self, leaf: Leaf, level: int) -> LaneOrigin:
        if leaf.item is not None or leaf.value is None:
            return "axis"
        return "itself" if level == 0 else "axis" if leaf.value in self._carried else "elsewhere"

    def _leaf(self, outline: NetworkOutline, leaf: Leaf, level: int) -> tuple[MapElement, ...]:
        if leaf.item is None:
            return self._input(leaf) if level == 0 and leaf.value is not None else ()
        item = leaf.item
        if any(means(name, item) for name in self.facts.options.hide):
            self.facts.author.met.update(name for name in self.facts.options.hide if means(name, item))
            return self._handed_on(item, ())
        if isinstance(item.member, Repeat) and self.facts.number(item.member.count) == 0:
            return self._handed_on(item, ())
        found = self._written(outline, leaf, item, level)
        return self._joined(found, self._conditions(outline, leaf)) if level == 0 else found

    def _written(self, outline: NetworkOutline, leaf: Leaf, item: Item, level: int) -> tuple[MapElement, ...]:
        """What a member is drawn as: opened, as a map, or as nothing."""
        inside = self.inside(outline, leaf) if level < self.depth else None
        # Of a block whose inside is no line, an arrow from map to map would say what is not so: it stays closed.
        told = inside is not None and is_in_lines(inside.tree, self._writes_any)
        if inside is not None and told and (found := self._opened(inside, item, level)):
            return found
        kind = self.kinds.of(item.member)
        if self.brief and kind == "concatenation":
            self._note("concatenations")
            return self._handed_on(item, ())
        return self._handed_on(item, (self._map(item, kind),) if kind else ())

    def _opened(self, inside: NetworkOutline, item: Item, level: int) -> tuple[MapElement, ...]:
        repeat = item.member
        assert isinstance(repeat, Repeat)
        carried = 1 if repeat.once else len(repeat.outputs)
        main = self._map_of.get(repeat.inputs[0])
        for index, (own, outer) in enumerate(zip(repeat.body.inputs, repeat.inputs, strict=True)):
            # Inside of a block its operands have other names, and lie in the same maps.
            if outer in self._map_of:
                self._map_of[own] = self._map_of[outer]
            if index < carried or outer == repeat.inputs[0] or (main is not None and self._map_of.get(outer) is main):
                self._carried.add(own)
        found = self.elements(inside, inside.tree, level + 1)
        drawn = list(maps_of(found))
        if drawn:
            self._map_of.update(dict.fromkeys(item.outputs, drawn[-1]))
        if not found:
            return found
        self._undrawn(inside, item)
        count = self._count(repeat)
        if not count:
            return found
        return self._repeated(found, count, item.path, self.facts.author.label([item]) or bracketed(block_name(repeat)))

    def _joined(self, found: tuple[MapElement, ...], conditions: tuple[str, ...]) -> tuple[MapElement, ...]:
        """What a member writes, with what conditions it, or conditioned the ones before it that write nothing."""
        self._waiting = tuple(dict.fromkeys((*self._waiting, *conditions)))
        if not found or not self._waiting:
            return found
        joining, self._waiting = self._waiting, ()
        first, *others = found
        if isinstance(first, MapDeck):
            return (replace(first, conditions=joining), *others)
        # A block of many maps may have to be broken into lines.
        return (MapBlock(found, joining),) if len(list(maps_of(found))) <= _FEW_MAPS else found

    def _count(self, repeat: Repeat) -> Line:
        """How often it is applied, nothing for once at the drawn sizes."""
        return () if repeat.once or self.facts.number(repeat.count) == 1 else count_label(self.facts, repeat)

    def _conditions(self, outline: NetworkOutline, leaf: Leaf) -> tuple[str, ...]:
        """The inputs beside the main line that join at a place, as long as they are not hidden and places are few."""
        sides = [side for side in outline.sides if leaf in side.touches and len(side.touches) <= _FEW_PLACES]
        names = (one.name for side in sides for one in leaves_of(side.part) if one.item is None)
        return tuple(name for name in dict.fromkeys(names) if name not in self.facts.options.hide)

    def _undrawn(self, inside: NetworkOutline, item: Item) -> None:
        """Say what an open block computes beside its main line."""
        name = block_name(item.member) if isinstance(item.member, Repeat) else item.path
        for sides, what in ((inside.exits, "further results of"), (inside.sides, "what conditions")):
            if any(self._writes(leaf) for side in sides for leaf in leaves_of(side.part)):
                self._note(f"{what} {name}")

    def _writes_any(self, form: OutlinePart) -> bool:
        return any(map(self._writes, leaves_of(form)))

    def _writes(self, leaf: Leaf) -> bool:
        return leaf.item is not None and bool(self.kinds.of(leaf.item.member))

    def _handed_on(self, item: Item, found: tuple[FeatureMap, ...]) -> tuple[FeatureMap, ...]:
        """Remember in which map the results of an item lie: in that of its operand where it writes none."""
        if found:
            self._map_of.update(dict.fromkeys(item.outputs, found[-1]))
        elif item.inputs and item.inputs[0] in self._map_of:
            self._map_of.update(dict.fromkeys(item.outputs, self._map_of[item.inputs[0]]))
        return found

    def _input(self, leaf: Leaf) -> tuple[FeatureMap, ...]:
        assert leaf.value is not None
        if leaf.value.name in self.facts.options.hide:
            self.facts.author.met.add(leaf.value.name)
            return ()
        found = FeatureMap(leaf.name, (), leaf.value, "input", *self.size(leaf.value))
        self._map_of[leaf.value] = found
        return (found,)

    def _map(self, item: Item, kind: str) -> FeatureMap:
        value, member = item.outputs[0], item.member
        shares = self._shares(item) if kind == "concatenation" else ()
        count = self._count(member) if isinstance(member, Repeat) else ()
        return FeatureMap(item.path, (item,), value, kind, *self.size(value), shares, count)

    def _shares(self, item: Item) -> tuple[Share, ...]:
        """The operands of what puts channels together; positions that are put together are one map."""
        if isinstance(item.member, Repeat):
            return ()
        whole = item.outputs[0].type
        if not all(value.type.has("c") and value.type.positions == whole.positions for value in item.inputs):
            return ()
        channels = [self.facts.number(value.type.channels) for value in item.inputs]
        # Shares must add up to the map that is drawn, or its widths would lie.
        if sum(channels) != self.size(item.outputs[0])[1]:
            return ()
        maps = [self._map_of.get(value) for value in item.inputs]
        latest = max((one for one in maps if one is not None), key=self._age, default=None)
        fresh, self._fresh = self._fresh | {latest}, frozenset()
        kinds = [COPIED if one is None or one not in fresh else one.kind for one in maps]
        return tuple(map(Share, channels, kinds))

    def _age(self, one: FeatureMap) -> int:
        return [*dict.fromkeys(self._map_of.values())].index(one)

    def size(self, value: Value) -> tuple[float, int]:
        """Positions along a side, counted as those of the main input are; and channels."""
        entry = self.facts.input
        rank = len(entry.type.positions) if entry is not None else 1
        area = self.facts.number(value.type.area) if value.type.positions else 0
        channels = self.facts.number(value.type.channels) if value.type.has("c") else 0
        # The side of a cube with as many positions: tokens in a row stand as high as the image they were cut from.
        return float(area) ** (1 / max(1, rank)), channels


def _is_written_by(element: MapElement, leaf: Leaf) -> bool:
    return isinstance(element, FeatureMap) and leaf.item in element.items


def _firsts(form: Parallel) -> list[OutlinePart]:
    return [leaf for branch in form.branches for leaf in list(leaves_of(branch))[:1]]


def _times_line(count: int) -> Line:
    return line_of(words("×", SIZES.title), words(str(count), SIZES.title, "serif"), gap=1.5)
