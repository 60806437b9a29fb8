"""What windows, blocks and resampling mean: maps whose sets move with the position along one axis."""

from __future__ import annotations

from sympy import Rational

from archgraph.fields.rules.axis_rule import (
    AxisRule,
    AxisView,
    Driver,
    MovingRule,
    PowerStep,
    Related,
    Stretch,
    Strides,
)
from archgraph.fields.rules.links import Every, Link
from archgraph.fields.rules.read_tables import MapTable, StretchTable
from archgraph.fields.rules.tap_power import everywhere, interpolated, spread
from archgraph.fields.sets import windows
from archgraph.fields.sets.band import EVERYTHING, Band, Unknown
from archgraph.fields.sets.pieces import placed
from archgraph.fields.sets.readings import Reading, moving
from archgraph.fields.sets.setmap import SetMap
from archgraph.fields.sets.spread import STAY
from archgraph.fields.sets.terms import Sum
from archgraph.ops.reach import (
    SAME,
    AxisMap,
    Blocks,
    Border,
    Enlarge,
    Interpolated,
    Parts,
    Placed,
    Power,
    Resized,
    Transposed,
    Window,
    Within,
)
from archgraph.sizes.symbols import ONE, ZERO

_HALF = Rational(1, 2)


class WindowRule(MovingRule[Window]):
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
            return unknown_band(self.read)
        return Band(self.read.stride, -self.read.before, self.read.dilation * (self.read.kernel - 1) - self.read.before)

    def taps(self, power: Power, view: AxisView) -> PowerStep:
        return None if self.read.stride == 0 else spread(self.sets(view), power)


class WithinRule(AxisRule[Within]):
    """A stretch of an axis reads itself."""

    def reading(self, view: AxisView) -> Reading:
        start, stop = view.evaluate(self.read.start), view.evaluate(self.read.stop)
        return placed(WindowRule(SAME).reading(view), view.driver, view.outputs, start, stop - start)

    def relation(self, view: AxisView) -> Related:
        start, stop = view.evaluate(self.read.start), view.evaluate(self.read.stop)
        return Link(view.axis, view.driver, StretchTable(view.extent, view.outputs, start, stop))

    def band(self, number: int) -> Stretch:
        return Band(ONE, ZERO, ZERO)

    def taps(self, power: Power, view: AxisView) -> PowerStep:
        return None

    def driver(self, driver: Driver, value: Strides) -> Driver | None:
        return driver


class TransposedRule(MovingRule[Transposed]):
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


class EnlargeRule(MovingRule[Enlarge]):
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


class BlocksRule(MovingRule[Blocks]):
    def sets(self, view: AxisView) -> SetMap:
        return windows.blocks(view.evaluate(self.read.size), view.evaluate(self.read.shift))

    def border(self) -> Border | None:
        return "drop"

    def band(self, number: int) -> Stretch:
        half = (self.read.size - 1) / 2
        return Band(ONE, -half, half, self.read.size != 1)

    def taps(self, power: Power, view: AxisView) -> PowerStep:
        return spread(self.sets(view), power)


class InterpolatedRule(MovingRule[Interpolated]):
    def sets(self, view: AxisView) -> SetMap:
        return windows.bilinear(view.evaluate(self.read.factor))

    def border(self) -> Border | None:
        return "clamp"

    def band(self, number: int) -> Stretch:
        factor = self.read.factor
        middle = 1 / (2 * factor) - _HALF
        reason = "" if factor.is_even or factor.is_odd else "an enlargement by a factor of unknown parity"
        # With an odd factor one output of every `factor` lies on a centre of the operand and reads it alone; with an
        # even one all read two neighbours. So there is no expression without the parity.
        slack = (factor - 1) / (2 * factor) if factor.is_odd else _HALF
        return Band(ONE / factor, middle - slack, middle + slack, factor != 1, reason)

    def taps(self, power: Power, view: AxisView) -> PowerStep:
        return interpolated(view.evaluate(self.read.factor))


class ResizedRule(MovingRule[Resized]):
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
        return EVERYTHING if self._to_one() else unknown_band(self.read)

    def taps(self, power: Power, view: AxisView) -> PowerStep:
        """Adaptive pooling averages, whatever the operation that does it says of its weights."""
        if self.read.how != "adaptive":
            return None
        return everywhere("mean", view.extent) if self._to_one() else spread(self.sets(view), "mean")


class PlacedRule(MovingRule[Placed]):
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


class PartsRule(MovingRule[Parts]):
    def sets(self, view: AxisView) -> SetMap:
        return windows.shift(view.evaluate(self.read.starts[view.number]))

    def border(self) -> Border | None:
        return "drop"

    def band(self, number: int) -> Stretch:
        return Band(ONE, self.read.starts[number], self.read.starts[number])

    def taps(self, power: Power, view: AxisView) -> PowerStep:
        """Undoes what puts operands side by side, so that neither may move the walk."""
        return STAY


def unknown_band(read: AxisMap) -> Unknown:
    """Return that a kind of map has no hull in expressions."""
    return Unknown(f"no expression for {type(read).__name__.lower()}")
