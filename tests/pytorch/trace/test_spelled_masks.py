"""Masks in other spellings: by the smaller of two, by a mixture, by products added, by tests as an index."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")
pytestmark = [pytest.mark.torch, pytest.mark.filterwarnings("ignore:index_reduce.. is in beta")]

from torch import nn  # noqa: E402

import archgraph as ag  # noqa: E402

N, C = 6, 4
SEEN = torch.ones(N, N).tril()
FAR = torch.where(SEEN.bool(), 1e9, -1e9)


def weighed(change):
    """Attention whose scores are changed."""
    return lambda net, x: change(x @ x.mT).softmax(-1) @ net.layer(x)


def put(scores, number):
    scores[:, ~SEEN.bool()] = number
    return scores


MASKS = {
    "smaller": weighed(lambda s: torch.minimum(s, FAR.to(s))),
    "smaller, if it is a number": weighed(lambda s: torch.fmin(s, FAR.to(s))),
    "at most a tensor": weighed(lambda s: s.clamp(max=FAR.to(s))),
    "larger": weighed(lambda s: torch.maximum(s, -FAR.to(s))),
    "sum of exponentials": weighed(lambda s: torch.logaddexp(s, -FAR.to(s))),
    "product added": weighed(lambda s: torch.addcmul(s, (SEEN - 1).to(s), torch.full((N, N), 1e9).to(s))),
    "quotient added": weighed(lambda s: torch.addcdiv(s, (SEEN - 1).to(s), torch.full((N, N), 1e-9).to(s))),
    "mixture": weighed(lambda s: torch.lerp(s, torch.full((N, N), -1e9).to(s), (1 - SEEN).to(s))),
    "put by tests": weighed(lambda s: put(s, -torch.inf)),
    "zeros put by tests": lambda net, x: put(x @ x.mT, 0.0) @ torch.ones(N, C).to(x),
}
BOUNDS = {
    "powers of two": lambda net, x: 2 ** ((x @ x.mT) + (SEEN - 1).to(x) * 1e9) @ net.layer(x),
    "product put": lambda net, x: net.layer(x).index_reduce(1, torch.tensor([3, 0, 5]), x[:, :3], "prod"),
    "product scattered": lambda net, x: net.layer(x).scatter_reduce(
        1, torch.tensor([3, 0, 5])[None, :, None].expand(1, 3, C), x[:, :3], "prod"
    ),
}


class Net(nn.Module):
    def __init__(self, run) -> None:
        super().__init__()
        self.layer, self.run = nn.Linear(C, C), run

    def forward(self, x):
        return self.run(self, x)


def answers(net) -> list[bool]:
    """Hold every position against the gradient; return which are said to be exact."""
    torch.manual_seed(0)
    net, x = net.double(), (torch.rand(1, N, C).double() + 0.1).requires_grad_()
    out, field = net(x), ag.trace(net, torch.rand(1, N, C).double()).receptive_field()
    (axis, *_), told = field.outputs, []
    for place in range(N):
        chosen = out[0, place]
        (gradient,) = torch.autograd.grad((chosen * torch.rand_like(chosen)).sum(), x, retain_graph=True)
        right = set((gradient[0].abs().amax(-1) > 1e-14).nonzero().flatten().tolist())
        found = field.probe("stat", **{axis: place})
        said = {position for (position,) in found}
        assert said == right if found.exact else said >= right, (place, said, right)
        told.append(found.exact)
    return told


@pytest.mark.parametrize("name", MASKS)
def test_a_mask_is_read_however_it_is_spelled(name):
    assert all(answers(Net(MASKS[name])))


@pytest.mark.parametrize("name", BOUNDS)
def test_what_is_not_followed_is_a_bound(name):
    assert not all(answers(Net(BOUNDS[name])))
