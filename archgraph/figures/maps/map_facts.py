"""What is known of maps whatever their scale: asked once for all trials of a drawing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from sympy import Expr

from archgraph.figures.content.boxes import pairs
from archgraph.figures.content.labels import input_name
from archgraph.figures.content.mathtext import math
from archgraph.figures.content.tooltips import tooltip
from archgraph.figures.drawing.box_look import PLAIN_LOOK, BoxLook
from archgraph.figures.drawing.diagram import Box, Line
from archgraph.figures.drawing.style import SIZES, ramp
from archgraph.figures.facts.facts import Facts
from archgraph.figures.maps.feature_map import FeatureMap
from archgraph.figures.maps.level_cards import LevelCosts, level_card
from archgraph.figures.maps.map_kinds import MAP_KINDS

_Fact = TypeVar("_Fact")


@dataclass(frozen=True)
class Told:
    """What a map tells: its colour, tooltip, laws, look and label."""

    fill: str
    hint: str
    laws: tuple[tuple[str, Expr], ...]
    look: BoxLook
    label: str


class MapFacts:
    """Answers on maps, levels and sizes, which it remembers."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self._known: dict[object, object] = {}

    def _once(self, key: object, make: Callable[[], _Fact]) -> _Fact:
        if key not in self._known:
            self._known[key] = make()
        return self._known[key]  # type: ignore[return-value]

    def told(self, one: FeatureMap) -> Told:
        """What a map tells."""
        return self._once((one.name, one.kind, len(one.items)), lambda: self._told(one))

    def _told(self, one: FeatureMap) -> Told:
        facts, items = self.facts, list(one.items)
        if not items:
            label = facts.author.input_label(one.name)
            return Told(MAP_KINDS[one.kind], one.name, (), PLAIN_LOOK, label)
        reach = facts.reach(items[-1].path)
        fill = MAP_KINDS[one.kind]
        if facts.color != "op":
            tint = facts.tint(items, reach)
            fill = "#ffffff" if tint is None else ramp(tint)
        hint, laws = tooltip(facts, items, reach), tuple(pairs(facts, items))
        return Told(fill, hint, laws, facts.author.look(items), facts.author.label(items))

    def input_name(self, one: FeatureMap) -> Line:
        """What an input is called."""
        return self._once(("input", one.name), lambda: input_name(self.facts, one.name))

    def channels(self, one: FeatureMap) -> tuple[str, Line]:
        """The channels of a map, as text to compare and as a line."""
        length = one.value.type.channels
        return self._once(("channels", length), lambda: self._size(length))

    def _size(self, length: Expr) -> tuple[str, Line]:
        shown = self.facts.size(length)
        return str(shown), math(shown, SIZES.body)

    def card(self, level: LevelCosts, width: float, name: str) -> Box:
        """The card of a level."""
        return self._once(("card", name, width), lambda: level_card(self.facts, level, width, name))
