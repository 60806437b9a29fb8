"""Every figure of the gallery as it stands on the page: read back from the SVG, and checked by geometry."""

import re
import xml.etree.ElementTree as ElementTree
from itertools import pairwise

import pytest
from gallery_pages import figure_of

import archgraph as ag
from archgraph.architecture.architecture import Architecture
from archgraph.figures.drawing.geometry import faults
from archgraph.figures.drawing.metrics import text_width
from archgraph.figures.figure import Figure
from archgraph.figures.fonts.typeface import Face
from archgraph.gallery import members_of
from archgraph.spec.load import shipped_names
from tests.figures.box_members import noted, titles_of, untrue_headings
from tests.figures.law_reader import false_laws
from tests.figures.number_reader import false_numbers, told_numbers

SIGNATURES = [("unet:padded-512", "dit"), ("nnunet:inference", "dit"), ("sd", "dit"), ("swin", "vit")]
VARIANTS = ["unet:padded-512", "dit:S/2", "dit:XL/2-512", "nnunet:inference", "sd:xl", "resnet:101", "swin:B"]
EVERY_VARIANT = [member for name in shipped_names() for member in members_of(name)[1:]]
FACES: dict[str, Face] = {"s": "sans", "b": "bold", "r": "serif", "i": "italic"}
SVG = "{http://www.w3.org/2000/svg}"


def _on_the_page(figure: Figure) -> list[str]:
    """What the SVG has outside its viewBox or smaller than print allows."""
    root = ElementTree.fromstring(figure.svg)
    left, top, width, height = map(float, root.attrib["viewBox"].split())
    wrong = []
    for text in root.iter(f"{SVG}text"):
        sizes = [float(span.attrib["font-size"]) for span in text]
        x, y, last = float(text[0].attrib["x"]), float(text.attrib["y"]), text[-1]
        end = float(last.attrib["x"]) + text_width(last.text or "", FACES[last.attrib["class"]], sizes[-1])
        if x < left - 0.5 or end > left + width + 0.5 or not top <= y <= top + height:
            wrong.append("".join(text.itertext()))
        wrong += [f"{max(sizes)} pt"] if max(sizes) < 7 else []
    for path in root.iter(f"{SVG}path"):
        numbers = [float(found) for found in re.findall(r"-?\d+\.?\d*", path.attrib["d"])]
        inside = all(-1 <= x <= width + 1 for x in numbers[::2]) and all(-1 <= y <= height + 1 for y in numbers[1::2])
        wrong += [] if inside else [path.attrib["d"]]
    return wrong


def _good(figure: Figure, *networks: Architecture) -> None:
    """No fault of the drawing, and every law on it is true."""
    assert faults(figure.diagram) == []
    assert false_laws(figure, *(g.network for g in networks)) == []
    assert _on_the_page(figure) == []
    assert figure.notes == ()


def _overview(name: str) -> None:
    """Of a figure of boxes the headings are held against what is in them, too."""
    g = ag.load(name)
    with noted() as members:
        figure = g.draw()
    _good(figure, g)
    assert untrue_headings(figure, members, titles_of(g.graph)) == []


@pytest.mark.dot
@pytest.mark.parametrize("name", [*shipped_names(), *VARIANTS])
def test_overviews(name):
    _overview(name)


@pytest.mark.parametrize("name", ["flux", "sd3", "pixart"])
def test_transformers_with_several_conditions_are_spines(name):
    """No line of theirs is a spline: Graphviz did not route them."""
    figure = figure_of(name)
    assert all(edge.path is None or edge.path.curve == "line" for edge in figure.diagram.edges)
    corners = [edge.path.points for edge in figure.diagram.edges if edge.path is not None]
    assert all(a[0] == b[0] or a[1] == b[1] for points in corners for a, b in pairwise(points))


@pytest.mark.parametrize("pair", SIGNATURES, ids=" vs ".join)
@pytest.mark.parametrize("venue", ["icml", "neurips", "nature"])
def test_contrasts(pair, venue):
    networks = [ag.load(name) for name in pair]
    figure = ag.contrast(*networks, venue=venue)
    assert figure.diagram.height <= 9 * 72
    if figure.notes:
        # what a page has no room for is left out with a word, and fits without the levels
        assert all(note.endswith("matrix: ask for other panels") for note in figure.notes)
        assert faults(figure.diagram) == []
        figure = ag.contrast(*networks, venue=venue, panels=["stages", "laws", "ladder", "hops", "matrix"])
    _good(figure, *networks)


@pytest.mark.parametrize("pair", SIGNATURES, ids=" vs ".join)
def test_numbers_of_contrasts_that_are_no_laws(pair):
    """They are true of their networks, and not of others."""
    networks = [ag.load(name) for name in pair]
    figure = ag.contrast(*networks, panels=["laws"])
    told = list(told_numbers(figure))
    assert len(told) >= 6 and false_numbers(figure, *networks) == []
    assert false_numbers(figure, ag.load("vgg")) == told


def test_the_contrasts_of_the_pages_are_among_them():
    from generate import CONTRASTS

    assert set(CONTRASTS.values()) <= set(SIGNATURES)


@pytest.mark.slow
@pytest.mark.dot
@pytest.mark.parametrize("name", sorted(set(EVERY_VARIANT) - set(VARIANTS)))
def test_overviews_of_every_variant(name):
    _overview(name)


@pytest.mark.slow
@pytest.mark.dot
@pytest.mark.parametrize("color", ["params", "macs", "level", "op"])
@pytest.mark.parametrize("name", shipped_names())
def test_overviews_coloured_by_cost(name, color):
    g = ag.load(name)
    _good(g.draw(color=color), g)
