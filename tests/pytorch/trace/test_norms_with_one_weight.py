"""Norms with a scale and no shift, or a shift and no scale, as PyTorch's functions take them."""

import pytest

import archgraph as ag

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch

from torch import nn  # noqa: E402
from torch.nn import functional  # noqa: E402

WIDTH = 8
NORMS = {
    "group": lambda net, y: functional.group_norm(y, 2, net.weight, net.bias),
    "one group": lambda net, y: functional.group_norm(y, 1, net.weight, net.bias),
    "instance": lambda net, y: functional.instance_norm(y, weight=net.weight, bias=net.bias),
    "batch": lambda net, y: functional.batch_norm(y, net.mean, net.variance, net.weight, net.bias),
    "batch of one": lambda net, y: functional.batch_norm(y, None, None, net.weight, net.bias, training=True),
    "layer": lambda net, y: functional.layer_norm(y.mT, (WIDTH,), net.weight, net.bias).mT,
}


class Normed(nn.Module):
    def __init__(self, norm, *, scaled, shifted):
        super().__init__()
        self.norm = norm
        self.weight = nn.Parameter(torch.rand(WIDTH)) if scaled else None
        self.bias = nn.Parameter(torch.rand(WIDTH)) if shifted else None
        self.register_buffer("mean", torch.zeros(WIDTH))
        self.register_buffer("variance", torch.ones(WIDTH))
        self.first, self.last = nn.Conv1d(3, WIDTH, 3), nn.Conv1d(WIDTH, 2, 1)

    def forward(self, x):
        return self.last(self.norm(self, self.first(x)))


@pytest.mark.parametrize("name", NORMS)
@pytest.mark.parametrize(("scaled", "shifted"), [(True, True), (True, False), (False, True), (False, False)])
def test_it_weighs_and_keeps_what_pytorch_says(name, scaled, shifted):
    module = Normed(NORMS[name], scaled=scaled, shifted=shifted)
    g = ag.trace(module, torch.rand(1, 3, 12))
    assert g.params == sum(weight.numel() for weight in module.parameters())
    assert not g.gaps and g.saved_doubt == ""
    assert ag.loads(g.to_spec()).at().params == g.params
