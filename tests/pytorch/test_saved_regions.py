"""Regions of a module: without gradients, detached, computed again; what is kept against autograd, node by node."""

import pytest

import archgraph as ag

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402
from torch.nn import functional  # noqa: E402
from torch.utils.checkpoint import checkpoint  # noqa: E402

pytestmark = pytest.mark.torch
torch.set_num_threads(1)


def again(function, x):
    return checkpoint(function, x, use_reentrant=False)


def switched(s, x):
    with torch.no_grad():
        y = s.b(x)
        with torch.enable_grad():
            y = s.a(y).sin()
    return s.c(y * y.sin())


REGIONS = {
    "a function": lambda s, x: again(lambda y: s.c(s.b(s.a(y)).sin()), x) + x,
    "a part with more": lambda s, x: s.c(again(lambda y: s.b(y).tanh().sin(), s.a(x))),
    "a layer": lambda s, x: s.c(functional.gelu(again(s.a, x))),
    "a part": lambda s, x: s.c(again(s.b, x).sin()),
    "one in another": lambda s, x: again(lambda y: s.c(again(s.b, s.a(y))), x),
    "one call of two": lambda s, x: s.c(s.b(again(s.b, x)).sin()),
    "off and on": switched,
    "detached": lambda s, x: s.c(s.b(s.a(x)).detach().sin()) * s.a(x),
    "compared": lambda s, x: s.a(x) * (s.b(x) > 0),
}


class Net(nn.Module):
    def __init__(self, run) -> None:
        super().__init__()
        self.a, self.c = nn.Linear(8, 8), nn.Linear(8, 8)
        self.b = nn.Sequential(nn.Linear(8, 8), nn.GELU(), nn.Linear(8, 8))
        self.run = run

    def forward(self, x):
        return self.run(self, x)


@pytest.mark.parametrize("name", REGIONS)
def test_what_a_region_keeps_is_what_autograd_keeps(name):
    report = ag.verify(ag.trace(Net(REGIONS[name]), torch.rand(1, 10, 8)))
    assert report.original is not None
    assert report.ok, report.disagreement


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_a_module_is_held_against_itself_in_its_own_type(dtype):
    # No norm: the CPU keeps the statistics of half values in half precision, a GPU in single, and so do we.
    module = nn.Sequential(nn.Linear(8, 16), nn.GELU(), nn.Linear(16, 4)).to(dtype)
    g = ag.trace(module, torch.rand(1, 5, 8).to(dtype))
    assert ag.verify(g).ok
    assert g.peak_memory().by_kind["weights"] == sum(p.nbytes for p in module.parameters())
    halves = sum(2 * p.numel() for p in module.parameters())
    assert g.peak_memory(dtype="bf16").by_kind["weights"] == halves
