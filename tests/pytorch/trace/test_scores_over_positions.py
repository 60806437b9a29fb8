"""Attention between channels, whose scores sum over positions: zeros of either factor leave some of these out."""

from __future__ import annotations

import itertools

import pytest

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch

from torch import nn  # noqa: E402

import archgraph as ag  # noqa: E402

N, C, RIGHT = 5, 3, 4


class Between(nn.Module):
    """What a softmax makes of products of two tensors over their positions."""

    def __init__(self, left, right, after) -> None:
        super().__init__()
        self.near, self.also_near = (nn.Conv1d(C, wide, 3, padding=1) for wide in (C, RIGHT))
        self.left, self.right, self.after = left, right, after

    def forward(self, x):
        y, z = (near(x.mT).mT for near in (self.near, self.also_near))
        return self.after(self.left(x, y).mT @ self.right(x, z))


def first(count):
    return (torch.arange(N) < count).float()[:, None]


def written(x, y):
    z = y * first(3) + 1
    z[:, :, 2:3] = x[:, :, 2:3]
    return z


FACTORS = {
    "itself": lambda x, y: y,
    "first three": lambda x, y: y * first(3),
    "last two": lambda x, y: y * (1 - first(3)),
    # Other numbers for every channel: what a softmax adds to all alike has no gradient.
    "first three and numbers": lambda x, y: y * first(3) + torch.arange(1.0, y.shape[-1] + 1),
    "written": written,
}
AFTER = {"softmax": lambda s: s.softmax(-1), "along the rows": lambda s: s.softmax(1), "plain": lambda s: s}


@pytest.mark.parametrize("after", AFTER)
@pytest.mark.parametrize(("left", "right"), [*itertools.product(FACTORS, FACTORS)])
def test_positions_that_meet_zeros_are_not_read(left, right, after):
    torch.manual_seed(0)
    module, x = Between(FACTORS[left], FACTORS[right], AFTER[after]).eval(), torch.rand(1, N, C)
    g = ag.trace(module, {"x": x}, axes={"x": ("n", "c")})
    field = g.receptive_field()
    x.requires_grad_()
    out = module(x)[0]
    weights = torch.rand_like(out)
    (axis,) = field.outputs
    # One of both dimensions of channels is a position axis; their sizes tell which.
    dim = list(out.shape).index(dict(g.graph.outputs[0].type.axes)[axis])
    for place in range(out.shape[dim]):
        taken = out.select(dim, place) @ weights.select(dim, place)
        (gradient,) = torch.autograd.grad(taken, x, retain_graph=True)
        right = set((gradient[0].abs().amax(-1) > 1e-30).nonzero().flatten().tolist())
        probe = field.probe("stat", **{axis: place})
        read = {position for (position,) in probe}
        assert read == right if probe.exact else read >= right, (place, probe, right)
