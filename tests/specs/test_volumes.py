"""Gallery specs of networks on volumes against plain PyTorch on meta, at every published size."""

import pytest

import archgraph as ag

torch = pytest.importorskip("torch")
import plain_volumes as plain  # noqa: E402
from torch.utils.flop_counter import FlopCounterMode  # noqa: E402

pytestmark = pytest.mark.torch


def held(name, make, side=128):
    """Hold the parameters, MACs and outputs of a spec against a module, on a cube."""
    g = ag.load(name).at()
    with torch.device("meta"):
        module = make(g.defaults)
        with FlopCounterMode(display=False) as counter:
            outs = module.eval()(torch.empty(1, int(g.defaults.get("modalities", 1)), side, side, side))
    outs = outs if isinstance(outs, list) else [outs]
    params = sum(weight.numel() for weight in module.parameters())
    shapes = [tuple(map(int, type_.sizes.values())) for type_ in g.outputs.values()]
    assert (g.params, g.macs, shapes) == (
        params,
        counter.get_total_flops() // 2,
        [tuple(one.shape[1:]) for one in outs],
    )


@pytest.mark.parametrize("size", ["s", "b", "l", "h"])
def test_stunet(size):
    held(f"stunet:{size}", lambda at: plain.STUNet(at["C"], at["depth"]))


@pytest.mark.parametrize("size", ["s", "b", "m", "l", "s5", "l5"])
def test_mednext(size):
    held(f"mednext:{size}", lambda at: plain.MedNeXt(at["ratios"], at["depths"], at["K"]))


@pytest.mark.parametrize("size", ["14-classes", "4-classes"])
def test_unetr(size):
    held(f"unetr:{size}", lambda at: plain.UNETR(classes=at["classes"]), side=96)


@pytest.mark.parametrize(("name", "side"), [("btcv", 96), ("brats", 128)])
def test_swin_unetr(name, side):
    held(f"swin_unetr:{name}", lambda at: plain.SwinUNETR(modalities=at["modalities"], classes=at["classes"]), side)
