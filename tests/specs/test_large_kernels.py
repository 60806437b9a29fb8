"""RepLKNet against plain PyTorch on meta: as it is trained, and with its small kernels merged."""

import pytest

import archgraph as ag

torch = pytest.importorskip("torch")
import plain_networks as plain  # noqa: E402
from torch.utils.flop_counter import FlopCounterMode  # noqa: E402

pytestmark = pytest.mark.torch


@pytest.mark.parametrize(
    ("name", "width", "side", "small"),
    [("31b", 128, 224, 5), ("31b-merged", 128, 224, 0), ("31b-384", 128, 384, 5), ("31l-384", 192, 384, 5)],
)
def test_counts_equal_plain_pytorch(name, width, side, small):
    g = ag.load(f"replknet:{name}").at()
    with torch.device("meta"):
        module = plain.RepLKNet(width, small=small).eval()
        with FlopCounterMode(display=False) as counter:
            module(torch.empty(1, 3, side, side))
    params, buffers = (sum(each.numel() for each in part) for part in (module.parameters(), module.buffers()))
    assert (g.params, g.buffers, g.macs) == (params, buffers, counter.get_total_flops() // 2)


def test_large_kernels_are_a_tenth_of_the_parameters():
    """Against kernels of 3 everywhere: 10.4 % and 18.6 % by the first guideline of the paper."""
    large = ag.load("replknet:31b-merged").at()
    plain_one = ag.load("replknet").at(small=0, kernels=[3, 3, 3, 3]).at()
    assert int(large.params) / int(plain_one.params) == pytest.approx(1.104, abs=0.005)
    assert int(large.macs) / int(plain_one.macs) == pytest.approx(1.186, abs=0.005)
