"""Which dimension counts samples is found by what says so, or asked for; never guessed."""

import pytest

import archgraph as ag

torch = pytest.importorskip("torch")
nn = torch.nn
empty = torch.empty


def axes(g):
    return [dict(value.type.axes) for value in g.graph.inputs]


def encoder(**options):
    return nn.TransformerEncoderLayer(8, 2, 12, **options)


@pytest.mark.parametrize(
    ("make", "shape", "sizes"),
    [
        (encoder, (7, 1, 8), {"n": 7, "c": 8}),
        (encoder, (7, 5, 8), {"n": 7, "c": 8}),
        (encoder, (7, 8), {"n": 7, "c": 8}),
        (lambda: encoder(batch_first=True), (5, 7, 8), {"n": 7, "c": 8}),
        (lambda: encoder(norm_first=True), (7, 5, 8), {"n": 7, "c": 8}),
    ],
)
def test_an_encoder_costs_the_same_wherever_its_batch_lies(make, shape, sizes):
    g = ag.trace(make(), empty(shape))
    assert axes(g) == [sizes]
    assert g.macs == 7 * (4 * 64 + 2 * 96) + 2 * 7 * 7 * 8


@pytest.mark.parametrize("count", [1, 3])
def test_cross_attention_of_two_lengths_is_sequence_first(count):
    g = ag.trace(nn.MultiheadAttention(8, 2), tuple(empty(n, count, 8) for n in (6, 4, 4)))
    assert g.macs == 2 * 6 * 64 + 2 * 4 * 64 + 2 * 6 * 4 * 8
    assert [each["n"] for each in axes(g)] == [6, 4, 4]


@pytest.mark.parametrize(
    ("module", "batched"),
    [
        (nn.Conv1d(3, 4, 3), (2, 3, 9)),
        (nn.Conv2d(1, 4, 3), (6, 1, 9, 8)),
        (nn.Conv3d(2, 4, 3), (3, 2, 5, 6, 7)),
        (nn.ConvTranspose1d(3, 5, 4, 2, 1), (2, 3, 9)),
        (nn.Sequential(nn.ReLU(), nn.Conv1d(1, 4, 3)), (16, 1, 20)),
        (nn.Linear(6, 2), (4, 6)),
        (nn.Linear(1, 2), (16, 1)),
    ],
)
def test_a_layer_tells_one_sample_from_several(module, batched):
    several, one, alone = (ag.trace(module, empty(shape)) for shape in (batched, (1, *batched[1:]), batched[1:]))
    assert several.macs == one.macs == alone.macs
    assert axes(several) == axes(one) == axes(alone)


@pytest.mark.parametrize(
    "first",
    [
        nn.ConvTranspose1d(4, 2, 3),
        nn.PReLU(4),
        nn.GroupNorm(2, 4),
        nn.BatchNorm1d(4),
        nn.Sequential(nn.MaxPool1d(2), nn.Conv1d(4, 2, 1)),
        nn.Sequential(nn.ReflectionPad1d(2), nn.InstanceNorm1d(4, affine=True)),
    ],
)
def test_channels_are_where_the_first_layer_has_them(first):
    assert axes(ag.trace(first, empty(1, 4, 12))) == [{"c": 4, "n": 12}]


class Moved(nn.Module):
    """Channels come last, until a convolution."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 1)

    def forward(self, x):
        return self.conv(x.permute(0, 3, 1, 2))


def test_channels_are_followed_through_a_permutation():
    assert axes(ag.trace(Moved(), empty(2, 6, 5, 3))) == [{"h": 6, "w": 5, "c": 3}]
    assert axes(ag.trace(nn.LayerNorm(3), empty(1, 6, 5, 3))) == [{"h": 6, "w": 5, "c": 3}]


def test_a_tie_is_asked_for_and_answered():
    layer, x = nn.Linear(6, 2), empty(3, 4, 6)
    with pytest.raises(ag.ShapeError, match=r"dimensions 0 and 1 could be[\s\S]*batch_axis=0"):
        ag.trace(layer, x)
    assert [ag.trace(layer, x, batch_axis=axis).macs for axis in (0, 1, -2, None)] == [48, 36, 36, 144]
    assert ag.trace(layer, x, batch_axis={"input": 1}).macs == 36


@pytest.mark.parametrize(
    ("batch_axis", "message"),
    [
        (2, "not proportional to dimension 2 of 'input'"),
        (5, "no dimension 5"),
        ({"inputs": 0}, "no input is named 'inputs'. Did you mean 'input'"),
    ],
)
def test_a_batch_axis_that_is_none_is_refused(batch_axis, message):
    with pytest.raises(ag.ArchgraphError, match=message):
        ag.trace(nn.Linear(6, 2), empty(3, 4, 6), batch_axis=batch_axis)


class Mixes(nn.Module):
    """Compares every sample with every other one."""

    def forward(self, x):
        return x @ x.transpose(0, 1)


class Scans(nn.Module):
    """Sums up one after the other."""

    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(6, 6)

    def forward(self, x):
        return self.linear(x).cumsum(0)


@pytest.mark.parametrize("module", [Mixes(), Scans()])
def test_samples_that_meet_are_no_batch(module):
    with pytest.raises(ag.ShapeError, match="batch_axis=None"):
        ag.trace(module, empty(4, 6))
    ag.trace(module, empty(4, 6), batch_axis=None)


def test_a_dimension_that_is_a_symbol_counts_no_samples():
    g = ag.trace(nn.Linear(6, 2), empty(5, 6), {"input": {0: "B"}})
    assert str(g.macs) == "12*B"
    n = ag.trace(encoder(), empty(7, 1, 8), {"src": {0: "n"}})
    assert str(n.macs) == "16*n**2 + 448*n"


def test_other_inputs_hold_as_many_samples_or_are_shared():
    class Both(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv1d(3, 4, 1)

        def forward(self, x, scale, table):
            return self.conv(x) * scale[:, None, None] + table

    g = ag.trace(Both(), (empty(5, 3, 8), empty(5), empty(4, 8)))
    assert g.macs == 96
    assert [list(each.values()) for each in axes(g)] == [[3, 8], [], [4, 8]]


@pytest.mark.parametrize(
    "names", [{"inputs": ["n", "c"]}, {"input": ["n", "n"]}, {"input": ["n c", "d"]}, {"input": "nc"}]
)
def test_axes_are_different_names_of_an_input(names):
    with pytest.raises(ag.ArchgraphError, match="axes"):
        ag.trace(nn.Linear(6, 2), empty(1, 4, 6), axes=names)


TURNED = {
    "transpose": lambda x: x.transpose(1, 2),
    "mT": lambda x: x.mT,
    "adjoint": lambda x: x.adjoint(),
    "swapaxes": lambda x: x.swapaxes(-1, 1),
    "swapdims": lambda x: x.swapdims(1, 2),
    "movedim": lambda x: x.movedim(-1, 1),
    "moveaxis": lambda x: x.moveaxis((1, 2), (2, 1)),
    "permute": lambda x: x.permute(0, -1, 1),
    "numpy_T": lambda x: torch.ops.aten.numpy_T(torch.ops.aten.numpy_T(x.movedim(0, -1))).movedim(-1, 0).mT,
}


@pytest.mark.parametrize("spelling", TURNED)
def test_channels_are_found_behind_every_spelling_of_an_exchange(spelling):
    class Turned(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Conv1d(4, 8, 3)

        def forward(self, x):
            return self.layer(TURNED[spelling](x))

    g = ag.trace(Turned(), torch.rand(1, 6, 4))
    assert [value.names for value in g.inputs.values()] == [("n", "c")]


def test_a_tensor_whose_dimensions_are_all_turned_is_read_in_that_order():
    """`x.T` of three dimensions turns all of them, not the last two."""

    class Reversed(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Conv1d(4, 8, 3)

        def forward(self, x):
            return self.layer(torch.ops.aten.numpy_T(x))

    g = ag.trace(Reversed(), torch.rand(6, 4, 1), batch_axis=2)
    assert g.at().macs == 4 * 8 * 3 * 4
    assert [dict(value.axes) for value in g.outputs.values()] == [{"c": 8, "n": 4}]
