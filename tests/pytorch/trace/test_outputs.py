"""Outputs of traced modules have the names of their places; without an output there is no graph."""

from collections import namedtuple
from typing import Any

import pytest

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch

from torch import nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402, N812

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
    assert tuple(g.outputs) == ("states[0]", "states[1]", "last")
    assert len(g.selected) == 2
    for name in ("last", "states[1]"):
        chosen = g.select(name)
        assert tuple(chosen.outputs) == tuple(chosen.at().bound().outputs) == (name,)
        assert int(chosen.receptive_field().h.size_max) == int(g.receptive_field(name).h.size_max) == 5
    both = g.select("last", "states[1]")
    assert (tuple(both.outputs), len(both.selected)) == (("last", "states[1]"), 1)
    assert both.macs == g.select("last").macs == g.macs


def test_a_single_output_is_called_by_its_operation():
    assert tuple(traced(lambda x, y, z: z).outputs) == ("conv",)


def test_an_input_among_the_outputs_has_the_name_of_its_place():
    g = traced(lambda x, y, z: {"given": x, "made": z, "again": x})
    assert tuple(g.outputs) == ("given", "made", "again")
    assert g.select("given").macs == 0
    assert g.select(*g.outputs).macs == g.macs
    with pytest.raises(ArchgraphError, match="'x' is an input: each of its positions reads itself alone"):
        g.receptive_field("again")


@pytest.mark.parametrize(
    ("form", "names"),
    [
        (lambda x, y, z: (z, z), ("output[0]", "output[1]")),
        (lambda x, y, z: (z, z.view(z.shape), F.dropout(z, 0.5, False)), ("output[0]", "output[1]", "output[2]")),
        (lambda x, y, z: (y, F.relu_(y)), ("output[0]", "output[1]")),
        (lambda x, y, z: Pair(y, {"a": z, "b": [y]}), ("logits", "features.a", "features.b[0]")),
    ],
)
def test_what_is_returned_twice_keeps_both_names(form, names):
    g = traced(form, dynamic={"x": {2: "h"}})
    assert tuple(g.outputs) == tuple(g.at(h=12).outputs) == names
    assert [str(g.receptive_field(name).h.size_max) for name in names]
    assert len(g.selected) == len(set(g.selected))


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
