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
}


@pytest.mark.parametrize("step", NEVER)
def test_no_margin_is_exact(step):
    g = ag.loads(HEADER + f"  - conv: {{out: 2, kernel: 3, padding: same}}\n  - {step}\n")
    halo = g.halo()
    assert not halo.exact
    assert NEVER[step] in repr(halo)


@pytest.mark.parametrize("step", ["instance_norm", "group_norm: {groups: 1}", "squeeze_excite: {hidden: 8}"])
def test_nor_is_it_measured_so(step):
    g = ag.loads(HEADER + f"  - conv: {{out: 2, kernel: 3, padding: same}}\n  - {step}\n")
    x = picture(2, 64, 8)
    assert not torch.equal(stitched(g, x, 16, 16), run(g, x))
