"""Sizes that a module's own Python rounds: a law at the sizes where nothing is rounded, and no other is taken."""

import math

import pytest

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch

from torch import nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402, N812
from torch.utils.flop_counter import FlopCounterMode  # noqa: E402

import archgraph as ag  # noqa: E402


class SamePadding(nn.Module):
    """A convolution that pads as TensorFlow does, worked out from the size."""

    def __init__(self, stride=2):
        super().__init__()
        self.conv, self.stride = nn.Conv2d(3, 8, 3, stride), stride

    def forward(self, x):
        missing = [max((math.ceil(n / self.stride) - 1) * self.stride + 3 - n, 0) for n in x.shape[-2:]]
        (down, right) = missing
        return self.conv(F.pad(x, (right // 2, right - right // 2, down // 2, down - down // 2)))


class WholeBlocks(nn.Module):
    """Tokens that are filled up to whole blocks."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(3, 8)

    def forward(self, x):
        return self.layer(F.pad(x, (0, 0, 0, -x.shape[1] % 4)))


def macs(module, *shape):
    with torch.device("meta"), FlopCounterMode(display=False) as counter:
        module.to("meta")(torch.empty(shape))
    return counter.get_total_flops() // 2


@pytest.mark.parametrize("stride", [2, 3, 4])
def test_padding_that_is_worked_out_has_a_law(stride):
    module = SamePadding(stride)
    g = ag.trace(module, torch.rand(1, 3, 12 * stride, 24 * stride), dynamic={"x": {2: "h", 3: "w"}})
    for h, w in ((2 * stride, 8 * stride), (10 * stride, 7 * stride)):
        assert g.at(h=h, w=w).macs == macs(module, 1, 3, h, w)
    with pytest.raises(ag.ArchgraphError, match="multiple"):
        g.at(h=12 * stride + 1)


def test_what_is_filled_up_has_a_law_where_it_is_whole():
    module = WholeBlocks()
    g = ag.trace(module, torch.rand(1, 16, 3), dynamic={"x": {1: "n"}})
    assert [g.at(n=n).macs for n in (8, 20)] == [macs(module, 1, n, 3) for n in (8, 20)]
    assert "n is a multiple of 4" in g.conditions


class Scattered(nn.Module):
    """A size that follows no law in any step."""

    def forward(self, x):
        return F.pad(x, (0, (x.shape[-1] * 7919) % 31))


def test_where_no_step_helps_the_first_refusal_is_told():
    with pytest.raises(ag.ArchgraphError, match="the module has no law in 'n'"):
        ag.trace(Scattered(), torch.rand(1, 3, 32), dynamic={"x": {2: "n"}})
