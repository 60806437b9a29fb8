"""Work whose results a module throws away: PyTorch runs it, so it is counted, marked and listed."""

import pytest

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch

from torch import nn  # noqa: E402
from torch.utils.flop_counter import FlopCounterMode  # noqa: E402

import archgraph as ag  # noqa: E402


class Wasteful(nn.Module):
    """Two heads, of which one is thrown away; inside of both a layer that nobody reads."""

    def __init__(self) -> None:
        super().__init__()
        self.kept, self.thrown = Head(), Head()
        self.spare = nn.Linear(5, 5)

    def forward(self, x):
        self.thrown(x)
        return self.kept(x)


class Head(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.idle, self.used = nn.Conv2d(3, 2, 3), nn.Conv2d(3, 4, 1)

    def forward(self, x):
        self.idle(x)
        return self.used(x).relu()


class Towers(nn.Module):
    """Equal blocks in a row, each with a layer that nobody reads."""

    def __init__(self) -> None:
        super().__init__()
        self.blocks = nn.Sequential(*[Tower() for _ in range(4)])

    def forward(self, x):
        return self.blocks(x)


class Tower(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.idle, self.used = nn.Linear(6, 9), nn.Linear(6, 6)

    def forward(self, x):
        self.idle(x).sum()
        return self.used(x)


CASES = [
    (Wasteful, (1, 3, 8, 8), ("thrown", "kept.idle")),
    (Towers, (1, 5, 6), ("blocks.0.idle", "blocks.1.idle", "blocks.2.idle", "blocks.3.idle")),
]


@pytest.mark.parametrize(("build", "shape", "dead"), CASES)
def test_dead_work_is_counted_as_pytorch_runs_it(build, shape, dead):
    module, x = build().eval(), torch.zeros(*shape)
    with FlopCounterMode(display=False) as counter:
        module(x)
    g = ag.trace(module, x)
    assert 2 * g.at().macs == counter.get_total_flops()
    assert g.at().params == sum(weight.numel() for weight in module.parameters())
    assert {name for name in g.dead if " in " not in name} == set(dead)
    assert ag.verify(g).ok


@pytest.mark.parametrize(("build", "shape", "dead"), CASES)
def test_what_is_lowered_again_runs_it_too(build, shape, dead):
    g, x = ag.trace(build(), torch.zeros(*shape)), torch.zeros(*shape)
    with FlopCounterMode(display=False) as counter:
        g.to_torch()(x)
    assert 2 * g.at().macs == counter.get_total_flops()


def test_a_selection_counts_what_it_depends_on():
    g = ag.trace(Wasteful(), torch.zeros(1, 3, 8, 8))
    (name,) = g.outputs
    assert g.select(name).at().macs == 3 * 4 * 64
    assert g.at().macs == 2 * (3 * 4 * 64 + 9 * 3 * 2 * 36)


def test_dead_work_is_marked_in_tables_and_listed_in_reports():
    g = ag.trace(Wasteful(), torch.zeros(1, 3, 8, 8))
    rows = {row["node"]: row["op"] for row in g.at().table(by="node", metrics=["macs"]).rows}
    assert [path for path, op in rows.items() if op.endswith("(dead)")] == [
        "thrown.idle",
        "thrown.used",
        "thrown.relu",
        "kept.idle",
    ]
    assert "dead: thrown, kept.idle" in g.report(["macs"], g.at())


def test_a_figure_holds_dead_work(tmp_path):
    g = ag.trace(Wasteful(), torch.zeros(1, 3, 8, 8))
    for view in ("overview", "full", "levels"):
        g.draw(view=view).save(str(tmp_path / f"{view}.svg"))
    assert g.to_networkx(unroll=True).number_of_nodes() > 4


@pytest.mark.parametrize("fused", [False, True])
def test_a_product_that_makes_a_mask_is_counted(fused):
    """PyTorch computes it in every call, though its values are known."""

    class Masked(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.register_buffer("near", (torch.ones(6, 6).tril(1) * torch.ones(6, 6).triu(-1)))

        def forward(self, x):
            mask = (self.near @ self.near) != 0
            if fused:
                return torch.nn.functional.scaled_dot_product_attention(x, x, x, mask)
            return (x @ x.mT).masked_fill(~mask, -torch.inf).softmax(-1) @ x

    g = ag.trace(Masked(), torch.rand(1, 6, 4))
    assert g.at().macs == 6 * 6 * 6 + 2 * 6 * 6 * 4
    found = g.receptive_field().probe("stat", n=0)
    assert ([place for (place,) in found], found.exact) == ([0, 1, 2], True)


class LooksBack(nn.Module):
    """Attention of chunks to themselves and the chunk before, whose views of keys and values are rolled and joined."""

    def __init__(self) -> None:
        super().__init__()
        self.three = nn.Linear(5, 15)

    def forward(self, x):
        q, k, v = (part.view(1, -1, 2, 5) for part in self.three(x).chunk(3, -1))
        k, v = (torch.cat([part.roll(1, 1), part], 2) for part in (k, v))
        return ((q @ k.mT).softmax(-1) @ v).flatten(1, 2)


class Best(nn.Module):
    """Layers whose results are chosen: each choice has indices too, or values, that nobody asks for."""

    def __init__(self, choose) -> None:
        super().__init__()
        self.layer, self.choose = nn.Linear(5, 5), choose

    def forward(self, x):
        return self.choose(self.layer(x))


USED = {
    "maximum": lambda x: x.max(1).values,
    "sorted": lambda x: x.sort(1).values,
    "first places": lambda x: x.topk(2, 1).indices,
    "median": lambda x: x.median(1).values,
}


@pytest.mark.parametrize("choose", USED)
def test_what_stands_beside_a_result_is_no_dead_work(choose):
    assert not ag.trace(Best(USED[choose]), torch.zeros(1, 6, 5)).dead


def test_a_view_is_no_dead_work():
    g = ag.trace(LooksBack(), torch.zeros(1, 6, 5))
    assert not g.dead
    assert not [row for row in g.at().rows() if row.dead]
