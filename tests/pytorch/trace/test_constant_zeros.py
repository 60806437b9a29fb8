"""What is multiplied with a constant zero is not read: by every operator that multiplies, exactly or labelled."""

import pytest

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402
from torch.nn import functional  # noqa: E402

import archgraph as ag  # noqa: E402

pytestmark = pytest.mark.torch
N, C = 5, 4
ZEROS = {"half": torch.cat([torch.ones(1, 2, C), torch.zeros(1, N - 2, C)], 1), "all": torch.zeros(1, N, C)}


def square(z):
    return z @ z.transpose(1, 2)


def attend(q, k, v):
    return functional.scaled_dot_product_attention(q, k, v)


EXACT = {
    "mul": lambda x, z: x * z,
    "mul: number": lambda x, z: x * 0,
    "mul: sum": lambda x, z: z * x.sum(1, keepdim=True),
    "div": lambda x, z: z / (x + 1),
    "addcmul": lambda x, z: torch.addcmul(torch.ones_like(x), x, z),
    "addcmul: first": lambda x, z: torch.addcmul(z, x, torch.ones_like(x)),
    "addcdiv": lambda x, z: torch.addcdiv(torch.ones_like(x), z, x + 1),
    "lerp": lambda x, z: torch.lerp(torch.ones_like(x), x, z),
    "lerp: from": lambda x, z: torch.lerp(x, torch.ones_like(x), 1 - z),
    "lerp: 0": lambda x, z: torch.lerp(torch.ones_like(x), x, 0.0),
    "lerp: 1": lambda x, z: torch.lerp(x, torch.ones_like(x), 1.0),
    "xlogy": lambda x, z: torch.xlogy(z, x + 1),
    "pow": lambda x, z: (x + 1) ** z,
    "pow: 0": lambda x, z: (x + 1) ** 0,
    "float_power": lambda x, z: torch.float_power(x + 1, z),
    "atan2": lambda x, z: torch.atan2(z, x + 1),
    "add: alpha": lambda x, z: torch.add(torch.ones_like(x), x, alpha=0),
    "sub: alpha": lambda x, z: torch.sub(torch.ones_like(x), x, alpha=0),
    "outer": lambda x, z: torch.outer(x[0, :, 0], z[0, :C, 0])[None],
    "kron": lambda x, z: torch.kron(z[0, :, :1], x[0, :1])[None],
    "matmul": lambda x, z: square(z) @ x,
    "einsum": lambda x, z: torch.einsum("bnm,bmc->bnc", square(z), x),
    "einsum: dots": lambda x, z: torch.einsum("...nm,...mc->...nc", square(z), x),
    "einsum: implicit": lambda x, z: torch.einsum("nm,mc", square(z)[0], x[0])[None].transpose(1, 2),
    "tensordot": lambda x, z: torch.tensordot(square(z)[0], x[0], 1)[None],
    "addmm: beta": lambda x, z: torch.addmm(x[0], torch.ones(N, N), torch.ones(N, C), beta=0)[None],
    "where": lambda x, z: torch.where(z > 0, x, torch.ones_like(x)),
}
LABELLED = {
    "pow: base": lambda x, z: z ** (x + 1),
    "addcmul: value": lambda x, z: torch.addcmul(torch.ones_like(x), x, x, value=0),
    "addmm": lambda x, z: torch.addmm(torch.ones(N, C), square(z)[0], x[0])[None],
    "addmm: alpha": lambda x, z: torch.addmm(torch.ones(N, C), torch.ones(N, N), x[0], alpha=0)[None],
    "baddbmm": lambda x, z: torch.baddbmm(torch.ones(1, N, C), square(z), x),
    "mv": lambda x, z: torch.mv(x[0], z[0, 3])[None, :, None],
    "dot": lambda x, z: torch.dot(x[0, :, 0], z[0, :, 0]) + torch.zeros(1, N, C),
    "einsum of three": lambda x, z: torch.einsum("bnc,bnc,bnc->bnc", z, x, x),
    "bilinear": lambda x, z: functional.bilinear(x, z, torch.ones(4, C, C)),
    "attention: queries": lambda x, z: attend(z, x, x),
    "attention: causal": lambda x, z: functional.scaled_dot_product_attention(x, x, z.flip(1), is_causal=True),
}
LABELLED_WHERE_NOTHING_IS_LEFT = {
    "attention: keys": lambda x, z: attend(x, z, x),
    "attention: values": lambda x, z: attend(x, x, z),
    "written out: values": lambda x, z: square(x).softmax(-1) @ z,
}
PLACES = torch.tensor([1, 3])


def turned(x):
    """Return the input itself, convolved so that holes are left where its stride is."""
    return functional.conv_transpose1d(x[:, :2].transpose(1, 2), torch.ones(C, C, 1), stride=4).transpose(1, 2)


def folded(x):
    columns = x[:, :2].transpose(1, 2).reshape(1, C, 2)
    return functional.fold(columns, (N, 1), (1, 1), stride=(4, 1)).reshape(1, C, N).transpose(1, 2)


def unpooled(x):
    at = torch.tensor([[[0, 3]] * C])
    return functional.max_unpool1d(x[:, :2].transpose(1, 2), at, 2, output_size=(1, C, N)).transpose(1, 2)


COMPUTED = {
    "index_fill": lambda x, z: x.index_fill(1, PLACES, 0.0) * x.flip(1),
    "index_fill in place": lambda x, z: x.clone().index_fill_(1, PLACES, 0.0) * x.flip(1),
    "scatter: number": lambda x, z: x.scatter(1, PLACES[None, :, None].expand(1, 2, C), 0.0) * x.flip(1),
    "index_put": lambda x, z: x.index_put((torch.tensor([0]), torch.tensor([2])), torch.zeros(())) * x.flip(1),
    "put": lambda x, z: x.clone().put_(torch.arange(4), torch.zeros(4)) * x.flip(1),
    "masked_scatter": lambda x, z: x.masked_scatter(z == 0, torch.zeros(1, N, C)) * x.flip(1),
    "gaps of a transposed convolution": lambda x, z: turned(x) * x,
    "fold": lambda x, z: folded(x) * x,
    "unpooled": lambda x, z: unpooled(x) * x,
    "a power": lambda x, z: (x + 1) ** (x * z),
    "outer": lambda x, z: torch.outer((x * z)[0, :, 0], x[0, 0])[None],
    "fmod": lambda x, z: torch.fmod(x * z, x.flip(1) / 4),
    "normalize": lambda x, z: functional.normalize(x * z, dim=1),
    "addcmul": lambda x, z: torch.addcmul(x, x.flip(1), x * z),
    "a mean": lambda x, z: (
        (x * z).reshape(1, N * C)[..., None] * (x * z).reshape(1, N * C).mean(1, keepdim=True)[..., None]
    ),
    "einsum: dots": lambda x, z: torch.einsum("b...nc,b...mc->b...nm", x * z, x * z),
    "attention: values": lambda x, z: attend(x, x, x * z),
    "attention: keys": lambda x, z: attend(x, x * z, x),
    "attention: causal": lambda x, z: functional.scaled_dot_product_attention(x, x, x * z.flip(1), is_causal=True),
    "weights one by one": lambda x, z: (x - 1e9 * (1 - z)).softmax(1) * x.flip(1),
    "logarithms of weights": lambda x, z: (x - 1e9 * (1 - z)).log_softmax(1),
}
SQUARE = torch.linspace(0.1, 1.0, C * C).reshape(C, C)
BANDED = torch.ones(N, N).tril()


def grouped(x):
    """Return the first four positions in two groups."""
    return x[:, :4].reshape(1, 2, 2, C)


PRODUCTS = {
    "linear: bias of zeros": lambda x, z: functional.linear(x, SQUARE, torch.zeros(C)),
    "linear: computed weight": lambda x, z: functional.linear(x * z, x[0, :C], torch.zeros(C)),
    "einsum by element": lambda x, z: torch.einsum("bnc,bnc->bnc", z, x),
    "einsum by position": lambda x, z: torch.einsum("n,bnc->bnc", z[0, :, 0], x),
    "einsum by element: dots": lambda x, z: torch.einsum("...c,...c->...c", z, x),
    "einsum: beside the sum": lambda x, z: torch.einsum("bnc,nm->bnm", x, torch.eye(N)),
    "einsum of three: first": lambda x, z: torch.einsum("bnc,bmc,bmd->bnd", x * z, x, x),
    "einsum of three: second": lambda x, z: torch.einsum("bnc,bmc,bmd->bnd", x, x * z, x),
    "einsum and then": lambda x, z: torch.einsum("bnc,bnc->bn", z, x)[..., None] * x.flip(1),
    "layer norm": lambda x, z: functional.layer_norm(x, (C,), torch.zeros(C)),
    "rms norm": lambda x, z: functional.rms_norm(x, (C,), torch.zeros(C)),
    "group norm": lambda x, z: functional.group_norm(x.mT, 2, torch.zeros(C)).mT,
    "a band of zeros": lambda x, z: ((x @ x.mT) * BANDED) @ (x * z.flip(1)),
    "a band of zeros, weighed": lambda x, z: (x @ x.mT).masked_fill(BANDED == 0, -1e9).softmax(-1) @ (x * z.flip(1)),
    "a band beside zeros": lambda x, z: ((x @ x.mT) * BANDED.mT) @ (x * z),
    "no band beside zeros": lambda x, z: (x @ x.mT) @ (x * z),
    "rows of a matrix": lambda x, z: (torch.ones(N, N).tril(-3) @ x) * x.flip(1),
    "a weight of zeros": lambda x, z: (x @ torch.zeros(C))[..., None] * x,
    "linear, a weight of zeros": lambda x, z: functional.linear(x, torch.zeros(C, C)) * x,
    "a diagonal": lambda x, z: torch.diag_embed(x[..., 0]) @ x,
    "a diagonal by element": lambda x, z: (torch.diag_embed(x[..., 0]) * (x @ x.mT)) @ torch.ones(N, C),
    "ger": lambda x, z: torch.ger(x[0, :, 0], z[0, :C, 0])[None],
    "taps of a transposed convolution": lambda x, z: (
        functional.conv_transpose1d(x.mT, torch.tensor([1.0, 0.0, 1.0]).expand(C, C, 3))[..., :N].mT
    ),
    "dilated": lambda x, z: functional.conv_transpose1d(x[:, :1].mT, torch.ones(C, C, 2), dilation=4).mT * x,
    "groups of values": lambda x, z: torch.cat(
        [
            functional.scaled_dot_product_attention(grouped(x), grouped(x), grouped(x * z)).reshape(1, 4, C),
            x[:, 4:],
        ],
        1,
    ),
}
CASES = {
    **EXACT,
    **LABELLED,
    **LABELLED_WHERE_NOTHING_IS_LEFT,
    **PRODUCTS,
    **{f"computed: {k}": v for k, v in COMPUTED.items()},
}


class Beside(nn.Module):
    def __init__(self, function, zeros):
        super().__init__()
        self.function = function
        self.register_buffer("zeros", zeros)

    def forward(self, x):
        return self.function(x, self.zeros)


def reads(module, x):
    """Return which positions of the input move each position of the output."""
    found = torch.autograd.functional.jacobian(module, x)[0, :, :, 0].abs()
    return [set(row.nonzero().flatten().tolist()) for row in found.sum((1, 3))]


@pytest.mark.parametrize("zeros", ZEROS)
@pytest.mark.parametrize("name", CASES)
def test_what_a_constant_zero_multiplies_is_not_read(name, zeros):
    module, x = Beside(CASES[name], ZEROS[zeros]), torch.rand(1, N, C) + 0.5
    g = ag.trace(module, x, axes={"x": ["n", "c"]})
    field = g.receptive_field()
    (out,) = g.outputs.values()
    axis = next((axis for axis in out.names if axis != "c"), None)
    for place, right in enumerate(reads(module, x)):
        probe = field.probe("stat", **({axis: place} if axis else {}))
        found = {index for (index,) in probe}
        assert right <= found
        assert not probe.exact or right == found
        assert probe.exact or name not in EXACT
