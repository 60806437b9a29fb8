"""What a traced module says that autograd keeps, held against what it keeps on the CPU: a row per operator."""

import pytest

import archgraph as ag
from archgraph.pytorch.trace.handlers.indexing import SOURCES
from archgraph.pytorch.trace.handlers.pointwise import RENAMED
from archgraph.pytorch.trace.registry import HANDLERS

torch = pytest.importorskip("torch")
from saved_rows import ROWS  # noqa: E402  it needs torch

from archgraph.pytorch.verify.original import KeptStorages  # noqa: E402

pytestmark = pytest.mark.torch
torch.set_num_threads(1)

DIFFERS = {
    "repeat": "repetitions are made where they are read, and PyTorch copies them before",
    "repeat_interleave": "as `repeat`",
    "meshgrid": "its results are views of the operands, and count as copies here",
    "col2im": "the CPU's kernel works in a buffer twice as large, which the result lies in",
}
"""Rows where our number is another one, and why."""
ON_THE_CPU = frozenset(["logsigmoid"])
"""Functions of which the kernel of the CPU keeps more than that of a GPU; our number is the CPU's."""
NO_GRADIENT = frozenset(
    [*SOURCES, "bernoulli", "bucketize", "nonzero", "normal_", "one_hot", "searchsorted", "uniform_", "constant"]
)
"""Operators through which no gradient comes: sources, and results that are places."""
OTHER_NAMES = """
_conj_physical _convolution _log_softmax _native_batch_norm_legit_no_training _safe_softmax _softmax _to_copy
_unsafe_view _upsample_bicubic2d_aa _upsample_bilinear2d_aa _upsample_nearest_exact2d _weight_norm_interface
adjoint alias alpha_dropout broadcast_to concat concatenate constant_pad_nd convolution cudnn_batch_norm
double dropout expand_as feature_dropout float ger grid_sampler_2d lift_fresh lift_fresh_copy mT
max_pool2d_with_indices moveaxis multiply native_channel_shuffle native_dropout native_layer_norm numpy_T positive
ravel real requires_grad_ reshape_as resolve_conj split_copy swapaxes swapdims t tile to_dense
type_as unfold_copy unsafe_chunk unsafe_split view_as attention unsqueeze
"""
"""Other names of operators that have a row, and what does nothing in evaluation mode."""
WITHOUT_ROW = """
_weight_norm batch_norm bitwise_left_shift bitwise_right_shift masked_select polar reflection_pad2d
replication_pad2d sigmoid_backward trapezoid
"""
"""Operators of which nothing is measured yet: the list may only shrink."""


class Net(torch.nn.Module):
    """A row on the result of a layer, and on the input."""

    def __init__(self, row) -> None:
        super().__init__()
        self.layer = torch.nn.Linear(8, 8)
        self.row = row

    def forward(self, x):
        return self.row(self.layer(x), x)


def measured(net, x) -> int:
    from torch.nn.attention import SDPBackend, sdpa_kernel

    kept = KeptStorages(net.state_dict(keep_vars=True))
    with kept.hooks(), sdpa_kernel(SDPBackend.MATH):
        result = net(x)
    size = kept.bytes()
    assert result is not None
    return size


@pytest.mark.parametrize("name", ROWS)
def test_a_traced_operator_keeps_what_autograd_keeps(name):
    torch.manual_seed(0)
    net, x = Net(ROWS[name]).eval(), torch.rand(1, 6, 8) * 0.8 + 0.1
    said, right = int(ag.trace(net, x).at().saved_bytes), measured(net, x)
    assert (said == right) == (name not in DIFFERS), f"{said}, torch {right}"


def test_every_operator_has_a_row():
    rows = {name.partition(":")[0] for name in ROWS}
    excused = NO_GRADIENT | set(RENAMED) | set(OTHER_NAMES.split())
    missing = {name for name in HANDLERS if name not in rows and name.rstrip("_") not in rows} - excused
    assert missing == set(WITHOUT_ROW.split())
