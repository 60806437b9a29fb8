"""A piece of a drawing with an axis: the data comes in on the left of it at height 0 and leaves on the right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from archgraph.figures.drawing.diagram import INK, Diagram, Edge, Extent, Path, Rect
from archgraph.figures.drawing.style import LINE

HEAD = 4.0


@dataclass(frozen=True)
class Fragment:
    """What is drawn, from x = 0 to ``width``.

    Attributes:
        left, right: where the axis begins and ends.
        first, last: the boxes that it begins and ends at.
        top, bottom: how far it reaches above (negative) and below the axis.
        tail: how far texts reach to the right, so that those of the next piece keep clear of it; and ``lead`` where
            its own begin.
        opens: whether the line that leads to it ends in an arrow.
        lowest: the lowest of the boxes that it begins at, where there are several.
        follows: whether a line leads to it from what stands before it.
        fork: where on the axis the way forks that leads to it, so that a line from above must come in before that.
        joined: where the axis ends if ways join behind the last box, so that a line to another row must leave there.
    """

    drawn: Diagram
    width: float
    left: float
    right: float
    first: str
    last: str
    top: float
    bottom: float
    lead: float = 0.0
    tail: float = 0.0
    opens: bool = True
    lowest: str = ""
    follows: bool = True
    fork: float | None = None
    joined: float | None = None

    @property
    def low(self) -> str:
        """The box that a line from below ends at."""
        return self.lowest or self.first

    def moved(self, dx: float) -> Fragment:
        return replace(
            self,
            drawn=self.drawn.moved(dx, 0.0),
            left=self.left + dx,
            right=self.right + dx,
            lead=self.lead + dx,
            tail=self.tail + dx,
            fork=None if self.fork is None else self.fork + dx,
            joined=None if self.joined is None else self.joined + dx,
        )


def chained(parts: Sequence[Fragment], gap: float) -> Fragment:
    """Fragments one after another, with arrows between them."""
    whole = parts[0]
    drawn, edges = whole.drawn, []
    width, right, last, tail, joined = whole.width, whole.right, whole.last, whole.tail, whole.joined
    for part in parts[1:]:
        start = max(width + gap, tail + 3.0 - part.lead)
        placed = part.moved(start)
        path = Path(((right, 0.0), (placed.left, 0.0)), INK, LINE, arrow=part.opens, head=HEAD)
        edges += [Edge(last, part.first, path)] if part.follows else []
        drawn = drawn.plus(placed.drawn)
        width, right, last, tail = start + part.width, placed.right, part.last, max(tail, placed.tail)
        joined = placed.joined
    return replace(
        whole,
        drawn=replace(drawn, edges=(*drawn.edges, *edges)),
        width=width,
        right=right,
        last=last,
        top=min(part.top for part in parts),
        bottom=max(part.bottom for part in parts),
        tail=tail,
        joined=joined,
    )


def extended(part: Fragment, left: float, right: float) -> Fragment:
    """A fragment with more room before and behind it; the axis goes on to where it was."""
    moved = part.moved(left)
    return replace(moved, width=left + part.width + right)


def dot(x: float, y: float = 0.0) -> Rect:
    """The dot where a way forks."""
    return Rect(x - 1.3, y - 1.3, 2.6, 2.6, INK, "none", 0.0, 1.3)


def reach_of_fragment(part: Fragment) -> Extent:
    """The rectangle that a fragment takes."""
    return Extent(0.0, part.top, part.width, part.bottom)
