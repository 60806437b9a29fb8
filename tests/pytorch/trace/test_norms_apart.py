"""Norms of samples where frames, rows or windows are joined to the batch: each is normalised by itself."""

import pytest

import archgraph as ag

torch = pytest.importorskip("torch")
nn = torch.nn

from archgraph.pytorch.verify.original import KeptStorages  # noqa: E402


class Joined(nn.Module):
    """Applies a layer to every frame, every row, or every window of three."""

    def __init__(self, layer, way):
        super().__init__()
        self.layer, self.way = layer, way

    def forward(self, x):
        return getattr(self, self.way)(x)

    def frames(self, x):
        b, c, t, h, w = x.shape
        return self.layer(x.transpose(1, 2).reshape(b * t, c, h, w)).view(b, t, c, h, w)

    def rows(self, x):
        b, h, w, c = x.shape
        return self.layer(x.reshape(b * h, w, c).mT).mT.reshape(b, h, w, c)

    def windows(self, x):
        b, n, c = x.shape
        return self.layer(x.reshape(b * n // 3, 3, c).mT).mT.reshape(b, n, c)

    def single(self, x):
        b, n, c = x.shape
        return self.layer(x.reshape(b * n, c)).view(b, n, c)


LAYERS = {
    "frames": (nn.GroupNorm(2, 8), nn.InstanceNorm2d(8), nn.InstanceNorm2d(8, affine=True)),
    "rows": (nn.GroupNorm(2, 8), nn.InstanceNorm1d(8, affine=True), nn.InstanceNorm1d(8, track_running_stats=True)),
    "windows": (nn.GroupNorm(1, 8), nn.InstanceNorm1d(8, affine=True)),
    "single": (nn.GroupNorm(2, 8),),
}
SHAPES = {"frames": (1, 8, 3, 4, 5), "rows": (1, 4, 6, 8), "windows": (1, 9, 8), "single": (1, 7, 8)}


@pytest.mark.parametrize(("way", "place"), [(way, k) for way in LAYERS for k in range(len(LAYERS[way]))])
def test_what_is_joined_to_the_batch_is_normalised_by_itself(way, place):
    module, x = Joined(LAYERS[way][place], way).eval(), torch.randn(SHAPES[way], requires_grad=True)
    g, kept = ag.trace(module, x), KeptStorages(module.state_dict(keep_vars=True))
    with kept.hooks():
        result = module(x.detach())
    assert (g.saved_bytes, g.saved_doubt, result.numel()) == (kept.bytes(), "", x.numel())
    result = module(x)
    (gradient,) = torch.autograd.grad(result.flatten()[0] * 3, x)
    channel = list(g.inputs["x"].names).index("c")
    read = gradient[0].movedim(channel, 0).abs().sum(0).nonzero().tolist()
    field = g.receptive_field().probe("stat", **dict.fromkeys(g.receptive_field().outputs, 0))
    assert field.exact
    assert set(field) == set(map(tuple, read))


@pytest.mark.parametrize("way", ["frames", "rows"])
def test_a_spec_of_it_says_so(way):
    g = ag.trace(Joined(LAYERS[way][1], way), torch.randn(SHAPES[way]))
    again = ag.loads(g.to_spec())
    assert "over:" in g.to_spec()
    assert again.saved_bytes == g.saved_bytes
    fields = [each.receptive_field() for each in (g, again)]
    assert len({len(list(rf.probe("stat", **dict.fromkeys(rf.outputs, 0)))) for rf in fields}) == 1
