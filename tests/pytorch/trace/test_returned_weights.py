"""Weights of attention that a module returns: what is masked among them reads nothing, and is no more than bounded."""

from __future__ import annotations

import pytest

import archgraph as ag

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch
nn = torch.nn


class Weighing(nn.Module):
    """Causal attention by hand that returns what it makes of its weights too."""

    def __init__(self, made, *, masked=True):
        super().__init__()
        self.q, self.k, self.v = (nn.Linear(4, 4) for _ in range(3))
        self.made, self.masked = made, masked

    def forward(self, x):
        scores = self.q(x) @ self.k(x).transpose(1, 2)
        if self.masked:
            scores = scores.masked_fill(torch.ones(x.shape[1], x.shape[1]).triu(1).bool(), float("-inf"))
        weights = scores.softmax(-1)
        return weights @ self.v(x), self.made(weights)


class Library(nn.Module):
    def __init__(self, *, average):
        super().__init__()
        self.attend, self.average = nn.MultiheadAttention(4, 2, batch_first=True), average

    def forward(self, x):
        mask = torch.ones(x.shape[1], x.shape[1]).triu(1).bool()
        return self.attend(x, x, x, attn_mask=mask, average_attn_weights=self.average)


MADE = {"as they are": lambda w: w, "turned": lambda w: w.transpose(1, 2), "scaled": lambda w: 2 * w + 1}
MODULES = {
    **{name: Weighing(made) for name, made in MADE.items()},
    "heads": Library(average=False),
    "averaged": Library(average=True),
}


@pytest.mark.parametrize("name", MODULES)
def test_masked_weights_that_are_returned_are_bounds_and_the_values_stay_exact(name):
    graph = ag.trace(MODULES[name].eval(), torch.rand(1, 5, 4))
    values, weights = list(graph.outputs)
    attended = graph.receptive_field(values)
    assert [list(attended.probe(n=place)) for place in (0, 3)] == [[(0,)], [(0,), (1,), (2,), (3,)]]
    assert attended.probe(n=3).exact
    assert not graph.receptive_field(weights).probe().exact
    assert "constants mask single elements" in str(graph.receptive_field(weights).why)


def test_weights_without_a_mask_stay_exact():
    graph = ag.trace(Weighing(lambda w: w, masked=False), torch.rand(1, 5, 4))
    assert graph.receptive_field(list(graph.outputs)[1]).probe().exact
