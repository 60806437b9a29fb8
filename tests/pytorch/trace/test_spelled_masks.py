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

FIRST, ABOVE = torch.tensor([0]), torch.triu_indices(N, N, 1)
NEXT = ((torch.arange(N) + 1) % N)[None, :, None]
LOW = torch.full((1, N, N), -torch.inf)


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
    "put at pairs": weighed(lambda s: s.index_put((FIRST, *ABOVE), torch.tensor(-torch.inf).to(s))),
    "put at pairs, in place": weighed(lambda s: s.index_put_((FIRST, *ABOVE), torch.tensor(-torch.inf).to(s))),
    "columns filled": weighed(lambda s: s.index_fill(2, torch.tensor([0, 3]), -torch.inf)),
    "columns filled, in place": weighed(lambda s: s.index_fill_(2, torch.tensor([0, 3]), -torch.inf)),
    "columns copied": weighed(lambda s: s.index_copy(2, torch.tensor([0, 3]), LOW[..., :2].to(s))),
    "a number scattered": weighed(lambda s: s.scatter(2, NEXT, -torch.inf)),
    "numbers scattered": weighed(lambda s: s.scatter(2, NEXT, LOW[..., :1].to(s))),
    "numbers scattered, in place": weighed(lambda s: s.scatter_(2, NEXT, LOW[..., :1].to(s))),
    "a slice put": weighed(lambda s: s.slice_scatter(LOW[..., :2].to(s), 2, 1, 3)),
    "a column put": weighed(lambda s: s.select_scatter(LOW[..., 0].to(s), 2, N - 1)),
    "a diagonal put": weighed(lambda s: s.diagonal_scatter(LOW[..., 0].to(s), 0, 1, 2)),
    "numbers where tests say so": weighed(lambda s: s.masked_scatter(~SEEN.bool(), LOW.to(s))),
    "put by tests": weighed(lambda s: put(s, -torch.inf)),
    "zeros put by tests": lambda net, x: put(x @ x.mT, 0.0) @ torch.ones(N, C).to(x),
}
BOUNDS = {
    "powers of two": lambda net, x: 2 ** ((x @ x.mT) + (SEEN - 1).to(x) * 1e9) @ net.layer(x),
    "added at pairs": weighed(lambda s: s.index_put((FIRST, *ABOVE), torch.tensor(-1e9).to(s), accumulate=True)),
    "added to columns": weighed(lambda s: s.index_add(2, torch.tensor([0, 3]), torch.full((1, N, 2), -1e9).to(s))),
    "added where an index says": weighed(lambda s: s.scatter_add(2, NEXT, torch.full((1, N, 1), -1e9).to(s))),
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
