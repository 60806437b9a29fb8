"""Levels, laws against symbols, what boxes are annotated with, and the panels of a contrast."""

import math

import pytest
from gallery_pages import figure_of

import archgraph as ag
from archgraph.data.figure_words import VIEWS
from archgraph.errors import QueryError
from archgraph.figures.charts.law_charts import exponent
from archgraph.figures.charts.levels import levels
from archgraph.figures.drawing.geometry import faults
from archgraph.figures.facts.facts import Facts

NAMES = ["unet", "dit", "sd", "vit", "gpt2", "nnunet"]


def strings(figure) -> str:
    return "\n".join(text.string for text in figure.diagram.texts())


@pytest.mark.parametrize("view", ["levels", "laws"])
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("width", ["column", "text"])
def test_charts_have_no_faults(name, view, width):
    figure = figure_of(name, view, width=width)
    assert faults(figure.diagram) == [] and figure.notes == ()


@pytest.mark.parametrize("name", NAMES)
def test_levels_add_up_to_the_total(name):
    facts = Facts(ag.load(name).network)
    for metric in ("params", "macs"):
        total = sum(facts.value(level.law(metric)) for level in levels(facts))
        assert math.isclose(total, facts.value(facts.total(metric)), rel_tol=1e-9)


def test_the_unet_has_a_level_per_resolution():
    text = strings(figure_of("unet", "levels"))
    assert sum(line.startswith("≈H") for line in text.split("\n")) == 5 and "46 %" in text and "7.7 %" in text


def test_exponents_of_the_transformer_in_the_side():
    g = ag.load("dit")
    facts = Facts(g.network)
    assert exponent(facts, facts.total("macs"), g.symbols["S"]) == 4
    assert exponent(facts, facts.total("params"), g.symbols["D"]) == 2


def test_a_network_of_numbers_has_no_laws():
    with pytest.raises(QueryError, match=r"no cost of .* depends on a symbol"):
        ag.loads("{archgraph: 1, inputs: {x: {c: 3, n: 8}}, network: [linear: {out: 5}]}").draw("laws")


def test_values_instead_of_laws():
    text = strings(figure_of("unet", values=True))
    assert "θ≈14.2 M" in text.replace(" ≈ ", "≈") and "C2" not in text and "H/2" not in text
    assert faults(figure_of("unet", values=True).diagram) == []


def test_what_is_shown():
    bare = strings(figure_of("unet", show=["params"]))
    assert "θ" in bare and bare.count("MACs") == bare.count("Whole network") == 1 and "188–204" not in bare


def test_full_laws():
    assert "3456C2+32C" in strings(figure_of("unet", terms="full")).replace(" ", "")
    assert faults(figure_of("unet", terms="full").diagram) == []


@pytest.mark.parametrize("wrong", [{"show": ["param"]}, {"terms": "most"}])
def test_unknown_options(wrong):
    with pytest.raises(QueryError, match=r"there is no (annotation|kind of terms)"):
        figure_of("unet", **wrong)


def test_panels():
    pair = ag.load("unet"), ag.load("dit")
    figure = ag.contrast(*pair, panels=["levels", "laws"])
    assert faults(figure.diagram) == [] and "≈" in strings(figure) and "slice of the input" not in strings(figure)
    with pytest.raises(QueryError, match=r"there is no panel 'level'. Did you mean 'levels'"):
        ag.contrast(*pair, panels=["level"])


@pytest.mark.torch
def test_a_network_without_operations_is_refused():
    torch = pytest.importorskip("torch")
    g = ag.trace(torch.nn.Dropout(), torch.zeros(1, 3, 8, 8))  # in evaluation it gives what it takes
    for view in VIEWS:
        with pytest.raises(QueryError, match="has no operation, so that there is nothing to draw"):
            g.draw(view=view)
