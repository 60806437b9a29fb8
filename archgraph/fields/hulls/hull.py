"""The hull of a receptive field as expressions: where it begins and ends on average, and how far that is exact."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeAlias

from sympy import Expr, Max, Min

from archgraph.fields.rules.axis_maps import rule_of
from archgraph.fields.rules.axis_rule import Driver
from archgraph.fields.sets.band import Band, Everything, Unknown
from archgraph.ops.reach import AxisMap
from archgraph.sizes.expansion import expanded
from archgraph.sizes.symbols import ONE, ZERO


@dataclass(frozen=True)
class Hull:
    """Output i reads from `stride*i + lo` to `stride*i + hi`, averaged over the phases.

    Attributes:
        axis: the axis of the value that drives it.
        stride: input elements per output element.
        lo: where it begins.
        hi: where it ends.
        digit: the stride of the digit of the axis that drives it, behind a flattening.
        phased: whether there are phases, so that these are means.
        reason: why these are not even means.
    """

    axis: str
    stride: Expr = ONE
    lo: Expr = ZERO
    hi: Expr = ZERO
    digit: Expr | None = None
    phased: bool = False
    reason: str = ""

    @property
    def size(self) -> Expr:
        """The length."""
        return expanded(self.hi - self.lo + 1)


Span: TypeAlias = "Hull | Everything | Unknown | None"
"""None reads nothing."""


def widened_hull(hull: Hull, read: AxisMap, number: int = 0) -> Span:
    """Return the hull of an output that reads a value of some hull along its driving axis.

    Args:
        hull: that of the value.
        read: how the axis is read.
        number: which of the operation's outputs reads it.
    """
    rule = rule_of(read)
    band = rule.band(number)
    if not isinstance(band, Band):
        return band
    driver = rule.driver(Driver(hull.axis, hull.digit), lambda stride: stride)
    if driver is None:
        return Unknown("an axis is cut into digits")
    # Neighbours on a flattened axis are neighbours in a digit of it only until the digit carries: a window there has
    # no hull. A shift has the same length, which is all that is told of it.
    if hull.digit is not None and (band.rate != 1 or band.lo != band.hi):
        return Unknown(f"no expression for {type(read).__name__.lower()}")
    moved = hull if hull.digit is not None else _composed(hull, band)
    return replace(moved, axis=driver.axis, digit=driver.digit)


def _composed(hull: Hull, band: Band) -> Hull:
    reason = hull.reason or band.reason
    # Means compose where every phase is met equally often. A down-sampling meets some phases only, and which ones
    # depends on the sizes.
    if hull.phased and (band.rate.is_integer and band.rate != 1):
        reason = reason or "a down-sampling follows an up-sampling"
    # The edges of a block stand at the same phases in every block, so that they do not meet all of them either.
    if hull.phased and band.phased and band.rate == 1:
        reason = reason or "windows of attention follow phases"
    return Hull(
        hull.axis,
        expanded(hull.stride * band.rate),
        expanded(hull.lo + hull.stride * band.lo),
        expanded(hull.hi + hull.stride * band.hi),
        None,
        hull.phased or band.phased,
        reason,
    )


def hull_union(left: Span, right: Span) -> Span:
    """Return the hull of a value that is read on two ways."""
    if left is None or right is None:
        return right if left is None else left
    for kind in (Everything, Unknown):
        found = [span for span in (left, right) if isinstance(span, kind)]
        if found:
            return found[0]
    assert isinstance(left, Hull) and isinstance(right, Hull)
    if expanded(left.stride - right.stride) != 0:
        return Unknown(f"misaligned branches: values of stride {left.stride} and {right.stride} are joined")
    if (left.axis, left.digit) != (right.axis, right.digit):
        return Unknown(f"branches driven by {left.axis} and by {right.axis} are joined")
    lo, hi = least(left.lo, right.lo), most(left.hi, right.hi)
    phased = left.phased or right.phased
    # The least of means is their mean only if one branch begins first in all phases. `SizeLaws` holds it against the
    # exact field at the bound values; where other values decide which branch is wider, they may cross there.
    undecided = phased and (lo not in (left.lo, right.lo) or hi not in (left.hi, right.hi))
    crossing = "branches may cross" if undecided else ""
    return replace(left, lo=lo, hi=hi, phased=phased, reason=left.reason or right.reason or crossing)


def least(left: Expr, right: Expr) -> Expr:
    """Return the smaller one, decided for all values of the symbols where that is possible.

    >>> from archgraph.sizes.symbols import symbol
    >>> least(-symbol("K"), ZERO)
    -K
    """
    difference = expanded(left - right)
    if difference.is_nonpositive:
        return left
    return right if difference.is_nonnegative else Min(left, right)


def most(left: Expr, right: Expr) -> Expr:
    """Return the larger one, decided for all values of the symbols where that is possible."""
    difference = expanded(left - right)
    if difference.is_nonnegative:
        return left
    return right if difference.is_nonpositive else Max(left, right)


def repeated_hull(inner: Hull, body: Hull, count: Expr) -> Span:
    """Return the hull after some applications of a body, given what one application does to a position.

    Args:
        inner: the hull of what the first application takes.
        body: the hull of the body's output on its input.
        count: how many.
    """
    if expanded(body.stride - 1) != 0:
        return Unknown(f"a repeated body of stride {body.stride}")
    reason = inner.reason or body.reason
    if body.phased and count != 1:
        reason = reason or "phases within a repeat"
    # At stride 1 the offsets of all iterations add up, so that none has to be run and the count may be a symbol.
    lo, hi = expanded(inner.lo + inner.stride * count * body.lo), expanded(inner.hi + inner.stride * count * body.hi)
    return replace(inner, lo=lo, hi=hi, phased=inner.phased or body.phased, reason=reason)
