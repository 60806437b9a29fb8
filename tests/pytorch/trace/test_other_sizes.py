"""Fields at sizes that were not recorded, larger and smaller, against the gradient: exact, or said to be a bound."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch

from torch import nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402, N812

import archgraph as ag  # noqa: E402

N, C = 8, 8
SIZES = (5, 12, 43)
"""Of several residues modulo 2, 3 and 4, and beyond the largest recording."""
PLACES = 5


class Applied(nn.Module):
    def __init__(self, function) -> None:
        super().__init__()
        self.layer, self.function = nn.Linear(C, C), function

    def forward(self, x):
        return self.function(self.layer(x))


class OfTwo(Applied):
    def forward(self, x, y):
        return self.function(self.layer(x), y)


def answers(g, module, inputs) -> set[str]:
    """How positions are answered: exact, labelled, or what is wrong."""
    x, *others = inputs
    x = x.double().requires_grad_()
    out = module(x, *others)
    field = g.receptive_field(input="x")
    axis, found = min(field.outputs, key=lambda name: name != "n"), set()
    for place in {*range(0, out.shape[1], -(-out.shape[1] // PLACES)), out.shape[1] - 1}:
        chosen = (out[0, place] * torch.rand(out.shape[2], dtype=out.dtype)).sum()
        (gradient,) = torch.autograd.grad(chosen, x, retain_graph=True)
        right = set((gradient[0].abs().amax(-1) > 1e-30).nonzero().flatten().tolist())
        probe = field.probe("stat", **{axis: place})
        read = {position for (position,) in probe}
        wrong = f"at {place}: {sorted(read)}, not {sorted(right)}"
        found.add(
            "exact" if probe.exact and read == right else "labelled" if not probe.exact and read >= right else wrong
        )
    return found


def at_sizes(function, sizes=SIZES) -> dict[int, set[str]]:
    torch.manual_seed(0)
    module = (function if isinstance(function, nn.Module) else Applied(function)).double().eval()
    g = ag.trace(module, {"x": torch.rand(1, N, C).double()}, {"x": {1: "n"}})
    return {n: answers(g.at(n=n), module, [torch.randn(1, n, C)]) for n in (N, *sizes)}


# -- masks -----------------------------------------------------------------------------------------------

MASKS = {
    "all from two before on": (lambda i, j, n: j >= i - 2, True),
    "all from its own on": (lambda i, j, n: j >= i, True),
    "wider than the example": (lambda i, j, n: i - j < 30, True),
    "a band wider than the example": (lambda i, j, n: (i - j).abs() < 30, True),
    "a window up to its own": (lambda i, j, n: (j <= i) & (i - j < 8), True),
    "blocks": (lambda i, j, n: i // 4 == j // 4, True),
    "a window beside the first two": (lambda i, j, n: ((j <= i) & (i - j < 5)) | (j < 2), True),
    "up to its own, and a prefix": (lambda i, j, n: (j <= i) | (j < 3), True),
    "of one residue": (lambda i, j, n: i % 3 == j % 3, False),
    "every second up to its own": (lambda i, j, n: ((i - j) % 2 == 0) & (j <= i), False),
    "halves": (lambda i, j, n: i // max(n // 2, 1) == j // max(n // 2, 1), False),
    "a prefix of half": (lambda i, j, n: (j <= i) | (j < n // 2), False),
    "its own and the last": (lambda i, j, n: (j == n - 1) | (i == j), False),
    "the other way round": (lambda i, j, n: i + j >= n - 1, False),
    "mirrored": (lambda i, j, n: (i == j) | (i + j == n - 1), False),
}


def mask_of(test, x):
    i = torch.arange(x.shape[1])
    return test(i[:, None], i[None], x.shape[1])


SPELLINGS = {
    "attention": lambda test: lambda x: (x @ x.mT).masked_fill(~mask_of(test, x), float("-inf")).softmax(-1) @ x,
    "matrix": lambda test: lambda x: mask_of(test, x).to(x) @ x,
}


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("name", MASKS)
def test_what_a_mask_is_at_other_sizes_is_known_or_said_not_to_be(name, spelling):
    test, closed = MASKS[name]
    found = at_sizes(SPELLINGS[spelling](test))
    assert found[N] == {"exact"}
    assert set().union(*found.values()) <= ({"exact"} if closed else {"exact", "labelled"}), found


STRETCHES = {
    "but the first": (lambda i, n: i >= 1, True),
    "the first eight": (lambda i, n: i < 8, True),
    "but the last": (lambda i, n: i < n - 1, True),
    "the last three": (lambda i, n: i >= n - 3, True),
    "the middle": (lambda i, n: (i >= 2) & (i < n - 2), True),
    "half": (lambda i, n: i < n // 2, False),
    "every second": (lambda i, n: i % 2 == 0, False),
    "but one": (lambda i, n: i != 3, False),
}


@pytest.mark.parametrize("name", STRETCHES)
def test_what_zeros_leave_of_an_axis_has_a_law_or_is_a_bound(name):
    test, closed = STRETCHES[name]
    found = at_sizes(lambda x: x * test(torch.arange(x.shape[1]), x.shape[1]).to(x)[:, None])
    assert found[N] == {"exact"}
    assert set().union(*found.values()) == ({"exact"} if closed else {"exact", "labelled"}), found


def test_the_field_itself_says_that_single_positions_are_a_bound():
    module = Applied(lambda x: x * (torch.arange(x.shape[1]) % 2 == 0).to(x)[:, None])
    g = ag.trace(module, {"x": torch.rand(1, N, C)}, {"x": {1: "n"}})
    assert g.receptive_field().axes["n"].exact
    assert not g.at(n=11).receptive_field().axes["n"].exact
    (reason,) = g.at(n=11).receptive_field().why
    assert "a list of positions holds for 8 sets of 8 positions only" in reason


# -- rotary embeddings -----------------------------------------------------------------------------------


def angles(x):
    rates = 100 ** -(torch.arange(0, x.shape[-1], 2).double() / x.shape[-1])
    return torch.outer(torch.arange(x.shape[-2]).double(), rates)


def halves(x):
    turned = torch.cat([-x[..., x.shape[-1] // 2 :], x[..., : x.shape[-1] // 2]], -1)
    both = torch.cat([angles(x), angles(x)], -1)
    return x * both.cos() + turned * both.sin()


def pairs(x):
    turned = torch.stack((-x[..., 1::2], x[..., ::2]), -1).flatten(-2)
    both = angles(x).repeat_interleave(2, -1)
    return x * both.cos() + turned * both.sin()


def of_complex_numbers(x):
    turns = torch.polar(torch.ones_like(angles(x)), angles(x))
    return torch.view_as_real(torch.view_as_complex(x.reshape(*x.shape[:-1], -1, 2)) * turns).flatten(-2)


def of_two_parts(x):
    (a, b), cos, sin = x.chunk(2, -1), angles(x).cos(), angles(x).sin()
    return torch.cat([a * cos - b * sin, b * cos + a * sin], -1)


def of_a_part(x):
    return torch.cat([halves(x[..., :2]), x[..., 2:]], -1)


class Rotary(nn.Module):
    def __init__(self, rotated) -> None:
        super().__init__()
        self.joint, self.out, self.rotated = nn.Linear(C, 3 * C), nn.Linear(C, C), rotated

    def forward(self, x):
        q, k, v = self.joint(x).unflatten(-1, (3, 2, C // 2)).permute(2, 0, 3, 1, 4)
        x = F.scaled_dot_product_attention(self.rotated(q), self.rotated(k), v, is_causal=True)
        return self.out(x.transpose(1, 2).flatten(2))


@pytest.mark.parametrize("rotated", [halves, pairs, of_complex_numbers, of_two_parts, of_a_part])
def test_positions_turned_by_zero_are_read_all_the_same(rotated):
    for module in (Rotary(rotated), Applied(rotated)):
        assert set().union(*at_sizes(module).values()) == {"exact"}


LIBRARY = {"llama": {"num_key_value_heads": 2}, "gpt_neox": {}, "qwen3": {"num_key_value_heads": 2, "head_dim": 8}}


@pytest.mark.models
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", LIBRARY)
def test_rotary_models_of_transformers_are_exact_at_every_length(name):
    transformers = pytest.importorskip("transformers")
    config = transformers.AutoConfig.for_model(
        name, hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=24, vocab_size=11,
        pad_token_id=0, **LIBRARY[name],
    )  # fmt: skip
    model = transformers.AutoModel.from_config(config, attn_implementation="eager").eval()
    states = {"inputs_embeds": torch.rand(1, N, 16)}
    g = ag.trace(model, states, {"inputs_embeds": {1: "n"}})
    g = g.select(next(iter(g.outputs)))
    for n in (N, *SIZES):
        field = g.at(n=n).receptive_field()
        assert field.axes["n"].exact
        (axis,) = field.outputs
        for place in (0, 1, n // 2, n - 1):
            probe = field.probe("stat", **{axis: place})
            assert probe.exact
            assert {position for (position,) in probe} == set(range(place + 1))


# -- moves, and two symbols ------------------------------------------------------------------------------


def written(into, values):
    def function(x):
        y = x * 2
        y[:, into(x)] = values(x)
        return y

    return function


MOVES = {
    "every second, put into every second": written(lambda x: slice(1, None, 2), lambda x: x[:, : x.shape[1] // 2]),
    "halves put behind": written(lambda x: slice(x.shape[1] // 2, None), lambda x: x[:, : -(x.shape[1] // 2)]),
    "the last overwritten": written(lambda x: -1, lambda x: x[:, 0]),
    "strided in memory": lambda x: x.contiguous().as_strided((1, x.shape[1] - 2, C), (x.shape[1] * C, C, 1), C),
    "turned": lambda x: x.flip(1),
    "rolled": lambda x: x.roll(2, 1),
    "by an index": lambda x: x[:, torch.arange(x.shape[1]) // 2],
    "up to the border": lambda x: x[:, (torch.arange(x.shape[1]) - 2).clamp(min=0)],
    "pairs exchanged": lambda x: x[:, : x.shape[1] // 2 * 2].unflatten(1, (-1, 2)).flip(2).flatten(1, 2),
    "ceiling": lambda x: F.avg_pool1d(x.mT, 3, 2, 1, ceil_mode=True).mT,
    "reflected": lambda x: F.avg_pool1d(F.pad(x.mT, (2, 2), mode="reflect"), 5, 1).mT,
}


@pytest.mark.parametrize("name", MOVES)
def test_moves_at_other_sizes_are_known_or_said_not_to_be(name):
    module = Applied(MOVES[name]).double().eval()
    g = ag.trace(module, {"x": torch.rand(1, N, C).double()}, {"x": {1: "n"}})
    assert answers(g, module, [torch.rand(1, N, C)]) == {"exact"}
    for n in SIZES:
        try:
            bound = g.at(n=n)
        except ag.ArchgraphError:
            continue
        assert answers(bound, module, [torch.rand(1, n, C)]) <= {"exact", "labelled"}


TURNED = {
    "flipped": lambda x: x.flip(1),
    "counted down": lambda x: x[:, x.shape[1] - 1 - torch.arange(x.shape[1])],
    "counted down to the second": lambda x: x[:, torch.arange(x.shape[1] - 1, 0, -1)],
    "all but the last": lambda x: x[:, torch.arange(x.shape[1] - 2, -1, -1)],
    "both ways": lambda x: x + x.cumsum(1).flip(1).cumsum(1).flip(1),
    "both ways round": lambda x: F.avg_pool1d(x.flip(1).mT, 3, 1, 1).mT.flip(1),
    "scores": lambda x: (
        (x @ x.mT).flip(2).masked_fill(torch.ones(x.shape[1], x.shape[1]).triu(1) > 0, -1e9).softmax(-1) @ x
    ),
}


@pytest.mark.parametrize("name", TURNED)
def test_an_axis_the_other_way_round_is_exact_at_every_size(name):
    module = Applied(TURNED[name]).double().eval()
    g = ag.trace(module, {"x": torch.rand(1, N, C).double()}, {"x": {1: "n"}})
    for n in (N, *SIZES):
        assert answers(g.at(n=n), module, [torch.rand(1, n, C)]) == {"exact"}


def test_an_axis_the_other_way_round_is_probed_at_any_length():
    g = ag.trace(Applied(lambda x: x.flip(1)), {"x": torch.rand(1, N, C)}, {"x": {1: "n"}}).at(n=10**6)
    field = g.receptive_field()
    assert set(field.probe(n=3)) == {(10**6 - 4,)}
    assert field.probe(n=3).exact
    assert field.why == ("an axis the other way round has too many positions to be listed (move)",)


def by_other_length(test):
    return lambda x, y: x * test(torch.arange(x.shape[1]), y.shape[1]).to(x)[:, None]


OTHER_LENGTH = {
    "list of a mask": by_other_length(lambda i, m: i * 7 % m < 2),
    "prefix": by_other_length(lambda i, m: i < m),
    "index": lambda x, y: x[:, torch.arange(x.shape[1]) * y.shape[1] % x.shape[1]],
    "matrix": lambda x, y: mask_of(lambda i, j, n: (i * 2 + j * 3) % y.shape[1] < 2, x).to(x) @ x,
    "attention": lambda x, y: SPELLINGS["attention"](lambda i, j, n: (i == j) | ((i * 3 + j * 5) % y.shape[1] < 2))(x),
    "window": lambda x, y: SPELLINGS["attention"](lambda i, j, n: (i >= j) & (i - j < y.shape[1]))(x),
}


@pytest.mark.parametrize("name", OTHER_LENGTH)
def test_a_list_does_not_hold_where_another_size_made_it(name):
    module = OfTwo(OTHER_LENGTH[name]).double().eval()

    def inputs(n, m):
        return {"x": torch.rand(1, n, C).double(), "y": torch.rand(1, m, 3).double()}

    g = ag.trace(module, inputs(6, 5), {"x": {1: "n"}, "y": {1: "m"}})
    assert answers(g, module, [*inputs(6, 5).values()]) == {"exact"}
    for n, m in ((6, 7), (6, 9), (9, 5), (9, 8)):
        assert answers(g.at(n=n, m=m), module, [*inputs(n, m).values()]) <= {"exact", "labelled"}
