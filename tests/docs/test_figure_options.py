"""Every option of a figure has a picture on its page, or it is said why not; a spec holds all of them."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest
from figure_options import CONTRASTS, PICTURES, WITHOUT

import archgraph as ag
from archgraph.architecture.architecture import Architecture, load, loads
from archgraph.data.figure_keywords import ContrastOptions, DrawOptions
from archgraph.data.figure_words import FIGURE_OPTIONS
from archgraph.figures.drawing.geometry import faults
from archgraph.figures.figure import Figure
from tests.figures.law_reader import false_laws

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "figures.md").read_text(encoding="utf-8")


def test_every_option_has_a_picture_or_a_reason():
    drawn = {option for _, said in (*PICTURES.values(), *CONTRASTS.values()) for option in said}
    asked = {"view", *DrawOptions.__annotations__, *ContrastOptions.__annotations__}
    assert asked - drawn == set(WITHOUT)
    assert drawn <= asked


def test_every_picture_is_shown_and_there():
    for name in (*PICTURES, *CONTRASTS):
        assert f"](../renders/options/{name}.svg)" in PAGE, name
        assert (ROOT / "renders" / "options" / f"{name}.svg").is_file(), name
    kept = {file.stem for file in (ROOT / "renders" / "options").iterdir()}
    assert kept == {*PICTURES, *CONTRASTS}


def test_every_option_is_named_on_the_page():
    assert [name for name in (*FIGURE_OPTIONS, "panels") if name not in PAGE] == []


def test_a_spec_holds_every_option_of_draw():
    signature = inspect.signature(ag.Architecture.draw).parameters
    plain = {name for name, one in signature.items() if one.kind is not one.VAR_KEYWORD} - {"self"}
    assert plain | set(DrawOptions.__annotations__) == set(FIGURE_OPTIONS)


def good(figure: Figure, *networks: Architecture) -> None:
    assert faults(figure.diagram) == []
    assert false_laws(figure, *(g.network for g in networks)) == []


@pytest.mark.slow
@pytest.mark.parametrize("name", PICTURES)
def test_every_law_of_a_picture_is_true(name):
    spec, said = PICTURES[name]
    g = loads(spec) if "\n" in spec else load(spec)
    good(g.draw(**said), g)


@pytest.mark.slow
@pytest.mark.parametrize("name", CONTRASTS)
def test_every_law_of_a_contrast_is_true(name):
    specs, said = CONTRASTS[name]
    networks = [load(spec) for spec in specs]
    good(ag.contrast(*networks, **said), *networks)
