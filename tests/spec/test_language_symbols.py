"""Symbols and inputs: what they can be declared as, and what they are in laws."""

import pytest
from spec_text import shapes, spec

from archgraph import ShapeError, SpecError, load
from archgraph.sizes.symbols import symbol

LINEAR = "- linear: {out: 2 * C}"


def test_a_default_alone_is_short_for_a_mapping():
    short, long = spec(LINEAR, "{C: 8, N: 16}"), spec(LINEAR, "{C: {default: 8}, N: {default: 16, doc: tokens}}")
    assert short.params == long.params == 2 * symbol("C") ** 2 + 2 * symbol("C")
    assert short.at().params == long.at().params == 144
    assert long.network.declared.doc("N") == "tokens"


def test_a_multiple_makes_quotients_exact():
    g = spec("- max_pool: {kernel: 4}", "{C: 8, H: {default: 32, multiple_of: 4}}", "{x: {c: C, h: H}}")
    assert shapes(g) == ["{c: C, h: H/4}"]
    assert shapes(g.at(H=64)) == ["{c: 8, h: 16}"]


def test_without_a_multiple_a_quotient_is_rounded_down():
    g = spec("- max_pool: {kernel: 4}", "{C: 8, H: 33}", "{x: {c: C, h: H}}")
    assert shapes(g) == ["{c: C, h: floor(H/4)}"]
    assert shapes(g.at()) == ["{c: 8, h: 8}"]


def test_an_offset_is_taken_off_first():
    symbols = "{C: 8, H: {default: 572, multiple_of: 16, offset: 12}}"
    g = spec("- conv: {out: C, kernel: 13}\n- max_pool: {kernel: 16}", symbols, "{x: {c: C, h: H}}")
    assert shapes(g) == ["{c: C, h: H/16 - 3/4}"]
    assert shapes(g.at(H=28)) == ["{c: 8, h: 1}"]


def test_a_multiple_may_be_a_symbol():
    g = spec("- patchify: {patch: p, out: C}", "{C: 8, p: 2, H: {default: 32, multiple_of: p}}", "{x: {c: 3, h: H}}")
    assert shapes(g) == ["{c: C, h: H/p}"]
    assert shapes(g.at(p=4, H=64)) == ["{c: 8, h: 16}"]
    with pytest.raises(SpecError, match="must be a multiple of 5, and is 32"):
        g.at(p=5)


def test_a_derived_symbol_is_an_expression_of_others():
    g = spec("- linear: {out: d}", "{C: 8, heads: 4, d: C // heads, e: {derived: d + 1, doc: more}, N: 16}")
    assert shapes(g) == ["{n: N, c: floor(C/heads)}"]
    assert g.at(C=16).defaults["e"] == 5


def test_a_default_may_be_an_expression_and_stays_a_symbol():
    g = spec("- linear: {out: D}", "{C: 8, D: {default: 4 * C}, N: 16}")
    assert str(g.macs) == "C*D*N"
    assert g.at(C=2).macs == 2 * 8 * 16
    assert g.at(C=2, D=3).macs == 2 * 3 * 16


@pytest.mark.parametrize(("bias", "params"), [(True, 72), (False, 64)])
def test_a_boolean(bias, params):
    g = spec("- linear: {out: C, bias: bias}", "{C: 8, N: 16, bias: {default: true}}")
    assert g.at(bias=bias).params == params


def test_a_word_is_one_of_its_options():
    g = spec(
        "- conv: {out: C, kernel: 3, padding: mode}", "{C: 8, mode: {default: same, one_of: [same, valid]}, N: 16}"
    )
    assert shapes(g.at()) == ["{n: 16, c: 8}"]
    assert shapes(g.at(mode="valid")) == ["{n: 14, c: 8}"]
    with pytest.raises(SpecError, match=r"must be one of same, valid, and is 'sane'\. Did you mean 'same'\?"):
        g.at(mode="sane")


WIDENING = "- for: {width: widths}\n  do:\n    - linear: {out: width}"


def test_the_entries_of_a_list_stay_symbolic():
    g = spec(WIDENING, "{C: 8, widths: {default: [C, 2*C, 4*C]}, N: 16}")
    assert shapes(g) == ["{n: N, c: 4*C}"]
    assert [g.at(C=c).params for c in (1, 2)] == [2 + 4 + 12, 6 + 12 + 40]


def test_a_list_may_be_bound_to_another_length():
    g = spec(WIDENING, "{C: 8, widths: {default: [C, 2*C]}, N: 16}")
    assert shapes(g.at(widths=[5, 6, 7])) == ["{n: 16, c: 7}"]


def test_a_symbol_of_zero_is_a_switch():
    g = spec("- linear: {out: C}\n  when: extra\n- relu", "{C: 8, extra: {default: 0}, N: 16}")
    assert g.nodes == ("relu",)
    assert g.at(extra=1).nodes == ("linear", "relu")


def test_a_symbol_in_a_loop_is_structural():
    g = spec("- for: {i: 1..L}\n  do:\n    - linear: {out: C}", "{C: 8, L: 3, N: 16}")
    assert g.structural == {"L"}
    assert [len(g.nodes), len(g.at(L=5).nodes), len(g.bind(L=4).nodes)] == [3, 5, 4]


def test_a_bound_symbol_is_a_number_and_others_stay_free():
    g = spec(LINEAR, "{C: 8, N: {default: 16, multiple_of: 4}}").bind(C=3)
    assert str(g.macs) == "18*N"


def test_divisibility_that_the_values_decide_is_an_assumption():
    g = spec("- split: {parts: 2}\n- concat")
    assert [str(fact) for fact in g.assumptions] == ["C is a multiple of 2", "C >= 2"]
    with pytest.raises(ShapeError, match="2 parts do not divide axis c of size C = 7"):
        g.at(C=7)


# -- inputs ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("depth", "shape"), [(4, "{c: 8, d: 4, h: 6}"), (0, "{c: 8, h: 6}")])
def test_an_axis_of_size_zero_is_absent(depth, shape):
    g = spec("- conv: {out: 8, kernel: 3, padding: same}", "{Z: 4, H: 6}", "{x: {c: 1, d: Z, h: H}}")
    assert shapes(g.at(Z=depth)) == [shape]


def test_an_input_may_depend_on_a_condition():
    steps = "- linear: {out: C}\n- add: [_, t]\n  when: timed"
    g = spec(steps, "{C: 8, N: 16, timed: {default: true}}", "{x: {n: N, c: C}, t: {c: C, when: timed}}")
    assert list(g.inputs) == ["x", "t"]
    assert list(g.at(timed=False).inputs) == ["x"]


def test_an_input_without_channels_holds_indices_and_without_axes_a_number():
    steps = "- embedding: {count: 10, out: C}\n  as: e\n- sinusoid: {out: C}\n  from: t\n- add: [e, _]"
    g = spec(steps, inputs="{ids: {n: N}, t: {}}")
    found = {name: (str(type_), type_.dtype) for name, type_ in g.inputs.items()}
    assert found == {"ids": ("{n: N}", "int"), "t": ("{}", "float")}
    assert shapes(g) == ["{n: N, c: C}"]


def test_the_dtype_of_an_input_may_be_given():
    g = spec("- sinusoid: {out: C}", inputs="{t: {n: N, dtype: float}}")
    assert g.inputs["t"].dtype == "float"


def test_an_input_may_say_how_many_pixels_an_element_is():
    assert load("dit").network.pixels == {"latent": 8}


def test_the_first_step_takes_the_first_input():
    g = spec("- relu\n- add: [_, y]", inputs="{x: {n: N, c: C}, y: {n: N, c: C}}")
    assert [value.name for value in g.graph.nodes[0].inputs] == ["x"]
