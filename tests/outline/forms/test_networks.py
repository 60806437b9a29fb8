"""Outlines of the shipped networks: as a person describes them, however their blocks are written."""

from __future__ import annotations

from collections import Counter
from functools import cache
from pathlib import Path

import pytest

import archgraph as ag
from archgraph.outline.forms.form import Bypass, Irregular, Lanes, Leaf, Parallel, Times, U, leaves_of, walked
from archgraph.outline.forms.network_outline import NetworkOutline, outline_of
from archgraph.spec.load import shipped_names

SAID = {
    "adm": "a U of six levels with three skips each, around a middle; time and class join everywhere",
    "bert": "a stack of blocks on embeddings",
    "conv_stack": "one convolution after another",
    "convnext": "four stages with a resampling before each but the first",
    "ddpm": "a U of four levels with three skips each; the time joins everywhere",
    "dit": "a stack of blocks on patches, all of which take the condition",
    "edm2": "a U of four levels with four skips each, around a middle; noise level and class join everywhere",
    "efficientnet": "seven stages of inverted bottlenecks",
    "flux": "image and text side by side, through the double blocks; then one sequence",
    "gpt2": "a stack of blocks on tokens",
    "hunyuan_dit": "a stack on patches with nineteen skips, which nest: a U on one level; text joins beside",
    "llama": "a stack of blocks on tokens",
    "mamba": "a stack of blocks on tokens",
    "mednext": "a U of four levels and a bottom of two blocks each, whose skips are added; an output on every level",
    "mistral": "a stack of blocks on tokens",
    "mixtral": "a stack of blocks on tokens",
    "mobilenet_v2": "seven stages of inverted bottlenecks",
    "nnunet": "a U of five levels and a bottom, one skip each, and an output on four more levels",
    "nnunet_resenc": "the same with residual encoders",
    "pixart": "a stack of blocks on patches; time and text join beside",
    "replknet": "four stages of pairs of blocks, with a transition before each but the first",
    "resnet": "four stages, of which each begins with a block of its own",
    "sana": "a stack of blocks on patches; time and text join beside",
    "sd": "a U of four levels with three skips each; time and text join beside",
    "sd3": "image and text side by side, through all blocks",
    "stunet": "a U of five levels and a bottom, each of residual blocks, one skip each; an output on four more levels",
    "swin": "four stages with a merging of patches between them",
    "swin_unetr": "a U of five levels and a bottom, whose encoder are Swin stages, one skip each",
    "transformer": "a stack of blocks",
    "unet": "a U of four levels and a bottom, one skip each",
    "unet3d": "the same on volumes",
    "unetr": "a U whose encoder is one stack of blocks, which skips leave after every quarter",
    "uvit": "a stack on patches with six skips, which nest: a U on one level",
    "vgg": "convolutions with a pool after each stage",
    "vit": "a stack of blocks on patches",
}


@cache
def outline(name: str) -> NetworkOutline:
    return ag.load(name).outline()


US = {
    "unet": 4,
    "unet3d": 3,
    "nnunet": 5,
    "nnunet_resenc": 5,
    "ddpm": 4,
    "adm": 6,
    "edm2": 4,
    "sd": 4,
    "uvit": 1,
    "hunyuan_dit": 1,
    "swin_unetr": 5,
    "stunet": 5,
    "mednext": 4,
}


def test_every_network_is_described_in_words():
    assert sorted(SAID) == sorted(shipped_names())


@pytest.mark.parametrize("name", sorted(SAID))
def test_outlines_are_as_they_were_read(name, golden):
    """The text is in words of a person first, so that a change is judged by what it means."""
    told = f"{name}: {SAID[name]}\n\n{outline(name)}\n"
    golden(Path(__file__).parent / "golden" / f"{name}.txt", told)


@pytest.mark.parametrize("name", sorted(SAID))
def test_every_member_is_in_one_place(name):
    whole = outline(name)
    leaves = [leaf for part in whole.whole for leaf in leaves_of(part)]
    found = Counter(leaf.item for leaf in (*leaves, *whole.constants) if leaf.item is not None)
    assert found == Counter(whole.flow.items)


def shape_of_u(whole: NetworkOutline) -> list[tuple[object, int, int]]:
    (u,) = [part for part in walked(whole.tree) if isinstance(part, U)]
    return [(row.level, len(row.skips), row.returns) for row in u.rows]


@pytest.mark.parametrize("name", sorted(US))
def test_blocks_decide_nothing_about_a_u(name):
    flat = ag.load(name).network.flat()
    folded, unrolled = shape_of_u(outline(name)), shape_of_u(outline_of(flat))
    assert len(folded) == US[name]
    assert [row[1:] for row in folded] == [row[1:] for row in unrolled]


def test_three_skips_on_every_level():
    assert [skips for _, skips, _ in shape_of_u(outline("sd"))] == [3, 3, 3, 3]


def test_skips_of_one_resolution_are_counted():
    assert [skips for _, skips, _ in shape_of_u(outline("uvit"))] == [6]


@pytest.mark.parametrize("name", ["flux", "sd3"])
def test_image_and_text_are_two_streams(name):
    whole = outline(name)
    assert [leaf.name for leaf in whole.sources] == ["latent", "text"]
    (streams,) = [part for part in walked(whole.tree) if isinstance(part, Parallel)]
    assert [next(leaves_of(branch)).name for branch in streams.branches] == ["latent", "text"]
    assert not isinstance(streams, Bypass)


def test_conditions_stay_beside():
    whole = outline("sd")
    assert [[leaf.name for leaf in leaves_of(side.part)][:1] for side in whole.sides] == [["t"], ["text"]]
    # Where there is no attention, the text is handed to a block that leaves it alone.
    assert [len(side.touches) for side in whole.sides] == [21, 16]


def test_nothing_shipped_is_irregular():
    """The share of what has no name is the measure of progress: of the shipped networks there is none."""
    found = Counter(
        type(part).__name__
        for name in SAID
        for inside in [outline(name), *(one for _, one in outline(name).blocks())]
        for part in walked(inside.tree)
    )
    assert found[Irregular.__name__] == 0 and found[Lanes.__name__] <= 3


def test_the_inside_of_a_block_has_an_outline():
    inside = dict(ag.load("vit").outline().blocks())["vit_block"]
    assert str(inside).splitlines() == [
        "x",
        "residual (∅ | blocks.layer_norm, blocks.attention)",
        "→ blocks.add",
        "residual (∅ | blocks.layer_norm_2, blocks.mlp)",
        "→ blocks.add_2",
    ]


def test_repeats_hold_all_that_they_count():
    for part in walked(outline("sd").tree):
        if isinstance(part, Times):
            assert part.count == len(part.each) > 1
            assert len({sum(isinstance(inner, Leaf) for inner in walked(one)) for one in part.each}) == 1
