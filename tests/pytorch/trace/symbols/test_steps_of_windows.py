"""Sizes that a module splits by numbers in its code vary by multiples of these."""

import pytest

import archgraph as ag

torch = pytest.importorskip("torch")
nn = torch.nn


class Split(nn.Module):
    """Applies a layer to the parts of a split."""

    def __init__(self, split):
        super().__init__()
        self.split, self.layer = split, nn.Linear(8, 8)

    def forward(self, x):
        return self.layer(self.split(x))


def checked(x):
    if x.shape[1] % 5:
        raise ValueError("not by fives")
    return x


SPLITS = {
    "unflatten": (lambda x: x.unflatten(1, (-1, 3)), (9,), 3),
    "view of six": (lambda x: x.view(1, -1, 6, 8), (12,), 6),
    "reshape of fifteen": (lambda x: x.reshape(x.shape[1] // 15, 15, 8), (45,), 15),
    "chunk": (lambda x: torch.stack(x.chunk(3, 1)), (9,), 3),
    "split": (lambda x: torch.stack(x.split(x.shape[1] // 7, 1)), (14,), 7),
    "check": (checked, (10,), 5),
    "two": (lambda x: x.view(1, x.shape[1] // 7, 7, x.shape[2] // 5, 5, 8), (14, 20), (7, 5)),
}


@pytest.mark.parametrize("name", SPLITS)
def test_a_size_varies_by_what_splits_it(name):
    split, sizes, steps = SPLITS[name]
    steps = steps if isinstance(steps, tuple) else (steps,)
    symbols = ("n", "m")[: len(sizes)]
    g = ag.trace(Split(split), torch.zeros(1, *sizes, 8), {"x": dict(enumerate(symbols, 1))}, batch_axis=0)
    assert {f"{symbol} is a multiple of {step}" for symbol, step in zip(symbols, steps, strict=True)} <= set(
        g.conditions
    )
    assert g.at(**{symbol: step * 4 for symbol, step in zip(symbols, steps, strict=True)}).macs == 64 * (
        torch.Size(steps).numel() * 4 ** len(steps)
    )
