"""The set maps of single operations: windows, transposed windows, enlargements, blocks, resampling."""

from __future__ import annotations

from fractions import Fraction
from math import ceil, floor, gcd
from typing import Literal

from archgraph.fields.sets.indices import EMPTY, Indices, comb, interval
from archgraph.fields.sets.setmap import SetMap, check_period, minimal


def window(kernel: int, stride: int = 1, dilation: int = 1, before: int = 0) -> SetMap:
    """Return the map of a convolution or pooling: i reads `stride*i - before + dilation*t` for t < kernel.

    Padding after, and rounding the size up, change only how many outputs there are.

    >>> list(window(3, stride=2, dilation=2, before=2).at(1))
    [0, 2, 4]
    """
    return SetMap(stride, (comb(-before, dilation, kernel),))


IDENTITY = window(1)


def shift(distance: int) -> SetMap:
    """Return the map of a crop or slice from `distance` on; padding by p is `shift(-p)`.

    >>> list(shift(2).at(0))
    [2]
    """
    return window(1, before=-distance)


def transposed(kernel: int, stride: int = 1, dilation: int = 1, before: int = 0) -> SetMap:
    """Return the map of a transposed convolution: i reads `(i + before - dilation*t) / stride`, where whole.

    Phases are empty where the kernel is shorter than the stride, or shares no residue with it.

    >>> [list(phase) for phase in transposed(2, 3).phases]
    [[0], [0], []]
    """
    shared = gcd(stride, dilation)
    taps = _Taps(kernel, stride // shared, dilation // shared)
    phases = range(check_period(stride))
    return minimal(
        1,
        (EMPTY if (phase + before) % shared else taps.read((phase + before) // shared) for phase in phases),
    )


class _Taps:
    """The whole values of (i - dilation*t) / stride over t < kernel, for a dilation prime to the stride."""

    def __init__(self, kernel: int, stride: int, dilation: int) -> None:
        self.kernel, self.stride, self.dilation = kernel, stride, dilation
        self.inverse = pow(dilation, -1, stride) if stride > 1 else 0

    def read(self, index: int) -> Indices:
        first = index * self.inverse % self.stride
        count = (self.kernel - 1 - first) // self.stride + 1
        last = first + (count - 1) * self.stride
        return comb((index - self.dilation * last) // self.stride, self.dilation, count)


def enlarge(factor: int) -> SetMap:
    """Return the map of nearest up-sampling or pixel shuffle: i reads `i // factor`.

    >>> [list(enlarge(2).at(i)) for i in range(4)]
    [[0], [0], [1], [1]]
    """
    return minimal(1, (interval(0, 0),) * check_period(factor))


def bilinear(factor: int) -> SetMap:
    """Return the map of (bi)linear up-sampling with half-pixel centres (`align_corners=False`).

    >>> [list(phase) for phase in bilinear(2).phases], bilinear(3).phases[1].touched
    ([[-1, 0], [0, 1]], 1)
    """
    return resized(1, factor, "linear")


def blocks(size: int, shifted: int = 0) -> SetMap:
    """Return the map of attention within windows of `size`, the first of which begins at `shifted`.

    >>> blocks(4, shifted=2).at(1) == interval(-2, 1)
    True
    """
    starts = (shifted + size * ((phase - shifted) // size) for phase in range(check_period(size)))
    return minimal(size, (interval(start, start + size - 1) for start in starts))


Resampling = Literal["nearest", "linear", "corners", "average"]


def resized(before: int, after: int, how: Resampling) -> SetMap:
    """Return the map of resampling `before` positions to `after`, whatever the ratio.

    `nearest`, `linear` (half-pixel centres), `corners` (linear, aligned corners), `average` (adaptive pool).

    >>> [list(resized(5, 3, "average").at(i)) for i in range(3)]
    [[0, 1], [1, 2, 3], [3, 4]]
    """
    old, new = (before - 1, after - 1) if how == "corners" else (before, after)
    if how == "corners" and after == 1:
        return SetMap(0, (interval(0, 0),))
    shared = gcd(old, new)
    advance, period = old // shared, check_period(new // shared)
    return minimal(advance, (_resampled(phase, Fraction(advance, period), how) for phase in range(period)))


def _resampled(index: int, ratio: Fraction, how: Resampling) -> Indices:
    if how == "nearest":
        source = floor(index * ratio)
        return interval(source, source)
    if how == "average":
        return interval(floor(index * ratio), ceil((index + 1) * ratio) - 1)
    centre = index * ratio if how == "corners" else (index + Fraction(1, 2)) * ratio - Fraction(1, 2)
    return interval(floor(centre), ceil(centre))
