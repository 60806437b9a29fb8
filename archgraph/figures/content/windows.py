"""In which windows something attends, and by how much they are shifted, as a line of a box."""

from collections.abc import Iterator, Sequence

from archgraph.figures.content.mathtext import line_of, words
from archgraph.figures.drawing.diagram import Line, line_width
from archgraph.figures.drawing.style import SIZES
from archgraph.figures.facts.facts import Facts
from archgraph.graph.ir import Member, Repeat
from archgraph.ops.reach import Blocks, in_general
from archgraph.outline.items import Item
from archgraph.outline.wording import times

_APART = 6.0


def with_windows(facts: Facts, items: Sequence[Item], heading: Sequence[Line], room: float) -> list[Line]:
    """A heading with the windows of what attends in some and to nothing beyond them, on its last line if they fit."""
    if facts.attends(items) != {"windows"}:
        return [*heading]
    said = _said(facts, items)
    *lines, last = heading
    if line_width(last) + _APART + line_width(said) <= room:
        return [*lines, line_of(last, said, gap=_APART)]
    return [*heading, said]


def _said(facts: Facts, items: Sequence[Item]) -> Line:
    """Their sides, and how they are shifted."""
    found = dict.fromkeys(window for item in items for window in _windows(facts, item.member))
    sides = dict.fromkeys(times(side) for side, _ in found)
    shifts = dict.fromkeys(shift for _, shift in found)
    text = f"windows {' and '.join(sides)}"
    if len(shifts) > 1:
        text += ", regular and shifted"
    elif any(next(iter(shifts))):
        text += f", shifted by {_shift(next(iter(shifts)))}"
    return words(text, SIZES.body)


def _shift(shift: Sequence[int]) -> str:
    return str(shift[0]) if len(set(shift)) == 1 else times(shift)


def _windows(facts: Facts, member: Member) -> Iterator[tuple[tuple[int, ...], tuple[int, ...]]]:
    """The sides and shifts of all windows, along the axes that have some."""
    if isinstance(member, Repeat):
        for inner in member.body.nodes:
            yield from _windows(facts, inner)
        return
    for reach in member.reach:
        blocks = [read for _, one in reach.maps if isinstance(read := in_general(one), Blocks)]
        if reach.mixing == "dynamic" and blocks:
            yield tuple(facts.number(one.size) for one in blocks), tuple(facts.number(one.shift) for one in blocks)
