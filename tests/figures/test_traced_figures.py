"""Figures of modules: the drawing has no fault, every law is true, every heading speaks of what is in its box."""

from __future__ import annotations

from functools import cache

import pytest

pytest.importorskip("torch")

import archgraph as ag
from archgraph.architecture.architecture import Architecture
from archgraph.figures.drawing.geometry import faults
from archgraph.figures.figure import Figure
from tests.figures.box_members import noted, titles_of, untrue_headings
from tests.figures.law_reader import false_laws, printed_laws
from tests.figures.sharing_modules import SHARING
from tests.outline.forms.outlined_modules import MODULES
from tests.pytorch.torch_modules import EXAMPLES, traced

pytestmark = [pytest.mark.torch, pytest.mark.dot]
TRACED = [
    *(f"sharing {name}" for name in SHARING),
    *(f"outlined {name}" for name in MODULES),
    *(f"example {name}" for name in EXAMPLES),
]


@cache
def network(name: str) -> Architecture:
    where, _, own = name.partition(" ")
    if where == "example":
        return traced(own)
    module, inputs, *_ = SHARING[own] if where == "sharing" else MODULES[own]
    return ag.trace(module().eval(), inputs())


def drawn(name: str) -> Figure:
    return network(name).draw()


def test_there_are_enough_of_them():
    assert len(TRACED) > 30


@pytest.mark.parametrize("name", TRACED)
def test_an_overview(name):
    g = network(name)
    with noted() as members:
        figure = g.draw()
    assert faults(figure.diagram) == [] and all("pt wide" in note for note in figure.notes)
    assert list(printed_laws(figure.diagram)) and false_laws(figure, g.network) == []
    assert untrue_headings(figure, members, titles_of(g.graph)) == []


@pytest.mark.parametrize("name", [f"sharing {name}" for name in SHARING])
def test_shared_weights_make_no_tangle(name):
    """Each kind of constant is in a box, and lines lead only from what is added to streams."""
    diagram = drawn(name).diagram
    lone = [box for box in diagram.boxes if {text.string for text in box.texts()} & {"Parameter", "Rename"}]
    assert len(lone) == (name == "sharing positions")


@pytest.mark.parametrize("name", ["tied", "head", "layer", "made", "u", "streams"])
def test_boxes_say_where_their_weights_are(name):
    figure = drawn(f"sharing {name}")
    texts = [text.string for text in figure.diagram.texts()]
    assert "weights of an earlier box" in texts
    told = sum(int(law) for box in figure.diagram.boxes for metric, law in box.laws if metric == "params")
    # A last layer is written at the exit of a U, without its law.
    outside = 2 * 8 + 2 if name == "u" else 0
    assert told + outside == network(f"sharing {name}").at().params
