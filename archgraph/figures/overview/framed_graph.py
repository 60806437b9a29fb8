"""A network that is one repeat, whose inside is no line: the inside placed by Graphviz, in the frame of the repeat."""

from __future__ import annotations

from dataclasses import replace

from archgraph.figures.drawing.diagram import Cluster, Diagram, Extent, Text
from archgraph.figures.drawing.geometry import is_faulty
from archgraph.figures.facts.facts import Facts
from archgraph.figures.overview.any_graph import graph_diagram, trimmed
from archgraph.figures.overview.spine import deck_caption
from archgraph.figures.overview.spine_links import repeat_of
from archgraph.outline.groups import Group

_PAD, _COPIES, _PITCH = 10.0, 2, 11.2


def framed_graph(facts: Facts, group: Group, width: float, height: float, engine: str) -> Diagram | None:
    """The inside of a repeat with what it is called, how often it is applied, and its laws below.

    Nothing if it is no repeat, may not be opened, or does not fit.
    """
    if repeat_of(group) is None or not facts.tells_inside(group):
        return None
    inner = facts.inside(group)
    drawn = graph_diagram(facts, inner, width - 4 * _PAD, engine).moved(_PAD, _PAD)
    lines = [Text(line) for line in deck_caption(facts, inner, group, drawn.width)]
    wide = max(drawn.width, *(text.width for text in lines)) + 2 * _PAD
    top = drawn.height + 2 * _PAD + 4.0
    parts = tuple(text.ending(wide - _PAD).moved(0.0, top + _PITCH * index) for index, text in enumerate(lines))
    frame = Extent(0.0, 0.0, wide, top + _PITCH * len(lines))
    whole = trimmed(replace(drawn, clusters=(Cluster(group.name, frame, parts, _COPIES), *drawn.clusters)))
    fits = whole.width <= width + 0.5 and whole.height <= height + 0.5
    return whole if fits and not is_faulty(whole) else None
