"""What a training run needs, against numbers that were measured with PyTorch 2.13 on a CPU; laws in the batch."""

import pytest
from sympy import expand

import archgraph as ag
from archgraph.cost.training.fit import changes_of
from archgraph.cost.training.run import Training
from archgraph.errors import QueryError
from archgraph.sizes.symbols import symbol

SMALL_LLAMA = {"D": 64, "L": 2, "F": 96, "heads": 8, "kv_heads": 2, "V": 128, "N": 16}
SMALL_NNUNET = {"features": [4, 8, 8], "Z": 16, "H": 16, "W": 16}
SMALL_GPT2 = {"D": 64, "L": 6, "heads": 4, "N": 24, "V": 100}


def small(name="llama"):
    values = {"llama": SMALL_LLAMA, "nnunet": SMALL_NNUNET, "gpt2": SMALL_GPT2}[name]
    return ag.load(name).at(**values)


def kept(g, batch, **options) -> int:
    return g.training_memory(batch=batch, peak="saved", **options).by_kind["kept by autograd"]


def passes(needed) -> int:
    return next(size for phase, size in needed.moments.items() if phase != "step")


# -- states --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("optimizer", "dtype", "states"),
    [
        ("sgd", "fp32", 0),
        ("momentum", "fp32", 296192),
        ("adamw", "fp32", 592384 + 84),
        ("adam", "fp32", 592384 + 84),
        ("amsgrad", "fp32", 3 * 296192 + 84),
        ("adamw", "bf16", 296192 + 84),
        ("adafactor", "fp32", 9984 + 84),
        ("muon", "fp32", 363008 + 28),
        ("adamw-8bit", "fp32", 178816),
        ("adamw", "bf16-mixed", 592384 + 84 + 296192),
        ("adamw", "bf16-fsdp", 592384 + 84),
    ],
)
def test_states_of_a_small_llama(optimizer, dtype, states):
    needed = small().training_memory(optimizer=optimizer, dtype=dtype)
    assert needed.by_kind.get("optimizer states", 0) == states


def test_the_last_two_axes_of_a_convolution_are_factored():
    g = ag.load("unet:padded-512").at(C=4, H=32, W=32)
    assert g.training_memory(optimizer="adafactor").by_kind["optimizer states"] == 339544 + 184


@pytest.mark.parametrize(("dtype", "per_weight"), [("bf16-mixed", 16), ("bf16-mixed-fp32-grads", 18), ("fp32", 16)])
def test_a_recipe_says_how_many_bytes_a_weight_takes(dtype, per_weight):
    g = ag.load("llama:2-7b").at()
    found = g.training_memory(dtype=dtype, peak="saved").by_kind
    model = sum(found[kind] for kind in ("weights", "optimizer states", "weight gradients"))
    assert model == per_weight * g.params + 4 * (9 * 32 + 3)


def test_an_average_of_weights_is_a_copy_with_a_counter():
    assert small().training_memory(ema=True).by_kind["average of weights"] == 296200
    g = ag.load("resnet").at()
    assert g.training_memory(ema=True).by_kind["average of weights"] > 4 * (g.params + g.buffers)


# -- what autograd keeps -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spec", "at", "options", "sizes"),
    [
        ("llama", SMALL_LLAMA, {}, {1: 164288, 2: 324480, 4: 644864}),
        ("llama", SMALL_LLAMA, {"checkpoint": "block"}, {1: 20672, 2: 41344, 4: 82688}),
        ("llama", SMALL_LLAMA, {"checkpoint": "attention"}, {1: 135616, 2: 267136, 4: 530176}),
        ("llama", {**SMALL_LLAMA, "L": 4}, {"checkpoint": 2}, {1: 20672, 2: 41344, 4: 82688}),
        ("llama", {**SMALL_LLAMA, "L": 4}, {"checkpoint": "sqrt"}, {1: 20672, 2: 41344, 4: 82688}),
        ("dit:S/2", {"D": 96, "L": 2, "heads": 3, "S": 16}, {}, {1: 1269896, 2: 2343184, 4: 4686368}),
        ("resnet", {"H": 64, "W": 64}, {}, {1: 7233024, 2: 14253568, 4: 28294656}),
        ("nnunet", SMALL_NNUNET, {}, {1: 844544, 2: 1689088, 4: 3378176}),
        ("dit:XL/2", {}, {}, {1: 848961032, 2: 1565801488, 8: 6263205952}),
        ("flux", {}, {}, {1: 186884469760, 2: 377534375936, 3: 566032604160}),
    ],
    ids=str,
)
def test_kept_by_the_batch(spec, at, options, sizes):
    g = ag.load(spec).at(**at)
    assert {batch: kept(g, batch, **options) for batch in sizes} == sizes


def test_one_law_holds_for_every_batch_from_two_on():
    g = ag.load("llama")
    law = g.training_memory(batch=2, peak="saved").laws["kept by autograd"]
    batch, width, tokens, heads = (symbol(name) for name in ("B", "D", "N", "heads"))
    # Tables of sines and cosines have no batch; all else is per sample.
    assert expand(law.subs(batch, 0)) == 16 * width * tokens / heads * g.symbols["L"]
    at = {name: g.symbols[name] for name in SMALL_LLAMA}
    there = law.subs({at[name]: value for name, value in SMALL_LLAMA.items()})
    for samples in (2, 3, 50):
        assert there.subs(batch, samples) == kept(small(), samples)


def test_the_batch_has_another_name_where_a_symbol_has_it():
    spec = "{archgraph: 1, symbols: {B: {default: 4}}, inputs: {x: {c: 3, n: B}}, network: [linear: {out: 5}]}"
    needed = ag.loads(spec).training_memory(batch=2, peak="saved")
    assert needed.batch_symbol == "run_B"
    assert str(needed.laws["kept by autograd"]) == "12*B*run_B"


def test_turns_of_a_loop_are_blocks_too():
    g = ag.load("unet:padded-512").at(C=8, H=64, W=64)
    scopes = [f"{name}({level})" for name in ("enc", "dec") for level in range(4)]
    assert kept(g, 2, checkpoint="block") == kept(g, 2, checkpoint=scopes) < kept(g, 2)


# -- the peak ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "options", "measured"),
    [
        ("llama", {"batch": 4}, (1615452, 1259092)),
        ("llama", {"batch": 4, "checkpoint": "block"}, (1424988, 1259092)),
        ("llama", {"batch": 4, "accumulate": 2}, (1911644, 1259092)),
        ("llama", {"batch": 1, "kernel": "foreach"}, (1189084, 1481172)),
        ("nnunet", {"batch": 2, "optimizer": "momentum"}, (2426360, 203600)),
        ("gpt2", {"batch": 2}, (6488760, 6502064)),
        ("gpt2", {"batch": 2, "accumulate": 2}, (7399864, 6502064)),
    ],
    ids=str,
)
def test_the_highest_moments_of_passes_and_step(name, options, measured):
    needed = small(name).training_memory(**{"kernel": "loop", "loss": "none", **options})
    assert (passes(needed), needed.moments["step"]) == measured
    assert needed.bytes == max(measured) == sum(needed.by_kind.values())
    assert needed.kinds_of_number["optimizer states"] == "exact"


@pytest.mark.parametrize(
    ("name", "options", "between"),
    [
        ("llama", {"batch": 4}, 889172),
        ("llama", {"batch": 1}, 888788),
        ("nnunet", {"batch": 2, "optimizer": "momentum"}, 146656),
        ("gpt2", {"batch": 2}, 4464304),
    ],
    ids=str,
)
def test_weights_states_and_inputs_are_there_between_two_steps(name, options, between):
    needed = small(name).training_memory(**{"kernel": "fused", "loss": "none", **options})
    gradients = small(name).training_memory(peak="saved", **options).by_kind["weight gradients"]
    assert needed.moments["step"] - gradients == between


def test_laws_of_the_peak_are_the_peak():
    g = ag.load("dit:S/2")
    needed = g.training_memory(batch=6)
    values = {**g.point(), symbol("B"): 6}
    assert needed.law.xreplace(values) == needed.bytes
    assert "B" in repr(needed) and "6 samples" in repr(needed)


@pytest.mark.parametrize(
    ("dtype", "after", "peak", "of_logits"), [("bf16", 384008, 896008, 128000), ("fp32", 512008, 1024008, 256000)]
)
def test_cross_entropy_holds_logits_in_single_precision(dtype, after, peak, of_logits):
    spec = "{archgraph: 1, inputs: {x: {n: 64, dtype: int}}, network: [embedding: {count: 7, out: 1000}]}"
    g = ag.loads(spec)
    found = g.training_memory(dtype=dtype, loss="cross_entropy", optimizer="sgd", kernel="loop")
    ids, weights = 64 * 8, found.by_kind["weights"]
    assert found.node == "loss"
    assert found.bytes - weights - ids == peak
    assert found.bytes - weights - ids - found.by_kind["workspace"] == after
    assert after - of_logits == 4 * 64 * 1000 + 8  # normalised logits, the loss and its gradient


def test_logits_of_tokens_are_taken_for_cross_entropy():
    assert small().training_memory().loss == "cross_entropy"
    assert ag.load("dit:S/2").training_memory().loss == "none"


# -- ranks ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spec", "at", "gpus", "dtype", "stored"),
    [
        ("llama", SMALL_LLAMA, 4, "fp32", 74048),
        ("llama", SMALL_LLAMA, 6, "fp32", 50652),
        ("llama", SMALL_LLAMA, 4, "bf16-fsdp", 74048),
        ("nnunet", SMALL_NNUNET, 8, "fp32", 8076),
        ("llama:3-8b", {}, 8, "fp32", 4015130624),
        ("dit:XL/2", {}, 6, "fp32", 450090264),
    ],
    ids=str,
)
def test_every_rank_stores_as_many_rows_as_the_first(spec, at, gpus, dtype, stored):
    needed = ag.load(spec).at(**at).training_memory(zero=3, gpus=gpus, dtype=dtype)
    assert needed.by_kind["weights"] == stored


def test_whole_tensors_are_dealt_out_largest_first():
    needed = small().training_memory(zero=1, gpus=4)
    assert needed.by_kind["optimizer states"] == 4 * 37120


def test_sharded_weights_are_an_estimate_from_above():
    g = ag.load("llama").at(**{**SMALL_LLAMA, "L": 8})
    needed = g.training_memory(batch=2, zero=3, gpus=4, loss="none", kernel="loop")
    assert needed.kind_of_number == "estimate"
    assert 2329844 <= needed.bytes <= 1.1 * 2329844
    assert needed.moments["step"] == 1006380
    fused = g.training_memory(batch=2, zero=3, gpus=4, loss="none", kernel="fused")
    assert fused.moments["step"] - 4 * -(-g.params // 4) == 741100


def test_more_is_shared_with_every_stage():
    g = ag.load("llama:3-8b").at(N=2048)
    sizes = [
        g.training_memory(zero=zero, gpus=8, checkpoint="block", attention="flash", dtype="bf16-mixed").bytes
        for zero in range(4)
    ]
    assert sizes == sorted(sizes, reverse=True)


# -- what cannot be ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"batch": 0}, "batch is a whole number from 1 on"),
        ({"batch": 2.5}, "batch of Training is a whole number"),
        ({"optimizer": "lion"}, "there is no optimizer 'lion'"),
        ({"dtype": "fp8"}, "there is no dtype 'fp8'"),
        ({"zero": 3}, "and there is one"),
        ({"zero": 4, "gpus": 8}, "there is no zero=4"),
        ({"zero": 1, "gpus": 8, "optimizer": "adafactor"}, "zero=1 shares"),
        ({"optimiser": "adamw"}, "Did you mean 'optimizer'"),
        ({"checkpoint": "blok"}, "there is no node or scope 'blok'"),
        ({"checkpoint": 0}, "blocks at a time are at least 1"),
        ({"kernel": "triton"}, "there is no kernel 'triton'"),
        ({"loss": "hinge"}, "there is no loss 'hinge'"),
    ],
    ids=str,
)
def test_settings_that_cannot_be(options, message):
    with pytest.raises(QueryError, match=message):
        small().training_memory(**options)


def test_a_run_is_given_once():
    with pytest.raises(QueryError, match="not by both"):
        small().training_memory(Training(batch=2), batch=3)


@pytest.mark.parametrize("zero", [1, 2])
def test_what_is_proposed_can_be_shared_over_ranks(zero):
    """States of eight bits differ by tensor, so that they are dealt out by `zero` 3 alone."""
    run = ag.Training(batch=64, zero=zero, gpus=8)
    assert "optimizer='adamw-8bit'" not in [each.change for each in ag.load("dit:S/2").fits("1GB", run).remedies]
    assert "optimizer='adamw-8bit'" in [each for each, _ in changes_of(ag.Training())]


def stacked(layers: str) -> ag.Architecture:
    """Three blocks in a repeat, of the layers that are given."""
    blocks = f"blocks:\n  block:\n    do:\n{layers}\n"
    network = "network:\n  - block:\n    repeat: 3\n    as: blocks\n"
    return ag.loads(f"archgraph: 1\ninputs: {{x: {{n: 8, c: 64}}}}\n{blocks}{network}")


@pytest.mark.parametrize("checkpoint", ["none", "block"])
@pytest.mark.parametrize("count", [3, 4, 5, 9])
def test_layers_that_are_repeated_need_what_written_ones_need(count, checkpoint):
    """Also where a block is computed again: what its repeats skip is counted once, in the backward pass."""
    layer = "      - linear: {out: 64}\n      - relu"
    repeated = stacked(f"      - repeat: {count}\n        do:\n          - linear: {{out: 64}}\n          - relu")
    written = stacked("\n".join([layer] * count))
    asked = {"batch": 4, "optimizer": "sgd", "checkpoint": checkpoint}
    assert repeated.training_memory(**asked).bytes == written.training_memory(**asked).bytes


def test_a_peak_is_said_to_be_in_the_backward_pass():
    """By the name that readers know it by."""
    asked = stacked("      - linear: {out: 64}\n      - relu").training_memory(batch=4, optimizer="sgd")
    assert asked.phase == "backward"
    assert asked.sentence.endswith(f"at {asked.node} in the backward pass")
