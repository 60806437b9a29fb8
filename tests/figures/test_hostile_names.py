"""Names of a spec in figures: spelt out where they cannot be printed, in every format, and read back by its readers."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree

import pytest

import archgraph as ag

RAW = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")
SPEC = r"""
archgraph: 1
name: "A\e[2J\x07\u202Eevil\u200B <b>|\"x\" & 50 % #1 {y} $z_1^2 ~"
doc: "D\e]0;title\x07"
symbols: {C: {default: 8, doc: "s\e[2J\u202E<script>"}}
inputs: {x: {c: C, h: 8, w: 8}}
network:
  - conv: {out: C, kernel: 3, padding: same}
    as: y
"""


@pytest.fixture(scope="module")
def figure():
    return ag.loads(SPEC).draw()


@pytest.mark.parametrize("format", ["svg", "dot", "tikz", "html"])
def test_nothing_raw(figure, format):
    assert not RAW.search(getattr(figure, format))


def test_svg_is_xml_with_the_text(figure):
    root = ElementTree.fromstring(figure.svg)
    title = next(element.text for element in root.iter() if element.tag.endswith("title"))
    assert title.startswith('A\\x1b[2J\\x07\\u202eevil\\u200b <b>|"x"')


def test_typst_reads_the_svg(figure, tmp_path):
    pytest.importorskip("typst")
    assert figure.save(tmp_path / "x.pdf").read_bytes().startswith(b"%PDF")


def test_repr_is_printable(figure):
    assert not RAW.search(repr(figure)) and not RAW.search(repr(ag.loads(SPEC)))
