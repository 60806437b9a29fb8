"""Feature maps of one of several networks: with its name above, resolutions and fields, and no costs."""

from __future__ import annotations

from dataclasses import replace

from archgraph.figures.content.mathtext import words
from archgraph.figures.content.wrapping import fitted
from archgraph.figures.drawing.diagram import Diagram, Text
from archgraph.figures.drawing.style import SIZES
from archgraph.figures.facts.facts import Facts
from archgraph.figures.maps.maps_diagram import maps_diagram

_TOP = 18.0


def maps_panel(facts: Facts, width: float) -> Diagram:
    """The maps of a network on a page of that width."""
    plain = Facts(facts.network, facts.color, replace(facts.options, show=("shape", "field")), facts.place)
    drawn = maps_diagram(plain, width)
    heading = Text(fitted(words(facts.network.name, SIZES.heading, "bold"), width - 2), 1.0, 8.5)
    moved = drawn.moved(0.0, _TOP)
    return replace(moved, marks=(*moved.marks, heading), height=drawn.height + _TOP)
