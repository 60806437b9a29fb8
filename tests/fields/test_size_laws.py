"""Sizes of receptive fields as laws, derived from specs with symbols, against closed forms known on paper."""

from __future__ import annotations

import pytest
from sympy import Mod, expand

import archgraph as ag
from archgraph.errors import QueryError

UNET = """\
archgraph: 1
name: U-Net of kernels K, c convolutions a block
symbols:
  K: {{default: 3, multiple_of: 2, offset: 1}}
  c: 2
  levels: {levels}
  H: {{default: {height}, multiple_of: 2**levels}}
inputs:
  image: {{c: 1, h: H}}
blocks:
  block:
    args: [width]
    do:
      - conv: {{out: width, kernel: K, padding: same}}
      - conv: {{out: width, kernel: K, padding: same}}
        repeat: c - 1
network:
  - for: {{i: 0..levels-1}}
    do:
      - block: {{width: 4 * 2**i}}
        as: enc(i)
      - max_pool: {{kernel: 2}}
  - block: {{width: 4 * 2**levels}}
    as: bottleneck
  - for: {{i: levels-1..0 by -1}}
    do:
      - {up}
      - concat: [enc(i), _]
      - block: {{width: 4 * 2**i}}
        as: dec(i)
"""
TRANSPOSED = "conv_transpose: {out: 4 * 2**i, kernel: 2, stride: 2}"
LINEAR = "upsample: {factor: 2, mode: linear}"


def u_net(levels: int, up: str = TRANSPOSED) -> ag.Architecture:
    return ag.loads(UNET.format(levels=levels, height=4 * 2**levels, up=up))


@pytest.mark.parametrize("depth", range(1, 8))
def test_u_net_formulas_for_all_kernels_and_counts(depth):
    g = u_net(depth)
    e = g.symbols["c"] * (g.symbols["K"] - 1)
    bottleneck, output = g.receptive_field_law("bottleneck"), g.receptive_field_law()
    assert expand(bottleneck.expression - ((2 * e + 1) * 2**depth - e)) == 0
    assert bottleneck.label == "hull"
    assert expand(output.expression - ((3 * e + 1) * 2**depth - 2 * e)) == 0
    assert (output.label, output.domain) == ("mean", "over the phases")


@pytest.mark.parametrize(("kernel", "convolutions"), [(3, 1), (3, 3), (5, 2), (7, 4)])
def test_the_formula_is_the_mean_at_numbers(kernel, convolutions):
    g = u_net(3).bind(H=64)
    law = g.receptive_field_law().expression
    field = g.at(K=kernel, c=convolutions).receptive_field().h
    assert law.subs({g.symbols["K"]: kernel, g.symbols["c"]: convolutions}) == field.size_mean


def test_bilinear_u_net():
    g = u_net(4, LINEAR)
    field, law = g.receptive_field().h, g.receptive_field_law()
    assert {phase.size for phase in field.phases} == {220, 236}
    assert field.size_mean == 230 == law.expression.subs({g.symbols["K"]: 3, g.symbols["c"]: 2})


@pytest.mark.parametrize("stages", [4, 6, 7])
def test_nnunet_formulas(stages):
    """A plain nnU-Net halves by the first convolution of a stage, not by a pool."""
    g = ag.load("nnunet:2d").bind(features=[8] * stages, H=2**stages, W=2**stages)
    deepest, output = g.receptive_field_law(f"enc({stages - 1})"), g.receptive_field_law("seg(0)")
    two = {g.symbols["convs"]: 2}
    assert (deepest.expression.subs(two), deepest.label) == (3 * 2**stages - 1, "hull")
    field = g.receptive_field("seg(0)").h
    assert (output.expression.subs(two), output.label) == (field.size_mean, "mean")
    assert (field.size_max, field.size_min) == (5 * 2**stages - 1, 9 * 2 ** (stages - 1) - 1)


LINE = "archgraph: 1\nname: line\nsymbols: {L: 6, K: {default: 3, multiple_of: 2, offset: 1}, N: 960}\ninputs:\n"
LINE += "  x: {c: 8, n: N}\nnetwork:\n"
WINDOWS = """\
  - window_pair
    repeat: L
blocks:
  window_pair:
    do:
      - scaled_dot_product_attention: {heads: 1, window: 8}
        from: [x, x, x]
      - scaled_dot_product_attention: {heads: 1, window: 8, shift: 4}
        from: [_, _, _]
""".replace("- window_pair\n", "- window_pair:\n")


def line(steps: str) -> ag.Architecture:
    return ag.loads(LINE + steps)


def test_a_chain_of_convolutions_in_count_and_kernel():
    g = line("  - conv: {out: 8, kernel: K, padding: same}\n    repeat: L\n")
    law = g.receptive_field_law()
    assert (str(law), law.label) == ("K*L - L + 1", "hull")


def test_strides_multiply():
    g = line("  - conv: {out: 8, kernel: K, stride: 3, padding: same}\n  - conv: {out: 8, kernel: K, dilation: 2}\n")
    assert str(g.receptive_field_law()) == "7*K - 6"


def test_swin_pairs_by_periodic_increments():
    g = line(WINDOWS)
    assert (
        str(g.receptive_field_law(over="L"))
        == "16*L (largest over the phases, extrapolated from periodic increments in L)"
    )


UNEVEN = """\
  - uneven:
    repeat: L
blocks:
  uneven:
    do:
      - conv: {out: 8, kernel: 2, stride: 2}
      - upsample: {factor: 2}
      - pad: {by: {n: [1, 0]}}
      - slice: {axis: n, start: 0, size: N}
"""


def test_increments_may_alternate():
    """The body reads the pair to the left: every other iteration it begins a position earlier."""
    g = line(UNEVEN)
    law = g.receptive_field_law(over="L").expression
    sizes = [g.at(L=count).receptive_field().n.size_max for count in range(1, 9)]
    assert [law.subs(g.symbols["L"], count) for count in range(1, 9)] == sizes
    far = g.at(L=200).receptive_field().n.size_max
    assert law.subs(g.symbols["L"], 200) == far


def test_a_downsampling_behind_an_upsampling_is_a_bound():
    steps = "  - upsample: {factor: 2}\n  - conv: {out: 8, kernel: K, padding: same}\n"
    law = line(steps + "  - conv: {out: 8, kernel: 3, stride: 2, padding: same}\n").receptive_field_law()
    assert law.label == "bound"
    assert "a down-sampling follows an up-sampling" in str(law)
    assert "exactly" in str(law)


def test_everything_and_nothing():
    g = ag.load("dit:S/8")
    assert str(g.receptive_field_law("blocks")) == "S (all)"
    assert str(g.receptive_field_law("cond")) == "nothing"


def test_misaligned_branches_have_no_law():
    g = line(
        "  - parallel:\n      - - slice: {axis: n, start: 0, size: N/2}\n      - - max_pool: {kernel: 2}\n  - add\n"
    )
    assert "misaligned branches: values of stride 1 and 2" in str(g.receptive_field_law())


def test_branches_that_cross_at_other_values_have_a_bound():
    """At R=4 the convolution is wider than the window in every phase: the law is right there, and wrong at 2."""
    g = ag.loads(
        "archgraph: 1\nsymbols: {b: 4, R: 4, N: {default: 48, multiple_of: b}}\ninputs: {x: {n: N, c: 8}}\nnetwork:\n"
        "  - parallel:\n      - - window_attention: {heads: 1, window: b}\n"
        "      - - conv: {out: 8, kernel: 2*R + 1, padding: R}\n  - add\n"
    )
    for radius, exact in ((4, "9"), (2, "11/2")):
        text = str(g.at(R=radius).receptive_field_law())
        assert text.endswith(f"(bound: branches may cross; exactly {exact} at the bound values)")


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda g: g.receptive_field_law("conv.x"), "'conv' is a single operation: nothing lies inside it"),
        (lambda g: g.receptive_field_law(axis="m"), "the input 'x' has no axis 'm'"),
        (lambda g: g.receptive_field_law(over="Q"), "there is no symbol 'Q'"),
    ],
)
def test_mistakes(ask, message):
    with pytest.raises(ag.ArchgraphError) as error:
        ask(line("  - conv: {out: 8, kernel: K, padding: same}\n"))
    assert message in str(error.value)


def test_a_law_in_a_count_needs_a_place_in_the_count():
    g = line("  - conv: {out: 8, kernel: K, padding: same}\n    repeat: L\n")
    assert g.receptive_field_law(over="L").expression == 2 * g.symbols["L"] + 1
    assert not g.receptive_field_law(over="L").expression.has(Mod)
    with pytest.raises(QueryError, match="no receptive field for some values of L"):
        ag.load("dit:S/8").receptive_field_law("blocks", over="L")
