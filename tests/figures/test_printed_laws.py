"""Laws read back from the letters of a figure are those of its graph; those of the gallery: test_gallery_figures."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from unicodedata import east_asian_width

import pytest
from gallery_pages import figure_of
from sympy import symbols

import archgraph as ag
from archgraph.figures.content.cut_laws import cut_law
from archgraph.figures.content.mathtext import line_of, math, variable, words
from archgraph.figures.drawing.diagram import line_width
from archgraph.figures.drawing.geometry import faults
from archgraph.figures.facts.facts import Facts
from archgraph.figures.figure import Figure
from archgraph.figures.fonts.typeface import FACES, typeface
from tests.figures.law_reader import false_laws, printed_laws

RENDERS = Path(__file__).parents[2] / "renders"
BORDERS = """\
archgraph: 1
symbols: {C: 8, H: 40, W: 36}
inputs: {x: {c: C, h: H, w: W}}
network:
  - for: {i: 0..2}
    do: [{conv: {out: C, kernel: 5, padding: 0}}]
  - conv: {out: 2 * C, kernel: 3, padding: 0}
  - relu
"""


def lines(figure: Figure) -> list[str]:
    """The texts without blanks, which are gaps of any width."""
    return [text.string.replace(" ", "") for text in figure.diagram.texts()]


def boxes_claim_their_own_laws(figure: Figure) -> bool:
    """Whether the laws in a box are those that the interactive page computes with."""
    return all(
        {(run.claim.metric, run.claim.law) for text in box.texts() for run in text.runs if run.claim} <= set(box.laws)
        for box in figure.diagram.boxes
        if box.kind == "node"
    )


@pytest.mark.parametrize(
    "options", [{"terms": "full"}, {"values": True}, {"view": "levels"}, {"view": "blocks"}], ids=str
)
@pytest.mark.parametrize("name", ["dit", "swin"])
def test_options_and_views(name, options):
    g = ag.load(name)
    figure = g.draw(**options)
    assert list(printed_laws(figure.diagram))
    assert false_laws(figure, g.network) == []
    assert boxes_claim_their_own_laws(figure)


@pytest.mark.parametrize("view", ["overview", "ladder", "levels", "laws"])
def test_a_figure_of_one_network_says_what_the_whole_costs(view):
    g = ag.load("unet")
    whole = next(text for text in g.draw(view).diagram.texts() if text.string.startswith("Whole network"))
    claims = {run.claim.metric: run.claim.law for run in whole.runs if run.claim}
    values = {metric: int(Facts(g.network).value(law)) for metric, law in claims.items()}
    assert values == {"params": g.at().params, "macs": g.at().macs}
    assert whole.string.replace(" ", "") == "Wholenetwork:θ≈31.0MMACs≈150G"


def test_the_sizes_of_the_totals_are_those_of_the_drawing():
    assert "atC=64,H=W=572" in lines(figure_of("unet"))
    assert "atC=8,H=40,W=36" in lines(ag.loads(BORDERS).draw())


def test_both_totals_are_told_where_boxes_show_one_of_them():
    g = ag.load("unet")
    assert [line for line in lines(g.draw(show=["params"])) if "MACs" in line] == ["Wholenetwork:θ≈31.0MMACs≈150G"]
    assert not any(line.startswith("Whole") for line in lines(g.draw(show=["shape"])))


def test_halved_sizes_beside_a_picture():
    """Roundings are words: the fonts of papers lack the brackets, and what stands in is wider than measured."""
    g = ag.loads(
        "{archgraph: 1, symbols: {C: 8, H: 32}, inputs: {x: {c: 3, h: H, w: H}}, network: [{conv: {out: C, kernel: 3}}"
        ", relu, {conv: {out: 2 * C, kernel: 3, stride: 2, padding: 0}}, relu, global_avg_pool, {linear: {out: 10}}]}"
    )
    figure = g.draw()
    assert false_laws(figure, g.network) == [] and faults(figure.diagram) == []
    assert any("ceil(H/2)" in line for line in lines(g.draw(terms="full")))
    assert false_laws(g.draw(terms="full"), g.network) == []


@pytest.mark.parametrize("name", sorted(path.name for path in RENDERS.glob("*.svg") if path.name != "rooms.svg"))
def test_every_character_of_a_render_has_a_measured_width(name):
    texts = ElementTree.parse(RENDERS / name).iter("{http://www.w3.org/2000/svg}text")
    printed = {character for text in texts for character in "".join(text.itertext())}
    # Letters of a Chinese page are the system's: each is as wide as it is high, so that its width is known.
    printed = {character for character in printed if east_asian_width(character) not in "WF"}
    assert all(typeface(face).has("".join(printed)) for face in FACES)


@pytest.mark.parametrize("name", ["llama", "mistral", "unetr"])
def test_a_law_that_is_too_wide_goes_on_below_rather_than_being_a_number(name):
    g = ag.load(name)
    figure = g.draw()
    below = [text for text in figure.diagram.texts() if text.runs[0].continues]
    assert below and all(text.runs[0].text in ("+", "−") for text in below)
    numbers = [line for line in lines(figure) if re.fullmatch(r"(θ|MACs)≈[\d.]+[kMGTP]", line)]
    assert numbers == [] and false_laws(figure, g.network) == []


def test_a_law_is_cut_before_signs_of_the_sum_and_keeps_its_lines_within_the_room():
    a, b, c = symbols("alpha beta gamma")
    whole = line_of(variable("theta", 8), words("=", 8, "serif"), math(a * b * c + 20 * a**2 * b + c * (a + b), 8))
    for room in range(30, 120, 5):
        cut = cut_law(whole, 2, room)
        assert all(line_width(line) <= room for line in cut)
        assert "".join(run.text for line in cut for run in line) == "".join(run.text for run in whole) or not cut
    assert cut_law(whole, 2, 20) == () and len(cut_law(whole, 2, 500)) == 1


def test_borders_are_no_rounding():
    """Unpadded convolutions lose a tenth at every step: their leading term alone is far off."""
    g = ag.loads(BORDERS)
    assert false_laws(g.draw(), g.network) == []
    assert "MACs=25C2(H−8)(W−8)" in lines(g.draw())


def test_a_false_law_is_found():
    """What reads the figures of the gallery sees a wrong number, a wrong sign and a law that nobody vouches for."""
    other = ag.loads(BORDERS.replace("kernel: 5", "kernel: 3"))
    figure = ag.loads(BORDERS).draw()
    assert false_laws(figure, ag.loads(BORDERS).network) == []
    assert len(list(printed_laws(figure.diagram))) == len(list(printed_laws(other.draw().diagram)))
    mixed = Figure(figure.diagram.plus(other.draw(values=True).diagram))
    assert false_laws(mixed, ag.load("conv_stack").network) != []
