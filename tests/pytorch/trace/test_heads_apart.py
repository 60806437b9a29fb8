"""Heads whose constant masks differ: together they read what any of them does, one of them a part of it at most."""

import pytest

import archgraph as ag

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402
from torch.nn import functional  # noqa: E402

pytestmark = pytest.mark.torch
N = 7


class Heads(nn.Module):
    """Attention of two heads under a mask, and what is done with their results."""

    def __init__(self, mask, then):
        super().__init__()
        self.qkv, self.out, self.then = nn.Linear(8, 24), nn.Linear(8, 8), then
        self.register_buffer("mask", mask)

    def forward(self, x):
        q, k, v = (t.unflatten(-1, (2, 4)).transpose(1, 2) for t in self.qkv(x).chunk(3, -1))
        return self.then(self, functional.scaled_dot_product_attention(q, k, v, attn_mask=self.mask))


def apart():
    far = (torch.arange(N)[:, None] - torch.arange(N)).abs()
    return torch.stack([far <= 1, far <= 2])


def mixed(s, y):
    return s.out(y.transpose(1, 2).flatten(2))


def first(s, y):
    return y[:, 0]


def probed(net, n=0):
    return ag.trace(net.eval(), torch.rand(1, N, 8)).receptive_field().probe(n=n)


def test_heads_that_are_mixed_read_what_any_of_them_does():
    probe = probed(Heads(apart(), mixed))
    assert set(probe) == {(0,), (1,), (2,)} and probe.exact


def test_one_of_heads_that_differ_reads_a_part_at_most():
    probe = probed(Heads(apart(), first))
    assert set(probe) >= {(0,), (1,)} and not probe.exact and "channels were picked" in probe.why[-1]


def test_one_of_heads_that_are_alike_is_exact():
    probe = probed(Heads(apart()[1:], first))
    assert set(probe) == {(0,), (1,), (2,)} and probe.exact
