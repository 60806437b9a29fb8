"""Traced functions of elements: what autograd keeps of a whole module, and what is no function of an element."""

import pytest

import archgraph as ag
from archgraph.errors import UnsupportedOpError
from archgraph.ops.functions import FUNCTIONS
from archgraph.ops.traced.values import Cumulate, Function
from archgraph.pytorch.trace.module import trace  # noqa: F401  registers the handlers
from archgraph.pytorch.trace.registry import HANDLERS

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch
torch.set_num_threads(1)
from torch import nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402, N812

FUNCTIONS_OF_MODULES = {
    "celu": F.celu,
    "hardshrink": F.hardshrink,
    "softshrink": F.softshrink,
    "hardtanh": lambda x: F.hardtanh(x, -0.5, 0.5),
    "threshold": lambda x: F.threshold(x, 0.0, 0.1),
    "log_sigmoid": F.logsigmoid,
    "softsign": F.softsign,
    "tanhshrink": F.tanhshrink,
    "logit": lambda x: torch.logit(x, 0.1),
    "acosh": lambda x: torch.acosh(x * x + 1.5),
    "sinc": torch.sinc,
    "expm1": torch.expm1,
    "scaled": lambda x: 0.5 * x,
    "divided": lambda x: x / 3.0,
    "inverse": lambda x: 2.0 / x,
    "squared": lambda x: x**2.0,
    "exponential": lambda x: 2.0**x,
    "remainder": lambda x: torch.remainder(x, 0.3),
    "clamped": lambda x: x.clamp(min=0.1),
    "hypot": lambda x: torch.hypot(x, x.sin()),
    "power": lambda x: x.exp() ** x.sin(),
    "lerp": lambda x: torch.lerp(x, x.sin(), 0.3),
    "addcmul": lambda x: torch.addcmul(x, x.sin(), x.cos()),
    "copysign": lambda x: torch.copysign(x, x.sin()),
    "cumprod": lambda x: x.cumprod(1),
    "logcumsumexp": lambda x: x.logcumsumexp(1),
}


class Apply(nn.Module):
    def __init__(self, function) -> None:
        super().__init__()
        self.linear, self.function = nn.Linear(8, 8), function

    def forward(self, x):
        return self.function(self.linear(x))


def measured(module, x) -> int:
    """Return the bytes that the graph of a module's result holds, weights left out."""
    weights = {w.untyped_storage().data_ptr() for w in module.parameters()}
    kept = {}

    def pack(tensor):
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in weights:
            kept[storage.data_ptr()] = (storage.nbytes(), tensor)
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        out = module(x)
    assert out.requires_grad
    return sum(size for size, _ in kept.values())


@pytest.mark.parametrize("name", FUNCTIONS_OF_MODULES)
def test_a_module_keeps_what_autograd_keeps(name):
    module, x = Apply(FUNCTIONS_OF_MODULES[name]), torch.rand(1, 5, 8)
    assert ag.trace(module, x).saved_bytes == measured(module, x)


@pytest.mark.parametrize(("count", "shape"), [(4, (1, 4, 3, 5)), (1, (1, 4, 3, 5)), (4, (1, 4))])
def test_slopes_of_a_prelu_stand_along_dimension_1(count, shape):
    module, x = nn.Sequential(nn.Linear(shape[-1], shape[-1]), nn.PReLU(count)), torch.rand(shape)
    assert ag.trace(module, x).saved_bytes == measured(module, x)


def test_every_row_has_a_handler():
    assert not [name for name in FUNCTIONS if name.partition(".")[0] not in HANDLERS and name != "logsigmoid"]


def test_a_running_product_is_no_function_of_an_element():
    g = ag.trace(Apply(lambda x: x.cumprod(1)), torch.rand(1, 5, 8))
    (op,) = [node.op for _, node in g.graph.walk() if hasattr(node, "op") and isinstance(node.op, Cumulate)]
    assert op.function == "cumprod"
    assert not any(isinstance(getattr(node, "op", None), Function) for _, node in g.graph.walk())


def test_an_operator_without_a_row_is_refused_by_name():
    with pytest.raises(UnsupportedOpError, match="nextafter"):
        ag.trace(Apply(lambda x: torch.nextafter(x, x.sin())), torch.rand(1, 5, 8))
