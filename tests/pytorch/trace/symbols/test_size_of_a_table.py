"""A size at which a module takes all of a table of its own: larger ones fail, and smaller ones take a part."""

import re

import pytest

import archgraph as ag

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch

from torch import nn  # noqa: E402


class Masked(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(8, 24)
        self.register_buffer("mask", torch.ones(16, 16).tril().bool())

    def forward(self, x):
        n = x.shape[1]
        q, k, v = self.layer(x).chunk(3, -1)
        return (q @ k.mT).masked_fill(~self.mask[:n, :n], -torch.inf).softmax(-1) @ v


def test_as_a_number_it_is_answered():
    field = ag.trace(Masked(), torch.rand(1, 16, 8)).receptive_field()
    found = field.probe(**{field.outputs[0]: 5})
    assert (sorted(found), found.exact) == ([(j,) for j in range(6)], True)


def test_as_a_symbol_the_refusal_names_a_size_that_has_a_law():
    dynamic = {"x": {1: "n"}}
    with pytest.raises(ag.ArchgraphError, match="'n' cannot vary from 16 to") as caught:
        ag.trace(Masked(), torch.rand(1, 16, 8), dynamic=dynamic)
    smaller = int(re.search(r"trace at (\d+) for the law of smaller sizes", str(caught.value))[1])
    g = ag.trace(Masked(), torch.rand(1, smaller, 8), dynamic=dynamic)
    assert g.at(n=12).macs == 12 * 8 * 24 + 2 * 12 * 12 * 8


class Looked(nn.Module):
    """Words, and rows of a table of 64 by position; how they are taken is said."""

    def __init__(self, take):
        super().__init__()
        self.take, self.table, self.words = take, nn.Parameter(torch.rand(64, 8)), nn.Embedding(9, 8)

    def forward(self, ids):
        return self.words(ids) + self.take(self.table, torch.arange(ids.shape[1], device=ids.device))


TAKEN = {
    "embedding": lambda table, index: nn.functional.embedding(index, table),
    "index": lambda table, index: table[index],
    "index from the end": lambda table, index: table[-1 - index],
    "index_select": lambda table, index: table.index_select(0, index),
    "gather": lambda table, index: table.gather(0, index[:, None].expand(-1, 8)),
    "a second index": lambda table, index: table.mT[:, index].mT,
}


@pytest.mark.parametrize("take", TAKEN.values(), ids=TAKEN)
def test_rows_that_a_table_does_not_have_are_asked_for_by_no_law(take):
    module, ids = Looked(take), torch.zeros(1, 24, dtype=torch.long)
    g = ag.trace(module, ids, dynamic={"ids": {1: "n"}})
    assert "n <= 64" in g.conditions
    with pytest.raises((IndexError, RuntimeError), match=r"out of (bounds|range)"):
        module(torch.zeros(1, 65, dtype=torch.long))
    module(torch.zeros(1, 64, dtype=torch.long))


@pytest.mark.parametrize("take", TAKEN.values(), ids=TAKEN)
def test_rows_that_a_table_does_not_have_are_refused_at_a_number(take):
    with pytest.raises(ag.ArchgraphError) as caught:
        ag.trace(Looked(take), torch.zeros(1, 70, dtype=torch.long))
    row = -70 if take is TAKEN["index from the end"] else 69
    assert re.fullmatch(
        rf"Looked cannot call aten::\w+ at test_size_of_a_table.py:\d+: index {row} is out of bounds for a dimension "
        r"of size 64\n  hint  give inputs of the shapes that the module takes",
        str(caught.value),
    )
