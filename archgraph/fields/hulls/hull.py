"""The hull of a receptive field as expressions: where it begins and ends on average, and how far that is exact."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeAlias

from sympy import Expr, Integer, Max, Min, Rational, expand

from archgraph.ops.reach import (
    All,
    Along,
    AxisMap,
    Blocks,
    Causal,
    Digit,
    Enlarge,
    Interpolated,
    Parts,
    Placed,
    Resized,
    Transposed,
    Unflattened,
    Window,
)

ONE, ZERO, HALF = Integer(1), Integer(0), Rational(1, 2)


@dataclass(frozen=True)
class Everything:
    """All positions of the input axis."""


@dataclass(frozen=True)
class Unknown:
    """No expression; `reason` says why."""

    reason: str


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
        return expand(self.hi - self.lo + 1)


Span: TypeAlias = "Hull | Everything | Unknown | None"
"""None reads nothing."""
EVERYTHING = Everything()


@dataclass(frozen=True)
class _Step:
    """Output i reads from `rate*i + lo` to `rate*i + hi` of the operand, averaged over the phases."""

    rate: Expr
    lo: Expr
    hi: Expr
    phased: bool = False
    reason: str = ""


def widened(hull: Hull, read: AxisMap) -> Span:
    """Return the hull of an output that reads a value of some hull along its driving axis."""
    match read:
        case All():
            return EVERYTHING
        case Resized(after=after, how="adaptive") if after == 1:
            return EVERYTHING
        case Causal():
            return Unknown("causal: it grows with the position")
        case Along(other, Digit(stride, _)) if hull.digit is None:
            return replace(hull, axis=other, digit=stride)
        case Along(other, Window() as inner):
            moved = widened(hull, inner)
            return replace(moved, axis=other) if isinstance(moved, Hull) else moved
        case Unflattened(strides):
            names = [name for name, stride in strides if stride == hull.digit]
            return replace(hull, axis=names[0], digit=None) if names else Unknown("an axis is cut into digits")
    step = _step(read)
    if step is None or (hull.digit is not None and (step.rate != 1 or step.lo != step.hi)):
        return Unknown(f"no expression for {type(read).__name__.lower()}")
    return hull if hull.digit is not None else _composed(hull, step)


def _composed(hull: Hull, step: _Step) -> Hull:
    reason = hull.reason or step.reason
    if hull.phased and (step.rate.is_integer and step.rate != 1):
        reason = reason or "a down-sampling follows an up-sampling"
    if hull.phased and step.phased and step.rate == 1:
        reason = reason or "windows of attention follow phases"
    return Hull(
        hull.axis,
        expand(hull.stride * step.rate),
        expand(hull.lo + hull.stride * step.lo),
        expand(hull.hi + hull.stride * step.hi),
        None,
        hull.phased or step.phased,
        reason,
    )


def _step(read: AxisMap) -> _Step | None:
    match read:
        case Window(stride=stride) if stride == 0:
            return None
        case Window(kernel, stride, dilation, before):
            return _Step(stride, -before, dilation * (kernel - 1) - before)
        case Transposed(kernel, stride, dilation, before):
            slack = (stride - 1) / (2 * stride)
            reason = "" if dilation == 1 or stride == 1 else "a dilated transposed convolution"
            last = before / stride - slack
            first = (before - dilation * (kernel - 1)) / stride + slack
            return _Step(ONE / stride, first, last, stride != 1, reason)
        case Enlarge(factor):
            place = -(factor - 1) / (2 * factor)
            return _Step(ONE / factor, place, place, factor != 1)
        case Interpolated(factor):
            middle = 1 / (2 * factor) - HALF
            reason = "" if factor.is_even or factor.is_odd else "an enlargement by a factor of unknown parity"
            slack = (factor - 1) / (2 * factor) if factor.is_odd else HALF
            return _Step(ONE / factor, middle - slack, middle + slack, factor != 1, reason)
        case Blocks(length, _):
            return _Step(ONE, -(length - 1) / 2, (length - 1) / 2, length != 1)
        case Placed(start, _):
            return _Step(ONE, -start, -start)
        case Parts(starts):
            return _Step(ONE, starts[0], starts[0])
    return None


def union(left: Span, right: Span) -> Span:
    """Return the hull of a value that is read on two ways."""
    if left is None or right is None:
        return right if left is None else left
    for kind in (Everything, Unknown):
        found = [span for span in (left, right) if isinstance(span, kind)]
        if found:
            return found[0]
    assert isinstance(left, Hull) and isinstance(right, Hull)
    if expand(left.stride - right.stride) != 0:
        return Unknown(f"misaligned branches: values of stride {left.stride} and {right.stride} are joined")
    if (left.axis, left.digit) != (right.axis, right.digit):
        return Unknown(f"branches driven by {left.axis} and by {right.axis} are joined")
    return replace(
        left,
        lo=least(left.lo, right.lo),
        hi=most(left.hi, right.hi),
        phased=left.phased or right.phased,
        reason=left.reason or right.reason,
    )


def least(left: Expr, right: Expr) -> Expr:
    """Return the smaller one, decided for all values of the symbols where that is possible.

    >>> from archgraph.sizes.symbols import symbol
    >>> least(-symbol("K"), ZERO)
    -K
    """
    difference = expand(left - right)
    if difference.is_nonpositive:
        return left
    return right if difference.is_nonnegative else Min(left, right)


def most(left: Expr, right: Expr) -> Expr:
    """Return the larger one, decided for all values of the symbols where that is possible."""
    difference = expand(left - right)
    if difference.is_nonnegative:
        return left
    return right if difference.is_nonpositive else Max(left, right)


def repeated(inner: Hull, body: Hull, count: Expr) -> Span:
    """Return the hull after some applications of a body, given what one application does to a position.

    Args:
        inner: the hull of what the first application takes.
        body: the hull of the body's output on its input.
        count: how many.
    """
    if expand(body.stride - 1) != 0:
        return Unknown(f"a repeated body of stride {body.stride}")
    reason = inner.reason or body.reason
    if body.phased and count != 1:
        reason = reason or "phases within a repeat"
    lo, hi = expand(inner.lo + inner.stride * count * body.lo), expand(inner.hi + inner.stride * count * body.hi)
    return replace(inner, lo=lo, hi=hi, phased=inner.phased or body.phased, reason=reason)
