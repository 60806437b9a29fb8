"""The well-known formulas come out of the blocks by adding up; nothing asserts them."""

import pytest
from sympy import Poly, expand

import archgraph as ag

HEADER = "archgraph: 1\nsymbols:\n  D: {default: 64, multiple_of: heads}\n  heads: {default: 4}\n  K: {default: 3}\n"
TOKENS = HEADER + "  N: {default: 16}\ninputs:\n  x: {n: N, c: D}\nnetwork:\n"


def law(text):
    g = ag.loads(text)
    return g.params, g.symbols


def test_convolution_is_k2_cin_cout_plus_cout():
    text = (
        "archgraph: 1\nsymbols: {Cin: 3, Cout: 8, K: 3, H: 32}\n"
        "inputs:\n  x: {c: Cin, h: H, w: H}\nnetwork:\n  - conv: {out: Cout, kernel: K}\n"
    )
    params, s = law(text)
    assert params == expand(s["K"] ** 2 * s["Cin"] * s["Cout"] + s["Cout"])


@pytest.mark.parametrize(
    ("step", "weights", "biases"),
    [
        ("  - attention: {heads: heads}\n", 4, 4),
        ("  - mlp\n", 8, 5),
        (
            "  - residual:\n      - layer_norm: {affine: false}\n      - attention: {heads: heads}\n"
            "  - residual:\n      - layer_norm: {affine: false}\n      - mlp\n",
            12,
            9,
        ),
    ],
    ids=["attention 4D2", "mlp 8D2", "transformer block 12D2"],
)
def test_blocks_of_a_transformer(step, weights, biases):
    params, s = law(TOKENS + step)
    assert params == weights * s["D"] ** 2 + biases * s["D"]


def test_dit_block_is_18_d2():
    text = TOKENS.replace("  x: {n: N, c: D}\n", "  x: {n: N, c: D}\n  cond: {c: D}\n")
    params, s = law(text + "  - dit_block: {heads: heads}\n    from: [x, cond]\n")
    assert params == 18 * s["D"] ** 2 + 15 * s["D"]


def test_dit_adds_up_to_the_known_law():
    g = ag.load("dit").bind(p=2)
    d, length, side = (g.symbols[name] for name in ("D", "L", "S"))
    assert g.params == 18 * d**2 * length + 3 * d**2 + 15 * d * length + d * side**2 / 4 + 1310 * d + 32
    macs = 3 * d**2 * length * side**2 + 6 * d**2 * length + 3 * d**2 + d * length * side**4 / 8
    assert expand(g.macs - (macs + 12 * d * side**2 + 256 * d)) == 0


def test_unet_law_in_units_of_its_tile():
    g = ag.load("unet")
    c, height, width = (g.symbols[name] for name in ("C", "H", "W"))
    assert g.params == 7574 * c**2 + 118 * c + 2
    h, w = (height - 12) / 16, (width - 12) / 16
    law = 45824 * c**2 * h * w - 320800 * c**2 * (h + w) + 2996896 * c**2
    assert expand(g.macs - (law + 2816 * c * h * w - 4064 * c * (h + w) + 60068 * c)) == 0


def test_attention_costs_scores_and_values():
    g = ag.loads(TOKENS + "  - attention: {heads: heads}\n")
    d, n = g.symbols["D"], g.symbols["N"]
    assert expand(g.macs - (4 * n * d**2 + 2 * n**2 * d)) == 0
    assert Poly(g.macs, n).degree() == 2
