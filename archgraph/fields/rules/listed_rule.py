"""What a list of positions, which is known at one size, means to every analysis."""

from __future__ import annotations

from dataclasses import replace

from archgraph.fields.rules.axis_rule import AxisRule, AxisView, Driver, PowerStep, Related, Stretch, Strides, is_given
from archgraph.fields.rules.links import Every, Lookup
from archgraph.fields.rules.moving_rules import WindowRule
from archgraph.fields.sets.at_most import at_most
from archgraph.fields.sets.band import Unknown
from archgraph.fields.sets.index_sets import every_index
from archgraph.fields.sets.indices import of_bits, of_mask
from archgraph.fields.sets.readings import Reading
from archgraph.fields.sets.rows import listed_sets, stated_rows
from archgraph.fields.sets.terms import Form, Term, own_index, values_of
from archgraph.ops.reach import SAME, Listed, Power


class ListedRule(AxisRule[Listed]):
    """Known at one size: of axes of another length all may be read."""

    def reading(self, view: AxisView) -> Reading:
        if self._is_one(view):
            return replace(view.whole, span=of_mask(self.read.sets.masks[0])) if self.read.sets.masks[0] else None
        if not self._fits(view):
            return at_most(WindowRule(SAME).reading(view) if self.read.own else view.whole)
        return stated_rows(self._form(view), listed_sets(self.read.sets), view.place)

    def relation(self, view: AxisView) -> Related:
        if self._is_one(view):
            return Every(view.axis, of_bits(0, self.read.sets.masks[0]))
        if not self._fits(view):
            own = WindowRule(SAME).relation(view) if self.read.own else Every(view.axis, every_index(view.extent))
            return replace(own, exact=False)
        drivers = tuple((term.axis, term.scale, term.extent) for term in self._form(view))
        return Lookup(view.axis, drivers, self.read.sets)

    def doubt(self, view: AxisView) -> str:
        if self._is_one(view) or self._fits(view):
            return ""
        if view.extent == self.read.sets.extent and not is_given(self.read, view.evaluate):
            return "a list of positions holds at the recorded sizes only"
        return f"a list of positions holds for {self.read.sets} only"

    def _is_one(self, view: AxisView) -> bool:
        return self.read.alike and view.extent == self.read.sets.extent and is_given(self.read, view.evaluate)

    def _form(self, view: AxisView) -> Form:
        if not self.read.over:
            return own_index(view.driver, view.outputs)
        return tuple(Term(axis, size, scale) for axis, scale, size in self.read.over)

    def _fits(self, view: AxisView) -> bool:
        if self.read.alike or not is_given(self.read, view.evaluate):
            return False
        sizes = all(view.length(axis) == size for axis, _, size in self.read.over)
        last = values_of(self._form(view)).stop
        return sizes and (view.extent, last) == (self.read.sets.extent, len(self.read.sets))

    def band(self, number: int) -> Stretch:
        return Unknown("a list of positions")

    def taps(self, power: Power, view: AxisView) -> PowerStep:
        return None

    def driver(self, driver: Driver, value: Strides) -> Driver | None:
        return driver
