"""The shipped fonts: as wide as we measure, cut to what a figure needs, and the same shapes as outlines."""

import base64
import re
import xml.etree.ElementTree as ElementTree
from struct import unpack

import pytest
from gallery_pages import figure_of

import archgraph as ag
from archgraph.errors import QueryError
from archgraph.figures.drawing.diagram import Diagram, Run, Text
from archgraph.figures.fonts.glyph_paths import glyph_path
from archgraph.figures.fonts.subset import font_subset
from archgraph.figures.fonts.typeface import FACES, Typeface, typeface
from archgraph.figures.write.svg import to_svg

SVG = "{http://www.w3.org/2000/svg}"
LETTERS = "H2×(θ−W)/aéЖ"


def shown(*runs: Run, fonts: str = "embed") -> str:
    return to_svg(Diagram(marks=(Text(runs, 3, 10),), width=90, height=20), fonts=fonts)


def embedded(svg: str) -> list[Typeface]:
    return [Typeface(base64.b64decode(data)) for data in re.findall(r"base64,([\w+/=]+)\)", svg)]


@pytest.mark.parametrize("face", FACES)
def test_what_a_paper_says_has_a_glyph(face):
    assert typeface(face).has("ABCxyz 0123456789 ×−·≈≤≥→←↔√∞∑αβγθλμΔΩ–—…’“”ÄöéçŁЖ")


@pytest.mark.parametrize("face", FACES)
def test_a_subset_has_the_same_letters(face):
    whole, part = typeface(face), Typeface(font_subset(typeface(face), LETTERS))
    assert sorted(part.glyphs) == sorted(LETTERS)
    for letter in LETTERS:
        assert part.advances[part.glyphs[letter]] == whole.advances[whole.glyphs[letter]]
        assert glyph_path(part, letter) == glyph_path(whole, letter) != ""


@pytest.mark.parametrize("letters", ["", "a", LETTERS, "模型", "\U0001d7d8"])
def test_the_sums_of_a_subset_are_right(letters):
    """What browsers check of a font before they use it: every table in its place, and the sum of the whole."""
    data = font_subset(typeface("sans"), letters)
    assert len(data) % 4 == 0 and sum(unpack(f">{len(data) // 4}I", data)) % 2**32 == 0xB1B0AFBA
    directory = [unpack(">4sIII", data[place : place + 16]) for place in range(12, 12 + 160, 16)]
    assert [tag for tag, *_ in directory] == sorted(tag for tag, *_ in directory)
    assert all(start % 4 == 0 and start + length <= len(data) for _, _, start, length in directory)


def test_only_used_faces_and_letters_are_embedded():
    (font,) = embedded(shown(Run("C", "italic"), Run("D", "italic")))
    assert sorted(font.glyphs) == ["C", "D"]


@pytest.mark.parametrize(("name", "view"), [("dit", "overview"), ("vit", "levels")])
def test_every_letter_of_a_figure_is_embedded(name, view):
    figure = figure_of(name, view)
    known = {letter for font in embedded(figure.svg) for letter in font.glyphs}
    assert {letter for text in figure.diagram.texts() for run in text.runs for letter in run.text} <= known
    assert len(figure.svg) - len(to_svg(figure.diagram, fonts="system")) < 30_000


def test_outlines_leave_no_text():
    root = ElementTree.fromstring(figure_of("vit", fonts="outlines").svg)
    assert not list(root.iter(f"{SVG}text")) and root.find(f"{SVG}style") is None
    shapes = {path.get("id") for path in root.iterfind(f"{SVG}defs/{SVG}path")}
    used = {use.get("{http://www.w3.org/1999/xlink}href", "")[1:] for use in root.iter(f"{SVG}use")}
    assert used == shapes and all(str(name).startswith(f"{root.get('id')}-") for name in shapes)


def test_outlines_stand_where_they_were_measured():
    (group,) = (one for one in ElementTree.fromstring(shown(Run("iW", size=10), fonts="outlines")).iter(f"{SVG}g"))
    assert group.get("transform") == "matrix(0.01 0 0 -0.01 3 10)"
    assert [use.get("x") for use in group] == ["0", "222"]


def test_what_the_fonts_lack_stays_text():
    root = ElementTree.fromstring(shown(Run("a", size=10), Run("模型", size=10), fonts="outlines"))
    (text,) = root.iter(f"{SVG}text")
    assert "".join(text.itertext()) == "模型" and float(text[0].get("x", 0)) == pytest.approx(8.56)


def test_a_control_character_is_spelt_and_embedded():
    (font,) = embedded(shown(Run("\x1b")))
    assert set("\\x1b") <= set(font.glyphs)


def test_the_page_embeds_its_fonts_once():
    stack = ag.load("conv_stack")
    page = stack.draw().html
    assert page.count("@font-face") == 4 and "font-src data:" in page
    assert "@font-face" not in stack.draw(fonts="system").html


def test_an_unknown_way_is_named():
    with pytest.raises(QueryError, match="there is no way of fonts 'inline'"):
        figure_of("vit", fonts="inline")


@pytest.mark.parametrize("title", ["שלום עולם", "مرحبا (12) abc", "a שלום b"])
def test_words_from_right_to_left_are_set(title, tmp_path):
    """Typst panicked at them, which no `except Exception` catches."""
    pytest.importorskip("typst")
    figure = figure_of("conv_stack", title=title)
    assert figure.save(tmp_path / "x.pdf").read_bytes().startswith(b"%PDF")
