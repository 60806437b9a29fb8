"""Whatever device and precision the user has made the default, constants have their values."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

import archgraph as ag

torch = pytest.importorskip("torch")
nn = torch.nn


class Causal(nn.Module):
    """Its mask and its positions are made while it runs."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(8, 8)

    def forward(self, x):
        q, at = self.layer(x), torch.arange(x.shape[1])
        far = (at[:, None] - at[None]).abs()
        scores = (q @ q.mT).masked_fill((far > 300) | (at[:, None] < at[None]), float("-inf"))
        return scores.softmax(-1) @ x


@contextmanager
def precision(dtype: torch.dtype) -> Iterator[None]:
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        yield
    finally:
        torch.set_default_dtype(before)


DEFAULTS = {
    "meta": lambda: torch.device("meta"),
    "bfloat16": lambda: precision(torch.bfloat16),
    "float64": lambda: precision(torch.float64),
}


@pytest.mark.parametrize("default", DEFAULTS)
def test_masks_are_followed_under_any_default(default):
    with DEFAULTS[default]():
        found = ag.trace(Causal(), torch.rand(1, 700, 8)).receptive_field().probe(n=600)
        kept = torch.get_default_device(), torch.get_default_dtype()
    assert ({place for (place,) in found}, found.exact) == (set(range(300, 601)), True)
    assert (
        kept
        == {
            "meta": (torch.device("meta"), torch.float32),
            "bfloat16": (torch.device("cpu"), torch.bfloat16),
            "float64": (torch.device("cpu"), torch.float64),
        }[default]
    )
