"""Two networks side by side."""

import itertools

import pytest

import archgraph as ag
from archgraph.backend.facts import Facts
from archgraph.backend.figure import contrast
from archgraph.backend.geometry import faults
from archgraph.backend.steps import steps

FIVE = ["unet", "nnunet", "dit", "conv_stack", "transformer"]


def strings(figure) -> list[str]:
    return [text.string for text in figure.diagram.texts()]


@pytest.mark.parametrize("pair", list(itertools.permutations(FIVE, 2)))
def test_all_pairs_have_no_faults(pair):
    figure = contrast(*map(ag.load, pair))
    assert faults(figure.diagram) == []
    assert figure.diagram.width == 486


OTHERS = ["resnet", "vgg", "sd", "swin", "convnext", "vit", "ddpm", "flux", "uvit", "gpt2", "bert"]


@pytest.mark.parametrize("name", OTHERS)
def test_others_against_the_unet(name):
    assert faults(contrast(ag.load("unet"), ag.load(name), venue="neurips").diagram) == []


def test_what_it_says_of_unet_and_dit():
    texts = strings(contrast(ag.load("unet"), ag.load("dit")))
    assert "U-Net – local, 204 of 572 at the end" in texts
    assert "DiT – global from the first attention" in texts
    assert "31.0 M parameters, 150 G MACs" in texts and "675 M parameters, 119 G MACs" in texts
    assert "188–204 of 572 px" in texts and "all 32 × 8 px" in texts
    assert "never" in texts and "7574C2" in texts and "18D2L" in texts


def test_rows_of_a_repeat_are_first_second_and_last():
    rows = steps(Facts(ag.load("conv_stack")))
    assert [row.reach.sizes[1] if row.reach else None for row in rows] == [3, 5, 7, 9, None, 21]
    assert [row.gap for row in rows] == [False, False, False, False, True, False]
    assert sum(row.depth for row in rows) == 10


def test_rows_of_a_unet_are_its_stages():
    rows = steps(Facts(ag.load("unet:padded-512")))
    assert [row.reach.sizes for row in rows if row.reach] == [
        (5, 5), (14, 14), (32, 32), (68, 68), (140, 140), (172, 172), (188, 188), (188, 204), (188, 204),
    ]  # fmt: skip


def test_attention_is_global_from_its_first_block():
    first, *rest = steps(Facts(ag.load("dit")))
    assert first.reach is not None and not first.reach.everything
    assert all(row.reach.everything for row in rest if row.reach)


def test_a_narrow_page_is_refused():
    with pytest.raises(ValueError, match=r"a contrast needs 5.4 in, and has 3.25 in"):
        contrast(ag.load("unet"), ag.load("dit"), width="column")


def test_causal_attention_connects_half_of_the_pairs():
    rows = Facts(ag.load("gpt2")).connections("logits", 64)
    assert all(low == 0 for low, _, _ in rows)
    assert sum(high - low for low, high, _ in rows) / len(rows) == pytest.approx(0.5, abs=0.01)
    assert "GPT-2 – causal, all before from the first attention" in strings(contrast(ag.load("unet"), ag.load("gpt2")))
