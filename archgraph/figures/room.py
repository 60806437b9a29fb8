"""What is larger than its page: put into columns, or told with the options that make it smaller."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

from archgraph.figures.drawing.diagram import Diagram
from archgraph.figures.drawing.geometry import is_faulty
from archgraph.figures.drawing.style import WIDEST
from archgraph.figures.facts.facts import Facts
from archgraph.figures.layout.closer import closer
from archgraph.figures.layout.columns import in_columns

PAGE_HEIGHT = 9 * 72.0
_NARROW, _TALL, _HALF, _LOWER = 0.5, 0.75, 0.56, 0.75
"""Of a page: how wide a narrow drawing is at most, how high a high one at least; of its height, that of its halves."""
_SMALLER = {
    "full": ("view='overview'", "depth=0", "focus= on a part"),
    "unrolled": ("view='full'", "view='overview'"),
    "blocks": ("view='overview'", "focus= on a part"),
    "overview": ("depth=0", "focus= on a part"),
}
"""What draws less than a view does."""


def put_on_page(facts: Facts, drawn: Diagram, width: float, below: float) -> Diagram:
    """A drawing that is higher than its page: closer together, else in as many columns as there is room for.

    Args:
        facts: with the height that is asked.
        drawn: the drawing.
        width: of the page.
        below: how much of the height stands below the drawing.
    """
    room = _room(facts, below)
    if drawn.height <= room or facts.options.direction == "right":
        return drawn
    pulled = closer(drawn, room)
    # What is pulled together bends lines, which may run through boxes then.
    if pulled is not None and (is_faulty(drawn) or not is_faulty(pulled)):
        return pulled
    columns = in_columns(drawn, width, room)
    # Where a drawing can be cut near its end only, a column of a few boxes would leave half of the page empty.
    if columns is None or (columns.height > room + 0.5 and columns.height > _LOWER * drawn.height):
        return drawn
    return columns


def across_page(facts: Facts, drawn: Diagram, widths: Sequence[float]) -> Diagram:
    """A drawing that is high and leaves half of the width empty that was asked for, in two columns.

    Where no width is asked for, a page as narrow as the drawing is chosen instead.
    """
    if len(widths) > 1 or facts.options.direction == "right" or facts.options.height is not None:
        return drawn
    if drawn.width > _NARROW * widths[0] or drawn.height < _TALL * widths[0]:
        return drawn
    halves = in_columns(drawn, widths[0], drawn.height * _HALF)
    return halves if halves is not None and halves.height <= _LOWER * drawn.height else drawn


def fits_page(facts: Facts, drawn: Diagram, width: float, below: float) -> bool:
    """Whether a drawing is as small as asked, or as a page, with what stands below it.

    What is asked to go to the right may be as wide as any page is.
    """
    widest = WIDEST if facts.options.direction == "right" else width
    return drawn.width <= widest + 0.5 and drawn.height <= _room(facts, below) + 0.5


def page_area(facts: Facts, width: float) -> float:
    """What a drawing covers at most, in square points, if it fits a page."""
    return (WIDEST if facts.options.direction == "right" else width) * _room(facts, 0.0)


def _room(facts: Facts, below: float) -> float:
    return (facts.options.height or PAGE_HEIGHT) - below


def size_notes(facts: Facts, view: str, drawn: Diagram, width: float) -> tuple[str, ...]:
    """What to say of a drawing that is wider than asked, or higher than asked or than a page."""
    asked = facts.options.height
    less = _less(facts, view, drawn)
    notes = []
    if drawn.width > width + 0.5:
        holds = [f"width='{ceil(drawn.width + 0.5)}pt' holds it"] if drawn.width + 1 < WIDEST else []
        notes.append(f"{drawn.width:.0f} pt wide, {width:.0f} pt asked: {' and '.join([less, *holds])}")
    if drawn.height > (asked or PAGE_HEIGHT) + 0.5:
        limit = f"a page has {PAGE_HEIGHT / 72:g} in" if asked is None else f"{asked / 72:.2g} in asked"
        notes.append(f"{drawn.height / 72:.1f} in tall, {limit}: {less}")
    return tuple(notes)


def _less(facts: Facts, view: str, drawn: Diagram) -> str:
    """Which options draw less, of those that are not chosen yet and have something to act on."""
    chosen, boxes = facts.options, {box.name for box in drawn.boxes}
    opened = chosen.style != "boxes" or view == "full" or any(one.name not in boxes for one in drawn.clusters)
    idle = {"depth=0": chosen.depth == 0 or not opened, "focus= on a part": bool(chosen.focus)}
    *first, last = [way for way in _SMALLER.get(view, ()) if not idle.get(way)] or ["a smaller width="]
    return f"{', '.join(first)} or {last} draw less" if first else f"{last} draws less"
