"""The table of axis maps: one row per kind, with its set map, relation, hull, tap power and driver side by side."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, get_args

from archgraph.fields.rules.axis_rule import (
    AxisRule,
    AxisView,
    Digital,
    Driver,
    PowerStep,
    Related,
    SourceDigit,
    Stretch,
    Strides,
    too_many,
    written_out,
)
from archgraph.fields.rules.links import Every, Link
from archgraph.fields.rules.listed_rule import ListedRule
from archgraph.fields.rules.moving_rules import (
    BlocksRule,
    EnlargeRule,
    InterpolatedRule,
    PartsRule,
    PlacedRule,
    ResizedRule,
    TransposedRule,
    WindowRule,
    WithinRule,
    unknown_band,
)
from archgraph.fields.rules.read_tables import (
    AnyTable,
    EveryTable,
    LaterTable,
    ListTable,
    MirrorTable,
    PrefixTable,
    ReadTable,
)
from archgraph.fields.rules.tap_power import everywhere
from archgraph.fields.sets import windows
from archgraph.fields.sets.at_most import at_most
from archgraph.fields.sets.band import EVERYTHING, Band, Unknown
from archgraph.fields.sets.index_sets import every_index
from archgraph.fields.sets.pieces import pieces
from archgraph.fields.sets.readings import HalfLine, Piece, Reading, moving
from archgraph.fields.sets.spread import STAY
from archgraph.fields.sets.terms import Sum, Term, own_index
from archgraph.ops.reach import (
    All,
    Along,
    AnyOf,
    AtMost,
    AxisMap,
    Blocks,
    Causal,
    Digit,
    Digits,
    Enlarge,
    Interpolated,
    Later,
    Listed,
    Mirrored,
    Parts,
    Placed,
    Power,
    Resized,
    Transposed,
    Unflattened,
    Window,
    Within,
)
from archgraph.sizes.symbols import ONE, ZERO


class _All(AxisRule[All]):
    def reading(self, view: AxisView) -> Reading:
        return view.whole

    def relation(self, view: AxisView) -> Related:
        return Every(view.axis, every_index(view.extent))

    def band(self, number: int) -> Stretch:
        return EVERYTHING

    def taps(self, power: Power, view: AxisView) -> PowerStep:
        return everywhere(power, view.extent)

    def driver(self, driver: Driver, value: Strides) -> Driver | None:
        return driver


class _Causal(AxisRule[Causal]):
    def reading(self, view: AxisView) -> Reading:
        ahead = view.evaluate(self.read.ahead)
        if ahead < 0:
            # The first outputs read nothing.
            return written_out(self._table(view), view)
        return HalfLine(own_index(view.driver, view.outputs), windows.shift(ahead), view.whole)

    def relation(self, view: AxisView) -> Related:
        return Link(view.axis, view.driver, self._table(view))

    def _table(self, view: AxisView) -> PrefixTable:
        return PrefixTable(view.extent, view.outputs, view.evaluate(self.read.ahead))

    def band(self, number: int) -> Stretch:
        return Unknown("causal: it grows with the position")

    def taps(self, power: Power, view: AxisView) -> PowerStep:
        return None

    def driver(self, driver: Driver, value: Strides) -> Driver | None:
        return driver


class _Unflattened(AxisRule[Unflattened]):
    """Only the driver changes: a digit of the operand's axis is an axis of the output."""

    def reading(self, view: AxisView) -> Reading:
        return _summed(self._parts(view), view)

    def relation(self, view: AxisView) -> Related:
        return Digital(view.axis, self._parts(view))

    def _parts(self, view: AxisView) -> tuple[SourceDigit, ...]:
        return tuple((name, view.evaluate(stride), 1, view.length(name)) for name, stride in self.read.strides)

    def band(self, number: int) -> Stretch:
        return Band(ONE, ZERO, ZERO)

    def taps(self, power: Power, view: AxisView) -> PowerStep:
        return STAY

    def driver(self, driver: Driver, value: Strides) -> Driver | None:
        # A digit becomes an axis of its own again, but only if the axis is cut where it was put together.
        return next((Driver(name) for name, stride in self.read.strides if value(stride) == driver.digit), None)


class _Digits(AxisRule[Digits]):
    """Sets follow any sum of digits; a hull or a walk has one driver, and here there may be several."""

    def reading(self, view: AxisView) -> Reading:
        return _summed(self._parts(view), view)

    def relation(self, view: AxisView) -> Related:
        return Digital(view.axis, self._parts(view))

    def _parts(self, view: AxisView) -> tuple[SourceDigit, ...]:
        value = view.evaluate
        return tuple((axis, value(scale), value(stride), value(size)) for axis, scale, stride, size in self.read.parts)

    def band(self, number: int) -> Stretch:
        return unknown_band(self.read)

    def taps(self, power: Power, view: AxisView) -> PowerStep:
        return None

    def driver(self, driver: Driver, value: Strides) -> Driver | None:
        return None


class _Digit(AxisRule[Digit]):
    """Only the driver changes: the operand's axis is a digit of the output's, which has no digits of its own."""

    def reading(self, view: AxisView) -> Reading:
        return _summed(self._parts(view), view)

    def relation(self, view: AxisView) -> Related:
        return Digital(view.axis, self._parts(view))

    def _parts(self, view: AxisView) -> tuple[SourceDigit, ...]:
        return ((view.driver, 1, view.evaluate(self.read.stride), view.evaluate(self.read.size)),)

    def band(self, number: int) -> Stretch:
        return Band(ONE, ZERO, ZERO)

    def taps(self, power: Power, view: AxisView) -> PowerStep:
        return STAY

    def driver(self, driver: Driver, value: Strides) -> Driver | None:
        # A digit of a digit would need two strides.
        return None if driver.digit is not None else Driver(driver.axis, value(self.read.stride))


class _Mirrored(AxisRule[Mirrored]):
    """No set map runs backwards: the sets are listed at the bound size, while there are not too many."""

    def reading(self, view: AxisView) -> Reading:
        return at_most(view.whole) if self.doubt(view) else written_out(self._table(view), view)

    def relation(self, view: AxisView) -> Related:
        return Link(view.axis, view.driver, self._table(view))

    def doubt(self, view: AxisView) -> str:
        return "an axis the other way round has too many positions to be listed" if too_many(view) else ""

    def _table(self, view: AxisView) -> MirrorTable:
        return MirrorTable(view.extent, view.outputs, view.evaluate(self.read.last))

    def band(self, number: int) -> Stretch:
        return Unknown("an axis the other way round")

    def taps(self, power: Power, view: AxisView) -> PowerStep:
        return None

    def driver(self, driver: Driver, value: Strides) -> Driver | None:
        return driver


class _Later(AxisRule[Later]):
    """The outputs from one on read what the inner map says."""

    def reading(self, view: AxisView) -> Reading:
        later = Piece(view.evaluate(self.read.start), view.outputs, rule_of(self.read.map).reading(view))
        return pieces(view.driver, view.outputs, [later])

    def relation(self, view: AxisView) -> Related:
        found = rule_of(self.read.map).relation(view)
        bordered = isinstance(found, Link) and found.bordered
        table = LaterTable(_as_table(found, view), view.evaluate(self.read.start))
        return Link(view.axis, view.driver, table, bordered)

    def band(self, number: int) -> Stretch:
        return rule_of(self.read.map).band(number)

    def taps(self, power: Power, view: AxisView) -> PowerStep:
        return None

    def driver(self, driver: Driver, value: Strides) -> Driver | None:
        return rule_of(self.read.map).driver(driver, value)


class _AnyOf(AxisRule[AnyOf]):
    """No set map holds a window that moves beside positions that stand still: the sets are listed at the bound size."""

    def reading(self, view: AxisView) -> Reading:
        if not self._known(view):
            return at_most(view.whole)
        return written_out(self._table(view), view)

    def relation(self, view: AxisView) -> Related:
        if not self._known(view):
            return Every(view.axis, every_index(view.extent), exact=False)
        return Link(view.axis, view.driver, self._table(view))

    def doubt(self, view: AxisView) -> str:
        reasons = (rule_of(part).doubt(view) for part in self.read.maps)
        return "" if self._known(view) else next(filter(None, reasons), "positions of several kinds are read")

    def _related(self, view: AxisView) -> list[Related]:
        return [rule_of(part).relation(view) for part in self.read.maps]

    def _known(self, view: AxisView) -> bool:
        return not any(isinstance(found, Digital) or not found.exact for found in self._related(view))

    def _table(self, view: AxisView) -> AnyTable:
        tables = tuple(_as_table(found, view) for found in self._related(view))
        return AnyTable(tables, view.extent, view.outputs)

    def band(self, number: int) -> Stretch:
        return Unknown("positions of several kinds are read")

    def taps(self, power: Power, view: AxisView) -> PowerStep:
        return None

    def driver(self, driver: Driver, value: Strides) -> Driver | None:
        return driver


def _as_table(found: Related, view: AxisView) -> ReadTable:
    if isinstance(found, Link):
        return found.table
    assert not isinstance(found, Digital)
    if isinstance(found, Every):
        return EveryTable(found.mask, view.extent, view.outputs)
    return ListTable(found.sets, view.extent, view.outputs)


class _AtMost(AxisRule[AtMost]):
    """What is read is not known: all that its inner map says may be."""

    def doubt(self, view: AxisView) -> str:
        return self.read.reason

    def reading(self, view: AxisView) -> Reading:
        return at_most(rule_of(self.read.map).reading(view))

    def relation(self, view: AxisView) -> Related:
        found = rule_of(self.read.map).relation(view)
        return found if isinstance(found, Digital) else replace(found, exact=False)

    def band(self, number: int) -> Stretch:
        found = rule_of(self.read.map).band(number)
        # A law is that of sizes in general; at those where less is read the sets say so.
        if self.read.where not in (None, ONE):
            return found
        return replace(found, reason=found.reason or self.read.reason) if isinstance(found, Band) else found

    def taps(self, power: Power, view: AxisView) -> PowerStep:
        return None

    def driver(self, driver: Driver, value: Strides) -> Driver | None:
        return rule_of(self.read.map).driver(driver, value)


class _Along(AxisRule[Along]):
    """What it says of an axis is what its inner map says, but along another axis of the output."""

    def doubt(self, view: AxisView) -> str:
        return rule_of(self.read.map).doubt(view.along(self.read.axis))

    def reading(self, view: AxisView) -> Reading:
        return rule_of(self.read.map).reading(view.along(self.read.axis))

    def relation(self, view: AxisView) -> Related:
        return rule_of(self.read.map).relation(view.along(self.read.axis))

    def band(self, number: int) -> Stretch:
        return rule_of(self.read.map).band(number)

    def taps(self, power: Power, view: AxisView) -> PowerStep:
        return rule_of(self.read.map).taps(power, view.along(self.read.axis))

    def driver(self, driver: Driver, value: Strides) -> Driver | None:
        # The inner map knows nothing of names: the axis is exchanged before it is asked.
        return rule_of(self.read.map).driver(Driver(self.read.axis, driver.digit), value)


def _summed(parts: tuple[SourceDigit, ...], view: AxisView) -> Reading:
    """Return the reading of a sum of digits; one of no axis takes all its values."""
    terms, reads = [], windows.IDENTITY
    for axis, scale, stride, size in parts:
        if not axis:
            # Positions that became channels are all read, by every output: a window over the digit's values.
            reads = reads.through(windows.window(size, 1, scale))
            continue
        extent = view.length(axis)
        # The topmost digit never carries and goes without a modulus: so that equal sums have one form, and are equal.
        terms.append(Term(axis, extent, scale, 0, stride, None if stride * size >= extent else size))
    return moving(Sum(tuple(terms)), reads)


RULES: Mapping[type, type[AxisRule[Any]]] = {
    Window: WindowRule,
    Transposed: TransposedRule,
    Enlarge: EnlargeRule,
    Blocks: BlocksRule,
    Interpolated: InterpolatedRule,
    Resized: ResizedRule,
    Placed: PlacedRule,
    Parts: PartsRule,
    All: _All,
    Causal: _Causal,
    Unflattened: _Unflattened,
    Digits: _Digits,
    Digit: _Digit,
    Listed: ListedRule,
    Mirrored: _Mirrored,
    Within: WithinRule,
    Later: _Later,
    AnyOf: _AnyOf,
    Along: _Along,
    AtMost: _AtMost,
}


def rule_of(read: AxisMap) -> AxisRule[Any]:
    """Return what an axis map means.

    >>> from sympy import Integer
    >>> from archgraph.ops.reach import Window
    >>> rule_of(Window(kernel=Integer(3), before=ONE)).band(0)
    Band(rate=1, lo=-1, hi=1, phased=False, reason='')
    """
    return RULES[type(read)](read)


def check(rules: Mapping[type, type[AxisRule[Any]]]) -> None:
    """Refuse a table that leaves out a kind of axis map, or a member of one: nothing is forgotten in silence."""
    missing = sorted(kind.__name__ for kind in set(get_args(AxisMap)).symmetric_difference(rules))
    missing += sorted(f"{name} of {kind.__name__}" for kind, rule in rules.items() for name in rule.__abstractmethods__)
    if missing:
        raise TypeError(f"the table of axis maps lacks {', '.join(missing)}")


check(RULES)
