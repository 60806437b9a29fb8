"""No label of any figure shows a name that only the graph uses: numbered results, underscores, Python's marks."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest
from gallery_pages import every_network, figure_of

import archgraph as ag
from archgraph.errors import QueryError
from archgraph.figures.figure import Figure

INTERNAL = re.compile(r"#\s?\d|_|<\w|[@$]|\baten\b|\bNone\b")
TWO_RESULTS = """\
archgraph: 1
symbols: {C: 8, N: 16}
inputs: {x: {c: C, n: N}}
blocks:
  pair:
    do: [{linear: {out: C}, as: a}, {linear: {out: 2 * C}, from: x, as: b}]
    outputs: [a, b]
  join:
    inputs: [x, y]
    do: [{linear: {out: C}, from: y}, gelu, {add: [x, _]}]
network:
  - pair: x
    as: [first, second]
  - join: [first, second]
    repeat: 4
"""


def texts(figure: Figure) -> list[str]:
    root = ElementTree.fromstring(figure.svg)
    return ["".join(one.itertext()) for one in root.iter("{http://www.w3.org/2000/svg}text")]


def internal(figure: Figure) -> list[str]:
    shown = texts(figure)
    assert shown
    return [text for text in shown if INTERNAL.search(text)]


@every_network
def test_a_label_is_for_readers(name):
    g = ag.load(name)
    assert internal(figure_of(name)) == []
    assert internal(g.draw(style="maps")) == []
    try:
        assert internal(g.draw("blocks")) == []
    except QueryError as error:
        assert "repeats no block" in str(error)


@pytest.mark.parametrize("view", ["overview", "blocks", "full"])
def test_one_of_several_results_is_called_as_its_reader_calls_it(view):
    assert internal(ag.loads(TWO_RESULTS).draw(view)) == []
