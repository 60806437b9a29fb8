"""What boxes of traced modules are called: by what they hold, and never by what only the trace knows."""

import re

import pytest

import archgraph as ag

torch = pytest.importorskip("torch")
nn = torch.nn

TRACED = re.compile(r"\b(function|cast|clone|rename|rearrange|unflatten|sequential)\b", re.IGNORECASE)


class VeryLongNameOfABlockThatHoldsALayer(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Sequential(nn.Linear(8, 32), nn.GELU(), nn.Linear(32, 8))

    def forward(self, x):
        return x + self.inner(x)


class Several(nn.Module):
    """Containers, functions of elements, types that change, and weights that stand alone."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU())
        self.blocks = nn.Sequential(*(VeryLongNameOfABlockThatHoldsALayer() for _ in range(3)))
        self.scale = nn.Parameter(torch.ones(8))

    def forward(self, x):
        y = self.first(x).flatten(2).transpose(1, 2).double().float()
        y = torch.exp(self.blocks(y) * self.scale).clone()
        return y.sum(1)


@pytest.fixture(scope="module")
def figure():
    return ag.trace(Several(), torch.rand(1, 3, 8, 8)).draw()


def headings(figure) -> list[str]:
    return [text.string for box in figure.diagram.boxes for text in box.texts()]


def test_no_box_is_called_by_the_trace(figure):
    assert [text for text in headings(figure) if TRACED.search(text)] == []
    assert any("exp" in text.lower() for text in headings(figure))


def test_a_block_that_repeats_is_named_once(figure):
    said = " ".join(text.string for text in figure.diagram.texts()).replace(" ", "")
    assert said.count("VeryLongNameOf") == 1 and said.count("HoldsALayer") == 1


def test_a_class_whose_name_is_wider_than_a_box_is_broken_before_a_capital():
    class SomeVeryLongProjectionOfTheContext(nn.Linear):
        pass

    class Network(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a, self.b = nn.Linear(8, 8), SomeVeryLongProjectionOfTheContext(8, 8)
            self.c = nn.Linear(8, 8)

        def forward(self, x, y):
            y = self.b(y)
            return self.c(torch.relu(self.a(x) + y) + y)

    figure = ag.trace(Network(), (torch.rand(1, 5, 8), torch.rand(1, 8))).draw()
    assert not [text for text in headings(figure) if "…" in text]
