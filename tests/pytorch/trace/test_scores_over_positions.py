"""Attention between channels, whose scores sum over positions: zeros of either factor leave some of these out."""

from __future__ import annotations

import itertools

import pytest

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch

from torch import nn  # noqa: E402

import archgraph as ag  # noqa: E402

N, C = 5, 3


class Between(nn.Module):
    """What a softmax makes of products of two tensors over their positions."""

    def __init__(self, left, right, after) -> None:
        super().__init__()
        self.near = nn.Conv1d(C, C, 3, padding=1)
        self.left, self.right, self.after = left, right, after

    def forward(self, x):
        y = self.near(x.mT).mT
        return self.after(self.left(x, y).mT @ self.right(x, y))


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
    "first three and numbers": lambda x, y: y * first(3) + torch.arange(1.0, C + 1),
    "written": written,
}
AFTER = {"softmax": lambda s: s.softmax(-1), "along the rows": lambda s: s.softmax(1), "plain": lambda s: s}


@pytest.mark.parametrize("after", AFTER)
@pytest.mark.parametrize(("left", "right"), [*itertools.product(FACTORS, FACTORS)])
def test_positions_that_meet_zeros_are_not_read(left, right, after):
    torch.manual_seed(0)
    module, x = Between(FACTORS[left], FACTORS[right], AFTER[after]).eval(), torch.rand(1, N, C)
    field = ag.trace(module, {"x": x}, axes={"x": ("n", "c")}).receptive_field()
    x.requires_grad_()
    out = module(x)[0]
    # Which of the two dimensions of channels is a position axis does not matter where all are asked for together.
    weights = torch.rand_like(out)
    for place in range(C):
        taken = [out[place] @ weights[place], out[:, place] @ weights[:, place]]
        rights = []
        for one in taken:
            (gradient,) = torch.autograd.grad(one, x, retain_graph=True)
            rights.append(set((gradient[0].abs().amax(-1) > 1e-30).nonzero().flatten().tolist()))
        (axis,) = field.outputs
        probe = field.probe("stat", **{axis: place})
        read = {position for (position,) in probe}
        assert read in rights if probe.exact else any(read >= right for right in rights), (place, probe, rights)
