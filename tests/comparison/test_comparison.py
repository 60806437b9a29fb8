"""What sets two networks apart, row by row, against figures worked out by hand or measured with PyTorch."""

import json

import pytest

import archgraph as ag
from archgraph.cli import main
from archgraph.comparison.report import comparison
from archgraph.comparison.traits import TRAITS
from archgraph.spec.load import shipped_names


def column(name):
    g = ag.load(name)
    return {row[""]: row[g.name] for row in comparison([g.network]).rows}


@pytest.fixture(scope="module")
def unet():
    return column("unet:padded-512")


@pytest.fixture(scope="module")
def dit():
    return column("dit")


def test_what_multiplies(unet, dit):
    assert unet["core operation"].startswith("conv (95.5 % of MACs), conv_transpose (4.46 %")
    assert dit["core operation"].startswith("linear (96.4 % of MACs), scaled_dot_product_attention (3.56 %")


def test_local_and_global(unet, dit):
    assert unet["connectivity"] == "local"
    assert dit["connectivity"] == "global since blocks.attention.scaled_dot_product_attention"
    assert "conv 3×3" in unet["mixing by learned weights"] and unet["mixing by weights of the input"] == "none"
    assert dit["mixing by weights of the input"] == "attention (3.56 % of MACs)"
    assert "without overlap" in dit["mixing by learned weights"], "patches mix nothing across their borders"


def test_what_an_output_reads_and_by_how_many_moves(unet, dit):
    """The published oracle: 188 or 204 of 512, 5 moves at 64, nothing beyond 94."""
    assert unet["receptive field of the output"] == "h: 188-204 of 512, w: 188-204 of 512"
    assert unet["hops over parts of the side"] == "1/8: 5, 1/4: not read, border: not read"
    assert dit["hops over parts of the side"] == "1/8: 1, 1/4: 1, border: 1"


def test_laws_and_exponents(unet, dit):
    assert str(unet["params"]) == "7574*C**2 + 118*C + 2"
    assert unet["params against positions"] == "the same for every N"
    assert unet["macs against positions"] == "~ N^1; N^1 at the defaults"
    assert dit["macs against positions"] == "~ N^2; N^1.03 at the defaults", "3.56 % of N^2, 96.2 % of N^1"
    assert unet["knob C"].startswith("params ~ C^2, macs ~ C^2") and dit["knob D"].startswith(
        "params ~ D^2, macs ~ D^2"
    )
    assert dit["knob N"] == "params ~ N^1, macs ~ N^2"


def test_sharing_and_what_a_parameter_costs(unet, dit):
    assert unet["macs per param"] == "6,199.8" and dit["macs per param"] == "175.7"
    assert unet["positions per weight"].startswith("1,024 to 262,144"), "32² and 512²"
    assert dit["positions per weight"].startswith("1 to 256"), "the condition, and 16² tokens"
    saved, params = 858783744 / 4, 31030658
    assert unet["activations per param"] == f"12.6 computed, {saved / params:.3g} kept"


def test_where_parameters_and_macs_sit(unet):
    """14,157,824 of 31,030,658 at 32 x 32; 45.6 of 192.4 G at 256 x 256."""
    assert unet["most params sit at"] == "32 x 32: 45.6 % of params, 7.53 % of macs"
    assert unet["most macs sit at"] == "256 x 256: 23.7 % of macs, 2.56 % of params"


def test_what_the_next_value_of_a_knob_buys(unet, dit):
    params, macs = 124361090 - 31030658, 238018363392 - 192384335872
    assert unet["knob levels"] == f"4 -> 5: params +301 %, macs +23.7 %, {macs / params:,.0f} MACs per new param"
    block = 18 * 1152**2 + 15 * 1152
    assert dit["knob L"].endswith(
        f"28 -> 29: params {100 * block / 675129632:+.3g} %, macs +3.57 %, 177 MACs per new param"
    )
    assert dit["knob heads"].endswith("16 -> 18: the same")
    assert dit["knob p"].endswith("2 -> 4: params -0.00818 %, macs -75.5 %"), "3 does not divide 32"


@pytest.mark.parametrize(
    ("name", "connectivity"),
    [
        ("swin", "windows of 7 since stage(0).regular.window_attention.scaled_dot_product_attention; global since"),
        ("gpt2", "global over what comes before"),
        ("nnunet", "local; statistics of all positions since enc(0).conv_norm_act.instance_norm, O(1/N) each"),
        ("resnet", "global since global_avg_pool"),
        ("sd", "global since enc(0)(1).spatial_transformer.blocks.attention.scaled_dot_product_attention"),
    ],
)
def test_connectivity_of_others(name, connectivity):
    asked = dict(TRAITS)["connectivity"]
    assert str(asked(ag.load(name).network)).startswith(connectivity)


@pytest.mark.parametrize("name", shipped_names())
def test_every_network_has_every_trait(name):
    g = ag.load(name)
    for title, ask in TRAITS:
        if title != "hops over parts of the side":
            assert str(ask(g.network))


def test_networks_of_one_name_are_told_apart():
    g = ag.load("conv_stack")
    table = comparison([g.network, g.at(L=20).network])
    assert table.columns == ("", "Conv stack (1)", "Conv stack (2)")
    row = next(row for row in table.rows if row[""] == "params, value")
    assert (row["Conv stack (1)"], row["Conv stack (2)"]) == (369280, 738560)


@pytest.mark.parametrize("format", ["text", "markdown", "latex", "html", "json", "csv"])
def test_the_command_answers_in_every_format(format, capsys):
    assert main(["contrast", "unet:padded-512", "dit", "--format", format]) == 0
    text = capsys.readouterr().out
    assert "7574" in text and "global since" in text.replace("\n", " ")
    if format == "json":
        assert {row[""] for row in json.loads(text)} >= {title for title, _ in TRAITS}
    if format == "latex":
        assert "$7574 C^{2} + 118 C + 2$" in text
