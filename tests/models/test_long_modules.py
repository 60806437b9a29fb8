"""Modules that do one thing many times over: their figures are folded, with the totals of the graph."""

from itertools import pairwise

import pytest

import archgraph as ag
from archgraph.figures.room import PAGE_HEIGHT

torch = pytest.importorskip("torch")


class Loop(torch.nn.Module):
    """One layer with a way past it, over and over."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self.layer, self.count = torch.nn.Linear(8, 8), count

    def forward(self, x):
        for _ in range(self.count):
            x = torch.tanh(self.layer(x)) + x
        return x


def funnel(count: int) -> torch.nn.Module:
    """Layers of other widths each."""
    widths = [8 + step * 5 % 7 for step in range(count + 1)]
    layers = [
        layer for width, further in pairwise(widths) for layer in (torch.nn.Linear(width, further), torch.nn.ReLU())
    ]
    return torch.nn.Sequential(*layers)


@pytest.mark.parametrize("make", [Loop, funnel])
@pytest.mark.parametrize("count", [60, 200])
def test_a_long_module_fits_a_page(make, count):
    g = ag.trace(make(count), torch.rand(1, 8))
    figure = g.draw()
    assert figure.notes == () and figure.diagram.height <= PAGE_HEIGHT + 0.5
    for metric, law in (("params", g.params), ("macs", g.macs)):
        assert sum(dict(box.laws)[metric] for box in figure.diagram.boxes if box.laws) == law
    said = [f"(Linear, tanh) ×{count - 1}", f"{count - 1} additions"]
    texts = [text.string for text in figure.diagram.texts()]
    assert set(said if make is Loop else [f"(Linear, ReLU) ×{count}", "of 7 kinds"]) <= set(texts), texts
