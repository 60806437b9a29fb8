"""A field that is a bound says why, and which operation makes it one; one that is exact says nothing."""

from __future__ import annotations

from typing import Any

import pytest

torch = pytest.importorskip("torch")

import archgraph as ag  # noqa: E402

PICKED = [3, 1, 0, 2, 5]
UP_TO_OWN = {
    "largest so far": lambda x: x.cummax(1).values,
    "smallest so far": lambda x: torch.cummin(x, dim=-2)[0],
    "of moved axes": lambda x: x.transpose(1, 2).cummax(-1)[0].transpose(1, 2),
    "of heads": lambda x: x.unflatten(2, (2, 2)).cummin(1).values.flatten(2),
}


class After(torch.nn.Module):
    """A linear layer, and what is done to its result."""

    def __init__(self, function) -> None:
        super().__init__()
        self.layer, self.function = torch.nn.Linear(4, 4), function

    def forward(self, x):
        return self.function(self.layer(x))


def traced(function, *, n: int = 6, **keywords):
    return ag.trace(After(function), torch.randn(1, n, 4), **keywords)


def test_what_values_order_is_a_bound_with_its_reason():
    g = traced(lambda x: x.sort(1).values)
    field = g.receptive_field()
    (reason,) = field.why
    assert reason == "which elements are moved depends on values that are not known (move)"
    assert f"at most: {reason}" in repr(field)
    probe = field.probe(n=0)
    assert not probe.exact
    assert probe.why == (reason,)
    assert repr(probe).endswith(f"at most: {reason}")
    assert f"at most: {reason}" in g.receptive_field_table().notes


def test_a_list_at_another_size_says_for_which_it_holds():
    g = traced(lambda x: x[:, PICKED], dynamic={"x": {1: "n"}})
    assert g.receptive_field().why == ()
    (reason,) = g.at(n=9).receptive_field().why
    assert reason == "a list of positions holds for 5 sets of 6 positions only (move)"


def test_an_exact_field_says_nothing():
    field = traced(lambda x: x.roll(1, 1)).receptive_field()
    assert field.why == field.probe(n=0).why == ()
    assert "at most" not in repr(field)


@pytest.mark.parametrize("name", UP_TO_OWN)
def test_running_extrema_read_up_to_their_own_position(name):
    field = traced(UP_TO_OWN[name]).receptive_field()
    indices: list[Any] = [{field.outputs[0]: place} for place in range(6)]
    probes = [field.probe(**index) for index in indices]
    assert [(len(probe), probe.exact) for probe in probes] == [(place + 1, True) for place in range(6)]
