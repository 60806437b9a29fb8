"""Laws of the U-Nets for segmentation and diffusion, from the papers' own formulas."""

import pytest
from sympy import expand

import archgraph as ag


def symbols(g, *names):
    return [g.symbols[name] for name in names]


def test_batch_norm_trades_a_bias_for_a_scale_and_a_shift():
    plain, normed = ag.load("unet:padded-512"), ag.load("unet:milesial")
    (c,) = symbols(plain, "C")
    channels = 2 * sum(c * 2**level for level in range(5)) + 2 * sum(c * 2**level for level in range(4))
    colours = 2 * 9 * c
    assert expand(normed.params - plain.params - channels - colours) == 0
    assert normed.buffers == expand(2 * channels + 18)


def test_one_more_level_quadruples_a_unet_for_a_quarter_more_macs():
    deeper = ag.load("unet:padded-512").at(levels=5)
    assert (deeper.params, deeper.macs) == (124361090, 238018363392)


def test_unet3d_law():
    g = ag.load("unet3d")
    (c,) = symbols(g, "C")
    encoder = 27 * 3 * c + c + 27 * 2 * c**2 + 2 * c
    decoder = 2 * c * 3 + 3
    for level in (1, 2, 3):
        first, joined = c * 2**level, 3 * c * 2**level
        encoder += 27 * first**2 + first + 27 * 2 * first**2 + 2 * first
        decoder += 8 * (2 * first) ** 2 + 27 * joined * first + first + 27 * first**2 + first
    assert g.params == expand(encoder + decoder)


def test_residual_encoder_law():
    """Two convolutions per block, a projection where the width changes; the decoder has one per stage."""
    g = ag.load("nnunet_resenc")
    c, modalities, classes = symbols(g, "C", "modalities", "classes")
    widths = [c, 2 * c, 4 * c, 8 * c, 10 * c, 10 * c]
    law = 27 * modalities * c + 3 * c
    before = c
    for width, count in zip(widths, (1, 3, 4, 6, 6, 6), strict=True):
        law += 27 * before * width + 27 * width**2 + 6 * width + (count - 1) * (54 * width**2 + 6 * width)
        law += before * width + 2 * width if before != width else 0
        before = width
    for below, width in zip(widths[1:], widths, strict=False):
        law += 8 * below * width + width + 27 * 2 * width**2 + 3 * width + width * classes + classes
    assert expand(g.params - law) == 0


def test_larger_presets_only_plan_larger_patches():
    medium, large = ag.load("nnunet_resenc:ct-3d-m"), ag.load("nnunet_resenc:ct-3d-l")
    assert medium.params == large.params
    assert medium.macs == large.macs
    assert large.at().macs / medium.at().macs == (192 / 128) ** 3


def test_flat_kernels_and_strides_of_anisotropic_volumes():
    flat, cube = ag.load("nnunet_resenc:acdc-3d-m"), ag.load("nnunet_resenc")
    c, modalities = symbols(flat, "C", "modalities")
    kernels = (27 - 9) * (modalities * c + 2 * c**2 + 2 * c**2)
    strides = (8 - 4) * (2 * c * c + 10 * c * 8 * c + 10 * c * 10 * c)
    assert expand(cube.params - flat.params - kernels - strides) == 0


# -- diffusion: the encoder's values on a stack, as the first implementations write it


def res_block(before, width, time, parts=1):
    """Norm, convolution, time step, norm, convolution; a projection where the width changes."""
    shortcut = before * width + width if before != width else 0
    convolutions = 9 * before * width + width + 9 * width**2 + width
    return 2 * before + convolutions + (time + 1) * parts * width + 2 * width + shortcut


def attention(width):
    return 2 * width + 4 * width**2 + 4 * width


def transformer(width, context, depth):
    """Self-attention, cross-attention, a gated feed-forward, each with its norm; projections at both ends."""
    block = 4 * width**2 + width + 2 * width**2 + 2 * context * width + width + 12 * width**2 + 9 * width
    return 2 * width + 2 * (width**2 + width) + depth * (block + 6 * width)


def resampling(width):
    return 9 * width**2 + width


def diffusion_unet(c, mult, res, mix, middle, change, ends):
    """The params of a U-Net with two blocks per level in the encoder and three in the decoder."""
    time = c * 4 * c + 4 * c + 4 * c * 4 * c + 4 * c
    total = time + 9 * ends[0] * c + c + 2 * c + 9 * c * ends[1] + ends[1]
    width, stack, last = c, [c], len(mult) - 1
    for level, factor in enumerate(mult):
        for _ in range(2):
            total += res(width, factor * c) + mix(level, factor * c)
            width = factor * c
            stack.append(width)
        if level < last:
            total += change(width)
            stack.append(width)
    total += 2 * res(width, width) + middle(width)
    for level in range(last, -1, -1):
        for _ in range(3):
            total += res(width + stack.pop(), mult[level] * c) + mix(level, mult[level] * c)
            width = mult[level] * c
        total += change(width) if level else 0
    assert not stack
    return expand(total)


@pytest.mark.parametrize(("name", "mult", "attends"), [("ddpm", (1, 2, 2, 2), 1), ("ddpm:256", (1, 1, 2, 2, 4, 4), 4)])
def test_ddpm_law(name, mult, attends):
    g = ag.load(name)
    (c,) = symbols(g, "C")
    law = diffusion_unet(
        c,
        mult,
        lambda before, width: res_block(before, width, 4 * c),
        lambda level, width: attention(width) if level == attends else 0,
        attention,
        resampling,
        (3, 3),
    )
    assert g.params == law


def test_adm_law():
    g = ag.load("adm")
    c, classes = symbols(g, "C", "classes")

    def res(before, width):
        return res_block(before, width, 4 * c, parts=2)

    law = diffusion_unet(
        c,
        (1, 1, 2, 2, 4, 4),
        res,
        lambda level, width: attention(width) if level >= 3 else 0,
        attention,
        lambda width: res(width, width),
        (3, 6),
    )
    assert g.params == expand(law + 4 * c * classes)


@pytest.mark.parametrize(
    ("name", "mult", "depth", "channels"),
    [
        ("sd", (1, 2, 4, 4), (1, 1, 1, 0), 4),
        ("sd:2.1-768", (1, 2, 4, 4), (1, 1, 1, 0), 4),
        ("sd:xl", (1, 2, 4), (0, 2, 10), 4),
        ("sd:ldm-4", (1, 2, 3, 5), (0, 1, 1, 1), 3),
    ],
)
def test_stable_diffusion_laws(name, mult, depth, channels):
    g = ag.load(name)
    c, x = symbols(g, "C", "X")
    law = diffusion_unet(
        c,
        mult,
        lambda before, width: res_block(before, width, 4 * c),
        lambda level, width: transformer(width, x, depth[level]) if depth[level] else 0,
        lambda width: transformer(width, x, max(depth)),
        resampling,
        (channels, channels),
    )
    if "V" in g.symbols:
        law += 4 * c * g.symbols["V"] + 4 * c + 16 * c**2 + 4 * c
    assert g.params == expand(law)


def test_stable_diffusion_in_its_channels_context_and_area():
    g = ag.load("sd")
    c, x, t, height, width = symbols(g, "C", "X", "T", "H", "W")
    area = height * width
    assert g.params == 8202 * c**2 + 78 * c * x + 1459 * c + 4
    macs = 5841 * area**2 * c / 512 + 1607 * area * c**2 / 2 + 141 * area * c * t / 8 + 72 * area * c
    assert expand(g.macs - (macs + 272 * c**2 + 78 * c * t * x)) == 0


@pytest.mark.parametrize(
    ("name", "knobs", "params", "macs"),
    [
        ("sd", {"C": 640}, 3398811524, 1477353799680),
        ("sd", {"blocks": 4}, 1419792964, 681916170240),
        ("sd", {"H": 128, "W": 128}, 859520964, 2337003110400),
        ("adm", {"C": 512}, 2212613126, 4464432906240),
        ("adm", {"blocks": 4}, 879880710, 1796755685376),
        ("adm", {"H": 512, "W": 512}, 553838086, 4552249835520),
    ],
)
def test_one_knob_at_a_time(name, knobs, params, macs):
    """Measured on the modules of diffusers and guided-diffusion."""
    g = ag.load(name).at(**knobs)
    assert (g.params, g.macs) == (params, macs)
