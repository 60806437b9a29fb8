"""What convolution reaches by itself, against the gradient of modules whose attention gives its queries back."""

from __future__ import annotations

import pytest

import archgraph as ag
from archgraph.pytorch.lower.lower import leaves

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402

pytestmark = [pytest.mark.torch, pytest.mark.slow]

NETWORKS = {
    "sd": ("latent", {"C": 32, "mult": [1, 1, 1, 1], "heads": [4, 4, 4, 4], "X": 8, "T": 2, "H": 432, "W": 8}),
    "adm": ("image", {"C": 32, "head_dim": 32, "mult": [1] * 4, "attends": [False] + [True] * 3, "H": 512, "W": 8}),
}  # fmt: skip


class First(nn.Module):
    """The first operand as it is: a linear stand-in whose gradient has no accidental zeros."""

    def forward(self, *tensors):
        return tensors[0]


def stand_in(g, module) -> None:
    """Make every attention give its queries back, and everything else linear with positive weights."""
    names = {id(part): name for name, part in module.named_modules()}
    for _, node, part in list(leaves(g.graph, module)):
        if node.op.kind in ("scaled_dot_product_attention", "silu", "group_norm"):
            owner, _, attribute = names[id(part)].rpartition(".")
            setattr(module.get_submodule(owner), attribute, First())
    for weight in module.parameters():
        nn.init.constant_(weight, 0.0 if weight.ndim == 1 else 1.0 / weight[0].numel())


@pytest.mark.parametrize("name", NETWORKS)
def test_fields_without_attention_are_what_gradients_reach(name):
    source, values = NETWORKS[name]
    g = ag.load(name).bound(**values)
    module = g.to_torch(dtype=torch.float64).eval()
    stand_in(g, module)
    inputs = {value.name: torch.zeros(1, *(int(size) for _, size in value.type.axes)) for value in g.graph.inputs}
    image = inputs[source] = inputs[source].double().requires_grad_()
    kinds = [torch.long if str(value.type.dtype) == "int" else torch.float64 for value in g.graph.inputs]
    output = module(*(tensor.to(kind) for tensor, kind in zip(inputs.values(), kinds, strict=True)))
    field = g.receptive_field(input=source, fixed_weights=True)
    middle = values["H"] // 2
    read = {place: field.probe(h=place, w=4).intervals["h"] for place in (0, *range(middle, middle + 8))}
    sizes = {place: end - start + 1 for place, (start, end) in read.items()}
    smallest, largest = min(range(middle, middle + 8), key=sizes.get), max(read, key=sizes.get)
    assert (sizes[smallest], sizes[largest]) == (field.h.size_min, field.h.size_max)
    for place in (0, smallest, largest):
        (gradient,) = torch.autograd.grad(output[0, :, place, 4].sum(), image, retain_graph=True)
        reached = gradient.abs().sum((0, 1, 3)).nonzero().squeeze(-1)
        assert (int(reached[0]), int(reached[-1])) == read[place]
