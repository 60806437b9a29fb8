"""Hops say that they are a bound where what is read on the way is one."""

import re

import pytest

torch = pytest.importorskip("torch")

import archgraph as ag  # noqa: E402
from archgraph.fields.path_tables import hop_table  # noqa: E402
from archgraph.fields.paths.hop_path import path_table  # noqa: E402


class Picked(torch.nn.Module):
    """Adds to every position one of them, which its values choose."""

    def forward(self, x):
        index = x.sum(-1, keepdim=True).argsort(1).expand(x.shape)
        return x + x.gather(1, index)


class Mixed(torch.nn.Module):
    """Averages neighbours, whatever their values."""

    def __init__(self):
        super().__init__()
        self.conv = torch.nn.Conv1d(4, 4, 3, padding=1)

    def forward(self, x):
        return self.conv(x.mT).mT


def test_hops_through_values_that_choose_are_labelled():
    paths = ag.trace(Picked(), torch.randn(1, 6, 4)).paths()
    assert any("values" in reason for reason in paths.why)
    expected = tuple(f"hops at least, reach at most: {reason}" for reason in paths.why)
    assert hop_table("picked", paths, {1: 1}).remarks == expected
    path = paths.path(0, 3)
    assert path is not None
    assert path_table(path, "picked").remarks == expected


def test_hops_through_known_reads_have_no_label():
    paths = ag.trace(Mixed(), torch.randn(1, 6, 4)).paths()
    assert paths.why == ()
    assert hop_table("mixed", paths, {1: 1}).remarks == ()


def test_a_path_and_a_comparison_say_it_too():
    picked = ag.trace(Picked(), torch.randn(1, 6, 4))
    path = picked.hops(start=0, end=3)
    assert path is not None and path.why == picked.paths().why
    assert ", at least: " in repr(path).splitlines()[0]
    mixed = ag.trace(Mixed(), torch.randn(1, 6, 4))
    known = mixed.hops(start=2, end=3)
    assert known is not None and known.why == () and "at least" not in repr(known)
    (row,) = (row for row in ag.compare(picked, mixed).rows if row[""] == "hops over parts of the side")
    _, bound, exact = row.values()
    assert "at least 1" in bound
    assert "at least" not in exact


def test_a_contrast_says_whose_moves_are_a_lower_bound():
    picked, mixed = ag.trace(Picked(), torch.randn(1, 6, 4)), ag.trace(Mixed(), torch.randn(1, 6, 4))
    svg = ag.contrast(picked, mixed, panels=("hops", "matrix")).svg
    said = " ".join(text.strip() for text in re.findall(r">([^<]+)<", svg) if text.strip())
    assert "moves of Picked are at least these" in said and "moves of Mixed are at least these" not in said
    assert "≤ 100 % of pairs" in svg
