"""Transformers on images and latents: their blocks and networks add up to the formulas of their papers."""

import pytest
from sympy import expand

import archgraph as ag
from archgraph.graph.ir import Node
from archgraph.ops.attention import ScaledDotProductAttention

HEADER = (
    "archgraph: 1\nsymbols:\n  D: {default: 64, multiple_of: 2*heads}\n  heads: {default: 4}\n"
    "  H: {default: 8, multiple_of: 2*w}\n  w: {default: 2}\n  T: {default: 5}\ninputs:\n"
)
VALUES = {
    "x": "  x: {c: D, h: H, w: H}\n",
    "text": "  text: {c: D, n: T}\n",
    "cond": "  cond: {c: D}\n",
    "adaln": "  adaln: {c: 6 * D}\n",
}


def block(step: str, *inputs: str):
    """A network of one block, with the symbols of its laws."""
    text = HEADER + "".join(VALUES[name] for name in dict.fromkeys(inputs))
    g = ag.loads(f"{text}network:\n  - {step}\n    from: [{', '.join(inputs)}]\n")
    return g, [g.symbols[name] for name in ("D", "heads", "H", "w", "T") if name in g.symbols]


@pytest.mark.parametrize(
    ("step", "inputs", "weights", "vectors", "per_head"),
    [
        ("vit_block: {heads: heads}", ("x",), 12, 13, 0),
        ("vit_block: {heads: heads, bias: false}", ("x",), 12, 10, 0),
        ("uvit_block: {heads: heads}", ("x", "x"), 14, 11, 0),
        ("dit_block_adaln: {heads: heads}", ("x", "cond"), 16, 13, 0),
        ("dit_block_in_context: {heads: heads}", ("x", "text"), 12, 13, 0),
        ("dit_block_cross_attention: {heads: heads}", ("x", "text"), 16, 19, 0),
        ("pixart_block: {heads: heads}", ("x", "text", "adaln"), 16, 19, 0),
        ("mmdit_block: {heads: heads}", ("x", "text", "cond"), 36, 30, 0),
        ("flux_double_block: {heads: heads}", ("x", "text", "cond"), 36, 30, 4),
        ("flux_single_block: {heads: heads}", ("text", "cond"), 15, 11, 2),
    ],
)
def test_params_of_a_block(step, inputs, weights, vectors, per_head):
    """`weights` D**2, a bias or norm of D `vectors` times, `per_head` query-key norms of D/heads."""
    g, (d, heads, *_) = block(step, *inputs)
    assert expand(g.params - (weights * d**2 + vectors * d + per_head * d / heads)) == 0


def test_joint_attention_is_over_the_tokens_of_both_streams():
    g, (d, _, side, _, text) = block("mmdit_block: {heads: heads}", "x", "text", "cond")
    tokens = side**2 + text
    assert expand(g.macs - (12 * d**2 * tokens + 2 * d * tokens**2 + 12 * d**2)) == 0


def test_conditioning_in_context_costs_as_many_tokens():
    g, (d, _, side, _, cond) = block("dit_block_in_context: {heads: heads}", "x", "text")
    tokens = side**2 + cond
    assert expand(g.macs - (12 * d**2 * tokens + 2 * d * tokens**2)) == 0
    assert [list(type_.names) for type_ in g.outputs.values()] == [["c", "h", "w"], ["c", "n"]]


def test_attention_in_windows_is_linear_in_the_number_of_tokens():
    g, (d, heads, side, w, *_) = block("swin_block_pair: {heads: heads, window: w}", "x")
    table = 2 * (2 * w - 1) ** 2 * heads
    assert expand(g.params - (24 * d**2 + 26 * d + table)) == 0
    assert expand(g.macs - (24 * d**2 * side**2 + 4 * d * side**2 * w**2)) == 0


def test_patch_merging_halves_the_sides_and_doubles_the_channels():
    g, (d, _, side, *_) = block("patch_merging:", "x")
    assert expand(g.params - (8 * d**2 + 8 * d)) == 0
    (merged,) = g.outputs.values()
    assert dict(merged.axes) == {"c": 2 * d, "h": side / 2, "w": side / 2}


@pytest.mark.parametrize(("kind", "millions"), [("in_context", 449), ("cross_attention", 598), ("adaln", 600)])
def test_dit_blocks_give_the_sizes_of_the_paper(kind, millions):
    """Table 4 of Peebles & Xie 2023: DiT-XL/2 with other ways of conditioning, in trained parameters."""
    d, length = 1152, 28
    embeddings = (16 * d + d) + (256 * d + d + d**2 + d) + 1001 * d
    final = 32 * d + 32 + (2 * d**2 + 2 * d if kind == "adaln" else 2 * d)
    inputs = ("x", "cond") if kind == "adaln" else ("x", "text")
    g, _ = block(f"dit_block_{kind}: {{heads: heads}}", *inputs)
    assert abs(length * g.at(D=d, heads=16).params + embeddings + final - millions * 1e6) < 1e6


def test_vit():
    g = ag.load("vit")
    d, length, p, height, width, k = (g.symbols[name] for name in ("D", "L", "p", "H", "W", "classes"))
    tokens = height * width / p**2 + 1
    assert not g.structural
    ends = (3 * p**2 + 1) * d + d + 2 * d + k * (d + 1)
    assert expand(g.params - (length * (12 * d**2 + 13 * d) + tokens * d + ends)) == 0
    blocks = length * (12 * d**2 * tokens + 2 * d * tokens**2)
    assert expand(g.macs - (blocks + 3 * d * height * width + d * k)) == 0


def test_uvit_is_symbolic_in_all_but_its_depth():
    g = ag.load("uvit")
    assert g.structural == {"half"}
    d, p, c, height, width = (g.symbols[name] for name in ("D", "p", "channels", "H", "W"))
    tokens = height * width / p**2 + 1
    blocks = 7 * (12 * d**2 + 10 * d) + 6 * (14 * d**2 + 11 * d)
    ends = 2 * d * c * p**2 + 3 * d + c * p**2 + 9 * c**2 + c
    assert expand(g.params - (blocks + tokens * d + ends)) == 0
    assert g.at(half=8).params - g.at().params == 2 * (26 * 512**2 + 21 * 512)


def test_pixart_shares_one_modulation():
    g = ag.load("pixart")
    d, length, p, x = (g.symbols[name] for name in ("D", "L", "p", "X"))
    blocks = length * (16 * d**2 + 19 * d)
    time, caption, shared = d**2 + 258 * d, d**2 + d * x + 2 * d, 6 * d**2 + 6 * d
    ends = 4 * d * p**2 + d + 2 * d + 8 * p**2 * (d + 1)
    assert expand(g.params - (blocks + time + caption + shared + ends)) == 0
    assert expand(g.buffers - d * g.symbols["H"] * g.symbols["W"] / p**2) == 0


def test_the_last_block_of_sd3_ends_the_text():
    g = ag.load("sd3")
    d, length = g.symbols["D"], g.symbols["L"]
    assert expand(g["mmdit_block"].params - (length - 1) * (36 * d**2 + 30 * d)) == 0
    assert expand(g["last_block"].params - (23 * d**2 + 20 * d)) == 0
    assert expand(g.buffers - d * g.symbols["side"] ** 2) == 0


def test_flux():
    g = ag.load("flux")
    d, double, single, heads, p = (g.symbols[name] for name in ("D", "double", "single", "heads", "p"))
    x, pooled, text = (g.symbols[name] for name in ("X", "P", "T"))
    tokens = g.symbols["H"] * g.symbols["W"] / p**2 + text
    stack = double * (36 * d**2 + 30 * d + 4 * d / heads) + single * (15 * d**2 + 11 * d + 2 * d / heads)
    conditions = 2 * (d**2 + 258 * d) + d**2 + d * pooled + 2 * d
    ends = 16 * p**2 * d + d + d * x + d + 2 * d**2 + 2 * d + 16 * p**2 * (d + 1)
    assert not g.structural
    assert expand(g.params - (stack + conditions + ends)) == 0
    scores = g["single_blocks.scaled_dot_product_attention"].macs
    assert expand(scores - 2 * single * d * tokens**2) == 0
    assert g.params - ag.load("flux:schnell").params == d**2 + 258 * d


def test_swin_is_symbolic_in_the_depth_of_its_third_stage():
    g = ag.load("swin")
    c, length, window, head_dim = (g.symbols[name] for name in ("C", "L", "window", "head_dim"))
    third = length * (12 * (4 * c) ** 2 + 13 * 4 * c + (2 * window - 1) ** 2 * 4 * c / head_dim)
    assert not g.structural
    assert expand(g["stage(2)"].params - third) == 0


def test_a_map_of_one_window_is_not_shifted():
    g = ag.load("swin").bound()
    attentions = [
        member.op.shifts(member.types[0])
        for path, member in g.graph.walk()
        if isinstance(member, Node) and isinstance(member.op, ScaledDotProductAttention) and "shifted" in path
    ]
    assert [set(shifts.values()) for shifts in attentions] == [{3}, {3}, {3}, {0}]
