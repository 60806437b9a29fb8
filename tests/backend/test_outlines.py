"""Outlines tell windows from attention to everything, and both from convolution."""

import pytest

import archgraph as ag
from archgraph.backend.diagram import Rect
from archgraph.backend.figure import contrast, draw
from archgraph.backend.outlines import INSET, LEGEND, outlined


def outlines(name: str) -> dict[str, str]:
    return {box.name: box.outline for box in draw(ag.load(name)).diagram.boxes if box.kind == "node"}


@pytest.mark.parametrize("name", ["unet", "vgg", "convnext", "nnunet"])
def test_convolution_is_thin(name):
    assert set(outlines(name).values()) == {"thin"}


@pytest.mark.parametrize("name", ["dit", "vit", "gpt2", "sd"])
def test_attention_to_everything_is_thick(name):
    assert set(outlines(name).values()) == {"thin", "thick"}


def test_windows_are_double_until_a_window_is_the_whole_map():
    found = outlines("swin")
    assert [kind for name, kind in found.items() if name.startswith("stage")] == ["double"] * 4 + ["thick"]


def test_only_figures_with_windows_explain_them():
    def told(figure) -> bool:
        return LEGEND.lower() in " ".join(text.string for text in figure.diagram.texts()).lower()

    assert told(draw(ag.load("swin"))) and told(contrast(ag.load("swin"), ag.load("vit")))
    assert not told(draw(ag.load("dit"))) and not told(contrast(ag.load("unet"), ag.load("dit")))


def test_a_double_outline_is_two_lines_that_do_not_touch():
    outer, inner = (part for part in outlined("double", 40, 20) if isinstance(part, Rect))
    assert inner.x - outer.x == INSET > (outer.thickness + inner.thickness) / 2
    assert len(outlined("thick", 40, 20)) == 1
