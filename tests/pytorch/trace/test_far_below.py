"""A constant score far below its row's largest counts as masked, and that is said; one that is merely low is read."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

import archgraph as ag  # noqa: E402

LENGTH = 6
RULE = "at least 100 below the largest of its row counts as masked"


class Biased(torch.nn.Module):
    """Attention whose later keys have a constant added to their scores."""

    def __init__(self, low: float, *, fused: bool, raised: float = 0.0) -> None:
        super().__init__()
        self.project, self.fused = torch.nn.Linear(4, 4), fused
        later = torch.ones(LENGTH, LENGTH, dtype=torch.bool).triu(1)
        self.register_buffer("bias", torch.full((LENGTH, LENGTH), raised).masked_fill(later, low + raised))

    def forward(self, x):
        q = self.project(x)
        if self.fused:
            return torch.nn.functional.scaled_dot_product_attention(q, q, x, attn_mask=self.bias)
        return (q @ q.transpose(1, 2) / 2 + self.bias).softmax(-1) @ x


def traced(low: float, **spelling):
    return ag.trace(Biased(low, **spelling), torch.zeros(1, LENGTH, 4))


def widths(g) -> list[int]:
    field = g.receptive_field()
    return [len(field.probe(**{field.outputs[0]: place})) for place in range(LENGTH)]


def says_so(g) -> bool:
    return any(RULE in str(assumption) for assumption in g.assumptions)


@pytest.mark.parametrize("fused", [False, True])
@pytest.mark.parametrize("low", [-100.0, -1e4, -3e38])
def test_far_below_counts_as_masked_and_is_assumed(low, fused):
    g = traced(low, fused=fused)
    assert widths(g) == list(range(1, LENGTH + 1))
    assert says_so(g)


@pytest.mark.parametrize("fused", [False, True])
@pytest.mark.parametrize("low", [-50.0, -99.0])
def test_a_low_score_is_read(low, fused):
    g = traced(low, fused=fused)
    assert widths(g) == [LENGTH] * LENGTH
    assert not says_so(g)


@pytest.mark.parametrize("fused", [False, True])
def test_how_far_is_counted_from_the_largest_of_the_row(fused):
    g = traced(-150.0, fused=fused, raised=60.0)
    assert widths(g) == list(range(1, LENGTH + 1)) and says_so(g)
    assert widths(traced(-90.0, fused=fused, raised=-60.0)) == [LENGTH] * LENGTH


@pytest.mark.parametrize("fused", [False, True])
def test_what_is_minus_infinity_needs_no_assumption(fused):
    g = traced(float("-inf"), fused=fused)
    assert widths(g) == list(range(1, LENGTH + 1))
    assert not says_so(g)
