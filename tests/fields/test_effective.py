"""The effective receptive field at initialisation: chain formula, residual halves, published numbers, labels."""

from __future__ import annotations

from math import sqrt

import pytest

import archgraph as ag

HEADER = "archgraph: 1\nname: line\nsymbols: {N: 512}\ninputs:\n  x: {c: 8, n: N}\nnetwork:\n"


def sigma(*steps: str) -> float:
    return ag.loads(HEADER + "".join(f"  - {step}\n" for step in steps)).effective_field()["n"].sigma


def conv(kernel: int = 3, stride: int = 1, dilation: int = 1) -> str:
    return f"conv: {{out: 8, kernel: {kernel}, stride: {stride}, dilation: {dilation}, padding: same}}"


@pytest.mark.parametrize(
    "layers", [[(3, 1, 1)] * 5, [(5, 1, 2), (3, 1, 1)], [(3, 2, 1), (5, 1, 1), (3, 2, 2), (7, 1, 1)]]
)
def test_chain_formula(layers):
    """The variance is the sum of d^2 (k^2 - 1) / 12 times the square of the strides before."""
    variance, jump = 0.0, 1
    for kernel, stride, dilation in layers:
        variance += dilation**2 * (kernel**2 - 1) / 12 * jump**2
        jump *= stride
    assert sigma(*(conv(*layer) for layer in layers)) == pytest.approx(sqrt(variance), rel=1e-9)


@pytest.mark.parametrize("count", [1, 6, 20])
def test_a_residual_chain_has_half_the_variance(count):
    residual = "residual: [{" + conv() + "}]"
    assert sigma(*[residual] * count) == pytest.approx(sqrt(count * 8 / 12 / 2), rel=1e-9)


def test_symbolic_counts_take_any_value():
    g = ag.loads(HEADER.replace("N: 512", "N: 512, L: 4") + f"  - {conv()}\n    repeat: L\n")
    assert g.at(L=1000).effective_field()["n"].sigma == pytest.approx(sqrt(1000 * 8 / 12), rel=1e-6)


def test_the_unet_as_published():
    """Size 204, but a standard deviation of 8.06 (8.03 measured in the linear network)."""
    field = ag.load("unet:padded-512").effective_field()["h"]
    assert field.sigma == pytest.approx(8.06, abs=0.01)
    assert str(field) == "sigma 8.07, 95 % within 34.8 (at initialisation)"


def test_global_operations_spread_evenly():
    g = ag.loads(HEADER + "  - global_avg_pool\n")
    field = g.effective_field()["n"]
    assert field.sigma == pytest.approx(sqrt((512**2 - 1) / 12))
    assert field.width == pytest.approx(0.95 * 512)


def test_the_table_says_when():
    table = str(ag.load("unet:padded-512").receptive_field_table(effective=True))
    assert "the effective field at initialisation" in table


def test_what_cannot_be_walked_says_why():
    field = ag.load("gpt2").effective_field(input="ids")
    assert all(axis.sigma is None and str(axis) for axis in field.axes.values())


def test_blocks_that_double_at_every_call_are_told_not_walked():
    blocks = "".join(f"  b{i}:\n    do:\n      - b{i + 1}: _\n      - b{i + 1}: _\n" for i in range(30))
    text = HEADER + "  - b0: _\n    as: out\nblocks:\n" + blocks + f"  b30:\n    do:\n      - {conv()}\n"
    field = ag.loads(text).effective_field()["n"]
    assert field.sigma is None
    assert str(field) == "too many operations to walk through"


def test_an_axis_is_an_attribute_or_a_key():
    field = ag.load("unet:padded-512").effective_field()
    assert field.h is field["h"] and set(field.axes) == {"h", "w"}
    assert repr(field).splitlines()[0] == f"h  {field.h}"
    with pytest.raises(AttributeError, match="has no 'd': the axes are h, w"):
        _ = field.d
