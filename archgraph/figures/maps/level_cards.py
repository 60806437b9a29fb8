"""What every resolution of a network costs: cards with exact or shortened laws, shares as bars, and the field."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from archgraph.errors import counted
from archgraph.figures.content.law_lines import alive, law
from archgraph.figures.content.mathtext import line_of, shape, words
from archgraph.figures.content.wrapping import fitted
from archgraph.figures.drawing.diagram import MUTED, Box, BoxPart, Line, Live, Rect, Text, line_width
from archgraph.figures.drawing.style import SIZES
from archgraph.figures.facts.facts import Facts
from archgraph.figures.maps.scene import level_key, rows_of_leaves
from archgraph.graph.ir import Repeat, Value
from archgraph.outline.forms.form import Leaf, OutlinePart, leaves_of
from archgraph.outline.forms.network_outline import NetworkOutline
from archgraph.outline.items import Item

_BARS = {"params": "#123c69", "macs": "#8a8a8a"}
_ROW, _BAR, _BAR_GAP = 9.6, 2.4, 3.4


@dataclass(frozen=True, eq=False)
class LevelCosts:
    """What is computed at one resolution, or beside all of them.

    Attributes:
        value: one that has this resolution; None where a word says what it is.
        items: what is computed there.
        word: what it is called where it has no resolution.
        down: how many of the items come before all lower levels.
    """

    value: Value | None
    items: tuple[Item, ...]
    word: str = ""
    down: int = 0


def levels_of(facts: Facts, outline: NetworkOutline, *, right: bool = False) -> list[LevelCosts]:
    """Every item of a network in one level: of the tree, of what leaves it, of what joins it, and of tables."""
    found: dict[object, tuple[Value, list[Item]]] = {}
    place: dict[Leaf, object] = {}
    down: dict[object, int] = {}
    rows = {} if right else rows_of_leaves(facts, outline.tree)
    for leaf, parts in _placed(facts, outline, rows):
        for key, value, item in parts:
            if key not in found:
                down.update({one: len(items) for one, (_, items) in found.items() if one not in down})
            known, items = found.setdefault(key, (value, []))
            # A row of a U may begin with an input that its first layer makes coarser: what is computed there counts.
            if item is not None and not items and _is_coarser(facts, value, known):
                found[key] = (value, items)
            place[leaf] = key
            if item is not None:
                found[key][1].append(item)
    for exit_ in outline.exits:
        key = next((place[leaf] for leaf in exit_.touches if leaf in place), next(iter(found), None))
        if key is not None:
            found[key][1].extend(_items(exit_.part))
    split = bool(rows)
    levels = [
        LevelCosts(value, tuple(items), "", down.get(key, 0) if split else 0)
        for key, (value, items) in sorted(found.items(), key=lambda pair: not pair[1][0].type.positions)
        if items
    ]
    beside = tuple(item for side in outline.sides for item in _items(side.part))
    tables = tuple(leaf.item for leaf in outline.constants if leaf.item is not None)
    found_tables = [LevelCosts(None, tables, "Tables, of no input")] if costs_of_level(facts, tables) else []
    return [*levels, *([LevelCosts(None, beside, _beside(outline))] if outline.sides else []), *found_tables]


def _beside(outline: NetworkOutline) -> str:
    """What joins the main line, and in how many places."""
    names = [leaf.name for side in outline.sides for leaf in leaves_of(side.part) if leaf.item is None]
    places = len({leaf for side in outline.sides for leaf in side.touches})
    return f"{', '.join(names) or 'Beside'}: into {counted(places, 'place')}"


def _is_coarser(facts: Facts, value: Value, than: Value) -> bool:
    """Whether a value has at most half as many positions: borders alone do not count."""
    return bool(value.type.positions) and 2 * facts.number(value.type.area) <= facts.number(than.type.area)


def costs_of_level(facts: Facts, items: Sequence[Item]) -> bool:
    """Whether items have parameters or products."""
    return bool(items) and (facts.params(items) != 0 or facts.macs(items) != 0)


def _items(part: OutlinePart) -> Iterator[Item]:
    return (leaf.item for leaf in leaves_of(part) if leaf.item is not None)


_Part = tuple[object, Value, Item | None]


def _placed(facts: Facts, outline: NetworkOutline, rows: Mapping[Leaf, int]) -> Iterator[tuple[Leaf, Iterable[_Part]]]:
    """The leaves of the tree, with what tells their level: the row of a U, else the resolutions of their results."""
    for leaf in leaves_of(outline.tree):
        value = leaf.value if leaf.item is None else leaf.item.outputs[0]
        if value is None:
            continue
        if leaf.item is None or leaf in rows:
            yield leaf, [(rows.get(leaf, level_key(facts, value)), value, leaf.item)]
        else:
            yield leaf, _at_levels(facts, leaf.item)


def _at_levels(facts: Facts, item: Item) -> Iterator[_Part]:
    """An item, or what it is made of where that is computed at several resolutions."""
    member, own = item.member, level_key(facts, item.outputs[0])
    inner = member.body.nodes if isinstance(member, Repeat) and member.once and not item.unread else ()
    if all(level_key(facts, value) == own for node in inner for value in node.outputs if value.type.positions):
        yield own, item.outputs[0], item
        return
    for node in inner:
        yield from _at_levels(facts, Item(f"{item.path}.{node.name}", node, node.inputs, node.outputs))


def level_card(facts: Facts, level: LevelCosts, width: float, name: str) -> Box:
    """A card: the resolution, θ and MACs as laws with bars as long as their share of the whole, and the field."""
    parts: list[BoxPart] = []
    y = 7.6
    for line, color in _heading(facts, level, width):
        parts.append(Text(line, 0.0, y, color))
        y += _ROW
    laws = []
    for metric, bar in _BARS.items():
        if metric not in facts.options.show:
            continue
        expression = facts.params(level.items) if metric == "params" else facts.macs(level.items)
        laws.append((metric, expression))
        share = facts.value(expression) / (facts.value(facts.total(metric)) or 1.0)
        of = (expression, facts.total(metric))
        said = alive(words(_percent(share), SIZES.small), facts, "part", *of)
        percent = Text(said, color=MUTED).ending(width).moved(0.0, y)
        parts += [Text(law(facts, metric, expression, width - percent.width - 6, SIZES.small), 0.0, y), percent]
        parts.append(
            Rect(
                0.0,
                y + _BAR_GAP - 0.6,
                max(0.5, min(1.0, share) * width),
                _BAR,
                bar,
                "none",
                live=Live("length", of, facts.place, width),
            )
        )
        y += _ROW + _BAR_GAP
    return Box(name, width, y - _ROW + 4.4, tuple(parts), kind="panel", laws=tuple(laws))


def _heading(facts: Facts, level: LevelCosts, width: float) -> Iterator[tuple[Line, str]]:
    if level.value is None or not level.value.type.positions:
        yield words(level.word or "No positions", SIZES.small, "bold"), MUTED
        return
    sizes = [facts.size(length) for axis, length in level.value.type.axes if axis != "c"]
    numbers = [facts.number(length) for axis, length in level.value.type.axes if axis != "c"]
    line = shape(sizes, SIZES.body)
    told = words("×".join(map(str, numbers)), SIZES.small)
    both = line_of(line, told, gap=6.0)
    if "×".join(map(str, numbers)) == "×".join(map(str, sizes)):
        both = line
    yield fitted(both if line_width(both) <= width else line if line_width(line) <= width else told, width), "#1a1a1a"
    reach = field_of(facts, level)
    if reach and "field" in facts.options.show:
        forms = [words(text, SIZES.small) for text in (f"field {reach}", reach, reach.removesuffix(f" {facts.unit}"))]
        yield next((line for line in forms if line_width(line) <= width), fitted(forms[-1], width)), MUTED


def field_of(facts: Facts, level: LevelCosts) -> str:
    """How far the results of a level reach in the input: where the way down leaves it, and where it ends."""
    fields = [_last_field(facts, items) for items in (level.items[: level.down], level.items)]
    return " → ".join(dict.fromkeys(filter(None, fields))) + f" {facts.unit}" if any(fields) else ""


def _last_field(facts: Facts, items: Sequence[Item]) -> str:
    reaches = (facts.reach(item.path) for item in reversed(items))
    return next((reach.label for reach in reaches if reach is not None), "")


def _percent(share: float) -> str:
    value = 100 * share
    return f"{value:.0f} %" if value >= 9.95 or value == 0 else f"{value:.2g} %" if value >= 0.01 else "< 0.01 %"
