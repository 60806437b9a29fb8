"""Networks of 2025 that are not in the gallery, written from the reference alone, against modules on meta."""

from pathlib import Path

import pytest

import archgraph as ag

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")
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
    assert {path.stem for path in FOLDER.glob("*.yaml")} == set(NETWORKS)
