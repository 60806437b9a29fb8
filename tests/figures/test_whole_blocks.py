"""Rows of networks on one resolution: whole blocks from first to last, where their parts are too many."""

from __future__ import annotations

import pytest

import archgraph as ag
from archgraph.figures.charts.steps import steps
from archgraph.figures.drawing.geometry import faults
from archgraph.figures.facts.facts import Facts


def titles(name: str) -> list[str]:
    return [step.words for step in steps(Facts(ag.load(name).network), effective=False)]


def test_two_kinds_of_blocks_in_a_row():
    """Symbols of several letters stand behind a name as numbers: ``double block double`` says nothing."""
    assert titles("flux") == [
        "Linear",
        *("FLUX double block 1", "FLUX double block 2", "", "FLUX double block 19"),
        *("FLUX single block 1", "FLUX single block 2", "", "FLUX single block 38"),
        "Final layer",
    ]


def test_a_letter_counts_the_last_block():
    assert titles("pixart")[1:5] == ["PixArt block 1", "PixArt block 2", "", "PixArt block L"]


def test_blocks_of_one_name_are_counted_through():
    """Nineteen blocks one by one, then a repeat of two."""
    found = titles("hunyuan_dit")
    assert [int(title.split()[-1]) for title in found if title.startswith("HunyuanDiT block")] == [1, 19, 20, 21]
    assert found.count("") == 2


def test_networks_of_several_resolutions_keep_their_stages():
    assert len(titles("convnext")) == 4 and len(titles("mobilenet_v2")) == 5


@pytest.mark.parametrize("name", ["flux", "sd3", "uvit", "mamba"])
def test_the_last_block_of_a_gap_is_as_deep_as_it_is(name):
    g = ag.load(name)
    found = steps(Facts(g.network), effective=False)
    assert 5 <= len(found) <= 11 and all(step.gap or step.reach is not None for step in found)
    assert all(step.depth >= 1 for step in found)
    assert faults(ag.contrast(g, ag.load("dit")).diagram) == []


def test_the_depth_counts_every_block():
    assert sum(step.depth for step in steps(Facts(ag.load("flux").network), effective=False)) == 1 + 19 + 38 + 1
