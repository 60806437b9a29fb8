"""Hops, longest paths and depths: against published tables, closed forms and a plain search over positions."""

from __future__ import annotations

from collections import deque
from fractions import Fraction
from itertools import pairwise
from math import ceil, inf

import pytest

import archgraph as ag
from archgraph.errors import QueryError

HEADER = "archgraph: 1\nname: line\nsymbols: {{N: {n}}}\ninputs:\n  x: {{c: 8, n: N}}\nnetwork:\n"
WINDOW = "  - scaled_dot_product_attention: {{heads: 2, window: 8, shift: {shift}}}\n    from: [_, _, _]\n"


def line(*steps: str, n: int = 512) -> ag.Architecture:
    """A network along one axis."""
    return ag.loads(HEADER.format(n=n) + "".join(steps))


def conv(kernel: int, dilation: int = 1, stride: int = 1, padding: str = "same") -> str:
    return f"  - conv: {{out: 8, kernel: {kernel}, dilation: {dilation}, stride: {stride}, padding: {padding}}}\n"


def swin(count: int) -> list[str]:
    return [WINDOW.format(shift=4 * (index % 2)) for index in range(count)]


def u_net(bottom: str = "") -> ag.Architecture:
    """A U-Net of four levels along one axis, with something in its bottleneck."""
    down = "  - for: {i: 0..3}\n    do:\n      - pair\n        as: enc(i)\n      - max_pool: {kernel: 2}\n"
    up = (
        "  - for: {i: 3..0 by -1}\n    do:\n      - conv_transpose: {out: 8, kernel: 2, stride: 2}\n"
        "      - concat: [enc(i), _]\n      - pair\n"
    )
    down, up = (text.replace("- pair\n        as: enc(i)", "- pair:\n        as: enc(i)") for text in (down, up))
    block = "blocks:\n  pair:\n    do:\n" + ("    " + conv(3)) * 2
    text = HEADER.format(n=512) + down.replace("- pair:\n        as", "- pair: _\n        as") + "  - pair\n"
    return ag.loads(text + bottom + up + block)


SECTION_2 = {
    "24 x conv3": (line(*[conv(3)] * 24), 24, 24, (8, None, None, None, None, None)),
    "8 x conv7": (line(*[conv(7)] * 8), 24, 8, (3, None, None, None, None, None)),
    "dilated 3, 1 ... 64": (line(*(conv(3, 2**i) for i in range(7))), 127, 7, (1, 1, 1, 4, None, None)),
    "U-Net": (u_net(), 94, 13, (1, 2, 5, 10, None, None)),
    "U-Net with attention": (u_net("  - vit_block: {heads: 2}\n"), 256, 1, (1, 1, 1, 1, 1, 1)),
    "Swin": (line(conv(4, stride=4, padding="0"), *swin(8)), 128, 8, (1, 2, 4, 6, 8, None)),
    "ViT": (line(conv(16, stride=16, padding="0"), "  - vit_block: {heads: 2}\n"), 256, 1, (1, 1, 1, 1, 1, 1)),
}
"""The network, its reach, the most hops from the central output, hops at distances 8, 32, 64, 90, 128, 255."""


@pytest.mark.parametrize("name", SECTION_2)
def test_hops_at_distances(name):
    g, reach, most, expected = SECTION_2[name]
    paths = g.paths()
    assert paths.reach() == reach
    assert paths.max_path(paths.centre) == most
    assert tuple(paths.at_distance(distance) for distance in (8, 32, 64, 90, 128, 255)) == expected


def test_the_shipped_unet_is_the_one_along_a_line():
    shipped = ag.load("unet:padded-512").paths("w")
    assert [shipped.at_distance(d) for d in (8, 32, 64, 90, 94, 95)] == [1, 2, 5, 10, 13, None]


# A plain search over positions. Windows and cells are written down here once more, in the plainest way.


def windows_of(layers: list[tuple[str, int, int, int]]):
    """Yield, per layer: how the length changes, which inputs output i reads, where its cell begins and how long."""
    for kind, kernel, stride, before in layers:
        if kind == "conv":
            yield (
                (lambda n, k=kernel, s=stride, b=before: (n + 2 * b - k) // s + 1),
                (lambda i, k=kernel, s=stride, b=before: [s * i - b + t for t in range(k)]),
            )
        else:
            yield (lambda n, s=stride: n * s), (lambda i, s=stride: [i // s])


def cells(layers, n: int) -> list[tuple[int, Fraction, Fraction]]:
    """The length, stride and offset of the input and of every layer; offsets keep windows centred."""
    rows = [(n, Fraction(1), Fraction(0))]
    for (kind, kernel, stride, before), (length, _) in zip(layers, windows_of(layers), strict=True):
        n, scale, offset = rows[-1]
        if kind == "conv":
            middle = Fraction(kernel - 1, 2) - before
            place = offset + scale / 2 + scale * middle
            scale *= stride
            rows.append((length(n), scale, place - scale / 2))
        else:
            rows.append((length(n), scale / stride, offset))
    return rows


def searched(layers, n: int, output: int) -> list[float]:
    """The fewest moves from an output to every input, by a 0/1 breadth-first search."""
    rows, reads = cells(layers, n), [read for _, read in windows_of(layers)]
    best = {(len(layers), output): 0}
    queue = deque(best)
    while queue:
        level, i = queue.popleft()
        if not level:
            continue
        (_, scale, offset), (length, below, beneath) = rows[level], rows[level - 1]
        start, stop = scale * i + offset, scale * (i + 1) + offset
        for j in {j for j in reads[level - 1](i) if 0 <= j < length}:
            apart = stop <= below * j + beneath or below * (j + 1) + beneath <= start
            cost = best[level, i] + apart
            if cost < best.get((level - 1, j), inf):
                best[level - 1, j] = cost
                (queue.append if apart else queue.appendleft)((level - 1, j))
    return [best.get((0, q), inf) for q in range(n)]


CHAINS = {
    "convs": [("conv", 3, 1, 1)] * 4,
    "even kernels": [("conv", 4, 1, 1), ("conv", 2, 1, 0), ("conv", 5, 1, 2)],
    "strides": [("conv", 3, 2, 1), ("conv", 3, 1, 1), ("conv", 3, 2, 1), ("conv", 3, 1, 1)],
    "up": [("conv", 3, 1, 1), ("conv", 2, 2, 0), ("conv", 3, 1, 1), ("up", 0, 2, 0), ("conv", 3, 1, 1)],
    "up by three": [("conv", 5, 3, 2), ("conv", 3, 1, 1), ("up", 0, 3, 0), ("conv", 3, 1, 1), ("conv", 3, 1, 1)],
}


@pytest.mark.parametrize("name", CHAINS)
def test_all_pairs_against_a_search(name):
    layers = CHAINS[name]
    steps = [
        conv(kernel, 1, stride, str(before)) if kind == "conv" else f"  - upsample: {{factor: {stride}}}\n"
        for kind, kernel, stride, before in layers
    ]
    found = line(*steps, n=36).paths().matrix()
    for output, row in enumerate(found):
        assert [inf if hops is None else hops for hops in row] == searched(layers, 36, output), output


def test_table_1_of_vaswani():
    """The longest of the shortest paths: 1 for attention, n/k in a stack, logarithmic with dilation."""
    n = 65
    for kernel in (3, 5):
        half = (kernel - 1) // 2
        deep = line(*[conv(kernel)] * ceil((n - 1) / half), n=n)
        assert deep.max_path() == ceil((n - 1) / half)
    assert line("  - vit_block: {heads: 2}\n", n=n).max_path() == 1
    dilated = line(*(conv(3, 3**i) for i in range(4)), n=81)
    assert dilated.max_path() == 4
    assert dilated.paths().hops(0, 40) == dilated.paths().hops(80, 40) == 4


@pytest.mark.parametrize("distance", [1, 7, 8, 31, 90])
def test_depth_to_cover(distance):
    """Half of what is read lies to either side; m windows reach 8m, and 4 more as paths begin in either kind."""
    for kernel in (3, 7):
        assert line(*[conv(kernel)] * 90).depth_to_cover(distance) == ceil(2 * distance / (kernel - 1))
    for base in (2, 3):
        stack = line(*(conv(3, base**i) for i in range(7 if base == 2 else 5)))
        least = next(depth for depth in range(1, 9) if distance * (base - 1) <= base**depth - 1)
        assert stack.depth_to_cover(distance) == least
    assert line(*swin(24)).depth_to_cover(distance) == max(1, ceil((2 * distance - 3) / 8))
    assert line("  - vit_block: {heads: 2}\n").depth_to_cover(distance) == 1


def test_nothing_covers_what_the_network_does_not_reach():
    assert line(conv(3), conv(3)).depth_to_cover(3) is None
    unet = ag.load("unet:padded-512")
    # dec(2).conv, the 13th convolution, sees 188 pixels at most; dec(1).conv, the 15th, sees 204
    assert [unet.depth_to_cover(distance) for distance in (93, 94, 101)] == [13, 15, 15]
    assert unet.depth_to_cover(102) is None


def test_a_path_is_a_chain_of_nodes():
    g = u_net()
    path = g.hops(distance=90)
    assert (path.moves, len(path.movers)) == (10, 10)
    places = [step.place for step in path.steps]
    for (before, after), step in zip(pairwise([(path.start, path.start), *places]), path.steps, strict=True):
        apart = after[1] < before[0] or before[1] < after[0]
        assert apart == step.moved, step
    assert path.steps[-1].place == (path.end, path.end)
    readers = {node.name: node for node in g.flat().nodes}
    for before, after in pairwise(path.steps):
        assert set(readers[after.node].inputs) & set(readers[before.node].outputs)


def test_attention_is_one_move_and_names_itself():
    path = ag.load("dit:S/8").hops(start=0, end=31, axis="w")
    assert path.movers == ("blocks.0.attention.scaled_dot_product_attention",)
    assert repr(path).startswith("w=0 to w=31: 1 move\n")


def test_no_path():
    g = line(conv(3), n=16)
    assert g.hops(start=0, end=4) is None
    assert g.hops(distance=5) is None
    assert g.hops(start=3, end=4).moves == 1
    assert g.hops(start=4, end=4).moves == 0


def test_causal_attention_leads_one_way():
    g = ag.load("gpt2").bind(N=12, L=2)
    paths = g.paths()
    assert paths.hops(3, 9) == 1
    assert paths.hops(9, 3) is None
    assert paths.hops(5, 5) == 0


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda g: g.hops(), "hops takes a distance, or the input position to start at"),
        (lambda g: g.hops(start=16), "n=16 lies outside: there are 16 positions"),
        (lambda g: g.hops(start=0, end=-1), "n=-1 lies outside: there are 16 positions"),
        (lambda g: g.hops(distance=1, axis="m"), "the input 'x' has no axis 'm'"),
        (lambda g: g.hops(distance=1, node="cov"), "Did you mean 'conv'?"),
        (lambda g: g.hops(distance=-1), "a distance is at least 0, not -1"),
        (lambda g: g.depth_to_cover(-1), "a distance is at least 0, not -1"),
        (lambda g: g.depth_to_cover(3, axis="m"), "the input 'x' has no axis 'm'"),
    ],
)
def test_mistakes(ask, message):
    with pytest.raises(QueryError) as error:
        ask(line(conv(3), n=16))
    assert message in str(error.value)


@pytest.mark.slow
@pytest.mark.parametrize("residual", [False, True])
def test_ten_thousand_layers(residual):
    step = "conv: {out: 8, kernel: 3, padding: same}"
    text = f"  - residual: [{{{step}}}]\n    repeat: 10000\n" if residual else f"  - {step}\n    repeat: 10000\n"
    g = line(text, n=32)
    assert g.hops(start=0, end=31).moves == 31
    assert g.depth_to_cover(15) == 15
    assert g.receptive_field().n.size_max == 20_001
    assert g.halo().axes["n"].before == 10_000


def test_attention_behind_a_class_token_is_a_layer():
    assert ag.load("vit").depth_to_cover(28) == 1
    assert ag.load("vit").bind(L=1).depth_to_cover(112) == 1


def test_one_expert_stands_for_all():
    g = ag.load("mixtral").bind(N=12, L=2)
    paths = g.paths()
    assert (paths.hops(3, 9), paths.hops(9, 3), paths.max_path()) == (1, None, 1)


def test_paths_say_what_they_join():
    assert repr(ag.load("conv_stack").at(H=16, W=16).paths()) == "<paths along h: image (16) to layers.9.relu (16)>"


@pytest.mark.parametrize("factor", [2, 4])
def test_a_skip_beside_aligned_corners_keeps_the_places(factor):
    steps = (
        f"  - conv: {{out: 8, kernel: 5, padding: same}}\n    as: skip\n  - max_pool: {{kernel: {factor}}}\n"
        f"  - upsample: {{factor: {factor}, mode: linear, align_corners: true}}\n  - concat: [_, skip]\n"
    )
    paths = line(steps, n=64).paths()
    assert [paths.at_distance(distance) for distance in (0, 1, 2)] == [0, 1, 1]
    assert paths.home.stride == 1
    # In a body of its own, too, and whatever stands behind it.
    body = "".join(f"    {text}\n" for text in steps.splitlines())
    block = f"  - do:\n{body}  - relu\n  - linear: {{out: 8}}\n"
    assert line(block, n=64).paths().at_distance(1) == 1


def test_of_branches_of_other_strides_the_one_counts_whose_cells_cover_the_input():
    steps = (
        "  - conv: {out: 8, kernel: 4, stride: 4}\n    as: coarse\n"
        "  - slice: {axis: n, start: 0, size: 16}\n    from: x\n    as: cut\n  - add: [coarse, cut]\n"
    )
    assert line(steps, n=64).paths().home.stride == 4


@pytest.mark.parametrize(("span", "layers", "n"), [(3, 4, 24), (8, 2, 40), (5, 6, 64)])
def test_a_sliding_window_leaves_tokens_where_they_are(span, layers, n):
    """Each layer moves by up to span - 1 tokens, from the left alone."""
    steps = f"  - residual:\n      - scaled_dot_product_attention: {{heads: 2, causal: true, span: {span}}}\n"
    steps += f"        from: [_, _, _]\n    repeat: {layers}\n"
    paths = line(steps, n=n).paths()
    assert (paths.home.stride, paths.home.offset, paths.centre) == (1, 0, n // 2)
    for output, row in enumerate(paths.matrix()):
        for position, hops in enumerate(row):
            least = ceil((output - position) / (span - 1))
            assert hops == (least if 0 <= least <= layers and position <= output else None)


def test_a_skip_stays_where_it_was_beside_a_causal_convolution():
    steps = "  - residual:\n      - pad: {by: {n: [4, 0]}}\n      - conv: {out: 8, kernel: 3, dilation: 2}\n"
    paths = line(steps, n=16).paths()
    assert paths.home.offset == 0
    # The convolution itself lies in the middle of its window, so that the sum moves what comes of it.
    assert paths.rows([9])[0] == [None] * 5 + [2, None, 1, None, 0] + [None] * 6


def test_mistral_reaches_span_tokens_by_each_layer():
    g = ag.load("mistral")
    assert [g.at(N=N).max_path() for N in (4096, 8192, 2**20)] == [1, 3, 32]
    far = g.at(N=10**6).paths()
    assert (far.hops(10**6 - 4096, 10**6 - 1), far.hops(10**6 - 4097, 10**6 - 1)) == (1, 2)
    assert far.reach(10**6 - 1) == 32 * 4095


def test_a_scan_leads_one_way():
    paths = line("  - selective_scan: [_, _, _, _]\n", n=8).paths()
    assert (paths.hops(2, 5), paths.hops(5, 2), paths.hops(5, 5)) == (1, None, 0)
