"""The pages that answer the question: numbers as measured with PyTorch or published, none written by hand."""

import re
from pathlib import Path

import answer_numbers
import memory_table
import pytest
import why_numbers

import archgraph as ag
from archgraph.cost.training.run import Training
from archgraph.cost.training.training_memory import training_memory
from archgraph.studies.growth_path import growth_path

GENERATORS = Path(__file__).parents[2] / "docs" / "generators"
PUBLISHED = {
    "nnunet_patch_params": "1.000",
    "nnunet_patch_macs": "8.000",
    "dit_attention": "4*D**2 + 4*D",
    "dit_block": "18*D**2 + 15*D",
    "llama_attention": "2.5",
    "unet_90": "1.977",
    "unet_91": "2.022",
    "dit_1088": "2.001",
    "dit_double_params": "3.979",
    "dit_double_macs": "3.894",
    "unet_double": "4.000",
    "nnunet_double": "3.998",
    "adm_double": "3.995",
    "sd_double": "3.954",
    "dit_heads": "130,512,416, 130,512,416, 130,512,416",
    "scores_1": "0.003",
    "scores_12": "0.035",
    "scores_24": "0.070",
    "share_8": "0.2",
    "share_4": "0.9",
    "share_2": "3.6",
    "share_512": "12.9",
    "share_pixart": "34.2",
    "share_sd3": "32.5",
    "share_flux": "20.0",
    "crossover": "6*D",
    "patch_macs": "4.422",
    "patch_params": "1.001",
    "unet_k5": "2.618",
    "unet_k7": "5.045",
    "nnunet_k5": "4.415",
    "nnunet_k7": "12.013",
    "swin_field": "56",
    "stack_10": "21",
    "stack_100": "201",
    "unet_bottleneck": "140",
    "unet_field": "188–204",
    "unet_hops": "10",
    "unet_reach": "94",
    "dit_hops": "1",
    "nnunet_field": "287–319",
    "nnunet2d_field": "1151–1279",
    "unet_level_params": "4.008",
    "unet_level_macs": "1.237",
    "adm_top_params": "2.2",
    "adm_top_macs": "54.2",
    "adm_low_ratio": "59.5",
    "nnunet_top_params": "0.4",
    "nnunet_top_macs": "50.0",
    "nnunet_low_ratio": "64",
    "resenc_params": "102.36",
    "resenc_macs": "718.5, 2,425.0, 4,400.9",
    "sdxl_params": "2.57",
    "sdxl_transformer": "85.1",
    "sd_conv": "541",
    "sdxl_conv": "320",
    "ratio_sdxl": "1,317",
    "ratio_sd3": "2,195",
    "ratio_flux": "3,125",
    "ratio_pixart": "5,324",
    "sd_convolutions": "393–401",
    "adm_convolutions": "1906–1938",
}
"""Measured on the networks with PyTorch: parameters, FlopCounterMode on meta, receptive fields by gradient."""


@pytest.fixture(scope="module")
def numbers():
    return why_numbers.numbers()


@pytest.mark.parametrize("name", PUBLISHED)
def test_numbers_are_those_published(name, numbers):
    assert numbers[name] == PUBLISHED[name]


def test_what_a_parameter_costs_worked_out_by_hand(numbers):
    """From the laws 7574 C² + 118 C + 2 and (179 C² + 11 C) H W, and 18 D² + 15 D for 12 D² N + 6 D² + 2 D N²."""
    params, macs = (7574 * (2 * 64 + 1) + 118), (179 * (2 * 64 + 1) + 11) * 512**2
    assert numbers["price_unet_width"] == f"{macs / params:,.0f}"
    width, tokens = 1152, 256
    block = (12 * width**2 * tokens + 6 * width**2 + 2 * width * tokens**2) / (18 * width**2 + 15 * width)
    assert numbers["price_dit_depth"] == f"{block:,.0f}"
    small = (179 * 64**2 + 11 * 64) * 32**2 / 31030658
    assert numbers["ratio_unet_small"] == f"{small:.0f}"
    assert numbers["ratio_dit"] == f"{118621421568 / 675129632:,.0f}"
    assert numbers["ratio_unet"] == f"{192384335872 / 31030658:,.0f}"
    assert float(numbers["adm_top_ratio"].replace(",", "")) == pytest.approx(48860, abs=1)
    assert float(numbers["nnunet_top_ratio"].replace(",", "")) == pytest.approx(1.86e6, rel=0.01)


@pytest.mark.parametrize("page", ["why.md.in", "why.zh.md.in"])
def test_no_factor_or_share_is_written_by_hand(page):
    """But for quotations, marked as such."""
    template = (GENERATORS / "templates" / page).read_text(encoding="utf-8")
    prose = re.sub(r"```.*?```", "", template, flags=re.DOTALL)
    prose = re.sub(r"[（(][^（()）]*\*(quoted|引用)\*[^（()）]*[)）]", "", prose)
    assert re.findall(r"× \d(?!0[⁰-⁹])|\d[\d,.]* ?%|\d+\.\d+ (?:G|M|billion)\b", prose) == []


@pytest.mark.parametrize("page", ["why.md.in", "why.zh.md.in"])
def test_both_languages_show_the_same_numbers(page, numbers):
    def used(name):
        return set(re.findall(r"{{ (\w+?)(?:_zh)? }}", (GENERATORS / "templates" / name).read_text(encoding="utf-8")))

    assert used(page) == used("why.md.in")
    assert used(page) <= {*numbers, *answer_numbers.NUMBERS}


def test_the_memory_table_holds_where_it_is_cheap_to_look_again():
    """What was recorded fits, and the next width does not; of the two networks that are derived fastest."""
    every = [*memory_table.GROWTHS, *memory_table.ONE_GRID]
    assert len(memory_table.rows()) == memory_table.RUNS * len(every)
    for name in ("U-Net, 512 px", "DiT/2, 256 tokens"):
        row = memory_table.cell(name, "32", ("saved", "none", "1"))
        spec, growth = memory_table.GROWTHS[name]
        path = growth_path(ag.load(spec).network, growth)
        run = Training(batch=32, dtype="bf16-mixed", attention="flash", kernel="fused", loss="none", peak="saved")
        sizes = [training_memory(path.at(int(row[key])), run).bytes for key in ("value", "next")]
        assert sizes == [int(row["bytes"]), int(row["next bytes"])] and sizes[0] <= 80e9 < sizes[1]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("best_nnunet", "0.06"),
        ("best_low", "1.35"),
        ("best_unet", "0.63"),
        ("best_dit", "3.33"),
        ("grid_unet", "4.66"),
        ("grid_unet_2", "4.37"),
        ("grid_adm", "2.66"),
        ("best_dit_narrower", "1.20"),
        ("ratio_edm2", "359"),
        ("edm2_macs", "547"),
        ("edm2_params", "1,523"),
        ("low_price", "64"),
        ("low_bytes", "0.03"),
        ("middle_price", "512"),
        ("low_params", "1.324"),
        ("dit_block_bytes", "0.50"),
        ("ratio_nnunet", "15,329"),
        ("speed_nnunet", "44"),
        ("hops_64", "5"),
        ("unet_start", "35"),
        ("adm_blocks", "42"),
    ],
)
def test_numbers_worked_out_elsewhere(name, value):
    """By formulas and PyTorch code of other hands: what fits, what a block costs, how far a field reaches."""
    assert str(answer_numbers.NUMBERS[name]()) == value


@pytest.mark.parametrize(
    ("name", "column", "fits"),
    [
        ("U-Net, 512 px", ("saved", "none", "1"), "4.47 2.80 0.63"),
        ("U-Net, 512 px", ("live", "none", "2"), "4.47 2.51 0.50"),
        ("nnU-Net, 128³", ("saved", "none", "1"), "3.69 0.70 0.06"),
        ("nnU-Net, 128³", ("live", "none", "2"), "3.44 0.44 0.03"),
        ("ADM, 256 px", ("saved", "none", "1"), "4.18 1.69 0.31"),
        ("ADM, 256 px, widened at 16² and 8²", ("saved", "none", "1"), "4.28 3.12 –"),
        ("DDPM, 256 px", ("saved", "none", "1"), "4.44 2.30 0.45"),
        ("SD-1.5, 64² latents", ("live", "none", "2"), "4.49 3.75 1.92"),
        ("DiT/2, 256 tokens", ("live", "none", "2"), "4.79 4.40 3.33"),
        ("DiT/2, 1,024 tokens", ("live", "none", "2"), "4.60 3.33 1.20"),
        ("ADM as for 64 px, bottom 8²", ("saved", "none", "1"), "4.72 3.97 2.66"),
        ("DiT, patch 4", ("saved", "none", "1"), "4.79 4.40 3.33"),
    ],
)
def test_what_fits_as_it_was_worked_out_elsewhere(name, column, fits):
    """By formulas of other hands, which count all gradients as live from the start: so `accumulate=2` has them."""
    found = [memory_table.found(memory_table.cell(name, batch, column)["params"]) for batch in ("1", "8", "32")]
    assert " ".join(found) == fits


@pytest.mark.parametrize("page", ["why.md.in", "why.zh.md.in"])
def test_every_claim_has_a_verdict(page):
    text = (GENERATORS / "templates" / page).read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d+) \| [^|]+ \| \*\*[^|]+\*\* \| [^|]+ \|$", text, flags=re.MULTILINE)
    assert rows == [str(number) for number in range(1, 23)]
