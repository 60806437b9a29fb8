"""Channels of values with the same sets but other borders, joined and then picked: right, or said to be a bound."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch

from torch import nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402, N812

import archgraph as ag  # noqa: E402

C, N = 2, 9


class Joined(nn.Module):
    """One of two branches, picked behind their concatenation."""

    def __init__(self, left, right, channel: int) -> None:
        super().__init__()
        self.left, self.right, self.channel = left, right, channel
        self.near = nn.ModuleList(nn.Conv1d(C, C, 3, padding=1) for _ in range(4))
        self.wide = nn.Conv1d(C, C, 5, padding=2)
        self.wrapped = nn.Conv1d(C, C, 3, padding=1, padding_mode="circular")

    def forward(self, x):
        both = torch.cat([self.left(self, x), self.right(self, x)], 1)
        return both[:, self.channel : self.channel + 1]


def written(net, x):
    y = torch.zeros_like(x)
    y[:, :, 3:] += x[:, :, 3:]
    return y


def summed(x):
    return x.flip(2).cumsum(2).flip(2)


BRANCHES = {
    "itself": lambda net, x: x * 2,
    "cut and padded": lambda net, x: F.pad(x[:, :, 3:], (3, 0)),
    "written in part": written,
    "one convolution": lambda net, x: net.near[0](x),
    "one that wraps": lambda net, x: net.wrapped(x),
    "two convolutions": lambda net, x: net.near[1](net.near[0](x)),
    "two others": lambda net, x: net.near[3](net.near[2](x)),
    "two, of less": lambda net, x: F.pad(net.near[1](net.near[0](x)[:, :, 2:]), (2, 0)),
    "a wide one": lambda net, x: net.wide(x),
    "sums": lambda net, x: x.cumsum(2),
    "sums of less": lambda net, x: F.pad(x[:, :, 3:].cumsum(2), (3, 0)),
    "sums back": lambda net, x: summed(x),
}
PAIRS = [(left, right) for left in BRANCHES for right in BRANCHES if left != right]


@pytest.mark.parametrize(("left", "right"), PAIRS)
def test_a_channel_reads_what_it_is_said_to_read_or_less_where_that_is_said(left, right):
    torch.manual_seed(0)
    for channel in (0, C):
        module, x = Joined(BRANCHES[left], BRANCHES[right], channel).eval(), torch.rand(1, C, N)
        field = ag.trace(module, {"x": x}, axes={"x": ("c", "n")}).receptive_field()
        x.requires_grad_()
        out = module(x)
        for place in range(N):
            (gradient,) = torch.autograd.grad(out[0, 0, place], x, retain_graph=True)
            right_set = set((gradient[0].abs().amax(0) > 1e-30).nonzero().flatten().tolist())
            probe = field.probe("stat", n=place)
            read = {one for (one,) in probe}
            assert read == right_set if probe.exact else read >= right_set, (channel, place, probe)


def test_two_that_read_alike_are_exact():
    for left, right in (("itself", "itself"), ("one convolution", "one convolution")):
        g = ag.trace(
            Joined(BRANCHES[left], BRANCHES[right], 0).eval(), {"x": torch.rand(1, C, N)}, axes={"x": ("c", "n")}
        )
        assert g.receptive_field().axes["n"].exact
