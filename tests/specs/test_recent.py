"""Networks of 2025 that are not in the gallery, written from the reference alone, against modules on meta."""

from pathlib import Path

import pytest

import archgraph as ag

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")
from torch.nn.attention import SDPBackend, sdpa_kernel  # noqa: E402
from torch.utils.flop_counter import FlopCounterMode  # noqa: E402

pytestmark = pytest.mark.torch
FOLDER = Path(__file__).parent / "recent"
QWEN = {"hidden_size": 1024, "intermediate_size": 3072, "num_hidden_layers": 28, "num_attention_heads": 16}
QWEN |= {"num_key_value_heads": 8, "head_dim": 128, "tie_word_embeddings": True}
EXPERTS = {"hidden_size": 2048, "moe_intermediate_size": 768, "num_hidden_layers": 48, "num_attention_heads": 32}
EXPERTS |= {"num_key_value_heads": 4, "head_dim": 128, "num_experts": 128, "num_experts_per_tok": 8}
GEMMA = {"hidden_size": 1152, "intermediate_size": 6912, "num_hidden_layers": 26, "num_attention_heads": 4}
GEMMA |= {"num_key_value_heads": 1, "head_dim": 256, "vocab_size": 262144, "sliding_window": 512}
NETWORKS = {
    "qwen3": ("Qwen3ForCausalLM", "Qwen3Config", QWEN),
    "qwen3_moe": ("Qwen3MoeForCausalLM", "Qwen3MoeConfig", EXPERTS),
    "gemma3": ("Gemma3ForCausalLM", "Gemma3TextConfig", GEMMA),
    "dinov3": ("DINOv3ViTModel", "DINOv3ViTConfig", {"num_register_tokens": 4}),
    "smollm3": ("SmolLM3ForCausalLM", "SmolLM3Config", {"pad_token_id": None}),
}


def module_of(name):
    module, config, given = NETWORKS[name]
    with torch.device("meta"):
        built = getattr(transformers, config)(**given, attn_implementation="eager")
        return getattr(transformers, module)(built).eval()


def counted(module, data):
    with FlopCounterMode(display=False) as counter:
        module(data)
    return counter.get_total_flops() // 2


@pytest.mark.parametrize("name", NETWORKS)
def test_counts_equal_those_of_the_library(name):
    small = {"N": 16} if name != "dinov3" else {}
    g, module = ag.load(FOLDER / f"{name}.yaml").at(**small), module_of(name)
    assert g.params == sum(weight.numel() for weight in module.parameters())
    if name != "qwen3_moe":  # which experts run depends on values, and meta has none
        shape = (1, 16) if small else (1, 3, 224, 224)
        data = torch.zeros(shape, dtype=torch.long if small else torch.float32, device="meta")
        assert g.macs == counted(module, data)


def test_every_spec_is_compared():
    assert {path.stem for path in FOLDER.glob("*.yaml")} == {*NETWORKS, *SMALL, *VIDEO_AND_IMAGE}


SMALL = {
    "deepseek_v3": (
        "DeepseekV3ForCausalLM",
        "DeepseekV3Config",
        {
            "D": ("hidden_size", 24),
            "L": ("num_hidden_layers", 3),
            "dense": ("first_k_dense_replace", 1),
            "heads": ("num_attention_heads", 4),
            "q_rank": ("q_lora_rank", 12),
            "kv_rank": ("kv_lora_rank", 10),
            "nope": ("qk_nope_head_dim", 6),
            "rope": ("qk_rope_head_dim", 4),
            "v": ("v_head_dim", 8),
            "F": ("intermediate_size", 40),
            "M": ("moe_intermediate_size", 14),
            "E": ("n_routed_experts", 8),
            "k": ("num_experts_per_tok", 2),
            "V": ("vocab_size", 50),
        },
        {"num_key_value_heads": 4, "n_group": 2, "topk_group": 1, "pad_token_id": None},
    ),
    "gpt_oss": (
        "GptOssForCausalLM",
        "GptOssConfig",
        {
            "D": ("hidden_size", 24),
            "L": ("num_hidden_layers", 2),
            "heads": ("num_attention_heads", 4),
            "kv_heads": ("num_key_value_heads", 2),
            "d": ("head_dim", 8),
            "span": ("sliding_window", 5),
            "M": ("intermediate_size", 20),
            "E": ("num_local_experts", 6),
            "k": ("num_experts_per_tok", 2),
            "V": ("vocab_size", 50),
        },
        {"pad_token_id": None},
    ),
    "olmo3": (
        "Olmo3ForCausalLM",
        "Olmo3Config",
        {
            "D": ("hidden_size", 24),
            "L": ("num_hidden_layers", 8),
            "heads": ("num_attention_heads", 4),
            "kv_heads": ("num_key_value_heads", 2),
            "F": ("intermediate_size", 40),
            "span": ("sliding_window", 5),
            "V": ("vocab_size", 50),
        },
        {"pad_token_id": None, "eos_token_id": None},
    ),
}


@pytest.mark.parametrize("name", SMALL)
def test_small_members_of_language_models(name):
    module, config, fields, more = SMALL[name]
    given = dict(fields.values())
    built = getattr(transformers, config)(**given, **more, use_cache=False, attn_implementation="eager")
    built._experts_implementation = "eager"
    g = ag.load(FOLDER / f"{name}.yaml").at(N=12, **{symbol: value for symbol, (_, value) in fields.items()})
    made = getattr(transformers, module)(built).eval()
    with torch.no_grad():
        for weight in made.parameters():
            weight.normal_(0, 0.02)
        assert g.macs == counted(made, torch.arange(12)[None])
    assert g.params == sum(weight.numel() for weight in made.parameters())


WIDE = {"num_attention_heads": 2, "num_layers": 3}
VIDEO_AND_IMAGE = {
    "wan": (
        "WanTransformer3DModel",
        {**WIDE, "attention_head_dim": 24, "ffn_dim": 64, "text_dim": 20},
        {"D": 48, "L": 3, "heads": 2, "F": 64, "X": 20, "frames": 3, "H": 8, "W": 12, "T": 7},
        ((1, 16, 3, 8, 12), (1,), (1, 7, 20)),
        {},
    ),
    "qwen_image": (
        "QwenImageTransformer2DModel",
        {**WIDE, "attention_head_dim": 16, "joint_attention_dim": 20, "axes_dims_rope": (4, 6, 6)},
        {"D": 32, "L": 3, "heads": 2, "X": 20, "H": 8, "W": 12, "T": 7},
        ((1, 24, 64), (1, 7, 20), (1, 7), (1,)),
        {"img_shapes": [(1, 4, 6)]},
    ),
    "lumina2": (
        "Lumina2Transformer2DModel",
        {**WIDE, "hidden_size": 48, "num_kv_heads": 1, "cap_feat_dim": 20, "axes_dim_rope": (8, 8, 8)},
        {"D": 48, "L": 3, "heads": 2, "kv_heads": 1, "F": 256, "E": 48, "X": 20, "H": 8, "W": 12, "T": 7},
        ((1, 16, 8, 12), (1,), (1, 7, 20), (1, 7)),
        {},
    ),
    "flux2": (
        "Flux2Transformer2DModel",
        {"num_layers": 2, "num_single_layers": 3, "num_attention_heads": 3, "attention_head_dim": 16}
        | {"joint_attention_dim": 20, "in_channels": 12, "axes_dims_rope": (4, 4, 4, 4)},
        {"double": 2, "single": 3, "heads": 3, "D": 48, "X": 20, "C": 12, "H": 4, "W": 6, "T": 7},
        ((1, 24, 12), (1, 7, 20), (1,), (1, 24, 4), (1, 7, 4), (1,)),
        {},
    ),
}


@pytest.mark.parametrize("name", VIDEO_AND_IMAGE)
def test_small_members_of_diffusion_transformers(name):
    diffusers = pytest.importorskip("diffusers")
    kind, config, at, shapes, more = VIDEO_AND_IMAGE[name]
    module = getattr(diffusers, kind)(**config).eval()
    # What has two dimensions is a mask of the text.
    data = [torch.ones(shape, dtype=torch.bool if len(shape) == 2 else torch.float32) for shape in shapes]
    with torch.no_grad(), sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:
        module(*data, **more)
    g = ag.load(FOLDER / f"{name}.yaml").at(**at)
    assert g.params == sum(weight.numel() for weight in module.parameters())
    assert g.macs == counter.get_total_flops() // 2
