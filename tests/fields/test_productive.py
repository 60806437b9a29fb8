"""Layers that meet nothing new, after Richter et al. 2021, on networks whose fields are known on paper."""

from __future__ import annotations

import pytest

import archgraph as ag

LEVELS = [3, 5, 6, 10, 14, 16, 24, 32, 40, 44, 60, 76, 92, 100, 132, 164, 196, 212]
"""The sizes of VGG-16 from layer to layer."""


def test_vgg_level_by_level():
    found = ag.load("vgg").productivity()
    assert [layer.widest for layer in found.layers] == LEVELS == [layer.narrowest for layer in found.layers]
    assert [layer.before for layer in found.layers] == [1, *LEVELS[:-1]]


@pytest.mark.parametrize(("side", "border", "critical"), [(224, 0, 0), (160, 2, 1), (32, 9, 1), (212, 0, 0)])
def test_vgg_at_smaller_images(side, border, critical):
    """A layer is at the border where what it is given has seen more than the image, critical where it has itself."""
    found = ag.load("vgg").productivity()
    states = [layer.state(side) for layer in found.layers]
    assert (states.count("border"), states.count("critical")) == (border, critical)
    assert border == sum(size > side for size in LEVELS[:-1])


def test_feasible_sizes():
    assert ag.load("vgg").productivity().feasible == (196, 212)


def test_the_narrowest_path_goes_by_the_shortcuts():
    found = ag.load("resnet:18").productivity()
    last = found.layers[-1]
    # by shortcuts 7 + 4 of the stem; two convolutions at stride 32 add 64 each
    assert (last.before, last.narrowest, last.widest) == (11 + 64, 11 + 128, 435)


def test_what_attention_gathers_is_left_out():
    assert [layer.node for layer in ag.load("vit").productivity().layers] == ["patchify.conv"]


def test_the_table_says_what_its_states_are():
    from archgraph.fields.report.productive import productivity_table

    text = str(productivity_table(ag.load("vgg").productivity(), "VGG"))
    assert "Richter et al. 2021" in text
    assert "feasible sizes: 196 (no layer at the border) to 212 (some layer sees all)" in text


def test_mistakes():
    with pytest.raises(ag.QueryError, match="the input 'image' has no axis 'd'"):
        ag.load("vgg").productivity(axis="d")


def test_it_reads_on_one_screen():
    shown = repr(ag.load("vgg").at(H=32, W=32).productivity()).splitlines()
    assert len(shown) <= 4 and all(len(line) < 200 for line in shown)
    assert shown[0].endswith("layers along h = 32")
