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


AxisMap: TypeAlias = Window | Transposed | Enlarge | All
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
