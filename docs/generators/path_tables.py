"""The tables of the page on paths: Table 1 of Vaswani et al. 2017 with its constants, and hops by distance."""

from __future__ import annotations

from math import ceil, log2

import archgraph as ag

HEADER = "archgraph: 1\nname: line\nsymbols: {{N: {n}, D: 64, K: {{default: 3, multiple_of: 2, offset: 1}}, w: 8}}\n"
HEADER += "inputs:\n  x: {{c: D, n: N}}\nnetwork:\n"
CONV = "  - conv: {{out: D, kernel: {}, padding: same, dilation: {}, bias: false}}\n"
ATTENTION = "  - attention: {heads: 1, bias: false}\n"
WINDOW = "  - window_attention: {{heads: 1, window: w, shift: {}, bias: false}}\n"
SIDES = (32, 64)


def line(steps: str, n: int = 64) -> ag.Architecture:
    """Return a network along one axis."""
    return ag.loads(HEADER.format(n=n) + steps)


def convolutions(n: int) -> tuple[str, int]:
    """Return as many convolutions of kernel 3 as connect all pairs, and the closed form of the longest path."""
    return CONV.format("K", 1) * (n - 1), n - 1


def wide(n: int) -> tuple[str, int]:
    """Return the same with kernel 7, of which one side is 3."""
    return CONV.format(7, 1) * ceil((n - 1) / 3), ceil((n - 1) / 3)


def dilated(n: int) -> tuple[str, int]:
    """Return convolutions whose dilation doubles."""
    layers = ceil(log2(n))
    return "".join(CONV.format("K", 2**index) for index in range(layers)), layers


def windows(n: int) -> tuple[str, int]:
    """Return attention in windows of 8, every other one shifted by 4."""
    count = n // 4
    return "".join(WINDOW.format(4 * (index % 2)) for index in range(count)), ceil(2 * n / 8) - 1


def attention(n: int) -> tuple[str, int]:
    """Return one layer of attention."""
    return ATTENTION, 1


LAYERS = {
    "self-attention": (attention, ATTENTION, "1"),
    "convolution, K = 3": (convolutions, CONV.format("K", 1), "⌈2(N−1)/(K−1)⌉"),
    "convolution, K = 7": (wide, CONV.format("K", 1), "⌈2(N−1)/(K−1)⌉"),
    "dilated 1, 2, 4, ..., K = 3": (dilated, CONV.format("K", 1), "⌈log₂ N⌉"),
    "attention in windows of w = 8, every other shifted": (windows, WINDOW.format(0), "⌈2N/w⌉ − 1"),
}
"""Per layer: a stack that connects all pairs with its longest path, one layer, the closed form as text."""


def most_hops(name: str, n: int) -> int:
    """Return the most hops between any two positions of a stack that is just deep enough."""
    steps, _ = LAYERS[name][0](n)
    return line(steps, n).max_path()


def table_1() -> str:
    """Return the table of layers: what one of them costs, and the most hops between two of N positions."""
    head = ["layer", "params", "MACs of one layer", "longest path", *(f"measured, N = {n}" for n in SIDES)]
    rows = []
    for name, (_, one, formula) in LAYERS.items():
        g = line(one)
        cells = [name, f"`{g.params}`", f"`{g.macs}`", formula, *(str(most_hops(name, n)) for n in SIDES)]
        rows.append(cells)
    return _markdown(head, rows)


def numbers() -> dict[str, str]:
    """Return the tables by name."""
    return {"table_1": table_1(), "hops": hops()}


DISTANCES = (8, 32, 64, 90, 128, 255)
POOL = "  - conv: {{out: D, kernel: {0}, stride: {0}, bias: false}}\n"


def networks() -> dict[str, ag.Architecture]:
    """Return the networks whose hops are compared, of 512 positions."""
    pairs = "".join(WINDOW.format(4 * (index % 2)) for index in range(8))
    return {
        "24 x conv 3": line(CONV.format(3, 1) * 24, 512),
        "8 x conv 7": line(CONV.format(7, 1) * 8, 512),
        "7 x conv 3, dilated 1 ... 64": line("".join(CONV.format(3, 2**index) for index in range(7)), 512),
        "U-Net, 4 levels": ag.load("unet:padded-512"),
        "Swin, windows of 8, 8 blocks, patches of 4": line(POOL.format(4) + pairs, 512),
        "ViT, patches of 16, 1 block": line(POOL.format(16) + ATTENTION, 512),
    }


def hops() -> str:
    """Return the table of hops by distance from the central output."""
    head = ["network", "reach", "most", *(str(distance) for distance in DISTANCES)]
    rows = []
    for name, g in networks().items():
        paths = g.paths()
        found = [paths.at_distance(distance) for distance in DISTANCES]
        shown = ["–" if each is None else str(each) for each in found]
        rows.append([name, str(paths.reach()), str(paths.max_path(paths.centre)), *shown])
    return _markdown(head, rows)


def _markdown(head: list[str], rows: list[list[str]]) -> str:
    return "\n".join("| " + " | ".join(cells) + " |" for cells in (head, ["---"] * len(head), *rows))
