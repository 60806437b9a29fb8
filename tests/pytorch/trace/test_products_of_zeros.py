"""Products of two computed tensors that both hold zeros: what meets nothing but zeros is not read."""

from __future__ import annotations

from itertools import product

import pytest

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch

from torch import nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402, N812

import archgraph as ag  # noqa: E402

N, C = 5, 4
PLACES = torch.arange(N)


def first_two(net, x):
    return x * (PLACES < 2).to(x)[:, None]


def every_second(net, x):
    return x.roll(1, 1).masked_fill((PLACES % 2 == 1)[:, None], 0.0)


def padded(net, x):
    return F.pad(x[:, :3], (0, 0, 1, 1))


def joined(net, x):
    return torch.cat([x[:, 1:3], torch.zeros(1, 3, C).to(x)], 1)


def whole(net, x):
    return net.layer(x).flip(1)


FACTORS = (first_two, every_second, padded, joined, whole)
PRODUCTS = {
    "outer": lambda a, b: a.mT @ b,
    "rows": lambda a, b: torch.einsum("bnc,bnd->bnd", a, b),
    "inner": lambda a, b: torch.einsum("bnc,bnc->bn", a, b)[..., None],
    "matrices": lambda a, b: torch.bmm(a, b.mT),
    "joint": lambda a, b: torch.einsum("bnc,bmc->bnm", a, b),
    "chain": lambda a, b: (a @ b.mT) @ b,
    "linear attention": lambda a, b: b @ (a.mT @ b),
    "triangle": lambda a, b: (a @ b.mT).tril() @ a,
    "masked attention": lambda a, b: (a @ b.mT).masked_fill(PLACES[:, None] // 2 != PLACES // 2, -1e30).softmax(-1) @ b,
    "causal attention": lambda a, b: F.scaled_dot_product_attention(a, b, a, is_causal=True),
    "causal attention to what is left": lambda a, b: F.scaled_dot_product_attention(a, a, b.flip(1), is_causal=True),
    "polar": lambda a, b: torch.polar(a.abs(), b).real,
    "attention": lambda a, b: (a @ b.mT).softmax(-1) @ a,
}


class Net(nn.Module):
    def __init__(self, run, *factors) -> None:
        super().__init__()
        self.layer, self.run, self.factors = nn.Linear(C, C), run, factors

    def forward(self, x):
        return self.run(*(factor(self, x) for factor in self.factors))


def answers(net: nn.Module) -> list[bool]:
    """Hold every position against the gradient; return which are said to be exact."""
    torch.manual_seed(0)
    net, x = net.double(), (torch.rand(1, N, C).double() + 0.5).requires_grad_()
    out, g = net(x), ag.trace(net, torch.rand(1, N, C).double())
    field, (kind,) = g.receptive_field(), g.outputs.values()
    axes = [(axis, int(size)) for axis, size in kind.axes if int(size) > 1]
    out, told = out.reshape([size for _, size in axes]), []
    for places in product(*(range(size) if axis in field.outputs else [slice(None)] for axis, size in axes)):
        given = {axis: place for (axis, _), place in zip(axes, places, strict=True) if axis in field.outputs}
        chosen = out[places]
        (gradient,) = torch.autograd.grad((chosen * torch.rand_like(chosen)).sum(), x, retain_graph=True)
        right = set((gradient[0].abs().amax(-1) > 1e-14).nonzero().flatten().tolist())
        probe = field.probe("stat", **given)
        said = {place for (place,) in probe}
        assert said == right if probe.exact else said >= right, (given, said, right)
        told.append(probe.exact)
    return told


@pytest.mark.parametrize("name", PRODUCTS)
@pytest.mark.parametrize("pair", [*product(FACTORS, FACTORS)], ids=lambda pair: " and ".join(f.__name__ for f in pair))
def test_zeros_of_both_factors_are_told_or_make_a_bound(name, pair):
    told = answers(Net(PRODUCTS[name], *pair))
    assert all(told) or name not in ("outer", "inner", "matrices", "joint", "chain")


def test_a_row_that_is_masked_as_a_whole_weighs_all_alike():
    """What lies 1e30 below nothing else is not masked: there are no larger scores in its row."""
    mask = torch.where(PLACES[:, None] < 2, 0.0, -1e30)

    def run(x):
        return F.scaled_dot_product_attention(x, x, x, mask.to(x))

    assert all(answers(Net(run, whole)))
    assert all(answers(Net(lambda x: (x @ x.mT + mask.to(x)).softmax(-1) @ x, whole)))


def test_scores_that_are_all_filled_with_one_number_are_not_compared():
    def run(a, b):
        return (a @ a.mT).masked_fill(PLACES[:, None] >= 3, -1e30).softmax(-1) @ b

    assert all(answers(Net(run, whole, padded)))


@pytest.mark.parametrize("size", [1, 2])
@pytest.mark.parametrize("equation", ["bnc,bmc->bnc", "bnc,bkc->bn", "bnd,bmd,bme->bne"])
def test_a_summed_dimension_of_one_element_makes_no_gate(equation, size):
    """A factor is content if it is summed, over however many elements."""

    class Summed(nn.Module):
        def forward(self, x):
            terms = equation.partition("->")[0].split(",")
            return torch.einsum(equation, x, *[x[:, :size]] * (len(terms) - 1)).reshape(1, N, -1)

    field = ag.trace(Summed(), torch.rand(1, N, C)).receptive_field()
    assert {place for (place,) in field.probe(n=3)} == {3, *range(size)}


def test_an_operand_that_is_read_twice_along_other_axes_is_a_bound():
    """Of one channel the product is taken element by element, of rows with columns of the same tensor."""

    class Gram(nn.Module):
        def forward(self, x):
            one = first_two(self, x)[:, :, 3:]
            return torch.einsum("bnc,bmc->bnm", one, one)

    field = ag.trace(Gram(), torch.rand(1, N, C)).receptive_field()
    found = field.probe(n=3, a0=0)
    assert not found.exact or not list(found)
    assert set(field.probe(n=1, a0=0)) == {(0,), (1,)}
