"""A size at which a module takes all of a table of its own: larger ones fail, and smaller ones take a part."""

import re

import pytest

import archgraph as ag

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch

from torch import nn  # noqa: E402


class Masked(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(8, 24)
        self.register_buffer("mask", torch.ones(16, 16).tril().bool())

    def forward(self, x):
        n = x.shape[1]
        q, k, v = self.layer(x).chunk(3, -1)
        return (q @ k.mT).masked_fill(~self.mask[:n, :n], -torch.inf).softmax(-1) @ v


def test_as_a_number_it_is_answered():
    field = ag.trace(Masked(), torch.rand(1, 16, 8)).receptive_field()
    found = field.probe(**{field.outputs[0]: 5})
    assert (sorted(found), found.exact) == ([(j,) for j in range(6)], True)


def test_as_a_symbol_the_refusal_names_a_size_that_has_a_law():
    dynamic = {"x": {1: "n"}}
    with pytest.raises(ag.ArchgraphError, match="'n' cannot vary from 16 to") as caught:
        ag.trace(Masked(), torch.rand(1, 16, 8), dynamic=dynamic)
    smaller = int(re.search(r"trace at (\d+) for the law of smaller sizes", str(caught.value))[1])
    g = ag.trace(Masked(), torch.rand(1, smaller, 8), dynamic=dynamic)
    assert g.at(n=12).macs == 12 * 8 * 24 + 2 * 12 * 12 * 8
