"""Products that sum over one element, or over nothing, with a constant factor: where it is zero, nothing is read."""

from __future__ import annotations

import itertools

import pytest

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch

from torch import nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402, N812

import archgraph as ag  # noqa: E402

C = 2


class Weighed(nn.Module):
    def __init__(self, function) -> None:
        super().__init__()
        self.near, self.function = nn.Conv2d(C, C, 1), function

    def forward(self, x):
        return self.function(self.near(x))


def pooled(x):
    return F.adaptive_avg_pool2d(x, 1)


def zeros(*shape):
    return torch.zeros(*shape)


HALF = torch.tensor([0.0, 1.0, 0.0, 1.0])
FORMS = {
    "turned": lambda x: pooled(x).mT @ torch.zeros_like(pooled(x)),
    "matmul": lambda x: pooled(x) @ zeros(1, C, 1, 1),
    "matmul, reversed": lambda x: zeros(1, C, 1, 1) @ pooled(x),
    "rows": lambda x: x[..., :1] @ zeros(1, C, 1, 4),
    "some rows": lambda x: x[..., :1] @ HALF.view(1, 1, 1, 4).expand(1, C, 1, 4),
    "all rows": lambda x: x[..., :1] @ torch.ones(1, C, 1, 4),
    "wide": lambda x: x @ zeros(1, C, 5, 4),
    "wide, some columns": lambda x: x @ HALF.view(1, 1, 1, 4).expand(1, C, 5, 4),
    "bmm": lambda x: torch.bmm(pooled(x)[0], zeros(C, 1, 1))[None],
    "baddbmm": lambda x: torch.baddbmm(torch.ones(C, 1, 1), pooled(x)[0], zeros(C, 1, 1))[None],
    "einsum": lambda x: torch.einsum("bchw,bcwv->bchv", pooled(x), zeros(1, C, 1, 1)),
    "outer einsum": lambda x: torch.einsum("bch,v->bchv", x.mean(-1), HALF),
    "product": lambda x: pooled(x) * zeros(1, C, 1, 1),
    "vector": lambda x: pooled(x)[:, :, 0] @ zeros(1),
    "addmm": lambda x: torch.addmm(torch.ones(C, 3), pooled(x)[0, :, 0], zeros(1, 3))[None],
    "linear": lambda x: F.linear(pooled(x)[:, :, 0], zeros(3, 1)),
    "linear of some": lambda x: F.linear(x.mean(-1, keepdim=True), HALF[:, None]),
    "convolution": lambda x: F.conv2d(pooled(x), zeros(3, C, 1, 1)),
    "wide convolution": lambda x: F.conv2d(x, zeros(3, C, 3, 3), padding=1),
    "transposed convolution": lambda x: F.conv_transpose2d(x, zeros(C, 3, 2, 2), stride=2),
}


@pytest.mark.parametrize("name", FORMS)
def test_what_zeros_let_nothing_through_of_is_not_read(name):
    torch.manual_seed(0)
    module, x = Weighed(FORMS[name]).eval(), torch.rand(1, C, 6, 5)
    g = ag.trace(module, x)
    (kind,) = g.outputs.values()
    field = g.receptive_field()
    x.requires_grad_()
    out = module(x)[0]
    for places in itertools.product(*(range(int(kind.size(axis))) for axis in field.outputs)):
        at = dict(zip(field.outputs, places, strict=True))
        # No two dimensions have the same size.
        dims = {out.shape.index(int(kind.size(axis))): place for axis, place in at.items()}
        taken = out[tuple(dims.get(dim, slice(None)) for dim in range(out.ndim))]
        (gradient,) = torch.autograd.grad((taken * torch.rand_like(taken)).sum(), x, retain_graph=True)
        right = {tuple(place) for place in (gradient[0].abs().amax(0) > 1e-30).nonzero().tolist()}
        probe = field.probe("stat", **at)
        assert set(probe) == right if probe.exact else set(probe) >= right, (at, probe)
