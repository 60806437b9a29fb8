"""Operators without a rule: refused, or stood in for with what they weigh."""

import pytest

import archgraph as ag
from archgraph.errors import UnsupportedOpError

torch = pytest.importorskip("torch")


class Determinant(torch.nn.Module):
    """The determinant, which PyTorch makes by an operator with three results."""

    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.rand(8, 8))

    def forward(self, x):
        return torch.linalg.det(x + self.weight)


def test_an_operator_without_a_rule_is_refused_by_its_name():
    with pytest.raises(UnsupportedOpError, match="1 operator without a rule: _linalg_det x 1"):
        ag.trace(Determinant(), torch.rand(1, 8, 8))


def test_weights_of_a_gap_count_once_however_many_results_it_has():
    module = Determinant()
    g = ag.trace(module, torch.rand(1, 8, 8), allow_unsupported=True)
    assert g.params == sum(weight.numel() for weight in module.parameters())
    assert [str(gap).split(",")[0] for gap in g.gaps] == ["_linalg_det x 1"]
