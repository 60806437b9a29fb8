"""Memory that begins as zeros and into which something computed is written is no constant for who reads it later."""

import pytest

import archgraph as ag

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch

from torch import nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402, N812

READERS = {
    "index_select": lambda y: y.index_select(1, torch.tensor([2, 0, 1, 3])),
    "flip": lambda y: y.flip(1),
    "roll": lambda y: y.roll(1, 1),
    "gather": lambda y: y.gather(1, torch.tensor([3, 2, 1, 0])[None, :, None].expand(1, 4, 3)),
    "indexed": lambda y: y[:, [1, 0, 3, 2]],
    "joined": lambda y: torch.cat([y[:, 2:], y[:, :2]], 1),
    "itself": lambda y: y,
}
ZEROS = {
    "zeros": lambda x: torch.zeros(x.shape),
    "zeros_like": torch.zeros_like,
    "new_zeros": lambda x: x.new_zeros(1, 4, 3),
}


class Written(nn.Module):
    def __init__(self, zeros, reader):
        super().__init__()
        self.zeros, self.reader = zeros, reader

    def forward(self, x):
        y = self.zeros(x)
        y[:, :, 1:] += 2 * x[:, :, 1:]
        return self.reader(y)


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("zeros", ZEROS)
def test_positions_of_what_was_written_are_read(zeros, reader):
    module, x = Written(ZEROS[zeros], READERS[reader]), torch.rand(1, 4, 3)
    field = ag.trace(module, x).receptive_field()
    (axis,) = field.outputs
    for place in range(4):
        given = x.clone().requires_grad_()
        module(given)[0, place].sum().backward()
        found = field.probe(**{axis: place})
        right, read = set(given.grad[0].sum(-1).nonzero().flatten().tolist()), {j for (j,) in found}
        # That channels are picked is a bound; all that is read must be in it.
        assert right == read or (right < read and not found.exact)


class Biased(nn.Module):
    """Attention whose bias begins as zeros."""

    def __init__(self, *, fused):
        super().__init__()
        self.layer, self.fused = nn.Linear(4, 6), fused

    def forward(self, x):
        bias = torch.zeros(6, 6)
        bias[:, 1:] = self.layer(x)[0, :, 1:]
        if self.fused:
            return F.scaled_dot_product_attention(x[:, None], x[:, None], x[:, None], bias[None, None])[:, 0]
        return ((x @ x.transpose(1, 2)) / 2 + bias).softmax(-1) @ x


@pytest.mark.parametrize("fused", [True, False])
def test_a_bias_that_is_written_is_no_dead_work(fused):
    module = Biased(fused=fused)
    g = ag.trace(module, torch.rand(1, 6, 4))
    assert g.dead == ()
    assert g.params == sum(one.numel() for one in module.parameters())
    assert len(g.receptive_field().probe(**{g.receptive_field().outputs[0]: 0})) == 6
