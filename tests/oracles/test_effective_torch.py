"""The effective field at initialisation against the power of gradients in PyTorch.

The mean square of a gradient through random weights is the gradient through their variances, which is what is
computed here: linear modules whose weights are the variances of fan-in normalised ones.
"""

from __future__ import annotations

from math import sqrt

import pytest

import archgraph as ag

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch

HEADER = "archgraph: 1\nname: net\nsymbols: {N: 64}\ninputs:\n  x: {c: 2, n: N}\nnetwork:\n"
CONV = "  - conv: {{out: 2, kernel: {}, padding: same, dilation: {}, bias: false}}\n"
UP = "  - conv_transpose: {{out: 2, kernel: {}, stride: {}, padding: {}, bias: false}}\n"
NETWORKS = {
    "a chain": CONV.format(3, 1) + CONV.format(5, 2),
    "strides": "  - conv: {out: 2, kernel: 4, stride: 2, padding: 1, bias: false}\n" + CONV.format(3, 1),
    "a residual": "  - residual:\n    " + CONV.format(3, 1) + CONV.format(3, 4),
    "up": "  - conv: {out: 2, kernel: 2, stride: 2, bias: false}\n" + CONV.format(3, 1) + UP.format(2, 2, 0),
    "up by four taps": "  - conv: {out: 2, kernel: 2, stride: 2, bias: false}\n"
    + UP.format(4, 2, 1)
    + CONV.format(3, 1),
    "a skip": CONV.format(3, 1)
    + "    as: skip\n  - conv: {out: 2, kernel: 2, stride: 2, bias: false}\n"
    + CONV.format(5, 1)
    + UP.format(2, 2, 0)
    + "  - concat: [skip, _]\n"
    + CONV.format(3, 1),
}


def variances(module: torch.nn.Module):
    """Yield every weight with its fan-in normalised variance."""
    for layer in module.modules():
        weight = getattr(layer, "weight", None)
        if weight is not None:
            transposed = isinstance(layer, torch.nn.ConvTranspose1d)
            rows, _, kernel = weight.shape if transposed else (weight.shape[1], 0, weight.shape[2])
            yield weight, (layer.stride[0] if transposed else 1) / (rows * kernel)


def powers(g: ag.Architecture) -> list[torch.Tensor]:
    """Return the power of the gradient of every central output over the input, by phase."""
    module = g.to_torch().double()
    for weight, variance in variances(module):
        torch.nn.init.constant_(weight, variance)
    x = torch.ones(1, 2, 64, dtype=torch.float64, requires_grad=True)
    output = module(x)
    middle = output.shape[2] // 2
    places = range(middle, middle + 4)
    return [torch.autograd.grad(output[0, 0, i], x, retain_graph=True)[0].sum((0, 1)) for i in places]


@pytest.mark.parametrize("name", NETWORKS)
def test_sigma(name):
    g = ag.loads(HEADER + NETWORKS[name])
    found = powers(g)
    places = torch.arange(64, dtype=torch.float64)
    total = sum(float(power.sum()) for power in found)
    variance = 0.0
    for power in found:
        mean = float((power * places).sum() / power.sum())
        variance += float((power * (places - mean) ** 2).sum())
    field = g.effective_field()["n"]
    assert field.sigma == pytest.approx(sqrt(variance / total), rel=1e-9)
    assert "at initialisation" in str(field)


def test_random_weights_come_near():
    """No variances but weights drawn at random, in a network of the published size and wider channels."""
    torch.manual_seed(0)
    g = ag.loads(HEADER.replace("c: 2", "c: 24") + NETWORKS["a skip"].replace("out: 2", "out: 24"))
    places = torch.arange(64, dtype=torch.float64)
    total = torch.zeros(64, dtype=torch.float64)
    for _ in range(20):
        module = g.to_torch().double()
        for weight, variance in variances(module):
            torch.nn.init.normal_(weight, std=sqrt(variance))
        x = torch.ones(1, 24, 64, dtype=torch.float64, requires_grad=True)
        output = module(x)
        for channel in range(24):
            total += torch.autograd.grad(output[0, channel, 32], x, retain_graph=True)[0].square().sum((0, 1))
    mean = float((total * places).sum() / total.sum())
    measured = sqrt(float((total * (places - mean) ** 2).sum() / total.sum()))
    assert g.effective_field()["n"].sigma == pytest.approx(measured, rel=0.03)
