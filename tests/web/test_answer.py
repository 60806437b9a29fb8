"""What a page is answered: the numbers of Python as plain data, and a mistake with its start and end."""

import json
from pathlib import Path

import pytest

import archgraph as ag
from archgraph.web import answer

SPECS = Path(__file__).parents[2] / "specs"
UNET = (SPECS / "unet.yaml").read_text(encoding="utf-8")


def test_laws_are_those_of_python():
    found = answer(UNET, {"tab": "laws", "at": {"C": 32}})
    g = ag.load("unet")
    assert found["metrics"][0] == {"metric": "params", "law": str(g.params), "value": g.at(C=32).params}
    assert found["symbols"] == {"C": 32, "H": 572, "W": 572} and found["rules"]["H"] == [16, 12]


@pytest.mark.parametrize("tab", ["laws", "fields", "figure", "contrast", "table", "export", "words"])
def test_every_tab_is_plain_data(tab):
    found = answer((SPECS / "vit.yaml").read_text(encoding="utf-8"), {"tab": tab, "other": "vgg"})
    assert "error" not in found
    assert json.loads(json.dumps(found)) == found


def test_figure_is_that_of_python():
    assert answer(UNET, {"tab": "figure"})["svg"] == ag.load("unet").draw().svg


@pytest.mark.parametrize(
    ("wrong", "right", "word"),
    [("maxpool", "max_pool", "maxpool"), ("kernal: 2", "kernel: 2", "kernal"), ("[_, missing]", "[_, x]", "missing")],
)
def test_a_mistake_is_marked_from_start_to_end(wrong, right, word):
    text = "archgraph: 1\ninputs:\n  x: {c: 3, h: 8, w: 8}\nnetwork:\n  - max_pool: {kernel: 2}\n  - concat: [_, x]\n"
    text = text.replace(right, wrong)
    error = answer(text, {"tab": "laws"})["error"]
    line = text.split("\n")[error["line"] - 1]
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
