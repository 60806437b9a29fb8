"""How one output position reads the positions of an operand: the vocabulary of `Op.reach`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from sympy import Expr, Integer

Mixing = Literal["none", "static", "dynamic"]
ONE, ZERO = Integer(1), Integer(0)


@dataclass(frozen=True)
class Window:
    """Output i reads `stride*i - before + dilation*t` for t < kernel: convolution, pooling, cropping."""

    kernel: Expr = ONE
    stride: Expr = ONE
    dilation: Expr = ONE
    before: Expr = ZERO


@dataclass(frozen=True)
class Transposed:
    """Output i reads `(i + before - dilation*t) / stride` for t < kernel, where that is an integer."""

    kernel: Expr
    stride: Expr
    dilation: Expr = ONE
    before: Expr = ZERO


@dataclass(frozen=True)
class Enlarge:
    """Output i reads `i // factor`: nearest up-sampling, pixel shuffle."""

    factor: Expr


@dataclass(frozen=True)
class All:
    """Every output reads every position: attention, global pooling."""


@dataclass(frozen=True)
class Causal:
    """Output i reads every position up to i: causal attention, scans."""


@dataclass(frozen=True)
class Blocks:
    """Output i reads the block of `size` positions that it lies in; blocks begin at `shift`."""

    size: Expr
    shift: Expr = ZERO


@dataclass(frozen=True)
class Interpolated:
    """Linear up-sampling by a factor, pixel centres aligned: one or two neighbours are read."""

    factor: Expr


@dataclass(frozen=True)
class Resized:
    """Resampling from one length to another: adaptive pooling, or interpolation with aligned corners."""

    before: Expr
    after: Expr
    how: Literal["adaptive", "corners"]


@dataclass(frozen=True)
class Digit:
    """Output i, on another axis, reads `(i // stride) % size`: one factor of a flattened axis."""

    stride: Expr
    size: Expr


@dataclass(frozen=True)
class Unflattened:
    """Output positions on several axes read the flattened position: sum of index times stride."""

    strides: tuple[tuple[str, Expr], ...]


@dataclass(frozen=True)
class Along:
    """The operand's axis is read as a function of an output axis of another name."""

    axis: str
    map: Window | Digit


AxisMap: TypeAlias = (
    Window
    | Transposed
    | Enlarge
    | All
    | Causal
    | Blocks
    | Interpolated
    | Resized
    | Digit
    | Unflattened
    | Along
)
SAME = Window()


@dataclass(frozen=True)
class Reach:
    """How the output of an operation reads one operand.

    Attributes:
        maps: a map for every position axis of the operand.
        statistics: position axes over which normalisation statistics are pooled.
        mixing: whether positions are combined, with weights that are fixed or computed from the input.
        power: the tap power of the effective receptive field: each tap equal, or all on one tap.
        reads: False where only the operand's shape is used, not its values.
    """

    maps: tuple[tuple[str, AxisMap], ...]
    statistics: tuple[str, ...] = ()
    mixing: Mixing = "none"
    power: Literal["uniform", "one"] = "one"
    reads: bool = True


def pointwise(positions: tuple[str, ...], statistics: tuple[str, ...] = ()) -> Reach:
    """Return the reach of an operand that is read position by position."""
    return Reach(tuple((axis, SAME) for axis in positions), statistics)


def windowed(maps: Mapping[str, AxisMap], mixing: Mixing = "static") -> Reach:
    """Return the reach of an operand that is read through one window per axis."""
    return Reach(tuple(maps.items()), mixing=mixing, power="uniform")


UNREAD = Reach((), reads=False)
