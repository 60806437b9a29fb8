"""Runs and servings that were measured with PyTorch 2.13, transformers 5.24 and bitsandbytes 0.50 on a CPU, in numbers.

Each number is what a library held or counted; the derivation stands beside it where it is short.
"""

from functools import cache

import pytest
from sympy import Integer

import archgraph as ag
from archgraph.cost.memory.memory import Memory
from archgraph.cost.memory.setting import Setting
from archgraph.cost.part import whole_part
from archgraph.cost.serving.weight_layouts import LAYOUTS
from archgraph.cost.training.sharding import dealt, rows, shards
from archgraph.ops.base import Weight

SMALL = {"D": 64, "L": 2, "F": 96, "heads": 8, "kv_heads": 2, "V": 128, "N": 16}
NNUNET = {"features": [4, 8, 8], "Z": 16, "H": 16, "W": 16}
SERVED = {"D": 64, "L": 2, "F": 96, "heads": 8, "kv_heads": 2, "V": 64}


# -- grouped keys under a fused kernel -----------------------------------------------------------------------


@pytest.mark.parametrize(("batch", "repeated"), [(1, 148928), (2, 293760), (4, 583424)])
def test_fused_kernels_keep_grouped_keys_as_they_are(batch, repeated):
    """PyTorch kept `repeated` bytes where keys and values were repeated for all heads before the kernel.

    What is left out is (8 - 2) heads of 8 channels of k and of v, for 16 tokens in 2 layers, 4 bytes each.
    """
    g = ag.load("llama").at(**SMALL)
    kept = g.training_memory(batch=batch, attention="flash", peak="saved").by_kind["kept by autograd"]
    assert kept + 2 * (8 - 2) * 8 * 16 * 2 * 4 * batch == repeated


# -- shards --------------------------------------------------------------------------------------------------


def of_first_rank(name, at, world, dtype="fp32"):
    """What the first rank of FSDP2 holds, in numbers: stored, gradients, states without counters, groups."""
    g = ag.load(name).at(**at).network
    setting = Setting("training", optimizer="adamw", dtype=dtype)
    found = shards(Memory(g.graph, g.selected, setting, g.evaluate), world, world)
    weights = sum(times for _, times in every_weight_of(g))
    states = g.evaluate(found.states) - 4 * weights
    laws = (found.weights, found.gradients)
    return (*map(g.evaluate, laws), states, g.evaluate(found.largest), g.evaluate(found.rest))


def every_weight_of(g):
    """Every weight tensor, and how many copies there are."""
    for row in whole_part(g.at()).rows():
        for weight in row.node.op.weights(*row.node.types).values():
            yield weight, g.evaluate(row.weight_times)


@pytest.mark.parametrize(
    ("name", "at", "world", "dtype", "held"),
    [
        ("llama", SMALL, 4, "fp32", (74048, 74048, 148096, 115200, 65792)),
        ("llama", SMALL, 4, "bf16-fsdp", (74048, 74048, 148096, 57600, 32896)),
        ("nnunet", NNUNET, 8, "fp32", (8076, 8076, 16152, 56944, 56944)),
    ],
    ids=str,
)
def test_what_the_first_rank_holds(name, at, world, dtype, held):
    """`fully_shard` with a fake group: stored rows, gradients, AdamW's numbers; the largest group, and the rest."""
    assert of_first_rank(name, at, world, dtype) == held


def test_all_ranks_store_as_much_as_the_first_padding_included():
    """Of six ranks the last has 42,932 bytes of rows, and stores 50,652 like all others."""
    stored, *_, largest, rest = of_first_rank("llama", SMALL, 6)
    assert (stored, largest, rest) == (50652, 115200, 65792)


@pytest.mark.parametrize(
    ("name", "at", "world", "held"),
    [("llama", SMALL, 6, 42932), ("llama:3-8b", {}, 8, 4015130624), ("dit:XL/2", {}, 6, 450067208)],
    ids=str,
)
def test_the_last_rank_has_the_rows_that_are_left(name, at, world, held):
    """`fully_shard` with a fake group: of d rows in parts of q the last rank has d - (world - 1) q, and none below 0.

    Gradients are of as many rows, and AdamW's numbers twice as many: 85,864 bytes of the small Llama.
    """
    g = ag.load(name).at(**at).network
    assert sum(4 * left(g, weight, world) * times for weight, times in every_weight_of(g)) == held


def left(g, weight, world):
    """The scalars of the last rank's rows."""
    whole, stored = (g.evaluate(each.shape[0]) for each in (weight, rows(weight, world)))
    return max(0, whole - (world - 1) * stored) * (g.evaluate(weight.numel) // whole)


@pytest.mark.parametrize(
    ("name", "world", "stored"), [("llama:3-8b", 8, 4015130624), ("dit:XL/2", 6, 450090264)], ids=str
)
def test_rows_at_the_published_sizes(name, world, stored):
    assert ag.load(name).at().training_memory(zero=3, gpus=world).by_kind["weights"] == stored


def test_states_that_every_rank_is_dealt():
    """`ZeroRedundancyOptimizer` of four ranks: two numbers per scalar of whole tensors."""
    g = ag.load("llama").at(**SMALL).network
    assert [2 * g.evaluate(law) for law in dealt(g.graph, 4, g.evaluate)] == [37120, 36992, 36992, 36992]


# -- caches --------------------------------------------------------------------------------------------------

MIX = """
archgraph: 1
name: mix
inputs: {ids: {n: 40, dtype: int}}
network:
  - embedding: {count: 64, out: 64}
  - llama_block: {heads: 4, kv_heads: 2, head_dim: 16, span: 16, hidden: 96}
  - llama_block: {heads: 4, kv_heads: 2, head_dim: 16, hidden: 96}
  - llama_block: {heads: 4, kv_heads: 2, head_dim: 16, span: 16, hidden: 96}
  - linear: {out: 64, bias: false}
"""
CROSS = """
archgraph: 1
name: cross
inputs: {source: {n: 10, dtype: int}, ids: {n: 12, dtype: int}}
network:
  - embedding: {count: 64, out: 32}
    from: source
    as: read
  - embedding: {count: 64, out: 32}
    from: ids
    as: x
  - layer:
    from: [x, read]
    repeat: 3
    as: layers
  - linear: {out: 64, bias: false}
blocks:
  layer:
    inputs: [x, read]
    do:
      - linear: {out: 3 * x.c, bias: false}
        from: x
      - split: {parts: 3}
        as: [q, k, v]
      - scaled_dot_product_attention: {heads: 4, causal: true}
        from: [q, k, v]
      - linear: {out: x.c, bias: false}
      - add: [_, x]
        as: y
      - linear: {out: x.c, bias: false}
        from: y
        as: asked
      - linear: {out: x.c, bias: false}
        from: read
        as: keys
      - linear: {out: x.c, bias: false}
        from: read
        as: values
      - scaled_dot_product_attention: {heads: 4}
        from: [asked, keys, values]
      - linear: {out: x.c, bias: false}
      - add: [_, y]
"""


@cache
def language(name):
    head = {**SERVED, "d": 16, "span": 0, "N": 40}
    return {
        "grouped": lambda: ag.load("llama").at(**SERVED, N=40),
        "head_dim": lambda: ag.load("mistral").at(**head),
        "window": lambda: ag.load("mistral").at(**{**head, "d": 8, "span": 16}),
        "mix": lambda: ag.loads(MIX),
        "cross": lambda: ag.loads(CROSS),
    }[name]()


@pytest.mark.parametrize(
    ("name", "options", "length", "held", "one_more"),
    [
        ("grouped", {"batch": 3, "cache": "bf16"}, 8, 3072, 3456),
        ("grouped", {"batch": 3, "cache": "bf16"}, 32, 12288, 12672),
        ("head_dim", {"cache": "fp32"}, 8, 4096, 4608),
        ("window", {"cache": "fp32"}, 8, 2048, 2304),
        ("window", {"cache": "fp32"}, 32, 3840, 3840),
        ("mix", {"cache": "fp32"}, 8, 6144, 6912),
        ("mix", {"cache": "fp32"}, 32, 15872, 16128),
        ("cross", {"cache": "fp32"}, 4, 10752, 11520),
    ],
    ids=str,
)
def test_keys_and_values_that_transformers_held(name, options, length, held, one_more):
    """Llama, Qwen3, Mistral, Gemma 2 and T5 after a prompt, and after one more token."""
    found = [language(name).serving(past=past, **options).cache for past in (length, length + 1)]
    assert found == [held, one_more]


def test_operations_of_a_prompt_and_of_the_next_token():
    """A Llama of transformers with eager attention and a prompt of 32, counted on a CPU."""
    g = ag.load("llama").at(**SERVED, N=32)
    found = [g.serving(logits=logits).prefill_flops for logits in ("all", "last")]
    assert (*found, g.serving(past=32).decode_flops) == (4456448, 4202496, 139776)


@pytest.mark.parametrize(
    ("layout", "values", "scales", "codes"),
    [("nf4", 3072, 384, 64), ("nf4-double", 3072, 104, 1088), ("int8", 6144, 384, 0)],
)
def test_a_packed_matrix(layout, values, scales, codes):
    """What bitsandbytes stores of 96 rows of 64."""
    assert LAYOUTS[layout].bytes(Weight((Integer(96), Integer(64)))) == values + scales + codes


# -- the planner of nnU-Net ----------------------------------------------------------------------------------

PLAN_2D = {"features": [32, 64, 128, 256, 512, 512, 512], "kernel": [3, 3], "Z": 0, "H": 512, "W": 512, "classes": 3}


@pytest.mark.parametrize(
    ("name", "at", "elements"), [("nnunet:lits", {}, 453694976), ("nnunet", PLAN_2D, 83033856)], ids=str
)
def test_elements_that_the_planner_counts(name, at, elements):
    """`compute_conv_feature_map_size` of dynamic_network_architectures 0.4.4, transposed ones and heads included."""
    assert ag.load(name).at(**at).layer_outputs == elements


# -- what grows on 1,024 tokens ------------------------------------------------------------------------------


def test_a_frozen_table_decides_how_wide_a_dit_on_1024_tokens_is():
    """1.30 billion parameters fit 80 GB at 32 samples, with 17 MB to spare. 16 bytes for every parameter, the frozen

    table of positions as well, would be 6 MB too much, and 1.20 the answer. A frozen weight has no gradient and no
    states: 14 bytes less, and AdamW counts 4 bytes per tensor that is trained.
    """
    g = ag.load("dit:XL/2-512")
    run = {"batch": 32, "dtype": "bf16-mixed", "attention": "flash", "peak": "saved"}
    found = g.largest("D", "80GB", 64, heads="D/64", **run)
    wide = g.at(D=1600, heads=25)
    frozen, kept = int(wide.at().params_frozen), found.needed.by_kind["kept by autograd"]
    assert (found.value, found.params) == (1600, int(wide.at().params))
    assert 16 * found.params + kept > 80e9 >= found.needed.bytes
    counters = found.needed.bytes - (16 * found.params + kept - 14 * frozen)
    assert frozen == 1024 * 1600 and 0 < counters < 4096 and counters % 4 == 0
