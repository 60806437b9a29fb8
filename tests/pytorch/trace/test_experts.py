"""Experts whose rows a router sorts: as many multiply-accumulates whatever it chooses, and parameters that are used."""

import pytest

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch

from torch import nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402, N812
from torch.utils.flop_counter import FlopCounterMode  # noqa: E402

import archgraph as ag  # noqa: E402


class Routed(nn.Module):
    """Every token goes to some experts, side by side in one product, or one after another."""

    def __init__(self, experts=4, chosen=2, *, turned=False):
        super().__init__()
        self.router, self.chosen, self.turned = nn.Linear(8, experts, bias=False), chosen, turned
        self.up = nn.Parameter(torch.rand(experts, 12, 8) if turned else torch.rand(experts, 8, 12))
        self.down = nn.Parameter(torch.rand(experts, 12, 8))

    def weights(self):
        return (self.up.transpose(-2, -1) if self.turned else self.up), self.down

    def forward(self, x):
        tokens = x.flatten(0, 1)
        scores, places = self.router(tokens).softmax(-1).topk(self.chosen)
        order = places.flatten().argsort()
        ends = places.flatten().float().histc(len(self.up), 0, len(self.up) - 1).cumsum(0).int()
        up, down = self.weights()
        rows = F.grouped_mm(F.grouped_mm(tokens[order // self.chosen], up, offs=ends).relu(), down, offs=ends)
        rows = (rows * scores.flatten()[order, None])[order.argsort()]
        return rows.view(len(tokens), self.chosen, 8).sum(1).view(x.shape)


class OneByOne(Routed):
    """The same without the product of groups, which PyTorch's counter does not know."""

    def forward(self, x):
        tokens = x.flatten(0, 1)
        scores, places = self.router(tokens).softmax(-1).topk(self.chosen)
        result = torch.zeros_like(tokens)
        for expert, (up, down) in enumerate(zip(*self.weights(), strict=True)):
            row, place = torch.where(places == expert)
            result.index_add_(0, row, (tokens[row] @ up).relu() @ down * scores[row, place, None])
        return result.view(x.shape)


@pytest.mark.parametrize(("experts", "chosen", "turned"), [(4, 2, False), (8, 1, True), (5, 3, False)])
def test_counts_are_those_of_experts_one_by_one(experts, chosen, turned):
    module, x = Routed(experts, chosen, turned=turned), torch.rand(1, 10, 8)
    other = OneByOne(experts, chosen, turned=turned)
    other.load_state_dict(module.state_dict())
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        result = other(x)
    torch.testing.assert_close(result, module(x))
    g = ag.trace(module, x)
    assert 2 * g.macs == counter.get_total_flops()
    assert g.params == sum(p.numel() for p in module.parameters())
    assert g.params_active == 8 * experts + chosen * (8 * 12 + 12 * 8)


class Rows(nn.Module):
    """Experts one after another: of each the rows that `of(choice, number)` takes from a router's choice."""

    def __init__(self, choose, of):
        super().__init__()
        self.router, self.experts = nn.Linear(8, 4), nn.ModuleList(nn.Linear(8, 8) for _ in range(4))
        self.choose, self.of = choose, of

    def forward(self, x):
        tokens = x.flatten(0, 1)
        chosen = self.choose(self.router(tokens).softmax(-1))
        result = torch.zeros_like(tokens)
        for number, expert in enumerate(self.experts):
            rows = self.of(chosen, number)
            result[rows] += expert(tokens[rows])
        return result.view(x.shape)


def several(scores):
    return scores.topk(2).indices


LOOPS = {
    "where": (several, lambda chosen, number: torch.where(chosen == number)[0]),
    "nonzero": (lambda scores: scores.max(-1).indices, lambda chosen, number: chosen.eq(number).nonzero()[:, 0]),
    "index": (lambda scores: scores.argmax(-1), lambda chosen, number: chosen == number),
    "is_nonzero": (several, lambda chosen, number: (chosen == number).any(-1) if (chosen == number).any() else []),
    "bincount": (several, lambda chosen, number: chosen.flatten().bincount(minlength=4)),
    "tolist": (lambda scores: F.one_hot(several(scores), 4).sum(0), lambda chosen, number: chosen.tolist()[number]),
}


@pytest.mark.parametrize("asked", LOOPS)
def test_a_loop_over_experts_is_refused_with_a_way_on(asked):
    with pytest.raises(ag.ArchgraphError, match=f"decides on the values of a tensor: {asked}") as caught:
        ag.trace(Rows(*LOOPS[asked]), torch.rand(1, 10, 8))
    assert caught.value.hint.startswith("sort the rows by expert and multiply them in one torch.nn.functional.group")


def test_work_is_linear_in_tokens():
    g = ag.trace(Routed(), torch.rand(1, 10, 8), dynamic={"x": {1: "n"}})
    assert g.macs == g.macs.free_symbols.pop() * (8 * 4 + 2 * (8 * 12 + 12 * 8))


class WithCapacity(nn.Module):
    """Experts that take so many tokens at most, as rows of zeros and ones say."""

    def __init__(self):
        super().__init__()
        self.router, self.weight = nn.Linear(8, 4), nn.Parameter(torch.rand(4, 8, 6))

    def forward(self, x):
        tokens = x.flatten(0, 1)
        chosen = F.one_hot(self.router(tokens).argmax(-1), 4)
        place = (chosen.cumsum(0) * chosen).sum(-1) - 1
        sent = (F.one_hot(place.clamp(0, 2), 3)[:, None] * chosen[..., None]).float()
        return torch.einsum("nec,eco->no", sent, torch.einsum("nec,nd->ecd", sent, tokens) @ self.weight)[None]


def test_a_choice_as_rows_of_zeros_and_ones_has_its_shape():
    module, x = WithCapacity(), torch.rand(1, 10, 8)
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        module(x)
    assert 2 * ag.trace(module, x).macs == counter.get_total_flops()
