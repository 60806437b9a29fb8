"""What moves, writes in place and windows by reshape read, held against the gradient at every position."""

from __future__ import annotations

from itertools import permutations, product

import pytest

import archgraph as ag

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch
nn, functional = torch.nn, torch.nn.functional


class Net(nn.Module):
    """A forward function with its members."""

    def __init__(self, run, **members):
        super().__init__()
        self.run = run
        for name, member in members.items():
            setattr(self, name, member)

    def forward(self, x):
        return self.run(self, x)


def read_by_gradient(module, x, ins, outs):
    """Return the positions that every output position depends on."""
    module, x = module.double().eval(), x.double().requires_grad_()
    y = module(x)
    found = {}
    for at in product(*(range(y.shape[dim]) for dim in outs)):
        cut = [slice(None)] * y.dim()
        for dim, index in zip(outs, at, strict=True):
            cut[dim] = index
        part = y[tuple(cut)]
        grads = torch.autograd.grad((part * torch.rand_like(part)).sum(), x, retain_graph=True, allow_unused=True)
        support = torch.zeros_like(x) if grads[0] is None else grads[0].abs()
        rest = [dim for dim in range(x.dim()) if dim not in ins]
        found[at] = set(map(tuple, (support.amax(rest) > 1e-30).nonzero().tolist()))
    return found


def check(module, shape, ins, outs, *, exact=True, **keywords):
    torch.manual_seed(0)
    x = torch.rand(shape)
    graph = ag.trace(module, x, **keywords).at()
    (type_,) = graph.outputs.values()
    sizes = [module.eval()(x).shape[dim] for dim in outs]
    places = [axis for axis in type_.names if axis != "c"]
    names = next(n for n in permutations(places, len(outs)) if [int(type_.size(axis)) for axis in n] == sizes)
    field = graph.receptive_field()
    for at, right in read_by_gradient(module, x, ins, outs).items():
        probe = field.probe(**dict(zip(names, at, strict=True)))
        assert list(probe.extents.values()) == [shape[dim] for dim in ins]
        assert probe.exact == exact
        assert set(probe) == right if exact else set(probe) >= right


def linear(run, width=4, out=4, **members):
    return lambda: Net(run, a=nn.Linear(width, out), **members)


def conv(run, width=3, out=3, kernel=1, **members):
    return lambda: Net(run, a=nn.Conv2d(width, out, kernel, padding=kernel // 2), **members)


def written_before_read(s, x):
    y = x * 1
    view = y[:, 2:5]
    y[:, 0:4] = s.a(x)[:, 4:8]
    return s.a(view)


def written_through_views(s, x):
    y = x.clone()
    inner = y.view(1, 2, -1, 4)[:, 1].transpose(1, 2)
    inner[:, :, 0] = x[:, 0]
    return s.a(y)


def two_streams(s, x):
    y = torch.empty(1, 2 * x.shape[1], 4, dtype=x.dtype)
    y[:, ::2] = s.a(x)
    y[:, 1::2] = x.flip(1)
    return y


def zeroed(s, x):
    y = s.a(x)
    y[:, 3:6] = 0
    return y


def shifted_groups(s, x):
    width, out = x.shape[1] // 4, torch.zeros_like(x)
    out[:, :width, :, :-1] = x[:, :width, :, 1:]
    out[:, width : 2 * width, :, 1:] = x[:, width : 2 * width, :, :-1]
    out[:, 2 * width : 3 * width, :-1] = x[:, 2 * width : 3 * width, 1:]
    out[:, 3 * width :, 1:] = x[:, 3 * width :, :-1]
    return s.a(out)


def framed(s, x):
    y = torch.zeros(1, 3, x.shape[2] + 3, x.shape[3] + 2, dtype=x.dtype)
    y[:, :, 1:-2, 2:] = x
    return s.a(y)


def pooled_first(s, x):
    y = torch.zeros(1, x.shape[1] + 1, 4, dtype=x.dtype)
    y[:, 0] = x.mean(1)
    y[:, 1:] = x
    return s.a(y)


def accumulated(s, x):
    return torch.zeros(1, 5, 4, dtype=x.dtype).index_add(1, torch.tensor([0, 2, 2, 4, 1, 0]), s.a(x))


def copied(s, x):
    y = x.clone()
    y.index_copy_(1, torch.tensor([1, 4]), s.a(x)[:, 3:5])
    return y


SEQUENCES = {
    "flip": linear(lambda s, x: s.a(x.flip(1))),
    "list": linear(lambda s, x: s.a(x)[:, [3, 1, 0, 5]]),
    "arange": linear(lambda s, x: s.a(x[:, torch.arange(x.shape[1] - 1, -1, -1)])),
    "index_select": linear(lambda s, x: s.a(x).index_select(1, torch.tensor([5, 2, 2]))),
    "gather": linear(lambda s, x: s.a(x).gather(1, torch.tensor([0, 2, 5])[None, :, None].expand(1, 3, 4))),
    "test": linear(lambda s, x: s.a(x[:, torch.arange(x.shape[1]) % 3 == 1])),
    "roll": linear(lambda s, x: s.a(x + x.roll(2, 1))),
    "turned": linear(lambda s, x: s.a(torch.cat([x[:, 3:], x[:, :3]], 1))),
    "step": linear(lambda s, x: s.a(x[:, 1::3])),
    "unfold": linear(lambda s, x: s.a(x.unfold(1, 4, 2).flatten(2)), 16, 3),
    "scatter": linear(
        lambda s, x: torch.zeros(1, x.shape[1] + 2, 4, dtype=x.dtype).scatter(
            1, (torch.arange(x.shape[1]) + 2)[None, :, None].expand(x.shape), s.a(x)
        )
    ),
    "before": linear(written_before_read),
    "views": linear(written_through_views),
    "streams": linear(two_streams),
    "zeroed": linear(zeroed),
    "first": linear(pooled_first),
    "copied": linear(copied),
    "cumprod": linear(lambda s, x: s.a(x.cumprod(1))),
    "shifted": linear(lambda s, x: functional.pad(s.a(x), (0, 0, 2, -2))),
    "cropped": linear(lambda s, x: s.a(functional.pad(x, (0, 0, -1, -3)))),
    "left alone": linear(lambda s, x: functional.pad(s.a(x), (0, 0, 3, 1 - x.shape[1]))),
}


@pytest.mark.parametrize("length", [8, 12])
@pytest.mark.parametrize("name", SEQUENCES)
def test_moves_along_a_sequence(name, length):
    check(SEQUENCES[name](), (1, length, 4), (1,), (1,))


def test_several_elements_of_one_place():
    check(linear(accumulated)(), (1, 6, 4), (1,), (1,))


IMAGES = {
    "flip": conv(lambda s, x: s.a(x.flip(-1)), kernel=3),
    "turned": conv(lambda s, x: s.a(torch.rot90(x, 1, (2, 3))), kernel=3),
    "framed": conv(framed, kernel=3),
    "picked": conv(lambda s, x: s.a(x)[:, :, [0, 3, 4]][:, :, :, torch.tensor([1, 1, 5, 0])]),
    "columns": conv(lambda s, x: s.a(functional.unfold(x, 3, padding=1).view(1, 27, *x.shape[2:])), 27),
    "cubic": conv(lambda s, x: functional.interpolate(s.a(x), size=(8, 9), mode="bicubic")),
    "exact": conv(lambda s, x: functional.interpolate(s.a(x), size=(8, 9), mode="nearest-exact")),
    "uneven": conv(lambda s, x: functional.interpolate(s.a(x), size=(5, 4), mode="bilinear")),
    "shifted": conv(lambda s, x: s.a(functional.pad(x, (1, -1, -2, 1))), kernel=3),
    "narrowed and repeated": conv(lambda s, x: s.a(functional.pad(x, (-1, 2, 1, 0), mode="replicate"))),
}


@pytest.mark.parametrize("shape", [(1, 3, 6, 7), (1, 3, 7, 6)])
@pytest.mark.parametrize("name", IMAGES)
def test_moves_on_an_image(name, shape):
    check(IMAGES[name](), shape, (2, 3), (2, 3))


def test_groups_of_channels_move_apart():
    """A bound: what a write replaces may be all that some channels read, and channels are not told apart."""
    check(conv(shifted_groups, 8, 8)(), (1, 8, 6, 6), (2, 3), (2, 3), exact=False)


def test_folded_windows_add_up():
    def run(s, x):
        columns = s.a(functional.unfold(x, 4, stride=2).transpose(1, 2)).transpose(1, 2)
        return functional.fold(columns, x.shape[2:], 4, stride=2)

    check(linear(run, 32, 32)(), (1, 2, 10, 12), (2, 3), (2, 3))


DECIDED = {
    "argsort": linear(lambda s, x: s.a(x).gather(1, x.argsort(1))),
    "topk": linear(lambda s, x: s.a(x).topk(3, 1).values),
    "sort": linear(lambda s, x: s.a(x).sort(1).values),
}


@pytest.mark.parametrize("name", DECIDED)
def test_what_values_decide_is_a_bound(name):
    check(DECIDED[name](), (1, 6, 4), (1,), (1,), exact=False)


# -- windows -------------------------------------------------------------------------------------------------


def attend(s, y, heads):
    """Attention of some heads within every row of a batch of windows."""
    rows, n, width = y.shape
    q, k, v = s.qkv(y).reshape(rows, n, 3, heads, width // heads).permute(2, 0, 3, 1, 4)
    return functional.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(rows, n, width)


def blocks(heads, side):
    def run(s, x):
        rows, columns = (size // side for size in x.shape[2:])
        y = x.view(1, 4, rows, side, columns, side).permute(0, 2, 4, 3, 5, 1).reshape(-1, side * side, 4)
        y = attend(s, y, heads).view(1, rows, columns, side, side, 4).permute(0, 5, 1, 3, 2, 4)
        return y.reshape(x.shape)

    return lambda: Net(run, qkv=nn.Linear(4, 12))


def grid(heads, side):
    def run(s, x):
        rows, columns = (size // side for size in x.shape[2:])
        y = x.view(1, 4, side, rows, side, columns).permute(0, 3, 5, 2, 4, 1).reshape(-1, side * side, 4)
        y = attend(s, y, heads).view(1, rows, columns, side, side, 4).permute(0, 5, 3, 1, 4, 2)
        return y.reshape(x.shape)

    return lambda: Net(run, qkv=nn.Linear(4, 12))


@pytest.mark.parametrize("shape", [(1, 4, 8, 8), (1, 4, 8, 12)])
@pytest.mark.parametrize("heads", [1, 2])
@pytest.mark.parametrize("partition", [blocks, grid])
def test_windows_by_reshape(partition, heads, shape):
    check(partition(heads, 4)(), shape, (2, 3), (2, 3))


def test_blocks_and_a_grid_in_a_row():
    check(nn.Sequential(blocks(2, 4)(), grid(2, 2)()), (1, 4, 8, 8), (2, 3), (2, 3))


def cut(x, side):
    """Windows of a map {rows, columns, channels}, one below the other, as Swin's code cuts them."""
    _, rows, columns, width = x.shape
    return x.view(1, rows // side, side, columns // side, side, width).transpose(2, 3).reshape(-1, side * side, width)


def pasted(y, rows, columns, side):
    y = y.view(1, rows // side, columns // side, side, side, -1)
    return y.permute(0, 1, 3, 2, 4, 5).reshape(1, rows, columns, -1)


def regions(rows, columns, side, shift):
    """The mask of shifted windows: parts that were no neighbours before the shift do not see each other."""
    image, number = torch.zeros(1, rows, columns, 1), 0
    parts = (slice(0, -side), slice(-side, -shift), slice(-shift, None))
    for part in parts:
        for other in parts:
            image[:, part, other] = number
            number += 1
    apart = cut(image, side).squeeze(-1)
    apart = apart[:, None] - apart[:, :, None]
    return apart.masked_fill(apart != 0, -100.0)


class SwinAttention(nn.Module):
    """Attention in shifted windows with a learned bias, and masks added window by window, in Swin's own spelling."""

    def __init__(self, rows, columns, side, heads, fused):
        super().__init__()
        self.sizes, self.side, self.heads, self.fused = (rows, columns), side, heads, fused
        self.qkv, self.table = nn.Linear(4, 12), nn.Parameter(torch.rand((2 * side - 1) ** 2, heads))
        at = torch.stack(torch.meshgrid(torch.arange(side), torch.arange(side), indexing="ij")).flatten(1)
        apart = at[:, :, None] - at[:, None] + side - 1
        self.register_buffer("index", apart[0] * (2 * side - 1) + apart[1])
        self.register_buffer("mask", regions(rows, columns, side, side // 2))

    def forward(self, x):
        shift, (windows, n, _) = self.side // 2, self.mask.shape
        y = cut(torch.roll(x, (-shift, -shift), (1, 2)), self.side)
        q, k, v = self.qkv(y).reshape(windows, n, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        bias = self.table[self.index.view(-1)].view(n, n, -1).permute(2, 0, 1)
        mask = self.mask.to(x.dtype)
        if self.fused:
            y = functional.scaled_dot_product_attention(q, k, v, bias + mask[:, None])
        else:
            scores = (q * q.shape[-1] ** -0.5) @ k.transpose(-2, -1) + bias
            scores = scores.view(1, windows, self.heads, n, n) + mask[:, None]
            y = scores.view(-1, self.heads, n, n).softmax(-1) @ v
        y = pasted(y.transpose(1, 2).reshape(windows, n, -1), *self.sizes, self.side)
        return torch.roll(y, (shift, shift), (1, 2))


@pytest.mark.parametrize("fused", [False, True])
@pytest.mark.parametrize(("rows", "columns", "side", "heads"), [(8, 8, 4, 2), (6, 9, 3, 1), (4, 12, 2, 4)])
def test_shifted_windows_as_swin_writes_them(rows, columns, side, heads, fused):
    module = SwinAttention(rows, columns, side, heads, fused)
    check(module, (1, rows, columns, 4), (1, 2), (1, 2), axes={"x": ["h", "w", "c"]})


@pytest.mark.parametrize("fill", [float("-inf"), -1e5, -100.0])
def test_shifted_windows_read_their_neighbours_alone(fill):
    part = torch.tensor([0, 0, 0, 0, 1, 1, 2, 2])
    region = (part[:, None] * 3 + part[None]).view(2, 4, 2, 4).transpose(1, 2).reshape(4, 16)
    bias = torch.zeros(4, 16, 16).masked_fill(region[:, :, None] != region[:, None], fill)

    def run(s, x):
        y = x.roll((-2, -2), (1, 2)).view(1, 2, 4, 2, 4, 4).transpose(2, 3).reshape(4, 16, 4)
        q, k, v = s.qkv(y).chunk(3, -1)
        y = ((q * 0.1) @ k.transpose(1, 2) + bias.to(x.dtype)).softmax(-1) @ v
        return y.view(1, 2, 2, 4, 4, 4).transpose(2, 3).reshape(1, 8, 8, 4).roll((2, 2), (1, 2))

    axes = {"x": ["h", "w", "c"]}
    check(Net(run, qkv=nn.Linear(4, 12)), (1, 8, 8, 4), (1, 2), (1, 2), axes=axes)


@pytest.mark.parametrize("dilated", [False, True])
def test_blocks_of_a_sequence(dilated):
    def run(s, x):
        y = x.view(1, 6, 4, 4).transpose(1, 2) if dilated else x.view(1, 4, 6, 4)
        y = attend(s, y.reshape(4, 6, 4), 2).view(1, 4, 6, 4)
        return (y.transpose(1, 2) if dilated else y).reshape(1, 24, 4)

    check(Net(run, qkv=nn.Linear(4, 12)), (1, 24, 4), (1,), (1,))


# -- small faults --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [(1, 16, 8), (1, 5, 3)])
def test_products_with_vectors_count(size):
    _, rows, width = size
    right = ag.trace(Net(lambda s, x: x @ s.v, v=nn.Parameter(torch.rand(width))), torch.rand(size))
    left = ag.trace(Net(lambda s, x: s.v @ x, v=nn.Parameter(torch.rand(rows))), torch.rand(size))
    assert (right.macs, left.macs) == (rows * width, rows * width)


def test_learned_queries_count_once():
    module = Net(lambda s, x: (s.q @ x.transpose(-1, -2)).softmax(-1) @ x, q=nn.Parameter(torch.rand(4, 16)))
    assert ag.trace(module, torch.rand(1, 10, 16)).params == 64


def test_nothing_is_written_into_an_empty_slice():
    def run(s, x):
        m = x.new_zeros(16)
        m[16:16] = 1
        return s.a(x + m)

    assert ag.trace(linear(run, 16)(), torch.rand(1, 16)).macs == 64


@pytest.mark.parametrize("kept", [slice(3, None), slice(None, 2)])
def test_channels_that_are_not_written_read_nothing(kept):
    """As soon as channels become positions, those of zeros see less than the rest: the field is a bound."""

    class Writing(nn.Module):
        def forward(self, x):
            out = torch.zeros_like(x)
            out[..., kept] = x[..., kept]
            return out.unflatten(2, (2, 2))

    g = ag.trace(Writing(), torch.rand(1, 6, 4))
    probe = g.receptive_field().probe("content", n=3, a0=0)
    assert set(probe) == {(3,)} and not probe.exact


@pytest.mark.parametrize("rows", [5, 4100])
def test_a_parameter_that_is_written_to_through_a_view_counts_once(rows):
    """Of the larger copy it is not followed which elements are written."""

    class Places(nn.Module):
        def __init__(self):
            super().__init__()
            self.frame, self.place = nn.Parameter(torch.rand(8, 32)), nn.Parameter(torch.rand(rows, 32))

        def forward(self, x):
            places = self.frame[:, None].expand(-1, rows, -1).clone()
            places.view(-1, 32).add_(self.place.repeat(8, 1))
            return x + places.view(-1, 32)

    assert ag.trace(Places(), torch.rand(1, 8 * rows, 32)).params == (8 + rows) * 32


@pytest.mark.parametrize("turn", [lambda x, y: x + y, lambda x, y: y + x], ids=["constant first", "constant last"])
def test_an_axis_that_is_cut_alike_keeps_its_digits_whichever_operand_comes_first(turn):
    """Half of h lies in the channels, half is a dimension: a position reads every second one."""

    class Cut(torch.nn.Module):
        def forward(self, x):
            return turn(torch.ones(1, 8, 2, 4), x.reshape(1, 8, 2, 4))

    field = ag.trace(Cut(), torch.rand(1, 4, 4, 4)).receptive_field()
    for row in range(2):
        found = field.probe("content", h=row, w=1)
        assert set(found) == {(row, 1), (row + 2, 1)} and found.exact


@pytest.mark.parametrize("widths", [(2, -2), (-1, 2), (-1, -2)])
def test_what_a_pad_cuts_off_is_kept_as_pytorch_keeps_it(widths):
    module = Net(lambda s, x: functional.pad(s.a(x).sin(), (0, 0, *widths)).sin(), a=nn.Linear(4, 4))
    graph = ag.trace(module, torch.rand(1, 7, 4))
    assert graph.saved_bytes > 0
    assert graph.saved_doubt == ""


def test_a_shift_is_one_at_every_length():
    module = Net(lambda s, x: functional.pad(s.a(x), (0, 0, 1, -1)), a=nn.Linear(4, 4))
    graph = ag.trace(module, torch.rand(1, 7, 4), {"x": {1: "n"}})
    assert [list(graph.at(n=9).receptive_field().probe(n=index)) for index in (0, 1, 8)] == [[], [(0,)], [(7,)]]


WRITTEN = {
    "scatter": lambda x, i: x.scatter(1, i[None, :, None].expand(1, 2, 4), 2.0),
    "endless": lambda x, i: x.scatter(1, i[None, :, None].expand(1, 2, 4), float("-inf")),
    "index_fill": lambda x, i: x.index_fill(1, i, 3.0),
    "in place": lambda x, i: (x * 1).index_fill_(1, i, -1.0),
}


@pytest.mark.parametrize("name", WRITTEN)
def test_a_number_that_is_written_over_some_positions_reads_nothing(name):
    class Writing(nn.Module):
        def forward(self, x):
            return WRITTEN[name](x, torch.tensor([1, 4]))

    field = ag.trace(Writing(), torch.rand(1, 6, 4)).receptive_field()
    for n in range(6):
        probe = field.probe(n=n)
        assert set(probe) == (set() if n in (1, 4) else {(n,)}) and probe.exact
    assert set(field.unread) == {(1,), (4,)} and field.unread.exact


def test_what_some_channels_do_not_read_is_a_bound():
    """The first channels are moved by one, and the rest, which is not, is what is left."""

    class Shift(nn.Module):
        def forward(self, x):
            y = torch.zeros_like(x)
            y[:, :-1, :2], y[..., 2:] = x[:, 1:, :2], x[..., 2:]
            return y[..., :2] * 2

    field = ag.trace(Shift(), torch.rand(1, 6, 4)).receptive_field()
    assert not field.probe(n=0).exact and not field.unread.exact


def test_a_large_tensor_lends_its_names_without_its_elements(monkeypatch):
    from archgraph.pytorch.trace.moving import known_moves, pairs

    def small(shape):
        assert max(shape) < 100, "every element is numbered"
        return pairs.itself(shape)

    def forward(s, x):
        y = x @ x.transpose(1, 2)
        y[:, 1:, 1:] += x[:, 1:, :1]
        return y

    monkeypatch.setattr(known_moves, "itself", small)
    g = ag.trace(Net(forward), torch.empty(1, 3000, 4, device="meta"))
    assert g.at().macs == 3000 * 3000 * 4
    (kind,) = g.outputs.values()
    assert [axis for axis, _ in kind.axes] == ["n", "a0"]


def test_places_of_elements_are_found_once(monkeypatch):
    from archgraph.pytorch.trace.moving import pairs
    from archgraph.pytorch.trace.moving.naming import named_by

    found = []
    unravelled = pairs._unravelled
    monkeypatch.setattr(pairs, "_unravelled", lambda *given: found.append(given) or unravelled(*given))
    same = pairs.itself((2, 3, 4, 5))
    assert named_by([(same, ("n", "h", "w", "c"))], (2, 3, 4, 5)) == ["n", "h", "w", "c"]
    assert not same.differ_along(0, 0)
    assert len(found) == 2


def sampled(grid, **options):
    def run(net, x):
        heights = torch.zeros_like(torch.tensor(grid))
        places = torch.stack([torch.tensor(grid), heights], -1)[None, None].to(x)
        return functional.grid_sample(net.layer(x)[:, :, None], places, align_corners=True, **options)[:, :, 0]

    return Net(run, layer=nn.Conv1d(3, 3, 1))


@pytest.mark.parametrize("grid", [[-1.0, -0.3, 0.3, 1.0], [1.0, -1.0], [0.0, 0.0, 0.0]])
@pytest.mark.parametrize("length", [8, 9])
def test_a_known_grid_picks_the_elements_that_are_nearest(grid, length):
    check(sampled(grid, mode="nearest"), (1, 3, length), (2,), (2,))


@pytest.mark.parametrize("grid", [[-1.0, -0.3, 0.3, 1.0], [0.0, 0.2]])
def test_a_known_grid_between_elements_is_a_bound(grid):
    field = ag.trace(sampled(grid), torch.rand(1, 3, 9)).receptive_field()
    assert field.why == ("elements are not only moved (move)",)
    probe = field.probe(**dict.fromkeys(field.outputs, 0))
    assert not probe.exact
    assert set(probe) == {(place,) for place in range(9)}


def resized(**options):
    return Net(lambda net, x: functional.interpolate(net.layer(x), **options), layer=nn.Conv1d(3, 3, 1))


@pytest.mark.parametrize(
    ("options", "length", "exact"),
    [
        ({"scale_factor": 0.5, "mode": "nearest"}, 10, True),
        ({"scale_factor": 0.5, "mode": "nearest"}, 9, False),
        ({"scale_factor": 1.5, "mode": "linear"}, 8, True),
        ({"scale_factor": 2.0, "mode": "nearest-exact"}, 7, True),
        ({"size": 5, "mode": "nearest-exact"}, 9, True),
    ],
)
def test_a_factor_that_is_the_ratio_of_the_sizes_says_which_neighbours_are_read(options, length, exact):
    check(resized(**options), (1, 3, length), (2,), (2,), exact=exact)
