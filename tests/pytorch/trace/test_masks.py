"""What attention under a constant mask reads, against the support of the gradient in double precision."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from masked_attention import SPELLINGS  # noqa: E402
from torch.nn.attention import SDPBackend, sdpa_kernel  # noqa: E402

import archgraph as ag  # noqa: E402

NOTHING = 1e-30
LISTED = {
    "fused_strictly_before",
    "fused_heads_that_differ",
    "window_and_positions_of_all",
    "documents",
    "random_mask",
    "written_by_index",
    "filled_part_by_part",
    "pooled_over_some",
    "fused_key_padding",
    "window_and_first_keys",
    "renormalised",
    "linear_attention_without_softmax",
}
"""Masks of which no form is found that holds at every size: known at the recorded one, and bounds at others."""


def support(module, x) -> list[set[int]]:
    """The positions that every output depends on."""
    x = x.double().requires_grad_()
    # The fused kernel adds up a weight of 1 in two ways, whose difference is no gradient but the rounding of one.
    with sdpa_kernel(SDPBackend.MATH):
        output = module.double().eval()(x)
        # A norm's outputs have a constant sum.
        output = output * torch.linspace(0.5, 1.5, output.shape[-1], dtype=output.dtype) ** 2
        found = []
        for i in range(output.shape[1]):
            (gradient,) = torch.autograd.grad(output[0, i].sum(), x, retain_graph=True)
            found.append({j for j in range(x.shape[1]) if bool((gradient[0, j].abs() > NOTHING).any())})
    return found


def fields(g, n: int) -> tuple[list[set[int]], bool]:
    """The positions that every output reads, and whether that is said to be exact."""
    field, (output,) = g.receptive_field(), g.outputs.values()
    axis = next(axis for axis in field.outputs if g.network.evaluate(output.size(axis)) == n)
    probes = [field.probe(**{axis: i}) for i in range(n)]
    return [{place for (place,) in probe} for probe in probes], all(probe.exact for probe in probes)


def seeded(name, n):
    torch.manual_seed(3)
    return SPELLINGS[name](n).eval()


@pytest.mark.parametrize("n", [9, 14])
@pytest.mark.parametrize("name", SPELLINGS)
def test_what_is_read_is_the_support_of_the_gradient(name, n):
    x = torch.rand(1, n, 8)
    assert fields(ag.trace(seeded(name, n), x), n) == (support(seeded(name, n), x), True)


@pytest.mark.parametrize("name", SPELLINGS)
def test_other_sizes_are_read_exactly_or_at_most(name):
    g = ag.trace(seeded(name, 12), torch.rand(1, 12, 8), {"x": {1: "n"}})
    for n in (12, 21):
        found, exact = fields(g.at(n=n), n)
        right = support(seeded(name, n), torch.rand(1, n, 8))
        assert exact == (n == 12 or name not in LISTED)
        assert found == right if exact else all(a >= b for a, b in zip(found, right, strict=True))
