"""Gallery specs against the modules of a library that publishes weights for them."""

from pathlib import Path

import pytest

import archgraph as ag

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")
from torch.utils.flop_counter import FlopCounterMode  # noqa: E402

pytestmark = pytest.mark.torch


def counted(module, *data):
    with FlopCounterMode(display=False) as counter:
        module.eval()(*data)
    return sum(weight.numel() for weight in module.parameters()), counter.get_total_flops() // 2


@pytest.mark.parametrize(
    ("variant", "width", "depth", "last", "side"), [("b0", 1.0, 1.0, 1280, 224), ("b4", 1.4, 1.8, 1792, 384)]
)
def test_efficientnet(variant, width, depth, last, side):
    g = ag.load(f"efficientnet:{variant}").at()
    config = transformers.EfficientNetConfig(
        width_coefficient=width, depth_coefficient=depth, hidden_dim=last, image_size=side, num_labels=1000
    )
    with torch.device("meta"):
        module = transformers.EfficientNetForImageClassification(config)
        assert counted(module, torch.zeros(1, 3, side, side)) == (g.params, g.macs)
    assert sum(buffer.numel() for buffer in module.buffers()) == g.buffers


TINY = {"D": 24, "L": 2, "F": 40, "heads": 4, "kv_heads": 2, "d": 8, "span": 5, "V": 50, "N": 12}


MISTRAL = Path(__file__).with_name("mistral.yaml")
"""Not shipped: hops behind so many tokens take minutes."""


@pytest.fixture(scope="module")
def mistral():
    config = transformers.MistralConfig(
        vocab_size=50, hidden_size=24, intermediate_size=40, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, head_dim=8, sliding_window=5, use_cache=False, attn_implementation="eager",
    )  # fmt: skip
    return transformers.MistralForCausalLM(config).eval()


def test_mistral(mistral):
    g = ag.load(MISTRAL).at(**TINY)
    assert counted(mistral, torch.zeros(1, 12, dtype=torch.long)) == (g.params, g.macs)


def test_mistral_reads_the_last_tokens_by_every_layer(mistral):
    tokens = torch.randn(1, 12, 24, requires_grad=True)
    mistral(inputs_embeds=tokens).logits[0, 11].sum().backward()
    read = tokens.grad[0].abs().sum(-1).nonzero().flatten().tolist()
    assert read == list(range(3, 12))
    assert str(ag.load(MISTRAL).at(**TINY).receptive_field("logits").probe(n=11)).endswith("3..11")


@pytest.mark.parametrize("variant", ["7b-v0.1", "nemo-12b"])
def test_published_mistral(variant):
    given = {"vocab_size": 131072, "hidden_size": 5120, "num_hidden_layers": 40, "head_dim": 128}
    config = transformers.MistralConfig(**(given if variant == "nemo-12b" else {}))
    with torch.device("meta"):
        module = transformers.MistralForCausalLM(config)
    assert sum(weight.numel() for weight in module.parameters()) == ag.load(f"{MISTRAL}:{variant}").at().params
