"""The table of axis maps: one row per kind, with its set map, relation, hull, tap power and driver side by side."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

from sympy import Integer, Rational

from archgraph.fields.rules.axis_rule import (
    AxisRule,
    AxisView,
    Digital,
    Driver,
    MovingRule,
    PowerStep,
    Related,
    SourceDigit,
    Stretch,
    Strides,
)
from archgraph.fields.rules.relation import Every, Link, MapTable, PrefixTable
from archgraph.fields.rules.tap_power import everywhere, interpolated, spread
from archgraph.fields.sets import windows
from archgraph.fields.sets.area import full
from archgraph.fields.sets.band import EVERYTHING, Band, Unknown
from archgraph.fields.sets.readings import HalfLine, Reading, moving
from archgraph.fields.sets.setmap import SetMap
from archgraph.fields.sets.spread import STAY
from archgraph.fields.sets.terms import Sum, Term, own_index
from archgraph.ops.reach import (
    All,
    Along,
    AxisMap,
    Blocks,
    Border,
    Causal,
    Digit,
    Digits,
    Enlarge,
    Interpolated,
    Parts,
    Placed,
    Power,
    Resized,
    Transposed,
    Unflattened,
    Window,
)

ONE, ZERO, HALF = Integer(1), Integer(0), Rational(1, 2)


class _Window(MovingRule[Window]):
    """One that stands still, of stride 0, reads the same fixed set for every output: it has no drivers at all."""

    def sets(self, view: AxisView) -> SetMap:
        read = self.read
        return windows.window(*map(view.evaluate, (read.kernel, read.stride, read.dilation, read.before)))

    def border(self) -> Border | None:
        return self.read.border

    def reading(self, view: AxisView) -> Reading:
        if self.read.stride == 0:
            return moving(Sum(()), self.sets(view))
        return super().reading(view)

    def relation(self, view: AxisView) -> Related:
        if self.read.stride != 0:
            return super().relation(view)
        (mask,) = MapTable(self.sets(view), view.extent, 1)
        return Every(view.axis, mask)

    def band(self, number: int) -> Stretch:
        if self.read.stride == 0:
            return _unknown(self.read)
        return Band(self.read.stride, -self.read.before, self.read.dilation * (self.read.kernel - 1) - self.read.before)

    def taps(self, power: Power, view: AxisView) -> PowerStep:
        return None if self.read.stride == 0 else spread(self.sets(view), power)


class _Transposed(MovingRule[Transposed]):
    def sets(self, view: AxisView) -> SetMap:
        read = self.read
        return windows.transposed(*map(view.evaluate, (read.kernel, read.stride, read.dilation, read.before)))

    def border(self) -> Border | None:
        return "drop"

    def band(self, number: int) -> Stretch:
        stride, before = self.read.stride, self.read.before
        # Only whole quotients are taps: the first is rounded up and the last down, each by this much on average over
        # the phases. Dilated taps leave residues out, and are rounded otherwise.
        slack = (stride - 1) / (2 * stride)
        reason = "" if self.read.dilation == 1 or stride == 1 else "a dilated transposed convolution"
        first = (before - self.read.dilation * (self.read.kernel - 1)) / stride + slack
        return Band(ONE / stride, first, before / stride - slack, stride != 1, reason)

    def taps(self, power: Power, view: AxisView) -> PowerStep:
        # A phase sees kernel/stride taps on average. Their weights have one variance, so that a phase with more taps
        # has more power, and it is the mean over the phases that is 1.
        expected = view.evaluate(self.read.stride) / view.evaluate(self.read.kernel)
        return spread(self.sets(view), power, expected)


class _Enlarge(MovingRule[Enlarge]):
    def sets(self, view: AxisView) -> SetMap:
        return windows.enlarge(view.evaluate(self.read.factor))

    def border(self) -> Border | None:
        return "drop"

    def band(self, number: int) -> Stretch:
        # `i // factor` lies below `i / factor`, by this much on average.
        place = -(self.read.factor - 1) / (2 * self.read.factor)
        return Band(ONE / self.read.factor, place, place, self.read.factor != 1)

    def taps(self, power: Power, view: AxisView) -> PowerStep:
        return spread(self.sets(view), "one")


class _Blocks(MovingRule[Blocks]):
    def sets(self, view: AxisView) -> SetMap:
        return windows.blocks(view.evaluate(self.read.size), view.evaluate(self.read.shift))

    def border(self) -> Border | None:
        return "drop"

    def band(self, number: int) -> Stretch:
        half = (self.read.size - 1) / 2
        return Band(ONE, -half, half, self.read.size != 1)

    def taps(self, power: Power, view: AxisView) -> PowerStep:
        return spread(self.sets(view), power)


class _Interpolated(MovingRule[Interpolated]):
    def sets(self, view: AxisView) -> SetMap:
        return windows.bilinear(view.evaluate(self.read.factor))

    def border(self) -> Border | None:
        return "clamp"

    def band(self, number: int) -> Stretch:
        factor = self.read.factor
        middle = 1 / (2 * factor) - HALF
        reason = "" if factor.is_even or factor.is_odd else "an enlargement by a factor of unknown parity"
        # With an odd factor one output of every `factor` lies on a centre of the operand and reads it alone; with an
        # even one all read two neighbours. So there is no expression without the parity.
        slack = (factor - 1) / (2 * factor) if factor.is_odd else HALF
        return Band(ONE / factor, middle - slack, middle + slack, factor != 1, reason)

    def taps(self, power: Power, view: AxisView) -> PowerStep:
        return interpolated(view.evaluate(self.read.factor))


class _Resized(MovingRule[Resized]):
    def sets(self, view: AxisView) -> SetMap:
        how = "average" if self.read.how == "adaptive" else "corners"
        return windows.resized(view.evaluate(self.read.before), view.evaluate(self.read.after), how)

    def border(self) -> Border | None:
        return "drop"

    def _to_one(self) -> bool:
        """Say whether it is global pooling; a length that is 1 only at some values keeps its set map."""
        return self.read.how == "adaptive" and self.read.after == 1

    def reading(self, view: AxisView) -> Reading:
        return view.whole if self._to_one() else super().reading(view)

    def band(self, number: int) -> Stretch:
        return EVERYTHING if self._to_one() else _unknown(self.read)

    def taps(self, power: Power, view: AxisView) -> PowerStep:
        """Adaptive pooling averages, whatever the operation that does it says of its weights."""
        if self.read.how != "adaptive":
            return None
        return everywhere("mean", view.extent) if self._to_one() else spread(self.sets(view), "mean")


class _Placed(MovingRule[Placed]):
    def sets(self, view: AxisView) -> SetMap:
        return windows.shift(-view.evaluate(self.read.start))

    def border(self) -> Border | None:
        """Beyond the operand the output reads another one, which is no border."""
        return None

    def band(self, number: int) -> Stretch:
        return Band(ONE, -self.read.start, -self.read.start)

    def taps(self, power: Power, view: AxisView) -> PowerStep:
        """Where an operand is put does not widen what it reads: each output reads one of them."""
        return STAY


class _Parts(MovingRule[Parts]):
    def sets(self, view: AxisView) -> SetMap:
        return windows.shift(view.evaluate(self.read.starts[view.number]))

    def border(self) -> Border | None:
        return "drop"

    def band(self, number: int) -> Stretch:
        return Band(ONE, self.read.starts[number], self.read.starts[number])

    def taps(self, power: Power, view: AxisView) -> PowerStep:
        """Undoes what puts operands side by side, so that neither may move the walk."""
        return STAY


class _All(AxisRule[All]):
    def reading(self, view: AxisView) -> Reading:
        return view.whole

    def relation(self, view: AxisView) -> Related:
        return Every(view.axis, full(view.extent))

    def band(self, number: int) -> Stretch:
        return EVERYTHING

    def taps(self, power: Power, view: AxisView) -> PowerStep:
        return everywhere(power, view.extent)

    def driver(self, driver: Driver, value: Strides) -> Driver | None:
        return driver


class _Causal(AxisRule[Causal]):
    def reading(self, view: AxisView) -> Reading:
        return HalfLine(own_index(view.driver, view.outputs), windows.IDENTITY, view.whole)

    def relation(self, view: AxisView) -> Related:
        return Link(view.axis, view.driver, PrefixTable(view.extent, view.outputs))

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
        return _unknown(self.read)

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


class _Along(AxisRule[Along]):
    """What it says of an axis is what its inner map says, but along another axis of the output."""

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


def _unknown(read: AxisMap) -> Unknown:
    return Unknown(f"no expression for {type(read).__name__.lower()}")


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
    Window: _Window,
    Transposed: _Transposed,
    Enlarge: _Enlarge,
    Blocks: _Blocks,
    Interpolated: _Interpolated,
    Resized: _Resized,
    Placed: _Placed,
    Parts: _Parts,
    All: _All,
    Causal: _Causal,
    Unflattened: _Unflattened,
    Digits: _Digits,
    Digit: _Digit,
    Along: _Along,
}


def rule_of(read: AxisMap) -> AxisRule[Any]:
    """Return what an axis map means.

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
