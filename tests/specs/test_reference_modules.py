"""Gallery specs against the modules of a library that publishes weights for them."""

import pytest

import archgraph as ag

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")
import plain_networks as plain  # noqa: E402
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


@pytest.fixture(scope="module")
def mistral():
    config = transformers.MistralConfig(
        vocab_size=50, hidden_size=24, intermediate_size=40, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, head_dim=8, sliding_window=5, use_cache=False, attn_implementation="eager",
    )  # fmt: skip
    return transformers.MistralForCausalLM(config).eval()


def test_mistral(mistral):
    g = ag.load("mistral").at(**TINY)
    assert counted(mistral, torch.zeros(1, 12, dtype=torch.long)) == (g.params, g.macs)


def test_mistral_reads_the_last_tokens_by_every_layer(mistral):
    tokens = torch.randn(1, 12, 24, requires_grad=True)
    mistral(inputs_embeds=tokens).logits[0, 11].sum().backward()
    read = tokens.grad[0].abs().sum(-1).nonzero().flatten().tolist()
    assert read == list(range(3, 12))
    assert str(ag.load("mistral").at(**TINY).receptive_field("logits").probe(n=11)).endswith("3..11")


MISTRALS = {
    "7b-v0.1": {},
    "7b-v0.3": {"vocab_size": 32768, "sliding_window": None},
    "nemo-12b": {"vocab_size": 131072, "hidden_size": 5120, "num_hidden_layers": 40, "sliding_window": None},
}


@pytest.mark.parametrize("variant", MISTRALS)
def test_published_mistral(variant):
    g = ag.load(f"mistral:{variant}").at()
    config = transformers.MistralConfig(**MISTRALS[variant], head_dim=128, use_cache=False, attn_implementation="eager")
    with torch.device("meta"):
        module = transformers.MistralForCausalLM(config)
        # A mask is given, since on meta none can be made from the positions.
        found = counted(module, torch.zeros(1, 8192, dtype=torch.long), torch.zeros(1, 1, 8192, 8192))
    assert found == (g.params, g.macs)


@pytest.mark.parametrize("variant", ["130m", "370m", "790m", "1.4b", "2.8b"])
def test_mamba(variant):
    """Parameters are those of the library; MACs those of a plain module, where a scan has no product of matrices."""
    g = ag.load(f"mamba:{variant}").at(N=16)
    config = transformers.MambaConfig(hidden_size=int(g.defaults["D"]), num_hidden_layers=int(g.defaults["L"]))
    with torch.device("meta"):
        library = transformers.MambaForCausalLM(config)
        module = plain.Mamba(int(g.defaults["D"]), int(g.defaults["L"]))
        found = counted(module, torch.zeros(1, 16, dtype=torch.long))
    assert found == (g.params, g.macs)
    assert sum(weight.numel() for weight in library.parameters()) == g.params


def test_mamba_is_linear_in_its_tokens():
    g = ag.load("mamba")
    assert g.macs.diff(g.symbols["N"], 2) == 0
