"""Decisions by several sizes: each may decide nothing by itself, and all together something."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch

from torch import nn  # noqa: E402

import archgraph as ag  # noqa: E402


class Chosen(nn.Module):
    """A convolution where two sides are large enough, and a product elsewhere."""

    def __init__(self, decides) -> None:
        super().__init__()
        self.decides = decides
        self.conv = nn.Conv2d(2, 2, 3, padding=1)

    def forward(self, x):
        return self.conv(x) if self.decides(*x.shape[2:]) else x * 2


def traced(decides):
    return ag.trace(Chosen(decides), torch.zeros(1, 2, 16, 16), dynamic={"x": {2: "h", 3: "w"}})


def nested(h, w):
    if h > 40:
        for size in (w,):
            if size > 40:
                return True
    return False


def counted(h, w):
    count = 0
    for size in (h, w):
        if size > 40:
            count += 1
    return count == 2


def named(h, w):
    high, wide = h > 40, w > 40
    return high and wide


TOGETHER = {
    "both": lambda h, w: h > 40 and w > 40,
    "not_either": lambda h, w: not (h <= 40 or w <= 40),
    "all": lambda h, w: all(size > 40 for size in (h, w)),
    "first_of_many": lambda h, w: next((size for size in (20, 40, 80) if size >= h), 0) == 80,
    "sum_of_both": lambda h, w: (h > 40) + (w > 40) == 2,
    "pair": lambda h, w: (h > 40, w > 40) == (True, True),
    "looked_up": lambda h, w: ("no", "")[h > 40] == ("", "yes")[w > 40],
    "three": lambda h, w: h > 40 and w > 40 and h * w > 9000,
    "nested": nested,
    "counted": counted,
    "named": named,
}


@pytest.mark.parametrize("name", TOGETHER)
def test_what_decides_together_in_a_way_that_was_not_recorded_is_said(name):
    told = [str(fact) for fact in traced(TOGETHER[name]).assumptions]
    here = [fact for fact in told if "test_decisions_together.py" in fact]
    assert here
    rule = "compares a size at some of the recorded sizes only; what comes out is taken to be the same at all sizes"
    assert all(fact.endswith(rule) for fact in here)


def test_numbers_that_only_large_sizes_forget_are_said():
    told = [str(fact) for fact in traced(lambda h, w: h > 20 and int(w) > 90).assumptions]
    assert any("makes a plain number or text of a size" in fact for fact in told)


@pytest.mark.parametrize(
    "decides",
    [
        lambda h, w: (h > 20) + 0 > 5,
        lambda h, w: (h > 20) + (w > 20) > 5,
    ],
    ids=["one", "both"],
)
def test_what_was_recorded_both_ways_decides_nothing(decides):
    assert traced(decides).assumptions == ()
