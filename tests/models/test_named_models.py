"""Models of timm and torchvision by name: parameters and products are those that PyTorch counts."""

import pytest

import archgraph as ag

torch = pytest.importorskip("torch")
pytestmark = [pytest.mark.models, pytest.mark.torch, pytest.mark.filterwarnings("ignore")]

NAMES = [
    *("timm:resnet18", "timm:vit_tiny_patch16_224", "timm:mobilenetv3_small_050", "timm:mixer_s32_224"),
    *("timm:convnext_atto", "timm:efficientnet_b0", "timm:regnetx_002"),
    *("torchvision:resnet18", "torchvision:mobilenet_v3_small", "torchvision:shufflenet_v2_x0_5"),
    *("torchvision:lraspp_mobilenet_v3_large", "torchvision:r3d_18", "torchvision:vit_b_32"),
]


@pytest.mark.parametrize("name", NAMES)
def test_a_named_model_counts_what_pytorch_counts(name):
    from torch.utils.flop_counter import FlopCounterMode

    pytest.importorskip(name.partition(":")[0], exc_type=ImportError)
    g = ag.load(name)
    module = g.network.origin.module.to("meta").eval()
    assert g.params == sum(parameter.numel() for parameter in module.parameters())
    counter = FlopCounterMode(display=False)
    with counter, torch.no_grad():
        module(**g.network.origin.example)
    assert 2 * g.macs == counter.get_total_flops()
