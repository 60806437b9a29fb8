"""The dimension that a first layer takes as channels is found through views that leave it what it is."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import archgraph as ag

torch = pytest.importorskip("torch")

from torch import Tensor, nn  # noqa: E402
from torch.nn import functional  # noqa: E402

pytestmark = pytest.mark.torch
C, H, W = 8, 4, 6


class Before(nn.Module):
    """A layer behind a function."""

    def __init__(self, run: Callable[[Tensor], Tensor], layer: nn.Module):
        super().__init__()
        self.run, self.layer = run, layer

    def forward(self, x: Tensor) -> Tensor:
        return self.layer(self.run(x))


class Windows(nn.Module):
    """Attention in windows of 2 by 2, rolled or not, whose first step is a view of a picture with channels last."""

    def __init__(self, shift: int):
        super().__init__()
        self.shift, self.three = shift, nn.Linear(C, 3 * C)

    def forward(self, x: Tensor) -> Tensor:
        x = x.roll((-self.shift, -self.shift), (1, 2)) if self.shift else x
        parts = x.view(1, H // 2, 2, W // 2, 2, C).transpose(2, 3).reshape(-1, 4, C)
        y = functional.scaled_dot_product_attention(*self.three(parts).chunk(3, -1))
        y = y.view(1, H // 2, W // 2, 2, 2, C).transpose(2, 3).reshape(1, H, W, C)
        return y.roll((self.shift, self.shift), (1, 2)) if self.shift else y


def linear() -> nn.Module:
    return nn.Linear(C, 5)


CASES = {
    "tokens of rows": (lambda x: x.view(1, -1, C), linear, (1, H, W, C), "hwc"),
    "tokens that are normalised": (lambda x: x.flatten(1, 2), lambda: nn.LayerNorm(C), (1, H, W, C), "hwc"),
    "rows of a film": (lambda x: x.view(-1, C), linear, (1, 3, H, W, C), "dhwc"),
    "pictures of a film": (lambda x: x.flatten(0, 1), lambda: nn.Conv2d(C, 5, 3), (1, 3, C, H, W), "dchw"),
    "joined positions, mixed": (lambda x: x.flatten(2), lambda: nn.Linear(H * W, 5), (1, C, H, W), "chw"),
    "joined positions, turned": (lambda x: x.flatten(2).mT, linear, (1, C, H, W), "chw"),
    "columns of a picture": (lambda x: x.transpose(1, 2), linear, (1, H, W, C), "hwc"),
    "a line that is enlarged": (lambda x: functional.interpolate(x, scale_factor=2), nn.ReLU, (1, C, W), "cn"),
    "a line between its ends": (
        lambda x: functional.interpolate(x, size=9, mode="linear", align_corners=True),
        nn.ReLU,
        (1, C, W),
        "cn",
    ),
    "shuffled pictures of a film": (lambda x: functional.pixel_shuffle(x, 2), nn.ReLU, (1, 3, C, H, W), "dchw"),
    "everything joined": (lambda x: x.flatten(1), lambda: nn.Linear(C * H * W, 5), (1, C, H, W), "chw"),
}


@pytest.mark.parametrize("name", CASES)
def test_channels_are_what_the_first_layer_takes_so(name):
    run, layer, shape, axes = CASES[name]
    (kind,) = ag.trace(Before(run, layer()), torch.zeros(shape)).inputs.values()
    assert kind.names == tuple(axes)


@pytest.mark.parametrize("shift", [0, 1])
def test_windows_of_a_picture_with_channels_last(shift):
    module = Windows(shift).double()
    x = torch.rand(1, H, W, C, dtype=torch.float64, requires_grad=True)
    fields = ag.trace(module, torch.zeros(1, H, W, C)).receptive_field()
    out = module(x)
    for h, w in ((0, 0), (1, 3), (3, 5)):
        (gradient,) = torch.autograd.grad(out[0, h, w].sum(), x, retain_graph=True)
        read = fields.probe(h=h, w=w)
        assert read.exact
        assert set(read) == {tuple(place) for place in gradient[0].abs().sum(-1).nonzero().tolist()}
