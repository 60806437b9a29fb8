"""Channels some of which are zero, and that become positions: what each reads is right, or said to be a bound."""

from __future__ import annotations

import itertools

import pytest

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch

from torch import nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402, N812

import archgraph as ag  # noqa: E402

C, N = 4, 9


class Beside(nn.Module):
    """What a function makes of features of which every channel reads three positions."""

    def __init__(self, function) -> None:
        super().__init__()
        self.near, self.image, self.function = nn.Conv1d(C, C, 3, padding=1), nn.Conv2d(1, 3, 1), function

    def forward(self, x):
        return self.function(self.near(x), self.image)


def image_of(y):
    """Channels as the last position axis."""
    return y.transpose(1, 2)[:, None]


def written(y):
    room = torch.zeros(1, C + 4, y.shape[-1])
    room[:, 2:6] = y
    return room


def mean(y):
    return y.mean(-1)[:, None]


SPELLINGS = {
    "padded": lambda y, image: image(image_of(F.pad(y, (0, 0, 2, 2)))),
    "joined with zeros": lambda y, image: image(image_of(torch.cat([torch.zeros(1, 2, N), y], 1))),
    "cut to a triangle": lambda y, image: image(image_of(y.tril())),
    "written into zeros": lambda y, image: image(image_of(written(y))),
    "copied, then padded": lambda y, image: F.interpolate(
        F.pad(y[:, :, 4:5].mT.repeat(1, 1, 2), (1, 1)), scale_factor=2, mode="linear"
    ),
    "a mean, padded": lambda y, image: F.avg_pool1d(F.pad(mean(y), (2, 2)), 2),
    "a mean, padded and cut": lambda y, image: F.pad(mean(y), (1, 1)).unflatten(-1, (2, 3)).transpose(1, 2),
    "a mean, added to zeros": lambda y, image: F.avg_pool1d(
        torch.zeros(1, 1, 8).index_add(2, torch.arange(C) + 2, mean(y)), 2
    ),
    "a mean, scattered": lambda y, image: F.avg_pool1d(
        torch.zeros(1, 1, 8).scatter(2, (torch.arange(C) + 2)[None, None], mean(y)), 2
    ),
    "a mean on a diagonal": lambda y, image: image(torch.diag_embed(y.mean(-1))[:, None]),
    "a mean behind zeros": lambda y, image: F.avg_pool1d(torch.cat([torch.zeros(1, 1, 2), mean(y)], -1), 2),
    "a mean times zeros": lambda y, image: F.avg_pool1d(mean(y) * torch.tensor([0.0, 0, 1, 1]), 2),
    "a mean times a matrix": lambda y, image: F.avg_pool1d((y.mean(-1) @ torch.eye(C, 6))[:, None], 2),
    "a mean, transposed": lambda y, image: F.conv_transpose1d(mean(y), torch.ones(1, 1, 1), stride=2),
}


@pytest.mark.parametrize("name", SPELLINGS)
def test_no_position_is_said_to_read_what_a_zero_channel_does_not(name):
    torch.manual_seed(0)
    module, x = Beside(SPELLINGS[name]).eval(), torch.rand(1, C, N)
    field = ag.trace(module, {"x": x}).receptive_field()
    x.requires_grad_()
    (type_,) = ag.trace(module, {"x": x.detach()}).outputs.values()
    out = module(x)[0].reshape([int(size) for size in type_.sizes.values()])
    for places in itertools.product(*(range(int(type_.size(axis))) for axis in field.outputs)):
        at = dict(zip(field.outputs, places, strict=True))
        taken = out[tuple(at.get(axis, slice(None)) for axis in type_.names)]
        (gradient,) = torch.autograd.grad((taken * torch.rand_like(taken)).sum(), x, retain_graph=True)
        right = set((gradient[0].abs().amax(0) > 1e-30).nonzero().flatten().tolist())
        probe = field.probe("stat", **at)
        read = {place for (place,) in probe}
        assert read == right if probe.exact else read >= right, (at, probe)
