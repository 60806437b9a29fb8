"""Operators without a rule: refused, or stood in for with what they weigh."""

import pytest

import archgraph as ag
from archgraph.errors import UnsupportedOpError

torch = pytest.importorskip("torch")


def test_an_operator_without_a_rule_is_refused_by_its_name():
    with pytest.raises(UnsupportedOpError, match="operators that have no rule: lstm x 1"):
        ag.trace(torch.nn.LSTM(8, 8, 2, batch_first=True), torch.rand(1, 5, 8))


def test_weights_of_a_gap_count_once_however_many_results_it_has():
    module = torch.nn.LSTM(8, 8, 2, batch_first=True)
    g = ag.trace(module, torch.rand(1, 5, 8), allow_unsupported=True)
    assert g.params == sum(weight.numel() for weight in module.parameters())
    assert [str(gap).split(",")[0] for gap in g.gaps] == ["lstm x 1"]
