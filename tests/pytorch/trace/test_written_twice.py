"""Of several elements that are written to one place, PyTorch keeps any: what is read is a bound, and says why."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch

import archgraph as ag  # noqa: E402
from tests.pytorch.trace.test_other_sizes import Applied, N, at_sizes  # noqa: E402


def scattered(x, places):
    return x.scatter(1, places[None, :, None].expand(1, -1, x.shape[-1]), x.flip(1))


def assigned(x, places):
    y = x * 2
    y[:, places] = x.roll(1, 1)
    return y


WRITES = {
    "scatter": scattered,
    "index_copy": lambda x, places: (x * 2).index_copy(1, places, x.flip(1)),
    "index_put": lambda x, places: torch.index_put(x * 2, (torch.zeros(1).long(), places), x[0]),
    "assignment": assigned,
    "put": lambda x, places: (x * 2).put(places[:, None] * 8 + torch.arange(8), x[0]),
}
DOUBLED = {
    "index_put": lambda x, places: torch.index_put(x * 2, (torch.zeros(1).long(), places), x[0], accumulate=True),
    "index_add": lambda x, places: (x * 2).index_add(1, places, x.flip(1)),
}


def halves(x):
    return torch.arange(x.shape[1]) // 2


def turned(x):
    return torch.arange(x.shape[1]).flip(0)


@pytest.mark.parametrize("name", WRITES)
def test_one_of_several_is_a_bound(name):
    assert at_sizes(lambda x: WRITES[name](x, halves(x)), ())[N] <= {"exact", "labelled"}
    g = ag.trace(Applied(lambda x: WRITES[name](x, halves(x))), {"x": torch.rand(1, N, N)})
    assert any("which of them stays is not defined" in reason for reason in g.receptive_field().why)


@pytest.mark.parametrize("name", WRITES)
def test_places_that_are_written_once_are_exact(name):
    assert at_sizes(lambda x: WRITES[name](x, turned(x)), ())[N] == {"exact"}


@pytest.mark.parametrize("name", DOUBLED)
def test_sums_of_several_are_exact(name):
    assert at_sizes(lambda x: DOUBLED[name](x, halves(x)), ())[N] == {"exact"}


def test_a_source_larger_than_its_indices_has_no_gradient_that_would_tell():
    g = ag.trace(Applied(lambda x: scattered(x, torch.arange(3))), {"x": torch.rand(1, N, N)})
    field = g.receptive_field()
    (axis,) = field.outputs
    probe = field.probe(**{axis: 1})
    assert not probe.exact and {(1,), (N - 2,)} <= set(probe)
