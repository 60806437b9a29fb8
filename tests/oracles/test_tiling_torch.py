"""Tiles with their halo, stitched, against the network on the whole input."""

from __future__ import annotations

import pytest

import archgraph as ag

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch

HEADER = "archgraph: 1\nname: net\nsymbols:\n  H: {default: 64}\ninputs:\n  x: {c: 2, h: H, w: 8}\nnetwork:\n"


def run(g: ag.Architecture, x: torch.Tensor) -> torch.Tensor:
    """Run the network on an image of any height, with the same weights at every height.

    Weights and images are small integers, so that sums are exact in whatever order they are added.
    """
    torch.set_num_threads(1)
    generator = torch.Generator().manual_seed(0)
    weights = g.to_torch().state_dict()
    drawn = {name: torch.randint(-1, 2, value.shape, generator=generator) for name, value in weights.items()}
    module = g.bind(H=x.shape[2]).to_torch().double().eval()
    module.load_state_dict(drawn)
    with torch.no_grad():
        return module(x)


def stitched(g: ag.Architecture, x: torch.Tensor, core: int, margin: int, shift: int = 0) -> torch.Tensor:
    """Run tiles of the height and put their cores together; `shift` moves the tiles off their grid."""
    height, parts = x.shape[2], []
    for start in range(0, height, core):
        first, last = max(start - margin - shift, 0), min(start + core + margin - shift, height)
        found = run(g, x[:, :, first:last])
        parts.append(found[:, :, start - first : start - first + core])
    return torch.cat(parts, 2)


def picture(*shape: int) -> torch.Tensor:
    return torch.randint(-4, 5, (1, *shape), generator=torch.Generator().manual_seed(1)).double()


def test_the_unet():
    g = ag.load("unet:padded-512").bind(C=1, H=512, W=16)
    halo = g.halo()
    assert halo.exact
    margins = halo.axes["h"]
    assert (margins.before, margins.after, margins.lattice, margins.aligned) == (94, 94, 16, (96, 96))
    x = picture(1, 512, 16)
    expected = run(g, x)
    assert 0 < expected.abs().max() < 2**53
    assert torch.equal(stitched(g, x, 128, 96), expected)
    assert not torch.equal(stitched(g, x, 128, 80), expected)
    on_grid, off_grid = run(g, x[:, :, 32:352]), run(g, x[:, :, 24:360])
    assert torch.equal(on_grid[:, :, 96:224], expected[:, :, 128:256])
    assert not torch.equal(off_grid[:, :, 104:232], expected[:, :, 128:256])


def test_off_the_grid():
    steps = "  - max_pool: {kernel: 2}\n  - conv: {out: 2, kernel: 3, padding: same}\n  - upsample: {factor: 2}\n"
    g = ag.loads(HEADER + steps)
    halo = g.halo()
    assert (halo.exact, halo.axes["h"].lattice, halo.axes["h"].aligned) == (True, 2, (2, 2))
    x = picture(2, 64, 8)
    assert torch.equal(stitched(g, x, 16, 2), run(g, x))
    assert not torch.equal(stitched(g, x, 16, 8, shift=1), run(g, x))


@pytest.mark.parametrize(("margin", "equal"), [(2, False), (3, True)])
def test_the_margin_is_the_least(margin, equal):
    g = ag.loads(HEADER + "  - conv: {out: 2, kernel: 7, padding: same}\n")
    assert g.halo().axes["h"].before == 3
    x = picture(2, 64, 8)
    assert torch.equal(stitched(g, x, 16, margin), run(g, x)) == equal


NEVER = {
    "instance_norm": "not exact: statistics: InstanceNorm at instance_norm is over the whole input",
    "group_norm: {groups: 1}": "not exact: statistics: GroupNorm at group_norm is over the whole input",
    "squeeze_excite: {hidden: 8}": "not exact: gates: squeeze_excite.global_avg_pool reads every position",
    "vit_block: {heads: 1}": "not exact: vit_block.attention.scaled_dot_product_attention reads every position",
    "position_embedding": "has a value of its own at every position",
    "adaptive_avg_pool: {size: {h: 8, w: 8}}": "resamples by the size of the whole input",
    "roll: {by: {h: 2, w: 0}}": "roll reads around the border, from the other end of the input",
    "pad: {by: {h: 2}, mode: circular}": "pad reads around the border, from the other end of the input",
    "slice: {axis: h, start: H - 8, size: 8}": "slice takes positions that are counted from the end of the input",
}


@pytest.mark.parametrize("step", NEVER)
def test_no_margin_is_exact(step):
    g = ag.loads(HEADER + f"  - conv: {{out: 2, kernel: 3, padding: same}}\n  - {step}\n")
    halo = g.halo()
    assert not halo.exact
    assert NEVER[step] in repr(halo)


@pytest.mark.parametrize(
    "step", ["instance_norm", "group_norm: {groups: 1}", "squeeze_excite: {hidden: 8}", "roll: {by: {h: 2, w: 0}}"]
)
def test_nor_is_it_measured_so(step):
    g = ag.loads(HEADER + f"  - conv: {{out: 2, kernel: 3, padding: same}}\n  - {step}\n")
    x = picture(2, 64, 8)
    assert not torch.equal(stitched(g, x, 16, 16), run(g, x))


def test_tiles_are_long_enough_for_outputs_that_read_nothing():
    module = torch.nn.ConvTranspose1d(2, 2, 2, stride=3)
    halo = ag.trace(module, torch.zeros(1, 2, 8)).halo()
    assert halo.exact
    assert (halo.n.before, halo.n.after) == (0, 1)
    x = torch.rand(1, 2, 12)
    whole = module(x)
    assert module(x[..., 4:8]).shape[2] < 3 * 4
    assert torch.allclose(module(x[..., 4 : 8 + halo.n.after])[..., : 3 * 4], whole[..., 3 * 4 : 3 * 8])


class Twice(torch.nn.Module):
    """A layer that is applied twice, so that its weights are a value of their own, and a table if there is one."""

    def __init__(self, layer: torch.nn.Module, table: torch.Tensor | None = None):
        super().__init__()
        self.layer = layer
        self.table = None if table is None else torch.nn.Parameter(table)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.layer(self.layer(x))
        return y if self.table is None else y + self.table


def test_weights_of_a_shared_layer_are_no_values_of_positions():
    for layer, shape in ((torch.nn.Conv1d(2, 2, 3, padding=1), (1, 2, 8)), (torch.nn.Linear(2, 2), (1, 8, 2))):
        assert ag.trace(Twice(layer), torch.zeros(shape)).halo().exact
        table = ag.trace(Twice(layer, torch.zeros(shape)), torch.zeros(shape)).halo()
        assert table.reasons == ("table has a value of its own at every position",)
