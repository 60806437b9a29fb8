"""Where parameters and MACs sit, and the roofline estimate, against figures worked out by hand."""

import pytest

import archgraph as ag
from archgraph.cli import main
from archgraph.cost.device import device
from archgraph.data import table
from archgraph.errors import QueryError


def rows(g, by, **options):
    return {row[by]: row for row in g.efficiency(by, **options).rows}


def test_macs_per_parameter_are_the_positions_of_the_stage():
    """The published claim: parameters sit where compute is not."""
    adm, nnunet = rows(ag.load("adm"), "stage"), rows(ag.load("nnunet"), "stage")
    assert float(adm["256 x 256"]["macs/param"]) == pytest.approx(48860, abs=1)
    assert float(adm["8 x 8"]["macs/param"]) == pytest.approx(59.5, abs=0.1)
    assert (adm["256 x 256"]["params %"], adm["256 x 256"]["macs %"]) == ("2.2", "54.2")
    assert float(nnunet["128 x 128 x 128"]["macs/param"]) == pytest.approx(1.86e6, rel=0.01)
    assert float(nnunet["4 x 4 x 4"]["macs/param"]) == pytest.approx(64, abs=0.1)
    assert (nnunet["128 x 128 x 128"]["params %"], nnunet["128 x 128 x 128"]["macs %"]) == ("0.4", "50.0")


@pytest.mark.parametrize("name", ["dit", "unet:padded-512", "sd", "mixtral", "swin", "resnet"])
@pytest.mark.parametrize("by", ["stage", "level", "scope", "op", "block", "node"])
def test_totals_are_those_of_the_network(name, by):
    g = ag.load(name).at()
    report = g.efficiency(by)
    for metric in ("params", "macs"):
        assert sum(row[metric] for row in report.rows) == report.total[metric] == g.metric(metric)


def test_a_layer_uses_its_weights_at_every_position():
    g = ag.load("conv_stack").at(H=8, W=6)
    assert {row["positions/weight"] for row in g.efficiency("op").rows if row["op"] == "conv"} == {"48"}
    blocks = rows(ag.load("dit"), "node")
    assert blocks["blocks.mlp.up"]["positions/weight"] == "256", "a token each"
    assert blocks["blocks.adaln"]["positions/weight"] == "1", "of the condition"


def test_bytes_of_a_linear_layer():
    g = ag.loads("{archgraph: 1, inputs: {x: {n: 8, c: 4}}, network: [linear: {out: 5}]}")
    (row,) = g.efficiency("node", dtype="bf16").rows
    assert row["bytes moved"] == 2 * (8 * 4 + 8 * 5 + 4 * 5 + 5)
    assert row["FLOP/byte"] == f"{(2 * 160 + 40) / (2 * 97):.5g}"


def test_views_move_nothing_and_scores_move_only_without_the_fused_kernel():
    g = ag.load("transformer")
    by_op = rows(g, "op")
    assert by_op["split"]["bytes moved"] == 0
    attention = "scaled_dot_product_attention"
    scores = (
        4
        * 4
        * g.evaluate(
            g["blocks.attention." + attention].member.op.scores(*g["blocks.attention." + attention].member.types)
        )
    )
    layers = g.defaults["L"]
    more = rows(g, "op", attention="math")[attention]["bytes moved"] - by_op[attention]["bytes moved"]
    assert more == layers * scores


def test_the_estimate_is_the_slower_of_computing_and_moving():
    estimate = ag.load("vgg").roofline("a100", by="node")
    chosen = device("a100")
    for span in estimate.spans.values():
        computing, moving = chosen.seconds(span.work.macs, span.work.elementwise, span.work.moved, "bf16")
        assert span.seconds == max(computing, moving)
    assert estimate.seconds == pytest.approx(sum(span.seconds for span in estimate.spans.values()))
    assert 0 < estimate.utilisation < 1
    assert "estimate" in repr(estimate) and chosen.source in repr(estimate)


def test_a_batch_reads_weights_once():
    g = ag.load("vgg")
    one, many = g.roofline("a100"), g.roofline("a100", batch=64)
    assert many.operations == 64 * one.operations
    assert many.seconds < 64 * one.seconds
    assert many.utilisation > one.utilisation


@pytest.mark.parametrize("name", table("hardware"))
def test_every_device_states_its_rates_and_source(name):
    chosen = device(name)
    assert chosen.source and chosen.checked and chosen.bandwidth > 1e11
    assert all(rate >= chosen.products.get("fp32", 1e12) for rate in chosen.products.values())
    assert (chosen.vector is None) == ("fp32" not in chosen.products)


@pytest.mark.parametrize(
    ("name", "dtype", "told"),
    [
        ("tpu-v5e", "bf16", "the maker of Google TPU v5e states no rate of operations element by element"),
        ("tpu-v6e", "fp32", "Google TPU v6e has no fp32"),
        ("m4-max", "bf16", "states no rate of products"),
    ],
)
def test_times_are_refused_where_a_maker_states_no_rate(name, dtype, told):
    with pytest.raises(QueryError, match=told):
        ag.load("dit").roofline(name, dtype=dtype)
    assert ag.load("dit").fits(name, batch=2).fits


def test_products_alone_are_timed_by_their_own_rate():
    """The next token of a small batch moves its weights, which the bandwidth alone bounds."""
    served = ag.load("llama:3-8b").serving(past=100)
    assert served.seconds("tpu-v5p") == served.bytes_read / 2.765e12


def test_unknown_devices_and_types():
    g = ag.load("dit")
    with pytest.raises(QueryError, match="Did you mean 'a100'"):
        g.roofline("a10")
    with pytest.raises(QueryError, match="has no bf16"):
        g.roofline("v100")
    with pytest.raises(QueryError, match="there is no dtype 'int8'"):
        g.roofline("a100", dtype="int8")
    with pytest.raises(QueryError, match="at least 1"):
        g.roofline("a100", batch=0)


def test_the_commands(capsys):
    assert main(["roofline", "dit:S/2", "a100", "--batch", "4", "--by", "scope"]) == 0
    assert "an estimate" in capsys.readouterr().out
    assert main(["efficiency", "unet", "--json"]) == 0
    assert '"macs/param"' in capsys.readouterr().out
