"""Gallery specs of diffusion transformers against the classes of diffusers, on meta."""

import pytest

import archgraph as ag

torch = pytest.importorskip("torch")
diffusers = pytest.importorskip("diffusers")
from torch.utils.flop_counter import FlopCounterMode  # noqa: E402

pytestmark = pytest.mark.torch
SMALLER = {"num_attention_heads": 36, "num_layers": 28, "num_cross_attention_heads": 16}
SMALLER |= {"cross_attention_head_dim": 72, "cross_attention_dim": 1152}
HUNYUAN = {"num_layers": 40, "hidden_size": 1408, "mlp_ratio": 4.3637, "patch_size": 2, "in_channels": 4}


def held(name, module, *data, **named):
    g = ag.load(name).at()
    with FlopCounterMode(display=False) as counter:
        (out,) = module.eval()(*data, **named, return_dict=False)
    (type_,) = g.outputs.values()
    assert g.params == sum(weight.numel() for weight in module.parameters())
    assert g.macs == counter.get_total_flops() // 2
    assert tuple(map(int, type_.sizes.values())) == tuple(out.shape[1:])


@pytest.mark.parametrize(("variant", "given", "side"), [("1.6b", {}, 32), ("1.6b-512", {}, 16), ("0.6b", SMALLER, 32)])
def test_sana(variant, given, side):
    with torch.device("meta"):
        module = diffusers.SanaTransformer2DModel(**given)
        held(f"sana:{variant}", module, torch.empty(1, 32, side, side), torch.empty(1, 300, 2304), torch.empty(1))


def test_sana_is_linear_in_its_pixels():
    g = ag.load("sana")
    assert g.macs.diff(g.symbols["H"], 2) == 0


@pytest.mark.parametrize("variant", ["v1.1", "v1.2"])
def test_hunyuan_dit(variant):
    styled = variant == "v1.1"
    with torch.device("meta"):
        told = {"image_meta_size": torch.empty(1, 6), "style": torch.zeros(1, dtype=torch.long)} if styled else {}
        held(
            f"hunyuan_dit:{variant}",
            diffusers.HunyuanDiT2DModel(**HUNYUAN, use_style_cond_and_image_meta_size=styled),
            torch.empty(1, 4, 128, 128),
            torch.empty(1),
            encoder_hidden_states=torch.empty(1, 77, 1024),
            text_embedding_mask=torch.empty(1, 77),
            encoder_hidden_states_t5=torch.empty(1, 256, 2048),
            text_embedding_mask_t5=torch.empty(1, 256),
            **told,
        )
