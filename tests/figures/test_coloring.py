"""Colours that stand for the resolution or for what is done."""

import itertools

import pytest
from gallery_pages import figure_of

import archgraph as ag
from archgraph.errors import QueryError
from archgraph.figures.drawing.geometry import faults
from archgraph.figures.drawing.style import luminance, ramp
from archgraph.figures.facts.coloring import COLOR_KINDS
from archgraph.figures.facts.facts import Facts


def tints(name: str, color: str) -> dict[str, float | None]:
    facts = Facts(ag.load(name).network, color)
    inside = [part for group in facts.structure.chain if group.name == "blocks" for part in facts.inside(group).chain]
    groups = [*facts.structure.chain, *inside]
    tinted = {group: facts.tint(group.items, facts.reach(group.items[-1].path)) for group in groups}
    return {name: tint for group, tint in tinted.items() for name in (group.name, group.items[-1].path)}


def test_levels_of_the_unet_are_evenly_apart():
    """Five levels, whatever the borders lose: 0, 1/4, 1/2, 3/4, 1, before the root that the ramp takes."""
    found = tints("unet", "level")
    assert [found[f"enc({level})"] for level in range(4)] == pytest.approx([0, 1 / 16, 4 / 16, 9 / 16])
    assert [found[f"dec({level})"] for level in range(4)] == pytest.approx([0, 1 / 16, 4 / 16, 9 / 16])
    assert found["bottleneck"] == 1


def test_what_the_boxes_of_a_transformer_do():
    found, kinds = tints("dit", "op"), dict(COLOR_KINDS)
    assert found["patchify"] == kinds["convolution"]
    assert found["blocks.attention"] == kinds["attention or recurrence"] == found["blocks"]
    assert found["blocks.mlp"] == kinds["position by position"]
    assert found["blocks.layer_norm"] == kinds["no weights or products"]


def test_kinds_differ_in_grey():
    levels = [luminance(ramp(tint)) for _, tint in COLOR_KINDS]
    assert levels == sorted(levels, reverse=True) and min(a - b for a, b in itertools.pairwise(levels)) > 0.1


@pytest.mark.parametrize("color", ["level", "op"])
@pytest.mark.parametrize("name", ["unet", "dit", "vit", "gpt2"])
def test_drawn_without_faults(name, color):
    assert faults(figure_of(name, color=color).diagram) == []


def test_an_unknown_colouring():
    with pytest.raises(QueryError, match=r"there is no colouring 'levels'. Did you mean 'level'"):
        figure_of("unet", color="levels")
