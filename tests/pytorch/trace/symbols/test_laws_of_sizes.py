"""Laws from recordings equal the counter's numbers at sizes that took no part in finding them, or are refused."""

import pytest

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch

from torch import nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402, N812
from torch.utils.flop_counter import FlopCounterMode  # noqa: E402

import archgraph as ag  # noqa: E402
from archgraph.errors import ArchgraphError, QueryError  # noqa: E402
from archgraph.ops.attention import ScaledDotProductAttention  # noqa: E402

HW = {"x": {2: "h", 3: "w"}}


def images(*sides: int):
    return {"x": torch.empty(1, 3, *sides, device="meta")}


def counted(module, inputs) -> int:
    with FlopCounterMode(display=False) as counter:
        module(**inputs)
    return counter.get_total_flops() // 2


def agrees(module, dynamic, make, *sizes) -> ag.Architecture:
    """Trace at the first sizes, and compare at the others."""
    module = module.to("meta").eval()
    g = ag.trace(module, make(*sizes[0]), dynamic)
    names = list(dict.fromkeys(name for dims in dynamic.values() for name in dims.values()))
    for point in sizes:
        assert g.at(**dict(zip(names, point, strict=True))).macs == counted(module, make(*point)), point
    return g


class Rounds(nn.Module):
    """Halvings that round down, and a skip that is resized to fit."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b, self.c = nn.Conv2d(3, 4, 3, 2, 1), nn.Conv2d(4, 8, 3, 2), nn.Conv2d(12, 5, 3)

    def forward(self, x):
        a = self.a(x)
        b = F.max_pool2d(self.b(a), 2, ceil_mode=True)
        return self.c(torch.cat([a, F.interpolate(b, size=a.shape[2:])], 1))


def test_roundings_stay_in_the_law():
    agrees(Rounds(), HW, images, (32, 48), (33, 49), (97, 130), (225, 70), (34, 51))


class Tokens(nn.Module):
    """Attention over all pixels, and a product of scores that is as large as the square of their number."""

    def __init__(self) -> None:
        super().__init__()
        self.qkv, self.out = nn.Linear(3, 12), nn.Linear(4, 3)

    def forward(self, x):
        b, _, h, w = x.shape
        q, k, v = self.qkv(x.flatten(2).transpose(1, 2)).view(b, h * w, 3, 4).unbind(2)
        y = (q @ k.transpose(1, 2)).softmax(-1) @ v
        return self.out(y).transpose(1, 2).reshape(b, 3, h, w)


def test_a_product_of_sizes_is_no_sum():
    g = agrees(Tokens(), HW, images, (8, 12), (5, 7), (16, 3), (31, 64))
    assert "h**2*w**2" in str(g.macs)


class Full(nn.Module):
    """A row for every place, and the example has all of them: torch then leaves the slice out."""

    def __init__(self) -> None:
        super().__init__()
        self.rows, self.inner = nn.Parameter(torch.zeros(1, 40, 4)), nn.Linear(4, 4)

    def forward(self, x):
        return self.inner(x + self.rows[:, : x.shape[1]])


def sequences(n: int):
    return {"x": torch.empty(1, n, 4, device="meta")}


def test_a_table_may_be_used_whole():
    g = agrees(Full(), {"x": {1: "n"}}, sequences, (40,), (1,), (17,), (39,))
    with pytest.raises(QueryError, match="n <= 40"):
        g.at(n=41)


def test_one_name_for_several_inputs_varies_them_together():
    class Both(nn.Module):
        def forward(self, x, y):
            return x @ y

    make = lambda n: {"x": torch.empty(1, 3, n, device="meta"), "y": torch.empty(1, n, 5, device="meta")}  # noqa: E731
    agrees(Both(), {"x": {2: "n"}, "y": {1: "n"}}, make, (8,), (3,), (50,))
    with pytest.raises(ArchgraphError, match=r"'n' is 3 in the example, and 8 in dimension 1 of 'y'"):
        ag.trace(Both(), make(8), {"x": {1: "n"}, "y": {1: "n"}})


class Windows(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.window, self.inner = 7, nn.Linear(3, 3)

    def forward(self, x):
        b, c, h, w = x.shape
        x = x.view(b, c, h // 7, 7, w // 7, 7).permute(0, 2, 4, 3, 5, 1).reshape(-1, 49, c)
        return self.inner(x)


def test_the_step_may_be_an_odd_attribute_of_the_module():
    g = agrees(Windows(), HW, images, (28, 28), (7, 14), (70, 21))
    assert "h is a multiple of 7" in g.conditions


class Deeper(nn.Module):
    """A step more for larger images."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Conv2d(3, 3, 1)

    def forward(self, x):
        x = self.inner(x)
        return x.roll(1, 2) if x.shape[2] > 40 else x


def test_another_step_at_larger_sizes_ends_the_law():
    g = agrees(Deeper(), HW, images, (30, 30), (40, 64), (7, 200))
    assert "h <= 40" in g.conditions
    with pytest.raises(QueryError, match="h <= 40"):
        g.at(h=41)


class Only(nn.Module):
    def forward(self, x):
        return x.roll(1, 2).tanh() if x.shape[2] != 32 else x.tanh()


def test_a_step_that_only_the_example_leaves_out_is_named_with_its_line():
    with pytest.raises(ArchgraphError) as caught:
        ag.trace(Only(), images(32, 48), HW)
    assert "'h' cannot vary from 32 to" in str(caught.value)
    assert "roll runs in the root module at" in str(caught.value) and "test_laws_of_sizes.py:" in str(caught.value)


class Counts(nn.Module):
    """As many steps as there are rows."""

    def forward(self, x):
        return torch.stack([row.relu() for row in x.unbind(2)])


def test_as_many_steps_as_rows_have_no_law():
    with pytest.raises(ArchgraphError, match="'h' cannot vary from 8 to"):
        ag.trace(Counts(), images(8, 8), {"x": {2: "h"}})


class Irregular(nn.Module):
    """A number of channels that follows no rule of sizes."""

    def forward(self, x):
        return x @ x.new_zeros(x.shape[3], sum(int(digit) for digit in str(int(x.shape[3]))))


def test_a_size_without_a_law_is_refused():
    with pytest.raises(ArchgraphError, match=r"has no law|cannot vary"):
        ag.trace(Irregular(), images(32, 48), HW)


class Masked(nn.Module):
    def __init__(self, band: int) -> None:
        super().__init__()
        self.band, self.qkv = band, nn.Linear(4, 12)

    def forward(self, x):
        n = x.shape[1]
        q, k, v = (part.unsqueeze(1) for part in self.qkv(x).chunk(3, -1))
        place = torch.arange(n, device=x.device)
        far = place[:, None] - place[None, :]
        mask = (far >= 0) & (far < self.band)
        return F.scaled_dot_product_attention(q, k, v, mask)


@pytest.mark.parametrize(("band", "causal"), [(10_000, True), (20, False)])
def test_a_mask_is_causal_only_if_it_is_at_every_size(band, causal):
    g = ag.trace(Masked(band).to("meta"), sequences(16), {"x": {1: "n"}})
    (op,) = (node.op for _, node in g.network.graph.walk() if isinstance(node.op, ScaledDotProductAttention))
    assert op.causal is causal
