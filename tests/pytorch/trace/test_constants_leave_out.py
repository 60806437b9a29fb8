"""What constants leave out of a product, a sum or a list of channels, against the gradient at every position."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch

from torch import nn  # noqa: E402

import archgraph as ag  # noqa: E402
from tests.differential.output_axes import readings  # noqa: E402


class Applied(nn.Module):
    """A function with a constant, which is a buffer."""

    def __init__(self, function, constant=None) -> None:
        super().__init__()
        self.function = function
        self.register_buffer("constant", constant)

    def forward(self, x):
        return self.function(x) if self.constant is None else self.function(x, self.constant)


def distances(n: int):
    return torch.arange(n)[:, None] - torch.arange(n)


def said(function, constant, x) -> str:
    """How a module is answered: exact, labelled, or what is wrong about it."""
    module = Applied(function, constant).double()
    x = x.double().requires_grad_()
    out = module(x)
    g = ag.trace(module, x.detach())
    names = next(iter(g.inputs.values())).names
    (kind,) = g.outputs.values()
    field = g.receptive_field()
    found = []
    for mapped in readings(kind, tuple(out.shape[1:]), field.outputs, list):
        answers = [_one(field, given, index, names, out, x) for index, given in mapped.pairs]
        wrong = next((answer for answer in answers if answer not in ("exact", "labelled")), "")
        if not wrong:
            return "labelled" if "labelled" in answers else "exact"
        found.append(wrong)
    return found[0] if found else "no axes"


def _one(field, given, index, names, out, x) -> str:
    chosen = out[0][torch.meshgrid(*map(torch.tensor, index), indexing="ij")] if index else out[0]
    (gradient,) = torch.autograd.grad(chosen.sum(), x, retain_graph=True)
    places = gradient[0].nonzero().tolist()
    right = {tuple(i for i, name in zip(place, names, strict=True) if name != "c") for place in places}
    probe = field.probe(**given)
    if set(probe) == right:
        return "exact" if probe.exact else "labelled"
    return (
        "labelled" if not probe.exact and set(probe) >= right else f"at {given}: {sorted(probe)}, not {sorted(right)}"
    )


MATRICES = {
    "up_to_own": (distances(7) >= 0).float(),
    "band": (distances(9).abs() <= 1).float() * 0.3,
    "blocks": (torch.arange(8)[:, None] // 2 == torch.arange(8) // 2).float(),
    "differences": torch.diff(torch.eye(6), dim=0),
    "a_row_of_zeros": torch.eye(5) * torch.tensor([1.0, 1.0, 0.0, 1.0, 1.0])[:, None],
    "haar": torch.tensor([[1.0, 1, 0, 0], [1, -1, 0, 0], [0, 0, 1, 1], [0, 0, 1, -1]]),
}
PRODUCTS = {
    "matmul": lambda x, m: m @ x,
    "einsum": lambda x, m: torch.einsum("nm,bmc->bnc", m, x),
    "from_the_right": lambda x, m: (x.transpose(1, 2) @ m.T).transpose(1, 2),
    "linear": lambda x, m: nn.functional.linear(x.transpose(1, 2), m).transpose(1, 2),
    "batched": lambda x, m: torch.bmm(m.expand(1, *m.shape), x),
}


PAIRS = [
    *(("band", spelling) for spelling in PRODUCTS),
    *((matrix, "matmul") for matrix in MATRICES if matrix != "band"),
]


@pytest.mark.parametrize(("matrix", "spelling"), PAIRS)
def test_zeros_of_a_constant_matrix_are_not_read(matrix, spelling):
    values = MATRICES[matrix]
    assert said(PRODUCTS[spelling], values, torch.rand(1, values.shape[1], 3)) == "exact"


BOUNDS = {
    "a_part_of_positions_that_became_channels": lambda x: x.reshape(1, -1)[:, 7::3],
    "joined_channels_as_positions": lambda x: torch.cat([x, x.roll(1, 1)], 2).flatten(1, 2),
    "causal_beside_itself_as_positions": lambda x: torch.cat([x, x.cumsum(1)], 2).unflatten(2, (2, -1)),
    "channels_left_out_then_positions": lambda x: (x * torch.tensor([1.0, 0, 1, 0]).to(x)).flatten(1, 2),
    "a_kernel_with_holes": lambda x: nn.functional.conv1d(
        x.transpose(1, 2), torch.tensor([1.0, 0, 1]).expand(4, 4, 3).to(x), padding=1
    ),
    "a_kernel_that_shifts": lambda x: nn.functional.conv1d(
        x.transpose(1, 2), torch.eye(3)[[0, 2, 1, 1]][:, None].to(x), padding=1, groups=4
    )[:, :2],
    "every_second_of_a_window": lambda x: x.unfold(1, 3, 1).flatten(2)[:, :, ::2],
}


@pytest.mark.parametrize("name", BOUNDS)
def test_channels_that_read_differently_are_never_picked_in_silence(name):
    assert said(BOUNDS[name], None, torch.rand(1, 6, 4)) in ("exact", "labelled")


SPLIT = {
    "a_stack_of_two": lambda x, m: (x.view(2, 3, 4) @ m).view(1, 6, 4),
    "two_dimensions": lambda x, m: (x.view(1, 2, 3, 4) @ m).flatten(1, 2).relu(),
    "one_of_two": lambda x, m: x[:, [0, 1]][:, [1]] @ m,
}


@pytest.mark.parametrize("name", SPLIT)
def test_products_of_parts_of_an_axis_keep_its_order(name):
    assert said(SPLIT[name], torch.ones(4, 4), torch.rand(1, 6, 4)) == "exact"


def test_a_mask_over_what_positions_became_is_a_bound():
    mask = torch.tensor([1.0, 0, 1, 0, 0, 0])
    assert said(lambda x, m: nn.functional.avg_pool1d(x, 2) * m[:, None], mask, torch.rand(1, 6, 4)) in (
        "exact",
        "labelled",
    )
    assert said(lambda x, m: m @ nn.functional.avg_pool1d(x, 2), mask, torch.rand(1, 6, 4)) in ("exact", "labelled")


def test_a_softmax_over_rows_of_zeros_is_followed():
    """Zeros that are not masked are weighed like all others."""
    rows = torch.tensor([1.0, 1, 1, 0, 0])

    def scaled(x, kept):
        return (kept[:, None] * (x @ x.transpose(1, 2))).softmax(2) * torch.arange(1.0, 6).to(x)

    assert said(scaled, rows, torch.rand(1, 5, 3)) in ("exact", "labelled")
