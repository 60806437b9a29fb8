"""What autograd keeps under `torch.autocast`, against its hooks on a CPU, and which operations it has a type for."""

import pytest

import archgraph as ag
from archgraph.cost.memory.autocast import HALF_KINDS, SINGLE_FUNCTIONS, SINGLE_KINDS
from archgraph.errors import QueryError
from archgraph.ops.functions import ROWS
from tests.oracles.kept_storages import kept_while

torch = pytest.importorskip("torch")
from test_memory_torch import kernel  # noqa: E402
from test_training_torch import LIGHT, bound, built, operands  # noqa: E402

pytestmark = pytest.mark.torch

NAMES = [name for name in LIGHT if name != "mixtral"]
"""Which experts of a mixture make copies of their weights is up to the values."""
COPIES_OF_WEIGHTS = ("nnunet", "nnunet_resenc")
"""Instance norms keep a copy of their weight per sample, in single precision."""
SMALL_LLAMA = {"D": 64, "L": 2, "F": 96, "heads": 8, "kv_heads": 2, "V": 128, "N": 16}


def kept_bytes(g, batch, how, attention) -> int:
    module = built(g, how)
    with kernel(attention), torch.autocast("cpu", torch.bfloat16):
        return kept_while(module, lambda: module(*operands(g, batch)))


def derived(g, batch, dtype="bf16-autocast-cpu", **options) -> int:
    return g.training_memory(batch=batch, peak="saved", dtype=dtype, **options).by_kind["kept by autograd"]


@pytest.mark.parametrize("how", ["none", "block"])
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.filterwarnings("ignore")
def test_kept_under_autocast(name, how):
    g = bound(name)
    measured = kept_bytes(g, 2, how, "math")
    tolerance = 0.001 if name in COPIES_OF_WEIGHTS else 0
    assert derived(g, 2, checkpoint=how) == pytest.approx(measured, rel=tolerance, abs=0)


@pytest.mark.parametrize("dtype", ["bf16-autocast", "bf16-autocast-cpu"])
def test_copies_of_weights_have_no_batch(dtype):
    g = ag.load("llama").at(**SMALL_LLAMA)
    assert {batch: derived(g, batch, dtype) for batch in (1, 2, 4)} == {1: 266688, 2: 400256, 4: 667392}


def test_paths_name_the_first_iteration_too():
    """Of a series whose first block takes another type than the later ones."""
    g = bound("convnext")
    paths = [*(f"stage({index})" for index in range(4)), *(f"down({index})" for index in range(1, 4))]
    assert derived(g, 2, checkpoint=paths) == derived(g, 2, checkpoint="block")


# -- which operations ----------------------------------------------------------------------------------------

KEYS = {"gpu": "AutocastCUDA", "cpu": "AutocastCPU"}
NAMES_IN_TORCH = {
    "conv": "conv2d",
    "conv_transpose": "conv_transpose2d.input",
    "convolve": "conv2d",
    "softmax": "softmax.int",
    "upsample": "upsample_nearest2d",
    "resize": "upsample_bilinear2d",
    "cumulate": "cumsum",
    "fourier": "fft_fft",
    "einsum": "bmm",
    "pow": "pow.Tensor_Scalar",
    "norm": "norm.Scalar",
}


def registered(name: str, device: str) -> bool:
    key = f"aten::{NAMES_IN_TORCH.get(name, name)}"
    return torch._C._dispatch_has_kernel_for_dispatch_key(key, KEYS[device])


@pytest.mark.parametrize("device", KEYS)
def test_every_listed_operation_has_a_rule_of_its_own_in_torch(device):
    listed = HALF_KINDS | SINGLE_KINDS[device] | SINGLE_FUNCTIONS[device]
    assert {name for name in listed if not registered(name, device)} == set()


def in_torch(name: str, device: str) -> bool:
    try:
        return registered(name, device)
    except RuntimeError:  # a name of ours
        return False


@pytest.mark.parametrize("device", KEYS)
def test_no_function_of_an_element_is_forgotten(device):
    """Those that take several operands are run in the widest type of these; `prelu` is a product to autocast."""
    names = {row.name for row in ROWS if "." not in row.name}
    others = {"addcdiv", "addcmul", "atan2", "prelu"}
    assert {name for name in names - others if in_torch(name, device)} <= SINGLE_FUNCTIONS[device]


# -- what is not derived -------------------------------------------------------------------------------------


def test_recurrent_layers_are_refused():
    g = ag.trace(torch.nn.LSTM(3, 4, batch_first=True), [torch.zeros(1, 5, 3)])
    with pytest.raises(QueryError, match="what autocast keeps of recurrent is not derived"):
        derived(g, 2)


def test_scores_that_are_written_out_are_refused_on_a_gpu():
    class Written(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.qkv = torch.nn.Linear(8, 24)

        def forward(self, x):
            q, k, v = self.qkv(x).chunk(3, -1)
            return (q @ k.transpose(-1, -2) / 8**0.5).softmax(-1) @ v

    g = ag.trace(Written(), [torch.zeros(1, 5, 8)])
    with pytest.raises(QueryError, match="attention that is written out is not derived"):
        derived(g, 2, "bf16-autocast")
    assert derived(g, 2) > 0
