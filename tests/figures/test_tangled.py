"""Networks whose parts read each other at every step are drawn on a page, and no line crosses a box there."""

from __future__ import annotations

import pytest
from tangled_networks import HEAD, refinement, towers

import archgraph as ag
from archgraph.figures.drawing.geometry import faults
from archgraph.figures.figure import Figure
from archgraph.outline.items import flow_of
from archgraph.outline.structure import end_of
from tests.figures.law_reader import false_laws


def drawn(text: str) -> Figure:
    g = ag.loads(text)
    figure = g.draw()
    assert faults(figure.diagram) == [] and false_laws(figure, g.network) == []
    assert figure.notes == (), "it fits the page"
    return figure


def texts(figure: Figure) -> list[str]:
    return [text.string for text in figure.diagram.texts()]


@pytest.mark.dot
@pytest.mark.parametrize("steps, count", [(20, 3), (30, 2), (12, 5)])
def test_towers_that_read_each_other(steps, count):
    figure = drawn(towers(steps, count))
    assert any("additions" in text for text in texts(figure))


@pytest.mark.dot
def test_a_refinement_is_its_turns_and_not_the_first_of_them():
    figure = drawn(refinement(12))
    assert any("×12" in text.replace(" ", "") for text in texts(figure))
    assert "11 results" in texts(figure)


def test_the_last_turn_is_the_result_and_two_heads_are_in_order():
    def end(text: str) -> str:
        return end_of(flow_of(ag.loads(text).graph)).name

    assert end(refinement(12)) == "flow12"
    heads = "  - conv: {out: 9, kernel: 1}\n    from: x\n    as: classes\n"
    heads += "  - conv: {out: 4, kernel: 1}\n    from: x\n  - relu:\n    as: boxes\n"
    assert end(f"{HEAD}{heads}outputs: [classes, boxes]\n") == "classes"
