"""The view of every operation fits a page: what has no room is closed, with a word that says how to see the rest."""

from __future__ import annotations

import re

import pytest
from gallery_pages import every_network, figure_of

import archgraph as ag
from archgraph.figures.drawing.diagram import Box
from archgraph.figures.drawing.geometry import faults
from archgraph.figures.facts.facts import Facts
from archgraph.figures.figure import Figure
from archgraph.figures.overview.closing import block_depth
from archgraph.figures.room import PAGE_HEIGHT
from tests.figures.law_reader import false_laws

pytestmark = pytest.mark.dot
CHAIN = """\
archgraph: 1
symbols: {H: 64}
inputs: {x: {c: 8, h: H, w: H}}
network:
  - for: {i: 0..400}
    do: [{conv: {out: 8 + i % 7, kernel: 3, padding: same}}]
"""
ROOM = re.compile(r"([\w ,]+) operations have no room on a page: (.+); (.+)")


def operations(figure: Figure) -> list[Box]:
    return [
        box for box in figure.diagram.boxes if box.kind != "panel" and not box.name.startswith(("input ", "output "))
    ]


@pytest.mark.slow
@every_network
def test_every_network_of_the_gallery_fits_a_page_or_is_closed_with_a_word(name):
    g = ag.load(name)
    figure = g.draw("full")
    assert figure.diagram.height <= PAGE_HEIGHT + 0.5 and figure.diagram.width <= 6.75 * 72 + 0.5
    assert faults(figure.diagram) == [] and false_laws(figure, g.network) == []
    assert all(ROOM.fullmatch(note) for note in figure.notes)
    assert (figure.notes == ()) == (figure.kind == "full") == ("Every operation" in figure.caption())


@pytest.mark.parametrize(
    ("name", "kind", "instead"),
    [
        ("resnet", "closed", "blocks are opened 2 levels deep"),
        ("sd3", "closed", "blocks are opened 1 level deep"),
        ("unetr", "closed", "all blocks are closed"),
        ("unet", "overview", "the overview is drawn"),
        ("hunyuan_dit", "overview", "the overview is drawn"),
    ],
)
def test_what_is_drawn_instead(name, kind, instead):
    figure = figure_of(name, "full")
    (note,) = figure.notes
    found = ROOM.fullmatch(note)
    assert figure.kind == kind and found is not None and found[2] == instead
    assert figure.html.startswith("<!DOCTYPE html>") and figure.diagram.height <= PAGE_HEIGHT + 0.5


@pytest.mark.parametrize("name", ["resnet", "unet"])
def test_the_depth_of_the_word_draws_every_operation(name):
    """At any size, as it does wherever a depth is asked for."""
    number, depth = re.search(r"^(\d+) operations .* depth=(\d+) draws all", figure_of(name, "full").notes[0]).groups()
    figure = figure_of(name, "full", depth=int(depth))
    assert len(operations(figure)) == int(number) and figure.kind == "full"
    assert figure.diagram.height > PAGE_HEIGHT
    assert block_depth(Facts(ag.load(name).network)) == int(depth)


def test_a_page_that_is_asked_for_decides():
    """A large sheet holds what a page of a paper does not, and a small one less."""
    assert figure_of("unet", "full", height="40in").notes == ()
    assert figure_of("vgg", "full").kind == "full"
    small = figure_of("resnet", "full", height="5in")
    assert small.diagram.height <= 5 * 72 + 0.5 and " have no room in 5 in: " in small.notes[0]


def test_a_chain_without_blocks_is_folded():
    g = ag.loads(CHAIN)
    figure = g.draw("full")
    assert figure.diagram.height <= PAGE_HEIGHT and figure.kind == "overview"
    assert figure.notes == (
        "401 operations have no room on a page: the overview is drawn; depth=0 draws all of them at any size",
    )
    assert len(operations(g.draw("full", depth=0))) == 401


def test_what_is_too_much_for_a_figure_is_closed_too(monkeypatch):
    monkeypatch.setattr("archgraph.figures.overview.any_graph.MOST_BOXES", 5)
    monkeypatch.setattr("archgraph.figures.overview.closing.MOST_BOXES", 5)
    (note,) = ag.load("resnet").draw("full").notes
    assert note.startswith("more than 5 operations have no room") and "depth=" not in note
