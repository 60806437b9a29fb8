"""What attention under a constant mask reads, against the support of the gradient in double precision."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from masked_attention import SPELLINGS

import archgraph as ag

NOTHING = 1e-30


def support(module, x) -> list[set[int]]:
    """The positions that every output depends on."""
    x = x.double().requires_grad_()
    module = module.double().eval()
    output = module(x)
    # A norm's outputs have a constant sum.
    output = output * torch.linspace(0.5, 1.5, output.shape[-1], dtype=output.dtype) ** 2
    found = []
    for i in range(output.shape[1]):
        (gradient,) = torch.autograd.grad(output[0, i].sum(), x, retain_graph=True)
        found.append({j for j in range(x.shape[1]) if bool((gradient[0, j].abs() > NOTHING).any())})
    return found


def fields(g, n: int, at: dict[str, int]) -> tuple[list[set[int]], bool]:
    """The positions that every output reads, and whether that is said to be exact."""
    field = (g.at(**at) if at else g).receptive_field()
    axis = next(axis for axis in field.outputs if g.outputs[next(iter(g.outputs))].size(axis) == n)
    probes = [field.probe(**{axis: i}) for i in range(n)]
    return [{place for (place,) in probe} for probe in probes], all(probe.exact for probe in probes)


def seeded(make, n):
    torch.manual_seed(3)
    return make(n)


@pytest.mark.parametrize("n", [9, 14])
@pytest.mark.parametrize("name", SPELLINGS)
def test_what_is_read_is_the_support_of_the_gradient(name, n):
    module, x = seeded(SPELLINGS[name], n), torch.rand(1, n, 8)
    g = ag.trace(seeded(SPELLINGS[name], n).eval(), x)
    found, exact = fields(g, n, {})
    assert (found, exact) == (support(module, x), True)
