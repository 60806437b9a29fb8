"""Laws of the language models, from the weights of one block."""

from sympy import expand

import archgraph as ag


def symbols(g, *names):
    return [g.symbols[name] for name in names]


def test_gpt2_law():
    g = ag.load("gpt2")
    d, length, v, context, n = symbols(g, "D", "L", "V", "context", "N")
    assert g.params == 12 * d**2 * length + 13 * d * length + d * v + d * context + 2 * d
    assert g.macs == 12 * d**2 * length * n + 2 * d * length * n**2 + d * n * v


def test_the_tied_layer_costs_macs_but_no_params():
    g = ag.load("gpt2").at()
    assert g["logits"].macs == 1024 * 50257 * 768
    rows = {row.path: row.shared_with for row in g.rows()}
    assert rows["logits"] == "tokens"


def test_fewer_tokens_than_the_table_has_positions():
    full, short = ag.load("gpt2").at(), ag.load("gpt2").at(N=256)
    assert short.params == full.params
    assert short.outputs["logits"].size("n") == 256


def test_bert_law():
    g = ag.load("bert")
    d, length, v, context, n = symbols(g, "D", "L", "V", "context", "N")
    embeddings = d * v + 2 * d + d * context + 2 * d
    assert expand(g.params - (embeddings + length * (12 * d**2 + 13 * d) + d**2 + d)) == 0
    assert g.macs == 12 * d**2 * length * n + 2 * d * length * n**2 + d**2


def test_llama_law_with_grouped_keys_and_values():
    g = ag.load("llama")
    d, length, f, heads, kv, v, n = symbols(g, "D", "L", "F", "heads", "kv_heads", "V", "N")
    attention = 2 * d**2 + 2 * d**2 * kv / heads
    block = attention + 3 * d * f
    assert expand(g.params - (length * (block + 2 * d) + 2 * d * v + d)) == 0
    assert expand(g.macs - (n * length * (block + 2 * n * d) + n * d * v)) == 0


def test_llama_3_attention_has_two_and_a_half_d2_weights():
    g = ag.load("llama:3-8b").bind(heads=32, kv_heads=8)
    d, length = symbols(g, "D", "L")
    assert expand(g["blocks.llama_attention"].params - length * d**2 * 5 / 2) == 0


def test_mixtral_has_all_experts_and_uses_k():
    g = ag.load("mixtral")
    d, length, f, experts, k, n = symbols(g, "D", "L", "F", "E", "k", "N")
    expert = 3 * d * f
    assert expand(g.params - g.params_active - length * (experts - k) * expert) == 0
    assert expand(g["blocks.moe_swiglu"].macs - length * n * (k * expert + d * experts)) == 0


def test_mixtral_with_one_expert_is_llama_with_a_router():
    mixtral = ag.load("mixtral").at(E=1, k=1)
    llama = ag.load("llama").at(F=14336, kv_heads=8)
    assert mixtral.params - llama.params == 32 * 4096
