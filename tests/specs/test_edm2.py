"""EDM2 against plain PyTorch on meta, and against what was printed of it."""

import pytest

import archgraph as ag

torch = pytest.importorskip("torch")
from plain_edm2 import EDM2  # noqa: E402
from torch.utils.flop_counter import FlopCounterMode  # noqa: E402

pytestmark = pytest.mark.torch
PRINTED = {"s": 280, "m": 498, "l": 778, "xxl": 1523}
"""Millions of parameters: S and XXL in arXiv:2404.07724, table 1, M and L in arXiv:2410.11081."""
SIZES = ("xs", "s", "m", "l", "xl", "xxl")


@pytest.mark.parametrize("size", ["xs", "l", "xxl"])
def test_counts_equal_plain_pytorch(size):
    g = ag.load(f"edm2:{size}").at()
    with torch.device("meta"):
        module = EDM2(g.defaults["C"])
        with FlopCounterMode(display=False) as counter:
            out = module(torch.empty(1, 4, 64, 64), torch.empty(1), torch.empty(1, 1000))
    assert g.params == sum(weight.numel() for weight in module.parameters())
    assert g.macs == counter.get_total_flops() // 2
    assert [tuple(map(int, each.sizes.values())) for each in g.outputs.values()] == [tuple(out.shape[1:])]
    assert size not in PRINTED or abs(g.params / 1e6 - PRINTED[size]) < 0.51  # 777.498, printed as 778


def test_width_alone_grows_it():
    g = ag.load("edm2")
    assert (g.degree("params", "C"), g.degree("macs", "C")) == (2, 2)
    prices = [int(each.macs) / int(each.params) for size in SIZES for each in [ag.load(f"edm2:{size}").at()]]
    assert min(prices) > 358 and max(prices) < 362
