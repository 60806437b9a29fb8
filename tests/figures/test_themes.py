"""Themes and backgrounds: what stands out on white stands out on every page, and nothing is moved."""

import itertools
import re
from dataclasses import replace

import pytest
from gallery_pages import figure_of

import archgraph as ag
from archgraph.data.figure_words import BACKGROUNDS
from archgraph.errors import QueryError
from archgraph.figures.drawing.colors_on_dark import on_dark
from archgraph.figures.drawing.diagram import INK, MUTED, Path, Rect
from archgraph.figures.drawing.geometry import faults
from archgraph.figures.drawing.look import DARK_PAGE, checked_look
from archgraph.figures.drawing.style import RAMP, luminance
from archgraph.figures.figure import Figure
from archgraph.figures.write.svg import to_svg


def contrast_of(first: str, second: str) -> float:
    """The ratio of the Web Content Accessibility Guidelines: 1 to 21."""
    low, high = sorted((luminance(first), luminance(second)))
    return (high + 0.05) / (low + 0.05)


@pytest.fixture(scope="module")
def unet():
    """A U with labels on its skips, drawn once, in any look."""
    plain = figure_of("unet")._plain

    def drawn(**look) -> Figure:
        return Figure(plain, "overview", look=checked_look(**look))

    return drawn


@pytest.fixture(scope="module")
def stack():
    return ag.load("conv_stack")


def fills(figure) -> list[str]:
    return [part.fill for box in figure.diagram.boxes for part in box.parts if isinstance(part, Rect | Path)]


def test_a_drawing_is_opaque_unless_asked_otherwise(unet):
    assert 'fill="#ffffff"/>' in unet().svg.split("<g>")[0]
    assert unet(background="transparent").diagram.background == "none"
    assert unet(background="paper").diagram.background == BACKGROUNDS["paper"]


def test_a_transparent_drawing_differs_in_nothing_else(unet):
    opaque, clear = (unet(background=name) for name in ("white", "transparent"))
    bare = to_svg(replace(clear.diagram, under=())).splitlines()
    assert len(opaque.svg.splitlines()) == len(bare) + 1


@pytest.mark.parametrize("ink", [INK, MUTED])
def test_texts_stand_out_on_dark(ink):
    assert all(contrast_of(on_dark(ink), page) > 7 for page in (DARK_PAGE, on_dark("#ffffff"), on_dark("#ececec")))


def test_every_text_of_a_dark_drawing_can_be_read(unet):
    for text in unet(theme="dark").diagram.texts():
        assert contrast_of(text.color, DARK_PAGE) > 4.5 and text.backdrop in (None, DARK_PAGE)


def test_the_ramp_keeps_its_order_on_dark():
    """More is darker on white, and brighter on dark; neighbours stay apart."""
    found = [luminance(on_dark(color)) for color in RAMP]
    assert all(low < high for low, high in itertools.pairwise(found))


@pytest.mark.parametrize("theme", ["dark", "slides"])
@pytest.mark.parametrize("view", ["overview", "ladder", "levels"])
def test_a_theme_has_no_faults(stack, theme, view):
    assert faults(stack.draw(view, theme=theme).diagram) == []


def test_a_dark_drawing_has_the_places_of_a_light_one(unet):
    light, dark = unet(), unet(theme="dark")
    assert [box.extent for box in light.diagram.boxes] == [box.extent for box in dark.diagram.boxes]
    assert not set(fills(dark)) & set(fills(light)) - {"none"}


def test_tikz_paints_a_page_that_is_not_white(unet):
    painted = [
        f"\\path[fill=ag{DARK_PAGE[1:]}] (0,0) rectangle" in unet(theme=theme).tikz for theme in ("dark", "paper")
    ]
    assert painted == [True, False]


def test_a_slide_has_large_letters(stack):
    figure = stack.draw(theme="slides")
    assert figure.diagram.width == pytest.approx(12.3 * 72)
    assert min(text.size for text in figure.diagram.texts()) >= 14
    assert stack.draw(width="10in", theme="slides").diagram.width == pytest.approx(720)


def test_what_is_no_slide_says_so(unet):
    (note,) = Figure(replace(unet().diagram, height=300.0), look=checked_look("slides")).notes
    assert note == "8.3 in tall, and a slide has 7.5 in: another view is lower"


def test_a_contrast_has_themes():
    figure = ag.contrast(ag.load("conv_stack"), ag.load("vit"), panels=["stages"], theme="dark")
    assert figure.diagram.background == DARK_PAGE and faults(figure.diagram) == []


def test_the_page_is_dark_too(stack):
    assert '<html lang="en" class="dark">' in stack.draw(theme="dark").html


@pytest.mark.parametrize(
    ("look", "message"),
    [
        ({"theme": "drak"}, "there is no theme 'drak'. Did you mean 'dark'?"),
        ({"background": "black"}, "there is no background 'black'"),
        ({"theme": "dark", "background": "white"}, "the theme dark is light on dark"),
        ({"dpi": 12}, "dpi must be a whole number from 36 to 1200, and is 12"),
        ({"dpi": "300"}, "dpi of draw is a whole number or None, and not '300'"),
        ({"dpi": True}, "dpi must be a whole number from 36 to 1200"),
    ],
)
def test_a_look_that_there_is_not(stack, look, message):
    with pytest.raises(QueryError, match=message.replace("?", r"\?")):
        stack.draw(**look)


def test_dots_and_title_of_files(unet, tmp_path):
    pytest.importorskip("typst")
    small = unet(dpi=72).save(tmp_path / "x.png").read_bytes()
    assert small[:8] == b"\x89PNG\r\n\x1a\n" and small[37:41] == b"pHYs"
    assert int.from_bytes(small[41:45], "big") == round(72 / 0.0254)
    assert int.from_bytes(small[16:20], "big") == pytest.approx(486, abs=1)
    pdf = unet(background="transparent").save(tmp_path / "x.pdf").read_bytes()
    assert b"ArchgraphSans" in pdf and b"Helvetica" not in pdf and b"U-Net" in pdf


COLOR = re.compile(r'(?:fill|stroke)="(#[0-9a-f]{6})"')


@pytest.mark.parametrize(
    ("name", "view"), [("conv_stack", "overview"), ("dit", "overview"), ("dit", "ladder"), ("unet", "overview")]
)
def test_every_colour_of_a_dark_file_is_turned(name, view):
    """Whatever is made while the file is written, as the cards of a deck, is turned too."""
    white, dark = (set(COLOR.findall(figure_of(name, view, theme=theme).svg)) for theme in ("paper", "dark"))
    assert dark <= {on_dark(color) for color in white} | {DARK_PAGE}


@pytest.mark.parametrize("name", ["conv_stack", "dit"])
def test_cards_of_a_slide_are_as_much_larger_as_all_else(name):
    heights = {"paper": "9in", "slides": "18in"}
    small, large = (cards(figure_of(name, theme=theme, height=height).svg) for theme, height in heights.items())
    assert large == [pytest.approx([2 * length for length in card], abs=0.05) for card in small]


def cards(svg: str) -> list[list[float]]:
    """The outlines of a deck, from the back: where they lie beside the first one, and how large they are."""
    found = re.findall(r'<rect x="([-\d.]+)" y="([-\d.]+)" width="([-\d.]+)" height="([-\d.]+)" rx', svg)
    (x, y, *_), *_ = rectangles = [[float(length) for length in rectangle] for rectangle in found][:3]
    return [[left - x, top - y, *size] for left, top, *size in rectangles]


@pytest.mark.parametrize("name", ["resnet", "dit", "vit", "llama"])
def test_what_can_be_cut_or_closed_fits_a_slide(name):
    figure = figure_of(name, theme="slides")
    assert figure.notes == () and figure.diagram.height < 7.55 * 72


def test_a_height_counts_on_a_slide_as_on_a_page():
    both = ag.load("conv_stack"), ag.load("vit")
    low = ag.contrast(*both, panels=["stages"], theme="slides", height="6.9in").diagram
    assert low.height <= 6.9 * 72 + 0.5


def test_a_contrast_takes_the_width_of_a_slide():
    drawn = ag.contrast(ag.load("conv_stack"), ag.load("vit"), panels=["stages"], theme="slides")
    assert drawn.diagram.width == pytest.approx(12.3 * 72) and drawn.notes == ()
    assert not [text.string for text in drawn.diagram.texts() if "…" in text.string]
