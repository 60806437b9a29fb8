"""Laws of the gated and scaled blocks."""

import pytest
from sympy import expand

import archgraph as ag

HEADER = (
    "archgraph: 1\nsymbols:\n  C: {default: 64, multiple_of: 16}\n  F: {default: 96}\n"
    "  K: {default: 7, multiple_of: 2, offset: 1}\n"
)
IMAGE = HEADER + "  H: {default: 8}\ninputs:\n  x: {c: C, h: H, w: H}\nnetwork:\n"
LAWS = {
    "glu: {hidden: F}": lambda c, f, k: 2 * c * f + 2 * f,
    "swiglu: {hidden: F}": lambda c, f, k: 3 * c * f,
    "layer_scale": lambda c, f, k: c,
    "squeeze_excite": lambda c, f, k: c**2 / 8 + c / 16 + c,
    "convnext_block: {kernel: K}": lambda c, f, k: 8 * c**2 + k**2 * c + 9 * c,
    "convnext_v2_block: {kernel: K}": lambda c, f, k: 8 * c**2 + k**2 * c + 16 * c,
    "inverted_residual: {out: C, expand: 6}": lambda c, f, k: 12 * c**2 + 80 * c,
    "resnet_basic_block: {width: C}": lambda c, f, k: 18 * c**2 + 4 * c,
    "resnet_bottleneck: {width: C / 4}": lambda c, f, k: 17 * c**2 / 16 + 3 * c,
}


@pytest.mark.parametrize("step", LAWS)
def test_params_are_the_sum_of_the_parts(step):
    g = ag.loads(f"{IMAGE}  - {step}\n")
    law = LAWS[step](*(g.symbols.get(name, 0) for name in ("C", "F", "K")))
    assert expand(g.params - law) == 0


def test_a_gate_reads_every_position():
    field = ag.loads(f"{IMAGE}  - squeeze_excite\n").receptive_field().h
    assert field.gate_since == "squeeze_excite.global_avg_pool"
