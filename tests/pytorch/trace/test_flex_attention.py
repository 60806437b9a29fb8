"""`flex_attention` says what the same attention says that is written out."""

from __future__ import annotations

import math

import pytest

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch
flex = pytest.importorskip("torch.nn.attention.flex_attention")

from torch import nn  # noqa: E402

import archgraph as ag  # noqa: E402

HEADS, WIDTH = 2, 4


def window(batch, head, query, key):
    return (query >= key) & (query - key < 4)


def by_head(batch, head, query, key):
    return query - key <= head


def biased(score, batch, head, query, key):
    return score + 0.5 * (key - query)


def capped(score, batch, head, query, key):
    return 20 * torch.tanh(score / 20)


def far_below(score, batch, head, query, key):
    return torch.where((query - key).abs() < 3, score, -math.inf)


class Heads(nn.Module):
    """Attention of two heads between a projection and another."""

    def __init__(self, mask=None, score=None, shared=1) -> None:
        super().__init__()
        self.mask, self.score, self.shared = mask, score, shared
        self.q = nn.Linear(HEADS * WIDTH, HEADS * WIDTH)
        self.kv = nn.Linear(HEADS * WIDTH, 2 * HEADS * WIDTH // shared)

    def parts(self, x):
        heads = lambda y: y.unflatten(-1, (-1, WIDTH)).transpose(1, 2)  # noqa: E731
        return heads(self.q(x)), *map(heads, self.kv(x).chunk(2, -1))

    def forward(self, x):
        return self.attend(*self.parts(x)).transpose(1, 2).flatten(2)

    def attend(self, q, k, v):
        length = q.shape[2]
        mask = None
        if self.mask is not None:
            mask = flex.create_block_mask(self.mask, None, HEADS, length, length, device=q.device)
        return flex.flex_attention(q, k, v, score_mod=self.score, block_mask=mask, enable_gqa=self.shared > 1)


class Written(Heads):
    """The same without `flex_attention`, product by product."""

    def attend(self, q, k, v):
        k, v = (part.repeat_interleave(self.shared, 1) for part in (k, v))
        scores = q @ k.transpose(-2, -1) / math.sqrt(WIDTH)
        places = torch.arange(q.shape[2])
        at = (0, torch.arange(HEADS)[:, None, None], places[:, None], places)
        if self.score is not None:
            scores = self.score(scores, *at)
        if self.mask is not None:
            scores = scores.masked_fill(~self.mask(*at), -math.inf)
        return scores.softmax(-1) @ v


CASES = {
    "everything": {},
    "window": {"mask": window},
    "by_head": {"mask": by_head},
    "shared_heads": {"mask": window, "shared": 2},
    "biased": {"mask": window, "score": biased},
    "capped": {"score": capped},
    "masked_by_scores": {"score": far_below},
}


def read(g, length=12):
    """What every position reads."""
    field = g.receptive_field()
    *others, axis = field.outputs
    return [sorted(field.probe(**dict.fromkeys(others, 0), **{axis: place})) for place in range(length)]


def traced(module, length=12):
    return ag.trace(module, torch.zeros(1, length, HEADS * WIDTH), dynamic={"x": {1: "n"}})


@pytest.mark.parametrize("name", CASES)
def test_fields_and_products_are_those_of_attention_that_is_written_out(name):
    found, written = traced(Heads(**CASES[name])), traced(Written(**CASES[name]))
    assert (found.params, found.macs) == (written.params, written.macs)
    for length in (12, 5, 33):
        assert read(found.at(n=length), length) == read(written.at(n=length), length)


@pytest.mark.parametrize("name", CASES)
def test_it_reads_what_has_a_gradient(name):
    torch.manual_seed(0)
    module = Written(**CASES[name]).double()
    g = ag.trace(Heads(**CASES[name]), torch.zeros(1, 12, HEADS * WIDTH))
    x = torch.randn(1, 12, HEADS * WIDTH, dtype=torch.double, requires_grad=True)
    for place, said in enumerate(read(g)):
        [gradient] = torch.autograd.grad(module(x)[0, place].square().sum(), x)
        assert said == [(at,) for at in gradient[0].abs().sum(-1).nonzero().flatten().tolist()], place


@pytest.mark.parametrize("asked", ["lse", "max_scores"])
def test_what_is_returned_beside_reads_the_scores(asked):
    class Beside(Heads):
        def forward(self, x):
            q, k, v = self.parts(x)
            aux = flex.AuxRequest(**{asked: True})
            mask = flex.create_block_mask(window, None, None, q.shape[2], q.shape[2], device=q.device)
            return getattr(flex.flex_attention(q, k, v, block_mask=mask, return_aux=aux)[1], asked)[:, 0]

    g = ag.trace(Beside(), torch.zeros(1, 12, HEADS * WIDTH))
    assert {(6,), (7,), (8,), (9,)} <= set(read(g)[9])


def test_it_is_left_as_it_was():
    before = dict(vars(flex))
    traced(Heads(mask=window))
    assert dict(vars(flex)) == before


def test_what_its_kernels_keep_is_not_said_to_be_exact():
    assert "PyTorch cannot be asked" in ag.trace(Heads(mask=window), torch.zeros(1, 12, HEADS * WIDTH)).saved_doubt


def test_blocks_without_a_function_are_refused():
    class Listed(Heads):
        def attend(self, q, k, v):
            one = torch.ones(1, 1, 1, dtype=torch.int32)
            mask = flex.BlockMask.from_kv_blocks(one, one[..., None] * 0, BLOCK_SIZE=q.shape[2])
            return flex.flex_attention(q, k, v, block_mask=mask)

    with pytest.raises(ag.ArchgraphError, match="blocks without a mask_mod") as raised:
        ag.trace(Listed(), torch.zeros(1, 12, HEADS * WIDTH))
    assert "create_block_mask" in raised.value.hint


def test_a_learned_bias_of_places_is_indexed():
    class Learned(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.bias = nn.Parameter(torch.zeros(1, 64))

        def forward(self, x):
            queries = x.unsqueeze(1)
            return flex.flex_attention(
                queries, queries, queries, score_mod=lambda score, b, h, q, k: score + self.bias[h, q - k + 32]
            )

    g = ag.trace(Learned(), torch.zeros(1, 12, 8))
    assert (g.params, g.macs) == (64, 2 * 12 * 12 * 8)
    field = g.receptive_field().n
    assert (field.size_max, field.is_global) == (12, True)


def test_a_mask_may_be_made_before_the_module_runs():
    class Ready(Heads):
        def __init__(self):
            super().__init__()
            self.ready = flex.create_block_mask(window, None, None, 12, 12, device="cpu")

        def attend(self, q, k, v):
            return flex.flex_attention(q, k, v, block_mask=self.ready)

    module = Ready()
    counts = module.ready.kv_num_blocks
    g = ag.trace(module, torch.zeros(1, 12, HEADS * WIDTH))
    assert read(g) == read(traced(Heads(mask=window)).at(n=12))
    assert g.dead == ()
    assert module.ready.kv_num_blocks is counts
