"""A share among one value alone is 1, and its distance from the mean 0: whatever it is, it is not read."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import product
from math import inf

import pytest

import archgraph as ag

torch = pytest.importorskip("torch")

from torch import Tensor, nn  # noqa: E402
from torch.nn import functional  # noqa: E402
from torch.nn.attention import SDPBackend, sdpa_kernel  # noqa: E402

TOKENS = 6
UP_TO_OWN = torch.ones(TOKENS, TOKENS).tril().bool()
MASKS = {
    "up to its own": UP_TO_OWN,
    "its own and the last": UP_TO_OWN & ~UP_TO_OWN.tril(-2),
    "from its own on": UP_TO_OWN.T,
    "blocks": torch.block_diag(torch.ones(2, 2), torch.ones(1, 1), torch.ones(3, 3)).bool(),
    "mostly its own": torch.eye(TOKENS).bool() | (torch.arange(TOKENS) == 3)[:, None],
    "another one": torch.roll(torch.eye(TOKENS), 2, 0).bool() | (torch.arange(TOKENS) == 4)[:, None],
}


class Attention(nn.Module):
    """Attention of which some factors are convolved, so that they read more than the others."""

    def __init__(self, convolved: str = "", mask: Tensor | None = None, *, written: bool = False, causal: bool = False):
        super().__init__()
        self.near = nn.Conv1d(4, 4, 3, padding=1)
        self.convolved, self.mask, self.written, self.causal = convolved, mask, written, causal

    def forward(self, x: Tensor, other: Tensor | None = None) -> Tensor:
        other = x if other is None else other
        q, k, v = (
            self.near(t.mT).mT if name in self.convolved else t
            for name, t in zip("qkv", (x, other, other), strict=True)
        )
        if not self.written:
            return functional.scaled_dot_product_attention(q, k, v, self.mask, is_causal=self.causal)
        scores = q @ k.mT * 0.4
        if self.mask is not None:
            scores = scores.masked_fill(~self.mask, -inf)
        return scores.softmax(-1) @ v


class Run(nn.Module):
    """A function of one operand, with a layer."""

    def __init__(self, run: Callable[..., Tensor], layer: nn.Module | None = None):
        super().__init__()
        self.run, self.layer = run, layer

    def forward(self, x: Tensor) -> Tensor:
        return self.run(x, self.layer)


def in_windows(x: Tensor, near: nn.Module, mask: Tensor | None = None, size: int = 2) -> Tensor:
    q, k, v = (t.reshape(1, TOKENS // size, size, 4) for t in (near(x.mT).mT, near(x.mT).mT, x))
    return functional.scaled_dot_product_attention(q, k, v, mask).reshape(1, TOKENS, 4)


def near() -> nn.Module:
    return nn.Conv1d(4, 4, 3, padding=1)


EVERY_SECOND = torch.stack([torch.ones(2, 2), torch.eye(2), torch.ones(2, 2)]).bool()
WIDE = torch.ones(4)
ALONE: dict[str, Callable[[], nn.Module]] = {
    **{
        f"{name}, {factor} convolved{written * ', written out'}": partial(
            Attention, factor, mask, written=bool(written)
        )
        for name, mask in MASKS.items()
        for factor in ("q", "k", "qk", "qkv")
        for written in (0, 1)
    },
    "causal, q convolved": lambda: Attention("q", causal=True),
    "causal, k convolved": lambda: Attention("k", causal=True),
    "windows of one": lambda: Run(lambda x, layer: in_windows(x, layer, size=1), near()),
    "windows of two": lambda: Run(lambda x, layer: in_windows(x, layer), near()),
    "windows that differ": lambda: Run(lambda x, layer: in_windows(x, layer, EVERY_SECOND), near()),
    "the first key": lambda: Run(
        lambda x, layer: layer(x, x[:, :1], x[:, :1])[0], nn.MultiheadAttention(4, 2, batch_first=True)
    ),
    "softmax of one channel": lambda: Run(lambda x, _: x[..., :1].softmax(-1) * WIDE),
    "its logarithm": lambda: Run(lambda x, _: x[..., :1].log_softmax(-1) * WIDE),
    "softmax of two": lambda: Run(lambda x, _: x[..., :2].softmax(-1).repeat(1, 1, 2)),
    "norm of one channel": lambda: Run(lambda x, layer: layer(x[..., :1]) * WIDE, nn.LayerNorm(1)),
    "norm of channels": lambda: Run(lambda x, layer: layer(x), nn.LayerNorm(4)),
    "norm by channel": lambda: Run(lambda x, layer: layer(x.mT).mT, nn.GroupNorm(4, 4)),
    "deviation of one": lambda: Run(lambda x, _: x[..., :1].std(-1, correction=0, keepdim=True) * WIDE),
    "variance of one, and its mean": lambda: Run(
        lambda x, _: torch.var_mean(x[..., :1], -1, correction=0, keepdim=True)[0] * WIDE
    ),
    "variance": lambda: Run(lambda x, _: x.var(-1, correction=0, keepdim=True) * WIDE),
}


def support(module: nn.Module, operands: list[Tensor]) -> list[list[set[int]]]:
    """Return, for every position of the output, which positions of every operand move it."""
    given = [x.double().requires_grad_() for x in operands]
    with sdpa_kernel(SDPBackend.MATH):
        (output,) = module.double()(*given) * torch.linspace(0.5, 1.5, 4).double()
    found = []
    for row in output:
        gradients = (
            torch.autograd.grad(row.sum(), given, retain_graph=True, allow_unused=True)
            if row.requires_grad
            else [None] * len(given)
        )
        found.append([_moved(gradient) for gradient in gradients])
    return found


def _moved(gradient: Tensor | None) -> set[int]:
    return set() if gradient is None else set((gradient[0].abs().sum(-1) > 1e-14).nonzero().flatten().tolist())


def reads(g: ag.Architecture, count: int, *, exact: bool = True) -> list[list[set[int]]]:
    """Return what every position reads of every input: exactly, unless a bound will do."""
    fields = [g.receptive_field(input=name) for name in g.inputs]
    probes = [[field.probe("stat", **dict.fromkeys(field.outputs, i)) for field in fields] for i in range(count)]
    assert all(probe.exact or not exact for row in probes for probe in row)
    return [[{place for (place,) in probe} for probe in row] for row in probes]


@pytest.mark.parametrize("name", ALONE)
def test_what_is_read_is_what_the_gradient_reaches(name):
    torch.manual_seed(0)
    module, x = ALONE[name]().eval(), torch.rand(1, TOKENS, 4)
    assert reads(ag.trace(module, x), TOKENS) == support(module, [x])


@pytest.mark.parametrize("written", [False, True])
@pytest.mark.parametrize("keys", [1, 2])
def test_a_query_of_one_key_is_not_read(keys, written):
    module, operands = Attention(written=written).eval(), [torch.rand(1, 3, 4), torch.rand(1, keys, 4)]
    assert reads(ag.trace(module, tuple(operands)), 3) == support(module, operands)


@pytest.mark.parametrize("causal", [False, True])
def test_the_first_query_up_to_its_own_is_not_read(causal):
    mask = None if causal else UP_TO_OWN
    module, operands = Attention(mask=mask, causal=causal).eval(), [torch.rand(1, TOKENS, 4) for _ in "ab"]
    assert reads(ag.trace(module, tuple(operands)), TOKENS) == support(module, operands)


def test_the_number_of_keys_may_be_a_symbol():
    """One key alone is one where the symbol is 1."""
    module = Attention().eval()
    operands = (torch.rand(1, 3, 4), torch.rand(1, 5, 4))
    g = ag.trace(module, operands, {"other": {1: "m"}})
    for keys in (1, 2, 5):
        assert reads(g.at(m=keys), 3) == support(module, [operands[0], torch.rand(1, keys, 4)])


@pytest.mark.parametrize("length", [3, 6, 9])
def test_other_lengths_leave_the_first_query_unread(length):
    module = Attention("q", causal=True).eval()
    g = ag.trace(module, torch.rand(1, TOKENS, 4), {"x": {1: "n"}})
    assert reads(g.at(n=length), length) == support(module, [torch.rand(1, length, 4)])


def test_paths_pass_by_what_is_not_read():
    """The first position comes by its value alone, which is at home; of the second the query comes from its right."""
    paths = ag.trace(Attention("q", causal=True).eval(), torch.rand(1, 4, 4)).paths()
    assert [[hops is not None for hops in row] for row in paths.matrix()] == [
        [True, False, False, False],
        [True, True, True, False],
        [True, True, True, True],
        [True, True, True, True],
    ]


def heads(t: Tensor) -> Tensor:
    return t.reshape(1, TOKENS, 2, 2).transpose(1, 2)


class Heads(nn.Module):
    """Two heads, in each of which a query has one key, which is not the same one."""

    def forward(self, x: Tensor, other: Tensor) -> Tensor:
        first = torch.zeros(TOKENS, TOKENS).bool()
        first[:, 0] = True
        mask = torch.stack([torch.eye(TOKENS).bool(), first])[None]
        q, k = heads(x), heads(other)
        found = functional.scaled_dot_product_attention(q, k, k, mask)
        return found.transpose(1, 2).reshape(1, TOKENS, 4)


def test_a_query_that_has_one_key_in_every_head_is_not_read():
    g = ag.trace(Heads().eval(), (torch.rand(1, TOKENS, 4), torch.rand(1, TOKENS, 4)))
    assert [row[0] for row in reads(g, TOKENS, exact=False)] == [set()] * TOKENS


class Apart(nn.Module):
    """Queries, keys and values are operands of their own."""

    def __init__(self, mask: Tensor):
        super().__init__()
        self.mask = mask

    def forward(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        return functional.scaled_dot_product_attention(q, k, v, self.mask)


FIRST_AND_OWN = torch.eye(TOKENS).bool()
FIRST_AND_OWN[:, 0] = True
BEFORE = UP_TO_OWN.tril(-1)
BEFORE[0, 0] = True


@pytest.mark.parametrize("mask", [FIRST_AND_OWN, BEFORE, UP_TO_OWN, MASKS["another one"]])
def test_keys_of_a_query_that_is_alone_are_not_read(mask):
    module, operands = Apart(mask).eval(), [torch.rand(1, TOKENS, 4) for _ in "qkv"]
    assert reads(ag.trace(module, tuple(operands)), TOKENS) == support(module, operands)


@pytest.mark.parametrize("keys", [2, 4])
def test_one_query_reads_the_keys_that_its_mask_leaves(keys):
    """The first row of a triangle leaves one key; there was an exception where a query has no axis."""
    module, operands = Attention(causal=True).eval(), [torch.rand(1, 1, 4), torch.rand(1, keys, 4)]
    g = ag.trace(module, tuple(operands))
    found = g.receptive_field(input="other").probe("stat")
    assert ({place for (place,) in found}, found.exact) == ({0}, True)


@pytest.mark.parametrize("length", [1, 2, 3, 5, 8, 11])
def test_blocks_that_shrink_to_nothing_are_no_blocks(length):
    """All positions but the last are a block: of two it is one position, and of one position there is none."""

    class Blocked(nn.Module):
        def forward(self, x):
            n, i = x.shape[1], torch.arange(x.shape[1])
            mask = ((i < n - 1) & (i[:, None] < n - 1)) | (i[:, None] == i)
            return functional.scaled_dot_product_attention(x, x, x, mask)

    g = ag.trace(Blocked(), torch.rand(1, 8, 4), {"x": {1: "n"}}).at(n=length)
    right = support(Blocked(), [torch.rand(1, length, 4)])
    found = reads(g, length, exact=length == 8)
    assert found == right if length == 8 else all(a >= b for (a,), (b,) in zip(found, right, strict=True))


@pytest.mark.parametrize(("span", "alone"), [(2, {0, 3, 4, 5}), (3, {0, 4, 5})])
def test_late_queries_of_a_span_have_few_keys_left(span, alone):
    g = ag.loads(
        "archgraph: 1\nname: X\ninputs: {x: {n: 6, c: 4}, m: {m: 3, c: 4}}\nnetwork:\n"
        f"  - scaled_dot_product_attention: {{causal: true, span: {span}}}\n    from: [x, m, m]\n"
    )
    field = g.receptive_field(input="x")
    assert {i for i in range(6) if not set(field.probe(n=i))} == alone


@pytest.mark.parametrize("mode", ["nearest", "bilinear"])
def test_a_grid_is_read_and_decides_what_is(mode):
    class Sampled(nn.Module):
        def forward(self, x, grid):
            return functional.grid_sample(x, grid, mode=mode, align_corners=False)

    g = ag.trace(Sampled(), (torch.rand(1, 2, 4, 5), torch.rand(1, 3, 3, 2)))
    for name in ("x", "grid"):
        field = g.receptive_field(input=name)
        found = field.probe("stat", **dict.fromkeys(field.outputs, 0))
        kind = g.inputs[name]
        everywhere = product(*(range(int(kind.size(axis))) for axis in kind.positions))
        assert (set(found), found.exact) == (set(everywhere), False)


def test_an_index_is_read_wherever_it_writes():
    """Its second dimension was taken for that of the result, of which it has none."""

    class Written(nn.Module):
        def forward(self, x, index):
            return torch.zeros(1, 9, 4).scatter_add(1, index[:, :, None].expand(1, 3, 4), x)

    g = ag.trace(Written(), (torch.rand(1, 3, 4), torch.tensor([[0, 3, 5]])))
    field = g.receptive_field(input="index")
    probes = [field.probe("stat", **dict.fromkeys(field.outputs, i)) for i in range(9)]
    assert all({place for (place,) in probe} == {0, 1, 2} and not probe.exact for probe in probes)


def lifted(scores: Tensor, mask: Tensor) -> Tensor:
    return scores.masked_fill(~mask, -inf)


def turned(q: Tensor, k: Tensor, v: Tensor, mask: Tensor) -> Tensor:
    weights = lifted(torch.einsum("bic,bjc->bji", q, k), mask.mT).softmax(1)
    return torch.einsum("bji,bjc->bic", weights, v)


WRITTEN_OUT: dict[str, Callable[[Tensor, Tensor, Tensor, Tensor], Tensor]] = {
    "by einsum": lambda q, k, v, mask: torch.einsum(
        "bij,bjc->bic", lifted(torch.einsum("bic,bjc->bij", q, k), mask).softmax(-1), v
    ),
    "with a soft cap": lambda q, k, v, mask: lifted(torch.tanh(q @ k.mT) * 2, mask).softmax(-1) @ v,
    "keys before queries": turned,
    "masked afterwards": lambda q, k, v, mask: ((q @ k.mT).softmax(-1) * mask) @ v,
    "weights doubled": lambda q, k, v, mask: (lifted(q @ k.mT, mask).softmax(-1) * 2) @ v,
    "a bias beside": lambda q, k, v, mask: lifted(q @ k.mT + mask.cumsum(0) * 0.1, mask).softmax(-1) @ v,
}
"""Attention that is not one operation to whoever reads the steps."""


class WrittenOut(nn.Module):
    def __init__(self, spelling: str, mask: Callable[[int], Tensor], convolved: str):
        super().__init__()
        self.near, self.spelling, self.mask, self.convolved = near(), spelling, mask, convolved

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = (self.near(x.mT).mT if name in self.convolved else x for name in "qkv")
        return WRITTEN_OUT[self.spelling](q, k, v, self.mask(x.shape[1]))


@pytest.mark.parametrize("spelling", WRITTEN_OUT)
@pytest.mark.parametrize("mask", MASKS)
def test_a_softmax_by_itself_does_not_read_one_key_either(mask, spelling):
    for convolved in ("q", "k", "qk", "v"):
        module, x = WrittenOut(spelling, lambda _: MASKS[mask], convolved).eval(), torch.rand(1, TOKENS, 4)
        assert reads(ag.trace(module, x), TOKENS) == support(module, [x]), convolved


def up_to(n: int) -> Tensor:
    far = torch.arange(n)[:, None] - torch.arange(n)[None]
    return far >= 0


def last_two(n: int) -> Tensor:
    far = torch.arange(n)[:, None] - torch.arange(n)[None]
    return (far >= 0) & (far < 2)


def around(n: int) -> Tensor:
    far = torch.arange(n)[:, None] - torch.arange(n)[None]
    return far.abs() < 2


@pytest.mark.parametrize("spelling", WRITTEN_OUT)
@pytest.mark.parametrize("mask", [up_to, last_two, around])
def test_at_other_lengths_a_softmax_reads_the_same(mask, spelling):
    module = WrittenOut(spelling, mask, "q").eval()
    g = ag.trace(module, torch.rand(1, TOKENS, 4), {"x": {1: "n"}})
    # Over one key an einsum only multiplies, which is another law of products.
    least = 2 if spelling in ("by einsum", "keys before queries") else 1
    with pytest.raises(ag.ArchgraphError, match=f"n >= {least}" if least > 1 else "must be positive|at least 1"):
        g.at(n=least - 1).receptive_field()
    for n in (least, 2, 3, 5, TOKENS, 11):
        assert reads(g.at(n=n), n) == support(module, [torch.rand(1, n, 4)]), n


def test_returned_weights_among_one_key_are_not_read():
    """The library's attention, which returns its weights: the first query has one key."""

    class Returned(nn.Module):
        def __init__(self):
            super().__init__()
            self.near, self.attend = near(), nn.MultiheadAttention(4, 2, batch_first=True)

        def forward(self, x):
            return self.attend(self.near(x.mT).mT, x, x, attn_mask=~UP_TO_OWN)[0]

    module, x = Returned().eval(), torch.rand(1, TOKENS, 4)
    assert reads(ag.trace(module, x), TOKENS) == support(module, [x])
