"""Names of a spec in figures: spelt out where they cannot be printed, in every format, and read back by its readers."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from html.parser import HTMLParser

import pytest
from gallery_pages import figure_of

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


class Elements(HTMLParser):
    """The tags and the text of a page, as a browser splits them."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.texts = [], []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)

    def handle_data(self, data):
        self.texts.append(data)


def test_html_has_no_element_of_a_name(figure):
    assert "evil" in figure.html
    page = Elements(figure.html)
    assert not {"b", "img"} & set(page.tags) and page.tags.count("script") == figure.html.count("</script>")
    plain = Elements(figure_of("conv_stack").html)
    assert page.tags.count("script") == plain.tags.count("script")


def test_tikz_has_balanced_braces_and_no_comment_from_a_name():
    """TeX's own reading: a backslash takes the next character, a percent sign the rest of the line."""
    text = ag.contrast(ag.loads(SPEC), ag.load("conv_stack")).tikz
    assert "evil" in text
    bare = re.sub(r"(?m)%.*$", "", re.sub(r"\\.", "", text))
    depth = 0
    for char in bare:
        depth += (char == "{") - (char == "}")
        assert depth >= 0
    assert depth == 0 and bare.count("$") % 2 == 0
    assert not re.search(r"[#&]", bare.partition(r"begin{tikzpicture}")[2])


def test_contrast_is_xml_without_what_a_name_hides():
    figure = ag.contrast(ag.loads(SPEC), ag.load("conv_stack"))
    assert not any(RAW.search(getattr(figure, format)) for format in ("svg", "dot", "tikz", "html"))
    assert {each.tag.rpartition("}")[2] for each in ElementTree.fromstring(figure.svg).iter()}.isdisjoint(
        {"script", "b"}
    )


def test_repr_is_printable(figure):
    assert not RAW.search(repr(figure)) and not RAW.search(repr(ag.loads(SPEC)))
