"""A rounding has one name wherever it is printed: in figures, tables of every format, pages and messages."""

from __future__ import annotations

import re

import pytest

import archgraph as ag
from archgraph.cli import main
from archgraph.data.question_words import FORMATS
from archgraph.sizes.law_text import law_text

STRIDED = """\
archgraph: 1
name: strided
symbols: {C: 8, H: 32}
inputs: {x: {c: 3, h: H, w: H}}
network:
  - conv: {out: C, kernel: 3, padding: 1, stride: 2}
  - relu
  - conv: {out: "max(C, 4)", kernel: 3, padding: 1}
"""
OTHER_WORDS = re.compile(r"- 1/2|− 1/2|frac\{1\}\{2\}|ceiling\(|Max\(|Min\(")
"""The same rounding, and functions by sympy's names."""


@pytest.fixture(scope="module")
def g() -> ag.Architecture:
    return ag.loads(STRIDED)


@pytest.mark.parametrize("format", FORMATS)
def test_tables_of_every_format(g, format):
    text = g.table("node").to(format)
    rounded = r"\left\lceil{\frac{H}{2}}\right\rceil" if format == "latex" else "ceil(H/2)"
    assert rounded in text
    assert not OTHER_WORDS.search(text), text


@pytest.mark.parametrize(
    "command",
    [
        ["cost"],
        ["cost", "--by", "node"],
        ["cost", "--json"],
        ["rf", "--laws"],
        ["memory", "--format", "markdown"],
        ["contrast"],
    ],
    ids=" ".join,
)
def test_commands(command, tmp_path, capsys):
    file = tmp_path / "strided.yaml"
    file.write_text(STRIDED, encoding="utf-8")
    name, *options = command
    assert main([name, str(file), *([str(file)] if name == "contrast" else []), *options]) == 0
    printed = capsys.readouterr().out
    assert not OTHER_WORDS.search(printed), printed


def test_a_figure_and_its_page(g):
    figure = g.draw(terms="full")
    assert any("ceil(H/2)" in text.string.replace(" ", "") for text in figure.diagram.texts())
    told = re.sub(r"<script.*?</script>", "", figure.html, flags=re.DOTALL)
    assert "ceil(H/2)" in told.replace("·", "*") and not OTHER_WORDS.search(told)


def test_laws_themselves_stay_what_they_are(g):
    assert "floor(H/2 - 1/2)" in str(g.macs)
    assert law_text(g.macs) != str(g.macs)


def test_types_and_assumptions(g):
    assert "h: ceil(H/2)" in str(g.graph.nodes[0].outputs[0].type)
    shown = [str(fact) for fact in ag.loads(STRIDED.replace("padding: 1, stride", "padding: 0, stride")).assumptions]
    assert shown and not any(map(OTHER_WORDS.search, shown))
