"""Hops of traced modules whose positions are put into another order."""

from __future__ import annotations

import pytest

import archgraph as ag

torch = pytest.importorskip("torch")
CONV = torch.nn.Conv1d(4, 4, 3, padding=1)


class Flipped(torch.nn.Module):
    """A convolution whose output is turned around, beside the input or alone."""

    def __init__(self, *, beside: bool) -> None:
        super().__init__()
        self.conv = CONV
        self.beside = beside

    def forward(self, x):
        y = self.conv(x).flip(-1)
        return x + y if self.beside else y


class Picked(torch.nn.Module):
    """Some positions of a convolution's output."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = CONV
        self.register_buffer("places", torch.tensor([5, 0, 3, 3, 7]))

    def forward(self, x):
        return self.conv(x)[:, :, self.places]


def matrix(module: torch.nn.Module) -> list[list[int | None]]:
    return ag.trace(module.eval(), torch.randn(1, 4, 8), {"x": {2: "n"}}).paths().matrix()


def around(place: int) -> list[int | None]:
    return [abs(q - place) if abs(q - place) < 2 else None for q in range(8)]


def test_a_flip_has_its_cells_in_the_opposite_order():
    assert matrix(Flipped(beside=False)) == [around(7 - x) for x in range(8)]


def test_a_flip_beside_the_input_moves():
    """A position's mirror image is one move away, and what the convolution reads beside it two."""
    for x, row in enumerate(matrix(Flipped(beside=True))):
        mirrored = [None if far is None else far + 1 for far in around(7 - x)]
        expected = [0 if q == x else mirrored[q] for q in range(8)]
        assert row == expected, x


def test_a_list_of_indices_has_a_cell_for_each():
    assert matrix(Picked()) == [around(place) for place in (5, 0, 3, 3, 7)]
