"""The section `figure` of a spec: read with places, known to the schema, kept, and obeyed by `draw`."""

import pytest

import archgraph as ag
from archgraph.errors import SpecError
from archgraph.gallery import spec_text
from archgraph.spec.schema import json_schema

SPEC = """\
archgraph: 1
name: Net
inputs: {x: {c: 3, h: 16, w: 16}}
network:
  - conv: {out: 8, kernel: 3, padding: same}
    as: stem
  - relu
  - conv: {out: 4, kernel: 1}
"""
FIGURE = """\
figure:
  width: column
  theme: dark
  palette: ['#fff', '#102030']
  labels: {stem: The stem}
  show: [shape, params]
  hide: relu
  node_style: {conv: {fill: '#e0f0ff', width: 1.5, dashed: true}}
  title: Net of the paper
  legend: false
  dpi: 150
"""


def test_a_figure_is_reproducible_from_its_spec():
    g = ag.loads(SPEC + FIGURE)
    said = {
        "width": "column", "theme": "dark", "palette": ["#fff", "#102030"], "labels": {"stem": "The stem"},
        "show": ["shape", "params"], "hide": ["relu"], "title": "Net of the paper", "legend": False, "dpi": 150,
        "node_style": {"conv": {"fill": "#e0f0ff", "width": 1.5, "dashed": True}},
    }  # fmt: skip
    figure, called = g.draw(), ag.loads(SPEC).draw(**said)
    assert figure.svg == called.svg and figure.look == called.look and figure.look.dpi == 150
    assert any(text.string == "The stem" for text in figure.diagram.texts())


def test_options_of_the_call_override_it():
    g = ag.loads(SPEC + FIGURE)
    assert g.draw(title="Other", theme="paper").diagram.title == "Other"
    assert g.draw(theme="paper").look.theme == "paper" and g.draw().look.theme == "dark"
    assert g.draw(legend=True).diagram.height > g.draw().diagram.height


def test_a_contrast_has_the_labels_of_each_network():
    two = ag.contrast(ag.loads(SPEC + "figure: {labels: {stem: First}}\n"), ag.load("vit"), panels=["stages"])
    assert any("First" in text.string for text in two.diagram.texts())


@pytest.mark.parametrize(
    "section, message",
    [
        ("figure: {colour: op}", r"unknown key 'colour' in figure. Did you mean 'color'"),
        ("figure: {color: opp}", r"color of figure is 'opp'. Did you mean 'op'"),
        ("figure: {show: [shape, field, mac]}", r"show of figure is 'mac'. Did you mean 'macs'"),
        ("figure: {legend: 1}", r"legend of figure must be true or false, and is 1"),
        ("figure: {dpi: many}", r"dpi of figure must be a whole number, and is 'many'"),
        ("figure: {labels: stem}", r"labels of figure must be a mapping"),
        ("figure: {node_style: {conv: {fil: red}}}", r"unknown key 'fil' in the style of conv. Did you mean 'fill'"),
        ("figure: {node_style: {conv: {width: wide}}}", r"the width of a line is a number of points"),
        ("figure: [overview]", r"figure must be a mapping"),
    ],
)
def test_mistakes_are_told_with_their_place(section, message):
    with pytest.raises(SpecError, match=message) as caught:
        ag.loads(f"{SPEC}{section}\n")
    assert caught.value.place is not None and caught.value.place.line == 9


def test_the_schema_knows_it():
    schema = pytest.importorskip("jsonschema")
    import yaml

    check = schema.Draft202012Validator(json_schema())
    assert not list(check.iter_errors(yaml.safe_load(SPEC + FIGURE)))
    for wrong in ("figure: {colour: op}", "figure: {color: opp}", "figure: {node_style: {conv: {fil: red}}}"):
        assert list(check.iter_errors(yaml.safe_load(f"{SPEC}{wrong}\n")))


def test_what_builds_on_it_keeps_it_and_says_more(tmp_path):
    (tmp_path / "net.yaml").write_text(SPEC + FIGURE, encoding="utf-8")
    own = tmp_path / "own.yaml"
    own.write_text("archgraph: 1\nname: Own\nbase: net.yaml\nfigure: {title: Mine}\n", encoding="utf-8")
    figure = ag.load(str(own)).draw()
    assert figure.diagram.title == "Mine" and figure.look.theme == "dark"
    shown = spec_text(str(own))
    assert "figure:" in shown and "The stem" in shown and "Mine" in shown
    again = ag.loads(shown).draw()
    assert again.svg == figure.svg


def test_what_is_written_from_a_graph_keeps_it():
    g = ag.loads(SPEC + FIGURE)
    assert ag.loads(g.to_spec()).draw().look == g.draw().look


def test_variants_and_bindings_keep_it():
    g = ag.loads(SPEC.replace("out: 8", "out: C").replace("inputs:", "symbols: {C: 8}\ninputs:") + FIGURE)
    assert g.at(C=16).draw().look.theme == "dark"
