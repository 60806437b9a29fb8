"""Random walks from the positions of a value back to one axis of the input."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

from archgraph.errors import QueryError
from archgraph.fields.rules.tap_power import Global
from archgraph.fields.sets.spread import SpreadMap

HUGE = 1e100
"""Powers beyond are brought back to 1: only their ratios matter."""


@dataclass(frozen=True)
class Walk:
    """Where walks from the positions of a value end along one axis of the input.

    Attributes:
        axis: the axis of the value that they begin on; empty where it has none.
        local: the distributions that move with the position, None where nothing does.
        even: the power that is spread evenly over the whole axis.
        digit: the stride of the digit of the axis that is meant, behind a flattening.
    """

    axis: str
    local: SpreadMap | None
    even: float = 0.0
    digit: int | None = None

    @property
    def mass(self) -> float:
        """The power altogether."""
        return self.even + (self.local.mass if self.local else 0.0)

    def scaled(self, factor: float) -> Walk:
        """Return the same with another power."""
        local = self.local.scaled(factor) if self.local else None
        return replace(self, local=local, even=self.even * factor)

    def joined(self, other: Walk) -> Walk:
        """Return the walks of a sum."""
        if self.local is None or other.local is None:
            kept = self if other.local is None else other
            return replace(kept, even=self.even + other.even)
        if (self.axis, self.digit) != (other.axis, other.digit):
            raise QueryError("branches that move along other positions are joined")
        return replace(self, local=self.local.joined(other.local), even=self.even + other.even)

    def through(self, taken: SpreadMap | Global) -> Walk:
        """Return the walks of an output that first takes a step."""
        if isinstance(taken, Global):
            return replace(self, local=None, even=self.mass * taken.mass)
        local = None if self.local is None else self.local.through(taken)
        return replace(self, local=local, even=self.even * taken.mass)


Walks: TypeAlias = Mapping[str, "Walk | str"]
"""By axis of the input; a text says why there is no walk."""


def joined_walks(old: Walk | str | None, new: Walk | str) -> Walk | str:
    """Return the walks of a sum, or why there are none."""
    if old is None or isinstance(old, str) or isinstance(new, str):
        return new if old is None else old if isinstance(old, str) else new
    try:
        return old.joined(new)
    except QueryError as error:
        return error.message


def then(first: Walk, last: Walk) -> Walk:
    """Return the walks of a value behind two steps, the later one given on the earlier one's positions."""
    local = None
    if first.local is not None and last.local is not None:
        local = first.local if first.digit is not None else first.local.through(last.local)
    onward = last.local.mass if last.local is not None else 0.0
    walk = replace(first, local=local, even=first.even * onward + first.mass * last.even)
    return walk.scaled(1 / walk.mass) if walk.mass > HUGE else walk
