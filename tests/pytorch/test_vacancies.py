"""What is multiplied by zeros of a pad, a join or a copy is not read: held against the gradient at every position."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from torch import Tensor, nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402, N812

import archgraph as ag  # noqa: E402

N, C = 6, 4
LOW = float("-inf")
KEPT = torch.tensor([1.0, 1, 0, 0, 1, 1])[:, None]


class Gated(nn.Module):
    """`gate` makes a factor of the input, which is multiplied with a layer of the input turned round."""

    def __init__(self, gate, combine=torch.mul) -> None:
        super().__init__()
        self.gate, self.combine, self.layer = gate, combine, nn.Linear(C, C)

    def forward(self, x: Tensor) -> Tensor:
        return self.combine(self.gate(x), self.layer(x).flip(1))


def around(x: Tensor) -> Tensor:
    return F.pad(x[:, :4], (0, 0, 1, 1))


def joined(x: Tensor) -> Tensor:
    return torch.cat([x[:, :3], x.new_zeros(1, 3, C)], 1)


def turned(function):
    return lambda x: function(x.transpose(1, 2)).transpose(1, 2)


def written(x: Tensor) -> Tensor:
    y = x.new_zeros(1, N, C)
    y[:, :3] = x[:, :3]
    return y


def written_over(x: Tensor) -> Tensor:
    y = joined(x)
    y[:, 3:4] = x[:, :1]
    return y


PLACES = torch.tensor([0, 2])
EXACT = {
    "pad": around,
    "pad by a number": lambda x: F.pad(x[:, :4], (0, 0, 1, 1), value=2.0),
    "join": joined,
    "join in front": lambda x: torch.cat([torch.zeros(1, 2, C), x[:, 2:]], 1),
    "sum of pads": lambda x: F.pad(x[:, :3], (0, 0, 0, 3)) + F.pad(x[:, :2], (0, 0, 0, 4)),
    "function that keeps zero": lambda x: F.gelu(around(x)),
    "function that does not": lambda x: torch.cos(around(x)),
    "constant added": lambda x: around(x) + 1,
    "moved": lambda x: around(x).roll(1, 1),
    "part of a join": lambda x: joined(x).chunk(2, 1)[1].repeat(1, 2, 1),
    "expanded": lambda x: joined(x)[..., :1].expand(1, N, C),
    "slice written": written,
    "index copied": lambda x: torch.zeros_like(x).index_copy(1, PLACES, x[:, :2]),
    "scattered": lambda x: torch.zeros_like(x).scatter(1, PLACES[None, :, None].expand(1, 2, C), x[:, :2]),
    "slice scattered": lambda x: torch.zeros_like(x).slice_scatter(x[:, :2], 1, 0, 2),
    "convolved": turned(lambda x: F.conv1d(F.pad(x[..., :2], (0, 4)), torch.ones(C, C, 3), padding=1)),
    "pooled": turned(lambda x: F.avg_pool1d(F.pad(x[..., :3], (0, 3)), 3, 1, 1)),
    "resized": turned(lambda x: F.interpolate(F.pad(x[..., :2], (0, 1)), scale_factor=2)),
    "normed with a bias": lambda x: F.layer_norm(around(x), (C,), torch.ones(C), torch.ones(C)),
    "averaged channels": lambda x: around(x).mean(-1, keepdim=True),
    "averaged positions": lambda x: around(x).mean(1, keepdim=True),
    "summed up": lambda x: F.pad(x[:, :4], (0, 0, 2, 0)).cumsum(1),
}
BOUND = {
    "stacked": lambda x: torch.stack([x[:, :3], torch.zeros(1, 3, C)], 2).flatten(1, 2),
    "normed without a bias": lambda x: F.layer_norm(around(x), (C,)),
    "function that is not followed": lambda x: F.softplus(around(x)),
    "written over": written_over,
}
COMBINED = {
    "addcmul": lambda gate, y: torch.addcmul(y[:, :1], gate, y),
    "lerp": lambda gate, y: torch.lerp(y[:, :1].sin(), y, gate),
    "product along a dimension": lambda gate, y: torch.stack([gate, y], 1).prod(1),
    "gated linear unit": lambda gate, y: F.glu(torch.cat([gate, y], -1), -1),
    "einsum that sums nothing": lambda gate, y: torch.einsum("bnc,bnc->bnc", gate, y),
    "power": lambda gate, y: gate.abs() ** y,
    "chosen": lambda gate, y: torch.where(gate > 0, y, y[:, :1]),
    "matrices": lambda gate, y: (gate @ y.transpose(1, 2)) @ y,
    "filled by a test": lambda gate, y: y.masked_fill(gate == 0, 1.0),
}


def cleared(x: Tensor) -> Tensor:
    y = x.clone()
    y[:, 4:] = 0
    return y


def emptied(x: Tensor) -> Tensor:
    y = x.clone()
    y[:, 4:].zero_()
    return y


GATES = {"pad": around, "zeros written": cleared, "zeroed in place": emptied}


def read_by(net: nn.Module, x: Tensor, place: tuple[int, ...]) -> set[tuple[int, ...]]:
    x = x.double().requires_grad_()
    out = net.double()(x).movedim(-1, 1)[(0, slice(None), *place)]
    (gradient,) = torch.autograd.grad((out * torch.linspace(0.5, 1.5, len(out))).sum(), x)
    return set(map(tuple, (gradient[0].abs().sum(-1) > 1e-30).nonzero().tolist()))


def check(net: nn.Module, x: Tensor) -> list[bool]:
    """Hold every position against the gradient; return which are said to be exact."""
    torch.set_default_dtype(torch.float64)
    try:
        net, field = net.double(), ag.trace(net.double(), x.double()).receptive_field()
        told = []
        for place in torch.cartesian_prod(*map(torch.arange, x.shape[1:-1])).reshape(-1, x.ndim - 2).tolist():
            found = field.probe("stat", **dict(zip(field.outputs, place, strict=True)))
            right = read_by(net, x, tuple(place))
            assert set(found) == right if found.exact else set(found) >= right
            told.append(found.exact)
        return told
    finally:
        torch.set_default_dtype(torch.float32)


@pytest.mark.parametrize("name", EXACT)
def test_zeros_are_followed_into_a_product(name):
    assert all(check(Gated(EXACT[name]), torch.rand(1, N, C) + 0.5))


@pytest.mark.parametrize("name", BOUND)
def test_zeros_that_are_not_followed_make_a_bound(name):
    assert not all(check(Gated(BOUND[name]), torch.rand(1, N, C) + 0.5))


ONE_BY_ONE = ("addcmul", "lerp", "einsum that sums nothing", "matrices")


@pytest.mark.parametrize("name", COMBINED)
@pytest.mark.parametrize("gate", GATES)
def test_other_products_with_zeros_are_bounds(gate, name):
    told = check(Gated(GATES[gate], COMBINED[name]), torch.rand(1, N, C) + 0.5)
    # Of operators on elements, and of products that sum, every operand is told.
    assert all(told) == (name in ONE_BY_ONE)


@pytest.mark.parametrize("name", ["addcmul", "product along a dimension", "einsum that sums nothing"])
def test_other_products_with_masks_are_bounds(name):
    told = check(Gated(lambda x: KEPT.to(x) * x, COMBINED[name]), torch.rand(1, N, C) + 0.5)
    assert all(told) == (name in ONE_BY_ONE)


class Plane(nn.Module):
    def __init__(self, gate) -> None:
        super().__init__()
        self.gate, self.layer = gate, nn.Linear(C, C)

    def forward(self, x: Tensor) -> Tensor:
        return self.gate(x) * self.layer(x).flip(1)


def corner(x: Tensor) -> Tensor:
    upper = torch.cat([x[:, :2, :2], torch.zeros(1, 2, 2, C)], 2)
    return torch.cat([upper, x[:, 2:]], 1)


def test_a_frame_of_zeros_is_exact_and_a_corner_is_a_bound():
    x = torch.rand(1, 4, 4, C) + 0.5
    assert all(check(Plane(lambda x: F.pad(x[:, 1:3, 1:3], (0, 0, 1, 1, 1, 1))), x))
    assert not all(check(Plane(corner), x))


SCORES = {
    "pad": lambda scores: F.pad(scores, (0, 3), value=LOW),
    "join": lambda scores: torch.cat([scores, scores.new_full((1, N, 3), -1e9)], -1),
}


class Weighing(nn.Module):
    def __init__(self, more) -> None:
        super().__init__()
        self.more, self.layer = more, nn.Linear(C, C)

    def forward(self, x: Tensor) -> Tensor:
        return torch.softmax(self.more(x @ x[:, :3].transpose(1, 2)), -1) @ self.layer(x)


@pytest.mark.parametrize("name", SCORES)
def test_low_scores_beside_others_mask(name):
    assert all(check(Weighing(SCORES[name]), torch.rand(1, N, C)))


def test_weights_of_keys_that_are_zero_are_weights_still():
    """A pad of values or keys changes nothing that is said of attention: what is weighed is read by its query."""
    pad = lambda x: F.pad(x[:, :4], (0, 0, 0, 2))  # noqa: E731
    fused = lambda gate, y: F.scaled_dot_product_attention(y, gate, gate)  # noqa: E731
    assert all(check(Gated(pad, fused), torch.rand(1, N, C)))


class Beside(Gated):
    """The same, multiplied with a layer of each position and the one before."""

    def forward(self, x: Tensor) -> Tensor:
        y = self.layer(x)
        return self.gate(x) * (y + F.pad(y, (0, 0, 1, 0))[:, :-1])


AT_EVERY_SIZE = {
    "but_the_last": (lambda x: torch.cat([x[:, :-3], x.new_zeros(1, 3, C)], 1), True),
    "a_third": (lambda x: torch.cat([x[:, :2], x.new_zeros(1, 1, C), x[:, 3:]], 1), False),
}


@pytest.mark.parametrize("name", AT_EVERY_SIZE)
def test_a_stretch_that_is_left_is_exact_at_every_size_and_a_list_at_the_recorded_one(name):
    function, closed = AT_EVERY_SIZE[name]
    net = Beside(function).double()
    g = ag.trace(net, torch.rand(1, N, C, dtype=torch.float64), {"x": {1: "n"}})
    for n in (N, N + 3, 7 * N):
        field, x = g.at(n=n).receptive_field(), torch.rand(1, n, C) + 0.5
        probes = [field.probe("stat", n=place) for place in range(n)]
        rights = [read_by(net, x, (place,)) for place in range(n)]
        assert all(probe.exact for probe in probes) == (closed or n == N)
        pairs = zip(probes, rights, strict=True)
        assert all(set(probe) == right if probe.exact else set(probe) >= right for probe, right in pairs)
