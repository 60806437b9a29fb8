"""Figures for every reader: titles, contrast, grey printers, colour-blind eyes, and names of any script."""

import itertools
import json
import xml.etree.ElementTree as ElementTree

import pytest
from gallery_pages import figure_of

import archgraph as ag
from archgraph.errors import printable
from archgraph.figures.drawing.diagram import INK, MUTED
from archgraph.figures.drawing.geometry import faults
from archgraph.figures.drawing.style import DECK, PANEL, RAMP, SIDE_FILL, ink_on, luminance, shade

SVG = "{http://www.w3.org/2000/svg}"
#: Machado, Oliveira & Fernandes 2009, severity 1.0, on linear RGB.
DEUTERANOPIA = (
    (0.367322, 0.860646, -0.227968),
    (0.280085, 0.672501, 0.047413),
    (-0.011820, 0.042940, 0.968881),
)
NAMES = [
    "<script>alert(1)</script>",
    "\"quotes\" 'and' & ampersands ]]> <!-- -->",
    "\u202eرشته \u05e9\u05dc\u05d5\u05dd",
    "模型 ネットワーク 신경망",
    "x" * 300,
    "{{mustache}} \\n \\l %s ${x} `",
]


def ratio(first: str, second: str) -> float:
    """The contrast of WCAG 2."""
    light, dark = sorted((luminance(first), luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def seen(color: str) -> str:
    """The colour as a deuteranope sees it."""
    channels = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    mixed = [min(1.0, max(0.0, sum(a * b for a, b in zip(row, linear, strict=True)))) for row in DEUTERANOPIA]
    coded = [12.92 * c if c <= 0.0031308 else 1.055 * c ** (1 / 2.4) - 0.055 for c in mixed]
    return "#" + "".join(f"{round(255 * c):02x}" for c in coded)


@pytest.mark.parametrize("ink", [INK, MUTED])
@pytest.mark.parametrize("paper", ["#ffffff", DECK, PANEL, SIDE_FILL])
def test_text_on_paper(ink, paper):
    assert ratio(ink, paper) >= 4.5


def test_text_on_colour():
    worst = min(ratio(ink_on(shade(step / 200)), shade(step / 200)) for step in range(201))
    assert worst >= 4.5


@pytest.mark.parametrize("view", [lambda color: color, seen], ids=["grey", "deuteranopia"])
def test_the_ramp_darkens_all_the_way(view):
    levels = [luminance(view(shade(step / 64))) for step in range(65)]
    assert all(before > after for before, after in itertools.pairwise(levels))
    steps = [luminance(view(color)) for color in RAMP]
    assert all(before - after > 0.008 for before, after in itertools.pairwise(steps))


@pytest.mark.dot
@pytest.mark.parametrize("view", ["overview", "ladder", "matrix", "levels", "laws"])
def test_every_figure_has_title_and_description(view):
    root = ElementTree.fromstring(figure_of("dit", view).svg)
    title, description = root[0], root[1]
    assert (title.tag, description.tag) == (f"{SVG}title", f"{SVG}desc")
    assert title.text == "DiT" and "675,129,632 parameters" in (description.text or "")
    assert root.attrib["role"] == "img"
    assert root.attrib["aria-labelledby"].split() == [title.attrib["id"], description.attrib["id"]]


def test_text_stays_text():
    root = ElementTree.fromstring(figure_of("unet").svg)
    texts = ["".join(text.itertext()) for text in root.iter(f"{SVG}text")]
    assert "max-pool 2×2" in texts and any("9C2(H" in text for text in texts)


def named(name: str) -> str:
    """A network with that name, and documentation that says the same."""
    quoted = json.dumps(name)
    return f"""
archgraph: 1
name: {quoted}
doc: {quoted}
symbols: {{C: {{default: 8, doc: {quoted}}}}}
inputs: {{x: {{c: 3, h: 64, w: 64}}}}
blocks:
  unit: {{doc: {quoted}, do: [{{conv: {{out: C, kernel: 3, padding: same}}}}, relu]}}
network: [unit, unit, {{conv: {{out: 2, kernel: 1}}}}]
"""


@pytest.mark.dot
@pytest.mark.parametrize("name", NAMES, ids=["script", "quotes", "rtl", "cjk", "long", "templates"])
def test_any_name(name):
    g = ag.loads(named(name))
    figures = [g.draw(), g.draw("ladder"), g.draw("levels"), ag.contrast(g, ag.load("dit"))]
    for figure in figures:
        assert faults(figure.diagram) == []
        root = ElementTree.fromstring(figure.svg)
        assert not [element for element in root.iter() if element.tag.endswith("script")]
        assert figure.dot.startswith("digraph") and figure.html.count("</script>") == 1
    assert ElementTree.fromstring(g.draw().svg)[0].text == printable(
        name
    )  # control and bidirectional characters are spelt
