"""What is multiplied by zeros that constants made is not read, however they came there: held against the gradient."""

from __future__ import annotations

import itertools

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402, N812

import archgraph as ag  # noqa: E402

KEPT = torch.tensor([1.0, 1, 0, 0, 1, 1])


def filled(net, x):
    y = net.layer(x)
    y[:, 1].zero_()
    return y * torch.tanh(x)


def masked(net, x):
    y = net.layer(x) * 1
    y.masked_fill_((net.kept == 0)[:, None], 0)
    return F.gelu(y) * x


def scaled_in_place(net, x):
    y = x.clone()
    y[:, ::2] *= 0
    return y * net.layer(x)


def scattered(net, x):
    y = x.clone()
    y[:, net.places] = 0
    return y * net.layer(x)


def written_over_again(net, x):
    y = x.clone()
    y[:, 2:4] = 0
    y[:, 2:3] = x[:, :1]
    return y * net.layer(x)


def read_through_an_older_view(net, x):
    y = x.clone()
    part = y[:, 2:4]
    y[:, 3] = 0
    return torch.cat([part * net.layer(x)[:, 2:4], x[:, :4]], 1)


def times_the_number_zero(net, x):
    return net.layer(x) + 0 * x.flip(1)


def numerator(net, x):
    return (net.kept[:, None] * x) / (1 + net.layer(x).flip(1) ** 2)


def through_functions(net, x):
    return torch.sin(net.kept[:, None] * net.layer(x)) ** 2 * x.flip(1)


def scaled_by_the_sum(net, x):
    y = net.kept[:, None] * x
    return y * y.sum(1, keepdim=True)


def chosen_columns(net, x):
    """Of two factors that are zero at whole positions the stored one says what is read."""
    y = x.clone()
    y[:, :, 1:3] = 0
    return net.kept.expand(6, 6) @ y


def weighed_beside_zeros(net, x):
    """The only score of a row that is computed has constants beside it, which weigh as well."""
    y = x.clone()
    y[:, :5] = 0
    return y.mT.softmax(-1).mT


class Net(nn.Module):
    def __init__(self, run):
        super().__init__()
        self.run, self.layer = run, nn.Linear(4, 4)
        self.register_buffer("kept", KEPT.clone())
        self.register_buffer("places", torch.tensor([1, 4]))

    def forward(self, x):
        return self.run(self, x)


def read_by(net: nn.Module, place: int | tuple[int, ...]) -> set[int]:
    x = (torch.rand(1, 6, 4, dtype=torch.float64) + 0.5).requires_grad_()
    index = (0, *place) if isinstance(place, tuple) else (0, place)
    (gradient,) = torch.autograd.grad(net.double()(x)[index].sum(), x)
    return set(gradient[0].abs().sum(-1).nonzero().flatten().tolist())


@pytest.mark.parametrize(
    "run",
    [
        *(filled, masked, scaled_in_place, scattered, read_through_an_older_view),
        *(times_the_number_zero, numerator, through_functions, chosen_columns, scaled_by_the_sum, weighed_beside_zeros),
    ],
    ids=lambda run: run.__name__,
)
def test_zeros_are_followed(run):
    field = ag.trace(Net(run), torch.rand(1, 6, 4)).receptive_field()
    for place in range(6):
        found = field.probe("stat", **{field.outputs[0]: place})
        assert found.exact and {position for (position,) in found} == read_by(Net(run), place)


def both_factors(net, x):
    """A product of two factors, each of which is zero at whole positions."""
    y = net.kept[:, None] * net.layer(x)
    return y @ y.mT


def two_masked_factors(net, x):
    return torch.einsum("bnc,bmc->bnm", net.kept[:, None] * x, net.kept.flip(0)[:, None] * net.layer(x))


def rows_twice(net, x):
    y = net.kept[:, None] * net.layer(x)
    return torch.einsum("bnc,bmc->bnm", y, y)


@pytest.mark.parametrize("run", [both_factors, two_masked_factors, rows_twice], ids=lambda run: run.__name__)
def test_places_that_either_factor_leaves_out_are_said_to_be_bounds(run):
    field = ag.trace(Net(run), torch.rand(1, 6, 4)).receptive_field()
    for place in itertools.product(range(6), range(6)):
        found = field.probe("stat", **dict(zip(field.outputs, place, strict=True)))
        right, read = read_by(Net(run), place), {position for (position,) in found}
        assert right <= read and (right == read or not found.exact)


def test_what_is_written_over_again_is_said_to_be_a_bound():
    field = ag.trace(Net(written_over_again), torch.rand(1, 6, 4)).receptive_field()
    for place in range(6):
        found = field.probe("stat", **{field.outputs[0]: place})
        right, read = read_by(Net(written_over_again), place), {position for (position,) in found}
        assert read == right or (read > right and not found.exact)
