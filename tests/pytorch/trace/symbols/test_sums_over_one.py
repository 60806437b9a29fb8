"""What PyTorch's einsum sums over one element it only multiplies, so that a law of products is not that of one."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch

from torch import nn  # noqa: E402
from torch.utils.flop_counter import FlopCounterMode  # noqa: E402

import archgraph as ag  # noqa: E402


class Coarse(nn.Module):
    """Attention to one key for every eight positions, as in Twins."""

    def __init__(self) -> None:
        super().__init__()
        self.keys = nn.Conv1d(4, 4, 8, stride=8)

    def forward(self, x):
        keys = self.keys(x)
        weights = torch.einsum("b d i, b d j -> b i j", x, keys).softmax(-1)
        return torch.einsum("b i j, b d j -> b d i", weights, keys)


def traced(size):
    return ag.trace(Coarse(), torch.zeros(1, 4, size), dynamic={"x": {2: "n"}})


def test_a_law_of_several_keys_is_right_where_it_is_answered():
    g, answered = traced(32), 0
    for size in (8, 16, 24, 32, 48, 64):
        try:
            macs = g.at(n=size).macs
        except ag.ArchgraphError:
            assert size == 8
            continue
        with FlopCounterMode(display=False) as counter, torch.no_grad():
            Coarse()(torch.zeros(1, 4, size))
        assert 2 * macs == counter.get_total_flops()
        answered += 1
    assert answered == 5


def test_an_example_with_one_key_has_a_law_of_no_other_size():
    with pytest.raises(ag.ArchgraphError, match=r"'n' cannot vary from 8 to .*: einsum .* sums over one element"):
        traced(8)
