"""A path of fewest moves, operation by operation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from archgraph.report.table import Table, named_title


@dataclass(frozen=True)
class HopStep:
    """One operation on a path.

    Attributes:
        node: its path.
        place: where its output is at home in the input; None if it is at home nowhere.
        moved: whether what it reads is at home elsewhere.
    """

    node: str
    place: tuple[int, int] | None
    moved: bool

    def __str__(self) -> str:
        place = _place(self)
        return f"{self.node}{place and f' {place}'}{' *' if self.moved else ''}"


MOST_LINES = 40
"""Of a path as text; `steps` has all of them."""


@dataclass(frozen=True, repr=False)
class HopPath:
    """A path with the fewest moves from an input position to an output position.

    Attributes:
        axis: the axis of the input.
        start: the input position.
        end: the output position.
        moves: how many operations move it from one cell to another.
        steps: the operations on the path, in the network's order.
        why: why `moves` is a lower bound: operations that may read less than they say, so that another path may be
            the shortest, or there is none. Empty where nothing on the way to the output is in doubt.
    """

    axis: str
    start: int
    end: int
    moves: int
    steps: tuple[HopStep, ...]
    why: tuple[str, ...] = ()

    @property
    def movers(self) -> tuple[str, ...]:
        """The operations that move it."""
        return tuple(step.node for step in self.steps if step.moved)

    def __repr__(self) -> str:
        count = "1 move" if self.moves == 1 else f"{self.moves} moves"
        bound = f", at least: {'; '.join(self.why)}" if self.why else ""
        lines = [f"{self.axis}={self.start} to {self.axis}={self.end}: {count}{bound}", *map(str, self.steps)]
        if len(lines) > MOST_LINES:
            half = MOST_LINES // 2
            lines[half:-half] = [f"… {len(lines) - 2 * half} more steps"]
        return "\n  ".join(lines)

    def _repr_html_(self) -> str:
        return path_table(self).to_html()


def path_table(path: HopPath, name: str = "") -> Table:
    """Return one path, operation by operation, and why a shortest one may be longer, under the name of a network."""
    rows = [{"node": step.node, "place": _place(step), "move": "move" if step.moved else ""} for step in path.steps]
    notes = ("place: where the node's output is at home in the input",)
    title = named_title(f"{path.axis}={path.start} to {path.axis}={path.end} in {path.moves} hops", name)
    return Table(title, ("node", "place", "move"), rows, notes=notes, remarks=bounded_hops(path.why))


def _place(step: HopStep) -> str:
    return "" if step.place is None else f"{step.place[0]}..{step.place[1]}"


def bounded_hops(why: Sequence[str]) -> tuple[str, ...]:
    """Return what hops are where more is taken as read than may be."""
    return tuple(f"hops at least, reach at most: {reason}" for reason in why)
