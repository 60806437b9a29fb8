"""The sizes for which an export holds: kept on the graph, shown, and checked at every binding."""

import pytest

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch

from torch import nn  # noqa: E402

import archgraph as ag  # noqa: E402
from archgraph.errors import QueryError, SpecError  # noqa: E402

HW = {"x": {2: "h", 3: "w"}}


class Ladder(nn.Module):
    """Two halvings, a convolution of 3 without padding, and a skip that must fit."""

    def __init__(self) -> None:
        super().__init__()
        self.down, self.inner, self.up = (
            nn.Conv2d(3, 4, 4, 4),
            nn.Conv2d(4, 4, 3, padding=1),
            nn.Upsample(scale_factor=4),
        )

    def forward(self, x):
        return x[:, :1] + self.up(self.inner(self.down(x)))


class Table(nn.Module):
    """A row for every place up to 40."""

    def __init__(self) -> None:
        super().__init__()
        self.rows = nn.Parameter(torch.zeros(1, 40, 4))

    def forward(self, x):
        return x + self.rows[:, : x.shape[1]]


class Small(nn.Module):
    def forward(self, x):
        return x.relu() if x.shape[2] * x.shape[3] <= 4096 else x.tanh()


class Wide(nn.Module):
    def forward(self, x):
        return x.relu() if x.shape[2] < x.shape[3] else x.tanh()


class Square(nn.Module):
    def forward(self, x):
        return x.relu() if x.shape[2] == x.shape[3] else x.tanh()


def traced(module: nn.Module, *shape: int, dynamic=None) -> ag.Architecture:
    return ag.trace(module.to("meta"), {"x": torch.empty(*shape, device="meta")}, dynamic or HW)


def test_divisibility_is_a_rule_of_the_symbol():
    g = traced(Ladder(), 1, 3, 16, 24)
    assert {"h is a multiple of 4", "w is a multiple of 4"} <= set(g.conditions)
    with pytest.raises(SpecError, match="'h' must be a multiple of 4, and is 18"):
        g.at(h=18)


def test_a_lower_bound_is_checked():
    g = ag.trace(nn.Sequential(nn.Conv2d(3, 4, 3), nn.Conv2d(4, 4, 5)), torch.zeros(1, 3, 16, 24), {"input": HW["x"]})
    least = next(int(text.split(" >= ")[1]) for text in g.conditions if text.startswith("h >="))
    assert least >= 7  # a window of 3 and one of 5 need 7
    assert g.at(h=least).macs > 0
    with pytest.raises(QueryError, match=f"traced under the condition that h >= {least}, which these sizes break"):
        g.at(h=least - 1)


def test_an_upper_bound_is_checked():
    g = traced(Table(), 1, 16, 4, dynamic={"x": {1: "n"}})
    assert "n <= 40" in g.conditions and "n <= 40" in map(str, g.assumptions)
    assert (g.at(n=40).params, g.at(n=40).flops) == (160, 160)
    with pytest.raises(QueryError, match="n <= 40, which these sizes break"):
        g.at(n=41)


@pytest.mark.parametrize(
    ("module", "rule", "valid", "broken"),
    [
        (Small, "h*w <= 4096", ((64, 64), (1024, 4)), ((65, 64), (4, 1025))),
        (Wide, "h <= w - 1", ((3, 4), (500, 900)), ((4, 4), (900, 500))),
        (Square, "h != w", ((3, 4), (500, 499)), ((4, 4), (16, 16))),
    ],
)
def test_a_condition_on_several_sizes_is_checked_exactly(module, rule, valid, broken):
    g = traced(module(), 1, 3, 16, 24)
    assert rule in map(str, g.assumptions) and rule in g.conditions
    for h, w in valid:
        assert g.at(h=h, w=w).flops == 3 * h * w
    for h, w in broken:
        with pytest.raises(QueryError, match="which these sizes break"):
            g.at(h=h, w=w)


def test_a_short_cut_of_torch_is_no_condition():
    """PyTorch compares sizes for its own purposes; a square image is as good as any other."""
    g = traced(Ladder(), 1, 3, 16, 24)
    assert g.at(h=16, w=16).macs == (3 * 16 * 4 + 4 * 9 * 4) * 16


def test_weights_left_behind_on_another_device():
    class Mixed(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.spare, self.inner = nn.Parameter(torch.zeros(5)), nn.Linear(4, 4, device="meta")

        def forward(self, x):
            return self.inner(x)

    g = ag.trace(Mixed(), torch.zeros(1, 6, 4))
    assert (g.params, g.macs) == (25, 96)


def test_an_activation_in_place_is_the_activation():
    plain, inplace = (
        ag.trace(nn.Sequential(nn.Conv2d(3, 4, 1), nn.ReLU(inplace=flag)), torch.zeros(1, 3, 4, 4))
        for flag in (False, True)
    )
    assert [row.node.op for row in plain.rows()] == [row.node.op for row in inplace.rows()]
