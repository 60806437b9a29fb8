"""A mask that would fill memory is refused at once, with its size, the limit and the way round."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch

from torch.nn.functional import scaled_dot_product_attention  # noqa: E402

import archgraph as ag  # noqa: E402
from archgraph.errors import ArchgraphError  # noqa: E402

LONG = 100_000


def triangle(x):
    n = x.shape[1]
    return scaled_dot_product_attention(x, x, x, torch.ones(n, n, dtype=torch.bool).tril())


def compared(x):
    i = torch.arange(x.shape[1])
    return scaled_dot_product_attention(x, x, x, i[:, None] >= i)


def causal(x):
    return scaled_dot_product_attention(x, x, x, is_causal=True)


class Net(torch.nn.Module):
    def __init__(self, run) -> None:
        super().__init__()
        self.layer, self.run = torch.nn.Linear(4, 4), run

    def forward(self, x):
        return self.run(self.layer(x))


RULE = "a mask of 100,000 queries and 100,000 keys has 10,000,000,000 pairs: the limit is 1,073,741,824"


@pytest.mark.parametrize("run", [triangle, compared, causal])
def test_a_mask_that_would_fill_memory_is_refused(run):
    with pytest.raises(ArchgraphError, match=RULE) as refused:
        ag.trace(Net(run), torch.empty(1, LONG, 4, device="meta"))
    assert refused.value.hint == "trace it at a smaller length that `dynamic` makes a symbol: its laws hold at any"


@pytest.mark.parametrize("run", [triangle, compared, causal])
def test_the_way_round(run):
    g = ag.trace(Net(run), torch.empty(1, 12, 4, device="meta"), {"x": {1: "n"}}).at(n=LONG)
    assert g.macs == 2 * LONG * LONG * 4 + LONG * 16 or g.macs == LONG * (LONG + 1) * 4 + LONG * 16


def test_attention_without_a_mask_is_never_too_long():
    plain = Net(lambda x: scaled_dot_product_attention(x, x, x))
    assert ag.trace(plain, torch.empty(1, LONG, 4, device="meta")).macs == 2 * LONG * LONG * 4 + LONG * 16
