"""Sizes that a module's own Python rounds: a law at the sizes where nothing is rounded, and no other is taken."""

import contextlib
import itertools
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


class Cut(nn.Module):
    """A layer over the first tokens only; how many is worked out of how many there are."""

    def __init__(self, kept):
        super().__init__()
        self.layer, self.kept = nn.Linear(3, 4), kept

    def forward(self, x):
        return self.layer(x[:, : self.kept(x.shape[1])])


KEPT = {
    "down": (lambda n: n // 2, 1),
    "up": (lambda n: math.ceil(n / 2), 1),
    "to_even": (lambda n: round(n * 0.5), 2),
    "to_nearest": (lambda n: int(n / 2 + 0.25), 1),
    "third_to_nearest": (lambda n: round(n / 3), 3),
    "quarter_to_even": (lambda n: round(n / 4), 4),
    "three_quarters": (lambda n: int(n * 0.75), 2),
    "twice_the_half": (lambda n: 2 * round(n / 2), 2),
    "rest_of_two_bits": (lambda n: n - n % 4 // 2, 4),
    "decided_by_a_rest": (lambda n: n - 1 if n % 4 == 2 else n, 4),
    "nearest_eighth": (lambda n: (n + 4) // 8 * 2 + 1, 8),
}


@pytest.mark.parametrize("name", KEPT)
def test_what_is_rounded_is_right_wherever_it_is_answered(name):
    """Ways to round agree at most sizes; a law that holds at a few of them may be that of another."""
    kept, step = KEPT[name]
    module = Cut(kept)
    g = ag.trace(module, torch.rand(1, 24, 3), dynamic={"x": {1: "n"}})
    answered = {}
    for n in range(8, 72):
        with contextlib.suppress(ag.ArchgraphError):
            answered[n] = g.at(n=n).macs
    assert answered == {n: macs(module, 1, n, 3) for n in answered}
    assert set(answered) >= {n for n in range(8, 72) if n % step == 0}


IMAGES = {
    "interpolated": lambda x: F.interpolate(x, size=[round(side * 0.5) for side in x.shape[-2:]]),
    "half_of_the_area": lambda x: x.flatten(2)[:, :, : x.shape[2] * x.shape[3] // 2].unsqueeze(2),
    "cropped": lambda x: x[:, :, x.shape[2] // 4 : -(x.shape[2] // 4)],
    "thirds": lambda x: x[:, :, : x.shape[2] // 3, : x.shape[3] * 2 // 3],
    "odd": lambda x: x[:, :, : x.shape[2] - 1 + x.shape[2] % 2],
    "chunk": lambda x: x.chunk(3, 2)[-1],
}


class Seen(nn.Module):
    def __init__(self, part):
        super().__init__()
        self.conv, self.part = nn.Conv2d(3, 4, 3, padding=1), part

    def forward(self, x):
        return self.conv(self.part(x))


@pytest.mark.parametrize("name", IMAGES)
def test_rounded_sides_are_right_wherever_they_are_answered(name):
    module = Seen(IMAGES[name])
    g = ag.trace(module, torch.rand(1, 3, 24, 36), dynamic={"x": {2: "h", 3: "w"}})
    answered = {}
    for h, w in itertools.product(range(12, 28), (24, 31, 37, 42, 48)):
        with contextlib.suppress(ag.ArchgraphError):
            answered[h, w] = g.at(h=h, w=w).macs
    assert (12, 24) in answered
    assert answered == {(h, w): macs(module, 1, 3, h, w) for h, w in answered}


def halving(padding, kind):
    pads = {"zero": nn.ZeroPad2d, "reflect": nn.ReflectionPad2d, "replicate": nn.ReplicationPad2d}
    layers = []
    for _ in range(3):
        layers += [pads[kind](padding), nn.Conv2d(3, 3, 3, stride=2, padding="valid"), nn.ReLU()]
    return nn.Sequential(*layers, nn.Conv2d(3, 3, 3, padding="same"))


@pytest.mark.parametrize("kind", ["zero", "reflect", "replicate"])
@pytest.mark.parametrize("padding", [(0, 1, 0, 1), (1, 2, 2, 2)])
def test_what_operators_round_has_a_law_at_every_size(padding, kind):
    module = halving(padding, kind)
    g = ag.trace(module, torch.rand(1, 3, 64, 48), dynamic={"input": {2: "h", 3: "w"}})
    for h, w in itertools.product(range(40, 58), (33, 34, 35, 47)):
        assert g.at(h=h, w=w).macs == macs(module, 1, 3, h, w)
