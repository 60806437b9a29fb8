"""Borders that wrap, reflect or repeat beside what tells positions apart: lists, masks, causal attention, blocks."""

from __future__ import annotations

from typing import Any

import pytest

torch = pytest.importorskip("torch")

import archgraph as ag  # noqa: E402
from archgraph.fields.sets.rows import row_at  # noqa: E402

nn, functional = torch.nn, torch.nn.functional
LENGTH = 9
ORDER = [3, 8, 0, 5, 5, 1, 7, 2, 6]
KEPT = torch.tensor([1.0, 0, 1, 1, 0, 1, 1, 0, 1], dtype=torch.double)


def convolution(mode: str, kernel: int = 3):
    return nn.Conv1d(2, 2, kernel, padding=kernel // 2, padding_mode=mode)


def padded(mode: str, before: int, after: int):
    return lambda x: functional.pad(x, (before, after), mode=mode)


def causal(x):
    later = torch.ones(x.shape[-1], x.shape[-1], dtype=torch.bool).triu(1)
    tokens = x.transpose(1, 2)
    scores = tokens @ tokens.transpose(1, 2)
    return (scores.masked_fill(later, float("-inf")).softmax(-1) @ tokens).transpose(1, 2)


def blocks(x):
    cut = x.unflatten(-1, (3, 3))
    return (cut + cut.mean(-1, keepdim=True)).flatten(-2)


def halves(x):
    return torch.cat([x[..., :4], x[..., 4:].flip(-1)], -1)


class Chain(nn.Module):
    def __init__(self, *steps) -> None:
        super().__init__()
        # The first layer says which axis holds channels.
        self.first = nn.Conv1d(2, 2, 1)
        self.layers = nn.ModuleList(step for step in steps if isinstance(step, nn.Module))
        self.steps = steps

    def forward(self, x):
        x = self.first(x)
        for step in self.steps:
            x = step(x)
        return x


def support(module, x) -> list[set[int]]:
    """Return which positions every output reads, by the gradient."""
    x = x.clone().requires_grad_()
    y = module(x)
    ends = y.abs().sum(1) if y.dim() == 3 else y.abs().sum(1, keepdim=True)
    rows = [torch.autograd.grad(end, x, retain_graph=True)[0].abs().sum((0, 1)) for end in ends[0]]
    return [set((row > 1e-30).nonzero().flatten().tolist()) for row in rows]


CHAINS = {
    "wrapped list": lambda: (lambda x: x[..., ORDER], convolution("circular")),
    "list of wrapped": lambda: (convolution("circular"), lambda x: x[..., ORDER]),
    "rolled mask": lambda: (lambda x: x * KEPT, lambda x: x.roll(4, -1)),
    "reflected flip": lambda: (lambda x: x.flip(-1), padded("reflect", 3, 0), nn.Conv1d(2, 2, 4)),
    "wide reflection in a list": lambda: (convolution("reflect", 5), lambda x: x[..., ORDER]),
    "repeated list": lambda: (lambda x: x[..., ORDER], padded("replicate", 0, 3), nn.Conv1d(2, 2, 4)),
    "rolled causal": lambda: (causal, lambda x: x.roll(2, -1)),
    "causal of wrapped": lambda: (convolution("circular"), causal),
    "causal beside wrapped": lambda: (lambda x: causal(x) + functional.pad(x, (2, 0), mode="circular")[..., :-2],),
    "causal twice, first": lambda: (causal, causal, lambda x: x[..., 0]),
    "wrapped twice, first": lambda: (convolution("circular"), convolution("circular"), lambda x: x[..., 0]),
    "wrapped, head gathered": lambda: (convolution("circular"), lambda x: x[..., :2].mean(-1)),
    "halves rolled": lambda: (halves, lambda x: x.roll(-2, -1)),
    "halves widened in blocks": lambda: (halves, blocks, convolution("circular")),
    "mask in blocks": lambda: (lambda x: x * KEPT, blocks),
    "mask in blocks, first": lambda: (lambda x: x * KEPT, blocks, lambda x: x[..., 0]),
    "plain and wrapped": lambda: (lambda x: x + x.roll(1, -1), lambda x: x[..., ORDER]),
}


@pytest.mark.parametrize("name", CHAINS)
def test_what_a_border_brings_in_is_read(name):
    torch.manual_seed(0)
    module, x = Chain(*CHAINS[name]()).double(), torch.randn(1, 2, LENGTH, dtype=torch.double)
    g = ag.trace(module, x)
    field = g.receptive_field()
    (axis,) = field.axes.values()
    for place, right in enumerate(support(module, x)):
        index: Any = {field.outputs[0]: place} if field.outputs else {}
        assert {position for (position,) in field.probe(**index)} == right
        assert {position for position in row_at(axis.reading, index) if 0 <= position < LENGTH} == right
    assert axis.exact


def test_sizes_hold_where_a_border_wraps():
    g = ag.trace(Chain(lambda x: x.flip(-1), convolution("circular")), torch.randn(1, 2, LENGTH))
    (axis,) = g.receptive_field().axes.values()
    assert (axis.size_min, axis.size_max) == (3, LENGTH)


def test_a_half_line_stays_one_where_a_border_adds_nothing():
    g = ag.trace(Chain(convolution("replicate"), causal), torch.randn(1, 2, LENGTH))
    (axis,) = g.receptive_field().axes.values()
    assert axis.is_causal
