"""A name of every dangerous kind in every view, style and chart, read back by readers that are not ours."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from typing import Any

import pytest
import yaml

import archgraph as ag
from archgraph.data.figure_words import STYLES, VIEWS
from tests.figures.test_hostile_names import RAW, Elements
from tests.figures.test_read_back import NAMES, network, seen

NAME = "".join(
    NAMES[kind] for kind in ("control", "bidi", "zero width", "newlines", "html", "latex", "picture", "graph")
)
LABEL = "\x1b[2J\u202e\u200b</g><b>$_{%#&\\input{x}"


def hostile() -> ag.Architecture:
    conv = {"conv": {"out": "C", "kernel": 3, "padding": "same"}}
    step = {"repeat": 2, "do": ["relu", {**conv, "label": LABEL}]}
    tree = {"archgraph": 1, "name": NAME, "doc": NAME, "symbols": {"C": {"default": 8, "doc": NAME}}}
    inputs = {"x": {"c": "C", "h": 8, "w": 8}}
    return ag.loads(yaml.safe_dump({**tree, "inputs": inputs, "network": [conv, step, "relu"]}))


@pytest.fixture(scope="module")
def g() -> ag.Architecture:
    return hostile()


DRAWN: dict[str, Callable[[Any], Any]] = {
    **{view: lambda g, view=view: g.draw(view=view, title=NAME) for view in VIEWS},
    **{style: lambda g, style=style: g.draw(style=style, title=NAME) for style in STYLES},
    "contrast": lambda g: ag.contrast(g, network("plain"), title=NAME),
    "growth": lambda g: ag.growth_figure([(g.growth("C"), [8, 16, 32])]),
    "memory": lambda g: ag.memory_figure([g], "8GB"),
    "fits": lambda g: ag.fits_figure({NAME: [g.growth("C")]}, "1GB", [1, 2]),
}


@pytest.mark.parametrize("what", DRAWN)
def test_every_figure_is_read_back(what, g):
    figure = DRAWN[what](g)
    assert not any(RAW.search(getattr(figure, format)) for format in ("svg", "dot", "tikz", "html"))
    root = ElementTree.fromstring(figure.svg)
    tags = {each.tag.rpartition("}")[2] for each in root.iter()}
    assert tags.isdisjoint({"script", "img", "b"})
    assert seen("a\x1b[2J\x07b") in " ".join(root.itertext())
    page = Elements(figure.html)
    assert not {"b", "img"} & set(page.tags) and page.tags.count("script") == figure.html.count("</script>")
    bare = re.sub(r"(?m)%.*$", "", re.sub(r"\\.", "", figure.tikz))
    assert bare.count("{") == bare.count("}") and bare.count("$") % 2 == 0
