"""Outputs of traced modules have the names of their places; without an output there is no graph."""

from collections import namedtuple
from typing import Any

import pytest

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch

from torch import nn  # noqa: E402

import archgraph as ag  # noqa: E402
from archgraph.errors import ArchgraphError  # noqa: E402

Pair = namedtuple("Pair", "logits features")


class Returns(nn.Module):
    """Two convolutions, of which `form` makes what is returned."""

    def __init__(self, form: Any) -> None:
        super().__init__()
        self.form = form
        self.one, self.two = nn.Conv2d(3, 3, 3, padding=1), nn.Conv2d(3, 3, 3, padding=1)

    def forward(self, x):
        y = self.one(x)
        return self.form(x, y, self.two(y))


def traced(form: Any, **options: Any) -> ag.Architecture:
    return ag.trace(Returns(form), torch.zeros(1, 3, 16, 16), **options)


@pytest.mark.parametrize("dynamic", [None, {"x": {2: "h", 3: "w"}}])
@pytest.mark.parametrize(
    ("form", "names"),
    [
        (lambda x, y, z: {"near": y, "far": z}, ("near", "far")),
        (lambda x, y, z: (y, z), ("output[0]", "output[1]")),
        (lambda x, y, z: Pair(y, z), ("logits", "features")),
        (lambda x, y, z: {"all": [y, {"last": z}]}, ("all[0]", "all[1].last")),
    ],
)
def test_outputs_are_named_by_their_places(form, names, dynamic):
    g = traced(form, dynamic=dynamic)
    assert tuple(g.outputs) == names
    assert [int(g.select(name).receptive_field().h.size_max) for name in names] == [3, 5]
    assert 2 * g.select(names[0]).at().macs == g.at().macs


def test_one_value_may_have_two_names():
    g = traced(lambda x, y, z: {"states": (y, z), "last": z})
    assert g.select("last").outputs == g.select("states[1]").outputs


def test_a_single_output_is_called_by_its_operation():
    assert tuple(traced(lambda x, y, z: z).outputs) == ("conv",)


def test_an_input_among_the_outputs_keeps_its_name():
    assert tuple(traced(lambda x, y, z: {"given": x, "made": z}).outputs) == ("x", "made")


@pytest.mark.parametrize(
    ("form", "message"),
    [(lambda x, y, z: None, "returns no tensor"), (lambda x, y, z: (x,), "returns its input as it is")],
)
def test_a_module_that_gives_nothing_it_computes_is_refused(form, message):
    with pytest.raises(ArchgraphError, match=message):
        traced(form)


def test_a_function_is_no_module():
    with pytest.raises(ArchgraphError, match=r"relu is no torch.nn.Module"):
        ag.trace(torch.relu, torch.zeros(1, 3))
