"""What autograd keeps of modules in half precision, in the types that it keeps it in."""

import warnings

import pytest

import archgraph as ag

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402
from torch.nn.attention import SDPBackend, sdpa_kernel  # noqa: E402

from archgraph.pytorch.verify.original import KeptStorages  # noqa: E402

pytestmark = pytest.mark.torch
TOKENS, IMAGE = (1, 5, 16), (1, 16, 4, 4)


class Scored(nn.Module):
    """A linear layer, and a function that is told a type to compute in."""

    def __init__(self, function):
        super().__init__()
        self.linear, self.function = nn.Linear(16, 16), function

    def forward(self, x):
        return self.function(self.linear(x))


def lengths(dim, frozen=""):
    layer = nn.utils.parametrizations.weight_norm(nn.Linear(16, 8), dim=dim)
    for name, weight in layer.named_parameters():
        weight.requires_grad_(name.rpartition(".")[2] != frozen)
    return layer


LAYERS = {
    "layer norm": (lambda: nn.Sequential(nn.Linear(16, 16), nn.LayerNorm(16), nn.Linear(16, 16)), TOKENS),
    "rms norm": (lambda: nn.Sequential(nn.Linear(16, 16), nn.RMSNorm(16)), TOKENS),
    "group norm": (lambda: nn.Sequential(nn.Conv2d(16, 16, 1), nn.GroupNorm(4, 16)), IMAGE),
    "instance norm": (lambda: nn.InstanceNorm2d(16, affine=True), IMAGE),
    "batch norm": (lambda: nn.BatchNorm2d(16), IMAGE),
    "softmax in single precision": (lambda: Scored(lambda x: x.softmax(-1, dtype=torch.float32).to(x.dtype)), TOKENS),
    "logarithms in single precision": (lambda: Scored(lambda x: x.log_softmax(-1, dtype=torch.float32)), TOKENS),
    "encoder": (lambda: nn.TransformerEncoderLayer(16, 4, 32, batch_first=True, norm_first=True), TOKENS),
    "lengths of rows": (lambda: lengths(0), TOKENS),
    "lengths of columns": (lambda: lengths(1), TOKENS),
    "one length": (lambda: lengths(None), TOKENS),
    "lengths of frozen rows": (lambda: lengths(0, "original1"), TOKENS),
    "frozen lengths": (lambda: lengths(0, "original0"), TOKENS),
}


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
@pytest.mark.parametrize("name", LAYERS)
def test_kept_as_stored(name, dtype):
    make, shape = LAYERS[name]
    net, x = make().eval().to(getattr(torch, dtype)), torch.rand(shape).to(getattr(torch, dtype))
    kept = KeptStorages(net.state_dict(keep_vars=True))
    with sdpa_kernel(SDPBackend.MATH), kept.hooks():
        result = net(x)
    assert result is not None
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        assert int(ag.trace(net, x).at().saved_bytes) == kept.bytes()


class Mixed(nn.Module):
    """A norm in single precision of values that are not, after a layer."""

    def __init__(self, layer, norm, dtype):
        super().__init__()
        self.layer, self.norm, self.dtype = layer, norm, dtype

    def forward(self, x):
        return self.norm(self.layer(x).to(self.dtype)).float() * 2


MIXED = {
    "layer norm": (nn.Linear(16, 16), nn.LayerNorm(16), TOKENS),
    "without bias": (nn.Linear(16, 16), nn.LayerNorm(16, bias=False), TOKENS),
    "without weights": (nn.Linear(16, 16), nn.LayerNorm(16, elementwise_affine=False), TOKENS),
    "group norm": (nn.Conv2d(16, 16, 1), nn.GroupNorm(4, 16), IMAGE),
}


@pytest.mark.filterwarnings("ignore:what autograd keeps")
@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize("name", MIXED)
def test_statistics_take_the_wider_type_of_values_and_weights(name, dtype):
    """PyTorch's pass on shapes takes the narrower one, so that it may doubt what is right."""
    layer, norm, shape = MIXED[name]
    net, x = Mixed(layer, norm, getattr(torch, dtype)), torch.rand(shape)
    kept = KeptStorages(net.state_dict(keep_vars=True))
    with kept.hooks():
        result = net(x)
    assert result is not None
    assert int(ag.trace(net, x).at().saved_bytes) == kept.bytes()


def test_what_is_cast_keeps_statistics_as_a_gpu_does():
    g = ag.trace(nn.LayerNorm(16), torch.rand(TOKENS))
    assert int(g.at().saved_memory(dtype="bf16")) == 5 * 16 * 2 + 2 * 5 * 4


@pytest.mark.filterwarnings("ignore:Mismatch dtype")
@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_half_precision_agrees_with_what_it_is_lowered_to(dtype):
    net = nn.Sequential(nn.Linear(16, 16), nn.LayerNorm(16), nn.RMSNorm(16)).to(getattr(torch, dtype))
    assert ag.verify(ag.trace(net, torch.rand(TOKENS).to(getattr(torch, dtype)))).ok
