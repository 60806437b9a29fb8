"""Outlines tell windows from attention to everything, and both from convolution."""

import pytest
from gallery_pages import figure_of

import archgraph as ag
from archgraph.figures.drawing.diagram import Rect
from archgraph.figures.drawing.outlines import INSET, LEGEND, outlined


def outlines(name: str) -> dict[str, str]:
    return {box.name: box.outline for box in figure_of(name).diagram.boxes if box.kind == "node"}


@pytest.mark.parametrize("name", ["unet", "vgg", "convnext", "nnunet"])
def test_convolution_is_thin(name):
    assert set(outlines(name).values()) == {"thin"}


@pytest.mark.parametrize("name", ["dit", "vit", "gpt2", "sd"])
def test_attention_to_everything_is_thick(name):
    assert set(outlines(name).values()) == {"thin", "thick"}


def test_windows_are_double_until_a_window_is_the_whole_map():
    found = outlines("swin")
    assert [kind for name, kind in found.items() if name.startswith("stage")] == ["double"] * 4 + ["thick"]


def attention(axes: str, *steps: str) -> dict[str, str]:
    text = f"archgraph: 1\ninputs: {{x: {{{axes}, c: 4}}}}\nnetwork:\n"
    for number, step in enumerate(steps):
        whence = f"last{number - 1}" if number else "x"
        operands = ", ".join([whence] * (3 if "attention" in step else 1))
        text += f"  - {step}\n    from: [{operands}]\n    as: last{number}\n"
    boxes = ag.loads(text).draw("full").diagram.boxes
    return {box.name: box.outline for box in boxes if box.name.startswith("last")}


def test_a_box_tells_what_it_does_itself_not_what_came_before():
    window = "scaled_dot_product_attention: {heads: 1, window: {n: 4}}"
    found = attention("n: 8", "scaled_dot_product_attention: {heads: 1}", "linear: {out: 4}", window)
    assert list(found.values()) == ["thick", "thin", "double"]


def test_a_window_of_the_whole_operand_is_no_window():
    window = "scaled_dot_product_attention: {heads: 1, window: {h: 8, w: 8}}"
    assert list(attention("h: 8, w: 8", window).values()) == ["thick"]
    assert list(attention("h: 8, w: 16", window).values()) == ["double"]


def test_figures_explain_the_outlines_they_need():
    def told(figure) -> list[str]:
        strings = " ".join(text.string for text in figure.diagram.texts()).lower()
        return [kind for kind, text in LEGEND.items() if text in strings]

    assert told(figure_of("swin")) == told(ag.contrast(ag.load("swin"), ag.load("vit"))) == ["double"]
    assert told(ag.contrast(ag.load("unet"), ag.load("dit"))) == ["thick"]
    assert told(ag.contrast(ag.load("unet"), ag.load("vgg"))) == told(figure_of("dit")) == []


def test_a_double_outline_is_two_lines_that_do_not_touch():
    outer, inner = (part for part in outlined("double", 40, 20) if isinstance(part, Rect))
    assert inner.x - outer.x == INSET > (outer.thickness + inner.thickness) / 2
    assert len(outlined("thick", 40, 20)) == 1
