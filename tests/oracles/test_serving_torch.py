"""Serving against transformers: bytes of the keys and values that it holds, and operations of the next token."""

from functools import cache

import pytest

import archgraph as ag
from archgraph.cost.serving.weight_layouts import LAYOUTS
from archgraph.ops.base import Weight
from archgraph.sizes.symbols import size

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")
pytestmark = pytest.mark.torch

TRACED = 20
SIZES = {
    "vocab_size": 48,
    "hidden_size": 48,
    "intermediate_size": 64,
    "num_hidden_layers": 3,
    "num_attention_heads": 6,
    "num_key_value_heads": 3,
    "attn_implementation": "eager",
    "bos_token_id": 1,
    "eos_token_id": 2,
}
WIDTHS = {"kv_lora_rank": 12, "q_lora_rank": 20, "qk_rope_head_dim": 6, "qk_nope_head_dim": 10, "v_head_dim": 14}
EXPERTS = {"n_routed_experts": 4, "n_group": 1, "topk_group": 1, "num_experts_per_tok": 2, "moe_intermediate_size": 16}
LATENT = {**WIDTHS, **EXPERTS, "num_attention_heads": 4, "num_key_value_heads": 4, "first_k_dense_replace": 3}
LANGUAGE = {
    "grouped": ("Llama", SIZES),
    "one wide key head": ("Qwen3", {**SIZES, "head_dim": 12, "num_key_value_heads": 1}),
    "window": ("Mistral", {**SIZES, "sliding_window": 12}),
    "mix": ("Cohere2", {**SIZES, "num_hidden_layers": 4, "sliding_window": 10, "sliding_window_pattern": 2}),
    "latents": ("DeepseekV3", {**SIZES, **LATENT}),
}


@cache
def language(name):
    """A small language model, and what is read of its trace."""
    kind, config = LANGUAGE[name]
    model = getattr(transformers, f"{kind}ForCausalLM")(getattr(transformers, f"{kind}Config")(**config)).eval()
    model.config._attn_implementation = "sdpa"
    model.config.use_cache = False
    traced = ag.trace(model, [torch.zeros(1, TRACED, dtype=torch.long)])
    model.config._attn_implementation = "eager"
    model.config.use_cache = True
    return model, traced


def held(cached) -> int:
    """The bytes of all tensors of a cache, and of the caches in it."""
    layers = getattr(cached, "layers", None)
    parts = layers if layers is not None else (cached.self_attention_cache, cached.cross_attention_cache)
    if layers is None:
        return sum(map(held, parts))
    tensors = (value for layer in parts for value in vars(layer).values() if isinstance(value, torch.Tensor))
    return sum({t.data_ptr(): t.numel() * t.element_size() for t in tensors if t.is_floating_point()}.values())


@pytest.mark.parametrize("name", LANGUAGE)
@pytest.mark.parametrize("past", [5, 17])
def test_a_cache_is_what_transformers_holds(name, past):
    model, traced = language(name)
    with torch.no_grad():
        out = model(input_ids=torch.ones(2, past, dtype=torch.long), use_cache=True)
        served = traced.serving(dtype="fp32", cache="fp32", batch=2, past=past)
        assert served.cache == held(out.past_key_values)
        model(input_ids=torch.ones(2, 1, dtype=torch.long), past_key_values=out.past_key_values, use_cache=True)
        assert traced.serving(cache="fp32", batch=2, past=past + 1).cache == held(out.past_key_values)


@pytest.mark.parametrize("name", ["grouped", "one wide key head", "window", "mix"])
def test_the_next_token_takes_as_many_operations(name):
    counter = pytest.importorskip("torch.utils.flop_counter").FlopCounterMode
    model, traced = language(name)
    past = 14
    with torch.no_grad():
        out = model(input_ids=torch.ones(2, past, dtype=torch.long), use_cache=True)
        with counter(display=False) as counted:
            model(input_ids=torch.ones(2, 1, dtype=torch.long), past_key_values=out.past_key_values, use_cache=True)
    assert traced.serving(batch=2, past=past).decode_flops == counted.get_total_flops()


def test_a_prompt_takes_as_many_operations_as_its_logits_say():
    counter = pytest.importorskip("torch.utils.flop_counter").FlopCounterMode
    model, traced = language("grouped")
    for logits, kept in (("last", 1), ("all", 0)):
        with torch.no_grad(), counter(display=False) as counted:
            model(input_ids=torch.ones(3, TRACED, dtype=torch.long), use_cache=True, logits_to_keep=kept)
        assert traced.serving(batch=3, logits=logits).prefill_flops == counted.get_total_flops()


def test_a_source_is_cached_once_per_sequence():
    sizes = {"d_model": 24, "encoder_layers": 1, "decoder_layers": 2, "vocab_size": 40, "max_position_embeddings": 32}
    heads = {"encoder_attention_heads": 2, "decoder_attention_heads": 3, "encoder_ffn_dim": 32, "decoder_ffn_dim": 32}
    model = transformers.BartForConditionalGeneration(transformers.BartConfig(**sizes, **heads)).eval()

    class Both(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.model = model

        def forward(self, source, ids):
            return self.model(input_ids=source, decoder_input_ids=ids, use_cache=False).logits

    source = torch.ones(1, 9, dtype=torch.long)
    traced = ag.trace(Both(), [source, torch.ones(1, 12, dtype=torch.long)])
    for past in (4, 11):
        with torch.no_grad():
            ids = torch.ones(1, past, dtype=torch.long)
            out = model(input_ids=source, decoder_input_ids=ids, use_cache=True)
        assert traced.serving(cache="fp32", past=past).cache == held(out.past_key_values)


@pytest.mark.parametrize(("past", "held"), [(8, 1536), (9, 1728), (32, 6144), (33, 6336)])
def test_latents_and_rotary_parts_are_24_numbers_of_a_token(past, held):
    """A DeepSeek-V3 of transformers with two layers held so many bytes; experts, which it has too, hold nothing."""
    sizes = {"hidden_size": 64, "num_hidden_layers": 2, "first_k_dense_replace": 2, "kv_lora_rank": 16}
    heads = {"qk_rope_head_dim": 8, "qk_nope_head_dim": 16, "v_head_dim": 16, "q_lora_rank": 24}
    config = transformers.DeepseekV3Config(**{**SIZES, **LATENT, **sizes, **heads, "attn_implementation": "sdpa"})
    config.use_cache = False
    traced = ag.trace(transformers.DeepseekV3ForCausalLM(config).eval(), [torch.zeros(1, 40, dtype=torch.long)])
    assert traced.serving(cache="fp32", past=past).cache == held


@pytest.mark.parametrize("scheme", ["int8", "nf4", "nf4-double"])
def test_layouts_of_weights_are_those_of_bitsandbytes(scheme):
    functional = pytest.importorskip("bitsandbytes").functional
    rows, columns = 80, 192
    weight = torch.ones(rows, columns)
    if scheme == "int8":
        values, scales, _ = functional.int8_vectorwise_quant(weight.half())
        expected = values.numel() + 4 * scales.numel()
    else:
        double = scheme == "nf4-double"
        packed, state = functional.quantize_4bit(weight, blocksize=64, compress_statistics=double, quant_type="nf4")
        tensors = [packed, state.absmax, state.code]
        tensors += [state.state2.absmax, state.state2.code, state.offset] if double else []
        expected = sum(t.numel() * t.element_size() for t in tensors)
    assert LAYOUTS[scheme].bytes(Weight((size(rows), size(columns)))) == expected
