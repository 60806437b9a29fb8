"""Batch norm without running statistics: one sample is normalised by its own, also in evaluation mode."""

import pytest

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch

from torch import nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402, N812
from torch.utils.flop_counter import FlopCounterMode  # noqa: E402

import archgraph as ag  # noqa: E402


class Standardised(nn.Module):
    """A convolution whose kernel is normalised, output by output."""

    def __init__(self, out=5, affine=True):
        super().__init__()
        self.weight = nn.Parameter(torch.rand(out, 4, 3, 3))
        self.gain = nn.Parameter(torch.ones(out)) if affine else None

    def forward(self, x):
        rows = self.weight.reshape(1, len(self.weight), -1)
        kernel = F.batch_norm(rows, None, None, weight=self.gain, training=True, eps=1e-6)
        return F.conv2d(x, kernel.reshape(self.weight.shape), padding=1)


def kept(module, x):
    sizes = {}

    def pack(tensor):
        sizes[tensor.untyped_storage()._cdata] = (tensor.untyped_storage().nbytes(), tensor)
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda t: t):
        result = module(x)
    own = {p.untyped_storage()._cdata for p in module.parameters()}
    assert result is not None
    return sum(size for key, (size, _) in sizes.items() if key not in own)


ALONE = {"track_running_stats": False}
CASES = [
    (lambda: nn.Sequential(nn.Conv1d(3, 6, 3), nn.BatchNorm1d(6, track_running_stats=False)), (1, 3, 9)),
    (lambda: nn.Sequential(nn.Conv2d(3, 6, 3), nn.BatchNorm2d(6, affine=False, **ALONE)), (1, 3, 9, 8)),
    (lambda: nn.Sequential(nn.Conv3d(2, 4, 3), nn.BatchNorm3d(4, **ALONE), nn.ReLU()), (1, 2, 5, 6, 7)),
    (Standardised, (1, 4, 8, 7)),
    (lambda: Standardised(7, affine=False), (1, 4, 6, 6)),
]


@pytest.mark.parametrize(("make", "shape"), CASES)
def test_counts_are_those_of_torch(make, shape):
    module, x = make().eval(), torch.rand(shape)
    with FlopCounterMode(display=False) as counter:
        module(x)
    g = ag.trace(module, x)
    assert g.params == sum(p.numel() for p in module.parameters())
    assert 2 * g.macs == counter.get_total_flops()
    assert g.buffers == 0


@pytest.mark.parametrize(("make", "shape"), CASES[:3])
def test_kept_bytes_are_those_of_torch(make, shape):
    module, x = make().eval(), torch.rand(shape)
    assert ag.trace(module, x).expression("saved_bytes") == kept(module, x)


def test_its_statistics_reach_every_position():
    g = ag.trace(CASES[0][0](), torch.rand(1, 3, 9))
    field = g.receptive_field().axes["n"]
    assert field.size_max == 3 and field.stat_since is not None


class Writing(nn.Module):
    """A batch norm that always trains."""

    def __init__(self):
        super().__init__()
        self.norm = nn.BatchNorm2d(3)

    def forward(self, x):
        return F.batch_norm(x, self.norm.running_mean, self.norm.running_var, training=True)


def test_running_statistics_that_would_change_are_refused():
    with pytest.raises(ag.ArchgraphError, match="statistics of the samples at hand") as caught:
        ag.trace(Writing(), torch.rand(1, 3, 5, 5))
    assert caught.value.hint == "a module is traced in evaluation mode: call it with training=self.training"
