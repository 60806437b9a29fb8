"""Positions that all outputs read, beside what each reads for itself: numbers of the field are no less than both."""

import pytest

import archgraph as ag

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402
from torch.nn import functional  # noqa: E402

pytestmark = pytest.mark.torch
attend = functional.scaled_dot_product_attention


class Beside(nn.Module):
    """Attention to some keys, or a mean of some, and a path of its own."""

    def __init__(self, run):
        super().__init__()
        self.run, self.q, self.kv, self.conv = run, nn.Linear(4, 4), nn.Linear(4, 8), nn.Conv1d(4, 4, 3, padding=1)

    def forward(self, x):
        return self.run(self, x)


def to_first(s, x, count):
    return attend(s.q(x), *s.kv(x[:, :count]).chunk(2, -1))


def padded(s, x):
    return attend(s.q(x), *s.kv(x).chunk(2, -1), attn_mask=torch.arange(x.shape[1])[None] < 4)


SOME = {
    "first keys": lambda s, x: x + to_first(s, x, 4),
    "first keys twice": lambda s, x: to_first(s, x + to_first(s, x, 4), 4),
    "padding": padded,
    "a mean of some": lambda s, x: s.conv(s.q(x).mT).mT + x[:, :4].mean(1, keepdim=True),
}
EVERY = {
    "all keys": lambda s, x: x + to_first(s, x, 9),
    "all keys, then a convolution": lambda s, x: s.conv((s.conv(s.q(x).mT).mT + to_first(s, x, 9)).mT),
}


def axis(run):
    return ag.trace(Beside(run).eval(), torch.rand(1, 9, 4)).receptive_field()


@pytest.mark.parametrize("name", SOME)
def test_numbers_hold_what_every_output_reads(name):
    rf = axis(SOME[name])
    (place,) = rf.outputs
    sizes = [len(rf.probe(**{place: n})) for n in range(9)]
    largest = max(sizes)
    assert rf.n.size_max >= largest > 4 and rf.area[1] >= largest
    assert not (rf.n.exact and rf.n.size_max != largest)
    assert all(rf.n.reads(n).touched >= size for n, size in enumerate(sizes))


@pytest.mark.parametrize("name", EVERY)
def test_what_reads_all_reads_all_exactly(name):
    rf = axis(EVERY[name])
    assert rf.n.is_global and rf.n.exact and rf.n.size_max == 9 and rf.n.global_since


def test_the_same_positions_are_not_all_of_them():
    rf = axis(lambda s, x: to_first(s, s.q(x[:, :4]).mean(1, keepdim=True).expand(1, 9, 4), 4))
    assert rf.n.size_max == 4 and rf.n.exact and not rf.n.is_global and rf.n.global_since is None


class Map(nn.Module):
    def __init__(self, beside):
        super().__init__()
        self.conv, self.beside = nn.Conv2d(3, 3, 3, padding=1), beside

    def forward(self, x):
        return self.conv(x) + self.beside(x)


def test_an_area_is_not_said_where_what_stands_still_overlaps_somewhere():
    for beside in (
        lambda x: x[:, :, :2, :2].mean((2, 3), keepdim=True),
        lambda x: x[:, :, [0, 5]][..., [0, 5]].mean((2, 3), keepdim=True),
        lambda x: x[..., :2].mean((2, 3), keepdim=True),
        lambda x: x[:, :, :1].mean((2, 3), keepdim=True),
    ):
        rf = ag.trace(Map(beside), torch.rand(1, 3, 8, 8)).receptive_field()
        assert rf.area is None
        assert not rf.box_exact


@pytest.mark.parametrize(
    ("beside", "area", "is_box"),
    [
        (lambda x: x.mean(2, keepdim=True), 9 + 8 - 3, False),
        (lambda x: x.mean((2, 3), keepdim=True), 64, True),
        (lambda x: x.mean(2, keepdim=True) + x.mean(3, keepdim=True), 9 + 2 * (8 - 3), False),
    ],
)
def test_an_area_is_counted_where_what_is_the_same_is_all_of_an_axis(beside, area, is_box):
    rf = ag.trace(Map(beside), torch.rand(1, 3, 8, 8)).receptive_field()
    assert rf.area == (area, area) == (len(set(rf.probe(h=4, w=4))),) * 2
    assert rf.box_exact is is_box
