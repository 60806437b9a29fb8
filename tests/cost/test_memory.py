"""Memory as laws: what autograd keeps, the closed form of repeats, and the peak as a sum of what is live."""

import pytest
from sympy import expand

import archgraph as ag
from archgraph.cli import main
from archgraph.cost.memory.forward import Forward
from archgraph.cost.memory.memory import Memory
from archgraph.cost.memory.setting import Setting
from archgraph.errors import QueryError
from archgraph.graph.checkpoints import policy
from archgraph.spec.load import shipped_names
from tests.oracles.random_calls import network

ONE_KNOB = [
    ("dit:S/8", {}, 6829704),
    ("dit:S/4", {}, 27630600),
    ("dit:S/2", {}, 124105224),
    ("dit:B/8", {}, 13638792),
    ("dit:B/4", {}, 55230984),
    ("dit:B/2", {}, 248141832),
    ("dit:L/8", {}, 36121736),
    ("dit:L/4", {}, 146437640),
    ("dit:L/2", {}, 658480136),
    ("dit:XL/8", {}, 47305352),
    ("dit:XL/4", {}, 191121416),
    ("dit:XL/2", {}, 848961032),
    ("dit:XL/2-512", {}, 4801574408),
    ("dit:B/2", {"D": 1536, "heads": 24}, 496215048),
    ("dit:B/2", {"D": 1088, "heads": 17}, 351505672),
    ("dit:B/2", {"L": 24}, 493889544),
    ("dit:B/2-512", {}, 1444507656),
    ("dit:B/2", {"p": 1}, 1444458504),
    ("dit:B/2", {"heads": 24}, 285890568),
    ("dit:B/2", {"heads": 1}, 213538824),
    ("dit:XL/2", {"D": 2304, "heads": 32}, 1697787912),
    ("dit:XL/2", {"L": 56}, 1694340616),
    ("dit:XL/2", {"p": 1}, 4801525256),
    ("adm", {}, 5807328520),
    ("adm", {"C": 512}, 11613844744),
    ("adm", {"blocks": 4}, 9321801992),
    ("adm", {"H": 512, "W": 512}, 25512168712),
    ("adm", {"C": 128}, 2904070408),
    ("sd", {}, 4798481920),
    ("sd", {"C": 640}, 6666865920),
    ("sd", {"blocks": 4}, 8570472960),
    ("sd", {"H": 128, "W": 128}, 53522642944),
    ("sd", {"C": 160}, 3864289920),
    ("sd:xl", {}, 25997819648),
    ("unet:padded-512", {}, 858783744),
    ("unet:padded-512", {"C": 128}, 1716518912),
    ("unet:padded-512", {"C": 90}, 1207238656),
    ("unet:padded-512", {"C": 91}, 1220640768),
    ("unet:padded-512", {"levels": 5}, 882900992),
    ("unet:padded-512", {"H": 1024, "W": 1024}, 3435134976),
    ("nnunet", {}, 3580474368),
    ("nnunet", {"C": 64}, 7152560128),
    ("nnunet", {"features": [64, 128, 256, 320, 320, 320]}, 7114189312),
    ("nnunet", {"convs": 4}, 6438217728),
    ("nnunet", {"Z": 256, "H": 256, "W": 256}, 28643472384),
    ("nnunet", {"features": [32, 64, 128, 256, 512, 1024]}, 3585153536),
    ("nnunet_resenc:ct-3d-m", {}, 4373252096),
    ("nnunet_resenc:ct-3d-l", {}, 14759331840),
]
"""Unique storages, parameters excluded, that autograd saved: single precision, one sample, math attention."""


@pytest.mark.parametrize(("name", "values", "saved"), ONE_KNOB, ids=str)
def test_saved_bytes_are_those_published(name, values, saved):
    assert ag.load(name).at(**values).saved_bytes == saved


@pytest.mark.parametrize("name", shipped_names())
def test_binding_then_analysing_is_analysing_then_binding(name):
    g = ag.load(name)
    assert g.at().saved_bytes == g.bound().saved_bytes
    first, second = g.peak_memory("training"), g.bound().peak_memory("training")
    assert (first.bytes, first.node, first.by_kind) == (second.bytes, second.node, second.by_kind)
    assert g.peak_memory().bytes == g.bound().peak_memory().bytes


@pytest.mark.parametrize("kernel", ["math", "flash"])
@pytest.mark.parametrize("name", ["dit", "transformer", "nnunet", "resnet", "sd", "swin", "llama"])
def test_repeated_keeps_what_unrolled_keeps(name, kernel):
    g = ag.load(name)
    flat = g.flat()
    assert Memory(flat, flat.outputs, Setting("training", kernel)).saved == g.at().saved_memory(kernel)


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 6, 9, 28])
@pytest.mark.parametrize("checkpoint", [False, True])
@pytest.mark.parametrize("name", ["dit:S/2", "transformer", "conv_stack"])
def test_iterations_that_are_not_run_count_as_if_they_were(name, checkpoint, count, monkeypatch):
    g = ag.load(name).at(L=count)
    short = g.peak_memory("training", checkpoint=checkpoint)
    monkeypatch.setattr("archgraph.cost.memory.forward.UNROLLED", 100)
    whole = g.peak_memory("training", checkpoint=checkpoint)
    assert (short.bytes, short.node, short.phase) == (whole.bytes, whole.node, whole.phase)
    assert short.by_kind == whole.by_kind


@pytest.mark.parametrize("mode", ["inference", "training"])
@pytest.mark.parametrize("name", ["unet", "dit", "nnunet", "mixtral", "sd3"])
def test_the_law_of_the_peak_has_its_value(name, mode):
    g = ag.load(name)
    peak = g.peak_memory(mode, optimizer="adam")
    assert peak.law.xreplace(g.point()) == peak.bytes == sum(peak.by_kind.values())
    assert {kind: law.xreplace(g.point()) for kind, law in peak.laws.items()} == peak.by_kind


@pytest.mark.parametrize("name", ["swin", "nnunet", "mixtral", "transformer"])
def test_a_body_that_is_run_once_for_all_calls_counts_as_if_it_were_run_for_each(name, monkeypatch):
    found = ag.load(name).at().peak_memory()
    monkeypatch.setattr(Forward, "_body", Forward.run)
    each = ag.load(name).at().peak_memory()
    assert (found.node, found.by_kind, found.laws) == (each.node, each.by_kind, each.laws)


@pytest.mark.parametrize("settings", [{}, {"checkpoint": "block"}, {"checkpoint": "sqrt"}, {"dtype": "bf16-mixed"}])
@pytest.mark.parametrize("name", ["swin", "nnunet", "mixtral", "transformer"])
def test_the_way_back_through_a_body_counts_for_all_calls_as_if_each_were_gone_through(name, settings, monkeypatch):
    found = ag.load(name).at().peak_memory("training", **settings)
    monkeypatch.setattr(Forward, "_body", Forward.run)
    each = ag.load(name).at().peak_memory("training", **settings)
    assert (found.node, found.phase, found.by_kind, found.laws) == (each.node, each.phase, each.by_kind, each.laws)


@pytest.mark.parametrize("checkpoint", ["none", "block", "sqrt"])
def test_calls_in_random_networks_count_as_if_each_were_gone_through(checkpoint, monkeypatch):
    chosen = Setting("training", checkpoint=policy(checkpoint))
    peaks = lambda: [Memory(each, each.outputs, chosen).peak(int) for each in map(network, range(60))]  # noqa: E731
    found = peaks()
    monkeypatch.setattr(Forward, "_body", Forward.run)
    assert [vars(one) for one in found] == [vars(one) for one in peaks()]


def test_weights_gradients_and_states():
    g = ag.load("dit:S/2").at()
    for dtype, weight, state in (("fp32", 4, 8), ("bf16", 2, 4), ("fp16", 2, 4), ("mixed", 2, 12)):
        peak = g.peak_memory("training", dtype=dtype, optimizer="adam")
        assert peak.by_kind["weights"] == weight * g.params
        # Beside them a step counter of 4 bytes per tensor.
        assert peak.by_kind["optimizer states"] == state * g.params_trainable + 4 * 131
    momentum = g.peak_memory("training", optimizer="momentum")
    assert momentum.by_kind["optimizer states"] == 4 * g.params_trainable
    assert "optimizer states" not in g.peak_memory("training").by_kind
    assert set(g.peak_memory().by_kind) <= {"weights", "activations", "workspace"}


def test_a_million_blocks_take_no_longer():
    g = ag.load("dit").at(L=10**6)
    assert g.peak_memory("training", checkpoint=True).bytes > 10**6 * 4 * g.params / 10**6


def test_flash_keeps_no_scores():
    g = ag.load("dit")
    assert g.degree("saved_bytes", "N") == 2
    assert expand(g.saved_memory("flash")).coeff(g.symbols["S"], 4) == 0


def test_a_checkpoint_keeps_inputs_only():
    g = ag.load("unet:padded-512").at()
    image, first = 4 * 512 * 512, 4 * 64 * 512 * 512
    without = g.saved_bytes - g.saved_memory(checkpoint=["enc(0)"])
    assert without == first, "of two convolutions, the first one's output is not kept"
    assert g.saved_memory(checkpoint=["enc(0)"]) > image


def test_what_needs_no_gradient_is_not_kept():
    g = ag.loads(
        "{archgraph: 1, inputs: {x: {c: 2, h: 8, w: 8}}, network: [{avg_pool: {kernel: 2}}, relu, "
        "{conv: {out: 3, kernel: 1}}]}"
    )
    assert g.at().saved_bytes == 4 * 2 * 16


def test_unknown_choices_and_scopes():
    g = ag.load("unet")
    with pytest.raises(QueryError, match="Did you mean 'training'"):
        g.peak_memory("train")  # type: ignore[arg-type]
    with pytest.raises(QueryError, match="no node or scope"):
        g.peak_memory("training", checkpoint=["enc(9)"])
    with pytest.raises(QueryError, match="is an operation"):
        g.peak_memory("training", checkpoint=["enc(0).relu"])


def test_the_command_prints_both_modes(capsys):
    assert main(["memory", "dit:S/2", "--optimizer", "adam", "--checkpoint"]) == 0
    text = capsys.readouterr().out
    assert "optimizer states" in text and "inference" in text and "checkpoints of every block" in text
    assert main(["memory", "unet", "--mode", "training", "--json", "--checkpoint", "enc(0)"]) == 0
    assert '"kind": "weights"' in capsys.readouterr().out
