"""What one operation reads along an axis as expressions: where a window begins and ends on average."""

from __future__ import annotations

from dataclasses import dataclass

from sympy import Expr


@dataclass(frozen=True)
class Everything:
    """All positions of the axis."""


@dataclass(frozen=True)
class Unknown:
    """No expression; `reason` says why."""

    reason: str


@dataclass(frozen=True)
class Band:
    """Output i reads from `rate*i + lo` to `rate*i + hi` of the operand, averaged over the phases.

    Attributes:
        rate: elements of the operand per output element.
        lo: where it begins.
        hi: where it ends.
        phased: whether there are phases, so that these are means.
        reason: why these are not even means.
    """

    rate: Expr
    lo: Expr
    hi: Expr
    phased: bool = False
    reason: str = ""


EVERYTHING = Everything()
