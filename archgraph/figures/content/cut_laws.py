"""A law that is too wide for one line, cut before plus and minus signs; what is left stands below its right side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from archgraph.figures.content.mathtext import MINUS
from archgraph.figures.drawing.diagram import Line, Run, line_width

_DEEPEST, _MOST = 1, 3


def cut_law(line: Line, head: int, room: float) -> tuple[Line, ...]:
    """The law on as few lines as it takes; nothing where there are no such places, or too little room.

    Terms of the whole sum are taken apart before those of a sum in brackets, and every line is as long as it can be.

    Args:
        line: the law, with the name and sign before it.
        head: how many runs these are.
        room: how wide every line may be.
    """
    cuts = (_cut(line, head, room, depth) for depth in range(_DEEPEST + 1))
    return next((cut for cut in cuts if cut and len(cut) <= _MOST), ())


def _cut(line: Line, head: int, room: float, depth: int) -> tuple[Line, ...]:
    """Lines that all fit, broken in sums at most so many brackets deep."""
    indent = line_width(line[:head]) + line[head].gap
    places = [*_places(line, head, depth), len(line)]
    lines, start = [], 0
    while start < len(line):
        longer = ((end, _continued(line[start:end], indent) if start else line[:end]) for end in places if end > start)
        fitting = [(end, one) for end, one in longer if line_width(one) <= room]
        if not fitting:
            return ()
        start, found = fitting[-1]
        lines.append(found)
    return tuple(lines)


def _places(line: Line, head: int, depth: int) -> Iterator[int]:
    """Where a sum at most so many brackets deep goes on; not at a sign that stands first."""
    brackets = 0
    for place, run in enumerate(line):
        inside = place > head and run.rise == 0 and line[place - 1].text != "("
        if run.text in ("+", MINUS) and brackets <= depth and inside:
            yield place
        brackets += (run.text == "(") - (run.text == ")")


def _continued(runs: Sequence[Run], indent: float) -> Line:
    first, *rest = runs
    return (replace(first, gap=indent, continues=True), *rest)
