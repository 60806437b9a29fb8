"""The module of a selective scan against the recurrence of the paper, and its gradients against differences."""

import pytest

from archgraph.ops.sequence import SelectiveScan
from archgraph.sizes.types import tensor

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch


def scan(length: int, orders: tuple[str, ...] = ("nc",) * 4):
    """Return a module in double precision, and its operands (batch of 2): 3 channels, 4 states."""
    sizes = [{"n": length, "c": channels} for channels in (3, 3, 4, 4)]
    types = [tensor(**{name: size[name] for name in order}) for size, order in zip(sizes, orders, strict=True)]
    module = SelectiveScan().lower(*types).double()
    torch.nn.init.normal_(module.A_log)
    torch.nn.init.normal_(module.D)
    values = [torch.randn(2, *(int(size) for size in t.sizes.values())).double() for t in types]
    values[1] = values[1].exp() / 10
    return module, values


def by_recurrence(module, x, delta, b, c):
    """Algorithm 2 of the paper, a position at a time; operands are {n, c}."""
    state, outputs = 0.0, []
    for place in range(x.shape[1]):
        step = delta[:, place, :, None]
        driven = step * x[:, place, :, None] * b[:, place, None]
        state = torch.exp(-step * module.A_log.exp()) * state + driven
        outputs.append((state * c[:, place, None]).sum(-1) + module.D * x[:, place])
    return torch.stack(outputs, 1)


@pytest.mark.parametrize("length", [1, 2, 3, 8, 13])
def test_it_computes_the_recurrence(length):
    module, values = scan(length)
    torch.testing.assert_close(module(*values), by_recurrence(module, *values))


def test_axes_lie_in_any_order():
    module, values = scan(5, ("cn", "nc", "cn", "nc"))
    turned = [values[0].mT, values[1], values[2].mT, values[3]]
    torch.testing.assert_close(module(*values).mT, by_recurrence(module, *turned))


def test_gradients_are_those_of_the_recurrence():
    module, values = scan(5)
    weights = dict(module.named_parameters())
    leaves = [leaf.detach().requires_grad_() for leaf in (*values, *weights.values())]

    def call(*tensors):
        return torch.func.functional_call(module, dict(zip(weights, tensors[4:], strict=True)), tensors[:4])

    assert torch.autograd.gradcheck(call, leaves)


def test_what_is_frozen_gets_no_gradient():
    module, values = scan(5)
    module.A_log.requires_grad_(False)
    module(values[0], *(value.requires_grad_() for value in values[1:])).sum().backward()
    assert module.A_log.grad is None
    assert values[0].grad is None
    assert values[1].grad is not None
