"""What papers say and version 1 could not at first: constants, divisions, spans, heads of any width, unused weights."""

import pytest

import archgraph as ag
from archgraph.errors import ShapeError, SpecError

TOKENS = "archgraph: 1\nsymbols: {D: 8, N: 6, W: 2}\ninputs: {x: {n: N, c: D}}\nnetwork:\n"
IMAGE = "archgraph: 1\ninputs: {x: {c: 4, h: 6, w: 6}}\nnetwork:\n"


def at(text: str) -> ag.Architecture:
    return ag.loads(text).at()


@pytest.mark.parametrize(
    ("steps", "params"),
    [
        ("attention: {heads: 2}", 4 * 64 + 4 * 8),
        ("attention: {heads: 2, bias: false}", 4 * 64 + 8),
        ("attention: {heads: 2, bias: false, out_bias: false}", 4 * 64),
        ("attention: {heads: 2, joint: false, key_bias: false}", 4 * 64 + 3 * 8),
        ("attention: {heads: 2, head_dim: 16, bias: false, out_bias: false}", 4 * 8 * 32),
        ("attention: {heads: 2, head_dim: 1, joint: false}", 4 * 8 * 2 + 3 * 2 + 8),
        ("llama_attention: {heads: 4, kv_heads: 2, head_dim: 16}", 8 * 64 * 2 + 8 * 32 * 2),
    ],
)
def test_projections_have_the_width_and_the_bias_that_are_said(steps, params):
    assert at(f"{TOKENS}  - {steps}\n").params == params


def test_a_span_limits_what_is_read_and_nothing_else():
    text = TOKENS + "  - llama_attention: {heads: 2, span: W}\n    as: y\n"
    wide, narrow = ag.loads(text.replace(", span: W", "")), ag.loads(text)
    assert wide.macs == narrow.macs
    assert narrow.at().receptive_field().n.size_max == 2
    assert [len(narrow.at(N=9, W=4).receptive_field().probe(n=n)) for n in (0, 2, 8)] == [1, 3, 4]


def test_a_span_without_causal_is_refused():
    with pytest.raises(ShapeError, match="span belongs to causal attention"):
        ag.loads(TOKENS + "  - scaled_dot_product_attention: {heads: 2, span: 3}\n    from: [x, x, x]\n")


def test_constants_need_be_no_sizes():
    g = at(IMAGE + "  - multiply: {constant: 1/3}\n  - add: {constant: -1/2}\n  - pad: {by: 1, value: 1/4}\n")
    assert g.flops == 2 * 4 * 36
    assert "1/3" in g.to_spec() and at(g.to_spec()).flops == g.flops


def test_a_constant_is_a_number():
    with pytest.raises(SpecError, match="constant must be a number, and is true"):
        ag.loads(IMAGE + "  - multiply: {constant: true}\n")


def test_a_border_has_values_of_its_own_or_a_value():
    with pytest.raises(ShapeError, match="pad takes its values from the border"):
        ag.loads(IMAGE + "  - pad: {by: 1, mode: reflect, value: 2}\n")


def test_one_weight_per_channel_cannot_be_standardised():
    with pytest.raises(ShapeError, match="standardise needs more than one weight"):
        ag.loads(IMAGE + "  - conv: {out: 4, kernel: 1, groups: 4, standardise: true}\n")


def test_group_norm_by_frame_reads_that_frame_only():
    text = "archgraph: 1\ninputs: {x: {c: 4, t: 3, h: 6, w: 6}}\nnetwork:\n  - group_norm: {groups: 2, over: [h, w]}\n"
    field = at(text).receptive_field()
    assert (field.t.stat_since, field.h.stat_since) == (None, "group_norm")


def test_groups_are_of_channels():
    with pytest.raises(ShapeError, match="leave c out of over"):
        ag.loads(IMAGE + "  - group_norm: {groups: 2, over: [c, h]}\n")


UNUSED = (
    TOKENS + "  - linear: {out: 5}\n  - parameter: {shape: {c: 7}, unused: true}\n    as: mask\n  - relu:\n    as: y\n"
)


def test_an_unused_parameter_is_counted_and_given_to_no_step():
    g = at(UNUSED)
    assert g.params == 8 * 5 + 5 + 7
    assert g.outputs["y"].channels == 5
    assert g.table(by="node").rows[1]["params"] == 7
    assert g.select("y").params == g.params


def test_an_unused_parameter_cannot_be_read():
    with pytest.raises(SpecError, match="no value is named 'mask'"):
        ag.loads(UNUSED.replace("  - relu:\n", "  - relu: mask\n"))


def test_a_parameter_that_merely_reaches_nothing_is_a_slip():
    with pytest.raises(SpecError, match="'mask' reaches no output"):
        ag.loads(
            UNUSED.replace(", unused: true", "")
            .replace("  - relu:\n", "  - relu: linear\n")
            .replace("5}\n", "5}\n    as: linear\n")
        )


@pytest.mark.torch
def test_it_all_agrees_with_pytorch():
    pytest.importorskip("torch")
    assert ag.verify(ag.loads(UNUSED)).ok
    text = TOKENS + "  - attention: {heads: 2, head_dim: 3, joint: false, key_bias: false}\n"
    text += "  - llama_attention: {heads: 2, head_dim: 6, span: W}\n  - multiply: {constant: 1/8}\n  - divide: [_, x]\n"
    assert ag.verify(ag.loads(text)).ok
