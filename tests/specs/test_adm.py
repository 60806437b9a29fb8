"""ADM against plain PyTorch on meta, at published sizes and with other numbers of blocks level by level."""

import pytest

import archgraph as ag

torch = pytest.importorskip("torch")
import plain_adm as plain  # noqa: E402
from torch.utils.flop_counter import FlopCounterMode  # noqa: E402

pytestmark = pytest.mark.torch
UNEVEN = {"depths": [1, 2, 3, 2, 4, 1], "H": 64, "W": 64}


@pytest.mark.parametrize(("name", "given"), [("adm", {}), ("adm:64", {}), ("adm:128", {}), ("adm", UNEVEN)])
def test_counts_equal_plain_pytorch(name, given):
    g = ag.load(name).at(**given)
    at = {name: int(g.defaults[name]) for name in ("C", "H", "W")}
    lists = [[int(one) for one in g.defaults[name]] for name in ("mult", "attends", "depths")]
    with torch.device("meta"):
        module = plain.ADM(at["C"], *(each[: len(lists[0])] for each in lists)).eval()
        with FlopCounterMode(display=False) as counter:
            module(torch.empty(1, 3, at["H"], at["W"]), torch.zeros(1, dtype=torch.long))
    assert g.params == sum(weight.numel() for weight in module.parameters())
    assert g.macs == counter.get_total_flops() // 2


def test_one_number_of_blocks_is_that_of_every_level():
    assert ag.load("adm").at(blocks=1).params == ag.load("adm").at(depths=[1] * 6).params
