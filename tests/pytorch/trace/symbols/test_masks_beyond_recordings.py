"""Masks that turn beyond all recorded sizes: a law is not asked there."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch

from torch import nn  # noqa: E402

import archgraph as ag  # noqa: E402


class Masked(nn.Module):
    """Attention under a mask that is computed of its length."""

    def __init__(self, mask) -> None:
        super().__init__()
        self.mask = mask

    def forward(self, x):
        places = torch.arange(x.shape[1])
        allowed = self.mask(places, places[:, None] - places)
        scores = (x @ x.transpose(1, 2)).masked_fill(~allowed, float("-inf"))
        return scores.softmax(-1) @ x


def traced(mask):
    return ag.trace(Masked(mask), torch.zeros(1, 6, 2), dynamic={"x": {1: "n"}})


TURNING = {
    "window": (lambda i, far: (far >= 0) & (far < 50), 50),
    "window_the_other_way_round": (lambda i, far: (far >= 0) & ~(far > 49), 50),
    "both_sides": (lambda i, far: far.abs() <= 44, 45),
    "all_but_one": (lambda i, far: (far >= 0) & (far != 60), 60),
    "blocks": (lambda i, far: i[:, None] // 48 == i // 48, 48),
    "every_so_often": (lambda i, far: (i % 70 < 69).expand(len(i), -1), 69),
    "triangle": (lambda i, far: torch.ones(len(i), len(i)).tril(60).bool(), 61),
    "two_triangles": (lambda i, far: torch.ones(len(i), len(i)).triu(-59).tril().bool(), 60),
}


@pytest.mark.parametrize("name", TURNING)
def test_a_mask_that_turns_later_holds_up_to_there(name):
    mask, most = TURNING[name]
    g = traced(mask)
    assert f"n <= {most}" in g.conditions
    with pytest.raises(ag.ArchgraphError, match=f"n <= {most}"):
        g.at(n=most + 1)
    field = g.at(n=most).receptive_field()
    allowed = mask(torch.arange(most), torch.arange(most)[:, None] - torch.arange(most))
    for place in (0, most - 1):
        read = allowed[place].clone()
        read[place] = True
        assert {j for (j,) in field.probe(**{field.outputs[0]: place})} >= set(read.nonzero().flatten().tolist())


@pytest.mark.parametrize("width", (1, 3, 9))
def test_a_mask_that_turns_within_the_recordings_has_a_law(width):
    g = traced(lambda i, far: (far >= 0) & (far < width))
    assert not any(text.startswith("n <=") for text in g.conditions)
    field = g.at(n=100).receptive_field()
    probe = field.probe(**{field.outputs[0]: 70})
    assert len(probe) == width and probe.exact


class Stored(nn.Module):
    """Attention under the first part of a stored mask."""

    def __init__(self, mask) -> None:
        super().__init__()
        self.register_buffer("mask", mask[None, None])

    def forward(self, x):
        n = x.shape[1]
        scores = torch.where(self.mask[0, :, :n, :n], x @ x.transpose(1, 2), float("-inf"))
        return scores.softmax(-1) @ x


FAR = torch.arange(128)[:, None] - torch.arange(128)
STORED = {
    "window": ((FAR >= 0) & (FAR < 50), "n <= 50"),
    "blocks": (torch.arange(128)[:, None] // 64 == torch.arange(128) // 64, "n <= 64"),
    "triangle": (FAR >= 0, ""),
    "narrow": ((FAR >= 0) & (FAR < 3), ""),
}


@pytest.mark.parametrize("name", STORED)
def test_a_stored_mask_that_turns_later_holds_up_to_there(name):
    mask, condition = STORED[name]
    g = ag.trace(Stored(mask), torch.zeros(1, 6, 2), dynamic={"x": {1: "n"}})
    assert [text for text in g.conditions if text.startswith("n <=")] == ([condition] if condition else [])
