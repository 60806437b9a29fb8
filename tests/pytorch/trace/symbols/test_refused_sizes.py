"""Sizes that a module refuses are part of its law, also where it leaves the question out while it is traced."""

import pytest

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch

from torch import nn  # noqa: E402

import archgraph as ag  # noqa: E402

IMAGE = torch.empty(1, 3, 64, 64, device="meta")
SIDES = {"x": {2: "h", 3: "w"}}


class Checked(nn.Module):
    """Refuses sizes that are no multiples of 16 unless it is traced, as segmentation_models_pytorch does."""

    def __init__(self, instead=None):
        super().__init__()
        self.layer, self.instead = nn.Conv2d(3, 4, 3, padding=1, device="meta"), instead

    def forward(self, x):
        if not torch.compiler.is_compiling():
            if x.shape[2] % 16 or x.shape[3] % 16:
                raise RuntimeError("expected sizes that 16 divides")
            if self.instead is not None:
                return self.instead(x)
        return self.layer(x)


def test_what_a_module_refuses_only_untraced_is_in_its_law():
    g = ag.trace(Checked(), IMAGE, SIDES)
    assert g.rule_of("h") == g.rule_of("w") == (16, 0)
    with pytest.raises(ag.ArchgraphError, match="multiple of 16"):
        g.at(h=72, w=64)
    assert g.at(h=80, w=96).macs == 80 * 96 * 3 * 4 * 9


@pytest.mark.parametrize("instead", [nn.Conv2d(3, 4, 1), lambda x: x if x.sum() > 0 else -x], ids=["other", "values"])
def test_a_module_that_does_something_else_untraced_is_traced(instead):
    g = ag.trace(Checked(instead), IMAGE, SIDES)
    assert g.rule_of("h") == (1, 0)
    assert g.at(h=72, w=60).macs == 72 * 60 * 3 * 4 * 9


def test_questions_of_pytorch_itself_are_none_of_the_module():
    from archgraph.pytorch.trace.recording.record import record

    asks = lambda module: record(module, IMAGE).asks_traced  # noqa: E731
    assert [asks(Checked()), asks(nn.Conv2d(3, 4, 3, device="meta"))] == [True, False]
