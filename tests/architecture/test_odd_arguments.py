"""Values that nobody should give: what is asked with them is refused in words, and never answered wrongly."""

from __future__ import annotations

import itertools

import pytest

import archgraph as ag
from archgraph.errors import QueryError
from archgraph.fields.path_tables import hop_table
from archgraph.studies import listed as module

ENDLESS = {
    "frontier": lambda g, values: g.frontier("params", {"macs": None}, {"C": values}),
    "iso": lambda g, values: g.iso("C", over={"H": values}, macs=("<=", 1e9)),
    "largest_table": lambda g, values: ag.largest_table([g.growth("C")], "80GB", {"batch": values}),
    "fits_table": lambda g, values: ag.fits_table([g], ["t4"], values),
    "fits_figure": lambda g, values: ag.fits_figure({"x": [g.growth("C")]}, "80GB", values),
    "sweep": lambda g, values: g.sweep({"C": values}),
}


@pytest.mark.parametrize("name", ENDLESS)
@pytest.mark.parametrize("values", [lambda: range(1, 10**30), lambda: itertools.count(1)], ids=["range", "count"])
def test_values_without_end_are_refused(name, values, monkeypatch):
    if name == "sweep":
        pytest.importorskip("numpy")
        monkeypatch.setattr("archgraph.studies.axes.MOST_VALUES", 1000)
    monkeypatch.setattr(module, "MOST_CHOSEN", 1000)
    with pytest.raises(QueryError, match=r"there are too many values of \w+: the limit is [\d,]+$"):
        ENDLESS[name](ag.load("conv_stack"), values())


@pytest.mark.parametrize("ask", ["ratio", "at"])
def test_a_ratio_to_nothing_is_none(ask):
    g = ag.load("conv_stack")
    with pytest.raises(QueryError, match="buffers is 0, so there is no ratio to it"):
        (g if ask == "ratio" else g.at()).ratio("macs", "buffers")


@pytest.mark.parametrize(
    ("ask", "told"),
    [
        (lambda p: p.hops(-1, 0), "h=-1 lies outside: there are 64 positions"),
        (lambda p: p.hops(64, 0), "h=64 lies outside: there are 64 positions"),
        (lambda p: p.hops(0, 64), "h=64 lies outside: there are 64 positions"),
        (lambda p: p.rows([3, -1]), "h=-1 lies outside: there are 64 positions"),
    ],
)
def test_a_position_that_is_not_there_is_not_one_that_no_path_leads_to(ask, told):
    with pytest.raises(QueryError, match=told):
        ask(ag.load("unet:padded-512").at(C=4, H=64, W=64).paths("h"))


def test_a_distance_beyond_the_input_is_not_one_that_no_path_covers():
    g = ag.load("unet:padded-512").at(C=4, H=64, W=64)
    with pytest.raises(QueryError, match="no position of the input is 65 from output 32: it has 64"):
        g.hops(distance=65)
    rows = hop_table(g.name, g.paths("h"), {1: 1, 65: None}).rows
    assert [row["moved by"] for row in rows][1] == "outside the input"


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ([None], "symbol 'C' is a positive integer, and the sweep has a NoneType"),
        ([1, [2]], "the values of C are a list of numbers, and one is a list"),
        ([10**30, "x"], "and the sweep has a str"),
        (["x"], "and the sweep has values of the type"),
        ([float("nan")], "the sweep has values between whole numbers"),
        ([float("inf")], "the sweep has values between whole numbers"),
    ],
    ids=str,
)
def test_values_of_a_sweep_that_are_no_numbers(values, told):
    pytest.importorskip("numpy")
    with pytest.raises(QueryError, match=told):
        ag.load("conv_stack").sweep({"C": values})


def test_a_sweep_over_nothing_and_a_metric_that_it_has_not():
    pytest.importorskip("numpy")
    with pytest.raises(QueryError, match="a sweep goes over one symbol at least"):
        ag.load("conv_stack").sweep({})
    with pytest.raises(QueryError, match=r"there is no metric of the sweep 'marcs'\. Did you mean 'macs'"):
        ag.load("conv_stack").sweep({"C": [1]})["marcs"]
    with pytest.raises(QueryError, match="cannot sweep 'n'") as told:
        ag.loads("{archgraph: 1, inputs: {x: {c: 3}}, network: [linear: {out: 5}]}").sweep({"n": [1]})
    assert told.value.hint.startswith("no symbol is free in the laws; ")


def test_what_belongs_to_a_model_is_named_without_its_contents():
    with pytest.raises(QueryError, match=r"^inputs belongs to a model, and 'unet' is a spec\n") as told:
        ag.load("unet", inputs={"x": [1] * 1000})
    assert told.value.hint == "at(...) binds its symbols"


def test_an_address_is_no_spec():
    with pytest.raises(ag.SpecError, match=r"'https://example\.org/a\.yaml' is an address"):
        ag.load("https://example.org/a.yaml")
