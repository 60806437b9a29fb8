"""Masks where their blocks and stretches shrink to one position or to nothing: right, or said to be a bound."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch

from torch import nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402, N812

import archgraph as ag  # noqa: E402

C = 4
SIZES = range(1, 13)
MASKS = {
    "half as many": lambda i, j, n: j <= i // 2,
    "half as many, rounded up": lambda i, j, n: j <= (i + 1) // 2,
    "queries of the second half": lambda i, j, n: (i >= n // 2) | (i == j),
    "quarters": lambda i, j, n: i // max(n // 4, 1) == j // max(n // 4, 1),
    "all but one": lambda i, j, n: ((i < n - 1) & (j < n - 1)) | (i == j),
    "all but three, and the last by itself": lambda i, j, n: (i // 4 < n - 3) | (i == j),
    "every second": lambda i, j, n: (i - j) % 2 == 0,
    "every third": lambda i, j, n: ((i - j) % 3 == 0) | (i == j),
    "all but the middle": lambda i, j, n: (j != n // 2) | (i == j),
    "open from four on": lambda i, j, n: (i < n - i) | (i // 2 < n - 3) | (i == j),
    "ahead of a part": lambda i, j, n: (i - j < n - 1) | (i == j),
}
STRETCHES = {
    "second half": lambda i, n: i >= n // 2,
    "open from two on": lambda i, n: i // 2 < n - 1,
    "open from four on": lambda i, n: i // 3 < n - 3,
    "nothing from three on": lambda i, n: (i < n - i) & (n < 3),
    "but the last three": lambda i, n: i < n - 3,
}


class Masked(nn.Module):
    def __init__(self, run, test) -> None:
        super().__init__()
        self.near, self.run, self.test = nn.Conv1d(C, C, 3, padding=1), run, test

    def forward(self, x):
        places = torch.arange(x.shape[1])
        given = (places[:, None], places[None]) if self.test.__code__.co_argcount == 3 else (places,)
        return self.run(self, x, self.test(*given, x.shape[1]))


SPELLINGS = {
    "softmax": lambda net, x, mask: (x @ x.mT).masked_fill(~mask, float("-inf")).softmax(-1) @ x,
    "attention": lambda net, x, mask: F.scaled_dot_product_attention(net.near(x.mT).mT, x, x, mask),
    "matrix": lambda net, x, mask: mask.to(x) @ x,
}
PRODUCTS = {
    "factor": lambda net, x, test: x * test.to(x)[:, None],
    "two factors": lambda net, x, test: x * test.to(x)[:, None] + x.roll(1, 1) * (~test).to(x)[:, None],
}


def right_at(net, n: int) -> list[set[int] | None]:
    """Return what every position reads, None where it is no number."""
    x = torch.rand(1, n, C, dtype=torch.float64).requires_grad_()
    out, found = net(x), []
    for row in out[0]:
        (gradient,) = torch.autograd.grad((row * torch.linspace(0.5, 1.5, C).double()).sum(), x, retain_graph=True)
        read = (gradient[0].abs().amax(-1) > 1e-14).nonzero().flatten().tolist()
        found.append(None if gradient.isnan().any() else set(read))
    return found


def answers(net, traced_at: int) -> dict[int, set[bool]]:
    """Hold every position at every size against the gradient; return whether answers were exact."""
    torch.manual_seed(0)
    net = net.double().eval()
    g, found = ag.trace(net, torch.rand(1, traced_at, C).double(), {"x": {1: "n"}}), {}
    for n in SIZES:
        try:
            field = g.at(n=n).receptive_field()
        except ag.ArchgraphError:
            continue
        (axis,), found[n] = field.outputs or ("n",), set()
        for place, right in enumerate(right_at(net, n)):
            probe = field.probe("stat", **({axis: place} if field.outputs else {}))
            said = {position for (position,) in probe}
            assert right is None or (said == right if probe.exact else said >= right), (n, place, said, right)
            found[n].add(probe.exact)
    return found


@pytest.mark.parametrize("traced_at", [5, 8])
@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("name", MASKS)
def test_a_mask_that_shrinks_is_right_or_a_bound(name, spelling, traced_at):
    assert answers(Masked(SPELLINGS[spelling], MASKS[name]), traced_at)[traced_at] == {True}


@pytest.mark.parametrize("traced_at", [5, 8])
@pytest.mark.parametrize("product", PRODUCTS)
@pytest.mark.parametrize("name", STRETCHES)
def test_a_stretch_that_shrinks_is_right_or_a_bound(name, product, traced_at):
    assert answers(Masked(PRODUCTS[product], STRETCHES[name]), traced_at)[traced_at] == {True}


def test_the_smallest_sizes_are_recorded_where_a_mask_is_made():
    """Others, such as positions that are looked up, need no more recordings."""
    masked = ag.trace(Masked(SPELLINGS["matrix"], MASKS["every second"]), torch.rand(1, 9, C), {"x": {1: "n"}})
    plain = ag.trace(nn.Linear(C, C), torch.rand(1, 9, C), {"input": {1: "n"}})
    shown = [next(text for text in g.conditions if text.startswith("recorded")) for g in (masked, plain)]
    assert "n = 1, 2, 3, 4, 5, 6, 9" in shown[0] and " 3," not in shown[1]


def test_the_example_is_recorded_once(capsys):
    class Noting(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = torch.nn.Conv1d(2, 2, 3, padding=1)

        def forward(self, x):
            # Printed, for whatever a module holds is put back after a recording.
            print(int(x.shape[-1]))
            return self.layer(x)

    ag.trace(Noting(), torch.zeros(1, 2, 16), {"x": {2: "n"}})
    seen = capsys.readouterr().out.split()
    assert seen.count("16") == 1 and len(set(seen)) == len(seen)
