"""What autograd keeps of values that share memory, storage by storage."""

import pytest

import archgraph as ag

torch = pytest.importorskip("torch")
from saved_storage_rows import CONSTANTS, COPIES, IMAGES, IN_PLACE, VIEWS, Cells, Shared  # noqa: E402
from torch import nn  # noqa: E402
from torch.nn import functional  # noqa: E402
from torch.nn.attention import SDPBackend, sdpa_kernel  # noqa: E402

from archgraph.pytorch.verify.original import KeptStorages  # noqa: E402

pytestmark = pytest.mark.torch
torch.set_num_threads(1)

ROWS = {**IN_PLACE, **COPIES, **VIEWS, **CONSTANTS}
TOKENS, IMAGE = (1, 6, 8), (1, 3, 6, 6)


def measured(net, x):
    kept = KeptStorages(net.state_dict(keep_vars=True))
    with sdpa_kernel(SDPBackend.MATH), kept.hooks():
        result = net(x)
    assert result is not None
    return kept.bytes()


def check(net, shape):
    x = torch.rand(shape)
    right = measured(net.eval(), x)
    assert int(ag.trace(net, x).at().saved_bytes) == right


@pytest.mark.parametrize("name", ROWS)
def test_tokens(name):
    check(Shared(ROWS[name]), TOKENS)


@pytest.mark.parametrize("name", IMAGES)
def test_images(name):
    check(Shared(IMAGES[name]), IMAGE)


@pytest.mark.parametrize("kind", ["GRUCell", "LSTMCell", "RNNCell", "Bilinear"])
def test_gates_in_parts_of_one_memory(kind):
    check(Cells(getattr(torch.nn, kind)), TOKENS)


@pytest.mark.parametrize("name", ["a written slice", "gates", "over an operand that is kept"])
def test_a_law_counts_memory_at_other_sizes(name):
    net = Shared(IN_PLACE[name]).eval()
    g = ag.trace(net, torch.rand(TOKENS), dynamic={"x": {1: "n"}})
    assert [int(g.at(n=n).saved_bytes) for n in (9, 14)] == [measured(net, torch.rand(1, n, 8)) for n in (9, 14)]


class Gated(torch.nn.Module):
    """Layers that multiply with a constant twice: one that all layers share, or one of their own."""

    def __init__(self, *, own, layers=3):
        super().__init__()
        self.layers = torch.nn.ModuleList(torch.nn.ModuleList([Gate(), Gate()]) for _ in range(layers))
        self.own = own

    def forward(self, x):
        shared = torch.arange(8 * x.shape[1]).view(-1, 8) / 2
        for one, two in self.layers:
            factor = torch.ones(x.shape[1], 8) * 3 if self.own else shared
            x = two(one(x, factor), factor) + x
        return x


class Gate(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.a = torch.nn.Linear(8, 8)

    def forward(self, x, factor):
        return self.a(x) * factor


@pytest.mark.parametrize("own", [True, False])
def test_a_constant_of_several_layers_counts_once(own):
    net = Gated(own=own).eval()
    g = ag.trace(net, torch.rand(TOKENS), dynamic={"x": {1: "n"}})
    assert [int(g.at(n=n).saved_bytes) for n in (9, 14)] == [measured(net, torch.rand(1, n, 8)) for n in (9, 14)]
    assert sum(op.kind == "constant" for op in _operations(g.graph.unroll())) == (3 if own else 1)


def _operations(graph):
    return [node.op for node in graph.nodes]


class Layers(torch.nn.Module):
    """Equal layers, each with a constant of its own that both of its parts read."""

    def __init__(self):
        super().__init__()
        self.layers = torch.nn.ModuleList(Layer() for _ in range(3))

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return x


class Layer(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.one, self.two = Gate(), Gate()

    def forward(self, x):
        factor = torch.ones(6, 8) / 2
        return self.two(self.one(x, factor), factor) + x


def test_layers_with_constants_of_their_own_stay_one_repeat():
    g = ag.trace(Layers(), torch.rand(TOKENS))
    (repeat,) = g.graph.nodes
    assert repeat.count == 3 and next(node.name for node in repeat.body.nodes) == "constant"
    assert int(g.at().saved_bytes) == measured(Layers(), torch.rand(TOKENS))


class Masks(torch.nn.Module):
    """A mask that two attentions written out keep: it counts twice, which is said."""

    def __init__(self):
        super().__init__()
        self.a, self.b = torch.nn.Linear(8, 8), torch.nn.Linear(8, 8)

    def forward(self, x):
        mask = torch.ones(6, 6).tril(-1).bool().mT
        for layer in (self.a, self.b):
            q = layer(x)
            x = (q @ q.mT).masked_fill(mask, -1e9).softmax(-1) @ q
        return x


def test_what_differs_from_autograd_is_said():
    g = ag.trace(Masks(), torch.rand(TOKENS))
    right = measured(Masks(), torch.rand(TOKENS))
    for ask in (lambda: g.at().saved_bytes, lambda: g.at().metric("saved_bytes"), lambda: g.at().saved_memory()):
        with pytest.warns(UserWarning, match="what autograd keeps of Masks is not exact"):
            said = int(ask())
        assert said != right
    assert g.saved_doubt == f"{said:,} bytes at the sizes of the trace, of which PyTorch keeps {right:,}"
    assert ag.trace(torch.nn.Linear(8, 8), torch.rand(TOKENS)).saved_doubt == ""


@pytest.mark.parametrize(("kernel", "smaller"), [(2, True), (1, False)])
@pytest.mark.filterwarnings("ignore:what autograd keeps")
def test_a_result_in_the_room_of_its_operand_is_said(kernel, smaller):
    """What `fold` gives lies in memory as large as its columns: no pass on shapes shows that, and PyTorch keeps it."""

    class Folded(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = torch.nn.Linear(6, 6)

        def forward(self, x):
            columns = self.layer(x)[:, : 4 * kernel**2]
            return functional.fold(columns, (2 + kernel - 1, 3 + kernel - 1), kernel).sin()

    net, x = Folded(), torch.rand(1, 16, 6)
    g = ag.trace(net, x)
    assert (int(g.at().saved_bytes) < measured(net, x)) == smaller
    assert ("lies in memory as large as its operand" in g.saved_doubt) == smaller


@pytest.mark.parametrize("dim", [0, 1, None])
def test_a_weight_as_a_direction_times_a_length(dim):
    layer = torch.nn.utils.parametrizations.weight_norm(torch.nn.Linear(8, 5), dim=dim)
    check(torch.nn.Sequential(layer), TOKENS)


@pytest.mark.parametrize("norm", [torch.nn.BatchNorm2d(3), torch.nn.BatchNorm2d(3, affine=False)])
def test_a_norm_by_constants_agrees_with_what_it_is_lowered_to(norm):
    net = torch.nn.Sequential(norm, torch.nn.Conv2d(3, 4, 1), torch.nn.ReLU())
    check(net, IMAGE)
    assert ag.verify(ag.trace(net, torch.rand(IMAGE))).ok


class PutBack(torch.nn.Module):
    """Windows that are put back by a copy, which lies in order: the layer after it reads and keeps that."""

    def __init__(self):
        super().__init__()
        self.a = torch.nn.Linear(4, 4)

    def forward(self, x):
        windows = x.view(1, 4, 2, 2, 2, 2).permute(0, 2, 4, 3, 5, 1).reshape(-1, 4, 4)
        windows = windows.softmax(-2) * windows
        y = windows.view(1, 2, 2, 2, 2, 4).permute(0, 5, 1, 3, 2, 4).reshape(1, 4, 4, 4)
        return (y + self.a(y) + 1) * y


def test_a_layer_keeps_the_copy_that_it_reads():
    check(PutBack(), (1, 4, 4, 4))


@pytest.mark.parametrize(
    ("net", "shape", "options"),
    [
        (torch.nn.TransformerEncoderLayer(8, 2, 16), (6, 1, 8), {}),
        (torch.nn.TransformerEncoderLayer(8, 2, 16), (6, 1, 8), {"batch_axis": 1}),
        (torch.nn.Conv1d(8, 6, 3), (8, 12), {}),
    ],
)
def test_samples_that_another_dimension_counts_leave_no_doubt(net, shape, options):
    g = ag.trace(net.eval(), torch.rand(shape), **options)
    assert (int(g.at().saved_bytes), g.saved_doubt) == (measured(net, torch.rand(shape)), "")


COPIES_OF_AN_INPUT = {
    "pixel_unshuffle": lambda x: functional.pixel_unshuffle(x, 2),
    "pixel_shuffle": lambda x: functional.pixel_shuffle(x, 2),
    "cat of one": lambda x: torch.cat([x]),
    "repeat once": lambda x: x.repeat(1, 1, 1, 1),
    "resize to itself": lambda x: functional.interpolate(x, scale_factor=1),
    "a view": lambda x: x.permute(0, 2, 3, 1),
}


@pytest.mark.parametrize("name", COPIES_OF_AN_INPUT)
def test_what_is_made_anew_of_an_input_is_kept_beside_it(name):
    class Both(nn.Module):
        def __init__(self):
            super().__init__()
            self.scale, self.other = nn.Parameter(torch.rand(1)), nn.Parameter(torch.rand(1))

        def forward(self, x):
            return x * self.scale, COPIES_OF_AN_INPUT[name](x) * self.other

    check(Both(), (1, 4, 4, 6))
