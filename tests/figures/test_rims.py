"""Drawings without a page: on a page of their own colour nothing is added, and on the other kind all can be read."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import archgraph as ag
from archgraph.figures.drawing.decks import deck
from archgraph.figures.drawing.diagram import Diagram, Extent, Path, Rect, Text
from archgraph.figures.drawing.look import DARK_PAGE
from archgraph.figures.figure import Figure
from tests.figures.test_themes import contrast_of

OTHER_PAGE = {"paper": "#1e1e1e", "slides": "#1e1e1e", "dark": "#ffffff"}
OWN_PAGE = {"paper": "#ffffff", "slides": "#ffffff", "dark": DARK_PAGE}
DRAWN = [
    ("unet", {}), ("flux", {}), ("dit", {}), ("unet", {"style": "maps"}), ("unet", {"view": "levels"}),
    ("dit", {"view": "ladder"}), ("unet", {"view": "hops"}), ("swin", {"view": "matrix"}), ("unet", {"view": "laws"}),
]  # fmt: skip


@pytest.fixture(scope="module", params=[*DRAWN, "contrast"], ids=str)
def drawn(request):
    """One figure, in every theme."""

    def figure(theme: str) -> Figure:
        look = {"theme": theme, "background": "transparent"}
        if request.param == "contrast":
            return ag.contrast(ag.load("unet"), ag.load("conv_stack"), **look)
        name, options = request.param
        return ag.load(name).draw(**options, **look)

    return figure


def filled(diagram: Diagram) -> Iterator[tuple[Extent, str]]:
    """Every filled rectangle, from the back."""
    boxes = (part.moved(box.x, box.y) for box in diagram.boxes for part in box.parts)
    cards = (part for cluster in diagram.clusters for part in deck(cluster))
    for part in (*diagram.under, *cards, *boxes):
        if isinstance(part, Rect) and part.fill != "none":
            yield part.extent, part.fill


@pytest.mark.parametrize("theme", ["paper", "dark"])
def test_every_text_stands_on_a_ground_that_it_can_be_read_on(drawn, theme):
    diagram = drawn(theme).diagram
    grounds = list(filled(diagram))
    for text in diagram.texts():
        under = [color for extent, color in grounds if text.runs and extent.contains(text.extent, 0.6)]
        assert not text.runs or any(contrast_of(color, text.color) > 4.5 for color in under), text.string


@pytest.mark.parametrize("theme", ["paper", "dark"])
def test_every_arrow_has_a_rim(drawn, theme):
    diagram = drawn(theme).diagram
    lines = [edge.path for edge in diagram.edges if edge.path is not None]
    rims = {part.points[0] for part in diagram.under if isinstance(part, Path)}
    drowned = [path for path in lines if contrast_of(path.stroke, OTHER_PAGE[theme]) < 2]
    assert {path.points[0] for path in drowned} <= rims


@pytest.mark.parametrize("theme", ["paper", "dark"])
def test_all_that_lies_under_a_drawing_has_the_colour_of_its_own_page(drawn, theme):
    under = drawn(theme).diagram.under
    assert under and not any(isinstance(part, Text) for part in under)
    colors = {part.fill if isinstance(part, Rect) else part.stroke for part in under}
    assert colors == {OWN_PAGE[theme]}


def test_a_page_has_nothing_under_it():
    g = ag.load("conv_stack")
    assert g.draw().diagram.under == g.draw(background="paper").diagram.under == ()
