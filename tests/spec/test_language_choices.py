"""`when` and `else`, and the arguments of operations."""

import pytest
from spec_text import nodes, shapes, spec

from archgraph import ShapeError, SpecError


@pytest.mark.parametrize(("mode", "node"), [("relu", "relu"), ("silu", "silu"), ("none", "tanh")])
def test_when_and_else_choose(mode, node):
    steps = "- relu:\n  when: act == relu\n  else:\n    - silu:\n      when: act == silu\n      else: tanh\n"
    g = spec(steps, "{C: 8, N: 16, act: {default: relu, one_of: [relu, silu, none]}}").at(act=mode)
    assert nodes(g) == [node]


def test_a_skipped_step_leaves_the_previous_value_and_names_it():
    g = spec("- relu:\n  as: y\n- linear: {out: C}\n  when: C > 100\n  as: z\n- add: [y, z]")
    assert [value.name for value in g.graph.nodes[1].inputs] == ["y", "y"]


def test_a_skipped_step_with_another_input_names_nothing():
    with pytest.raises(SpecError, match="no value is named 'z'") as caught:
        spec("- relu:\n  as: y\n- linear: {out: C}\n  from: x\n  when: C > 100\n  as: z\n- add: [y, z]")
    assert caught.value.hint == "`when` skips the step on line 8 that would name it"


def test_a_condition_that_follows_from_positivity_leaves_laws_symbolic():
    g = spec("- linear: {out: 2 * x.c}\n  when: x.c != 2 * x.c\n- relu:\n  when: x.c + x.n > 1")
    assert nodes(g) == ["linear", "relu"]
    assert not g.structural
    assert g.assumptions == ()


def test_an_undecidable_equality_is_an_assumption():
    g = spec("- linear: {out: N}\n  when: C != N\n- relu")
    assert [str(fact) for fact in g.assumptions] == ["C != N"]
    assert str(g.params) == "C*N + N"
    assert g.at(C=16).params == 0


def test_any_other_undecidable_condition_makes_its_symbols_structural():
    g = spec("- linear: {out: N}\n  when: C > 7\n- relu")
    assert g.structural == {"C"}
    assert str(g.params) == "9*N"
    assert nodes(g.at(C=7)) == ["relu"]


@pytest.mark.parametrize(
    ("condition", "holds"),
    [("1 < 2 < 3", True), ("1 < 3 < 2", False), ("not flag", False), ("flag and C == 8", True), ("zero or N", True)],
)
def test_conditions(condition, holds):
    g = spec(f"- relu:\n  when: {condition}\n- silu", "{C: 8, N: 16, flag: {default: true}, zero: {default: 0}}")
    assert ("relu" in g.nodes) == holds


@pytest.mark.parametrize(
    ("arguments", "shape"),
    [
        ("kernel: 3", "{c: 4, h: 18, w: 28}"),
        ("kernel: [3, 1]", "{c: 4, h: 18, w: 30}"),
        ("kernel: {w: 5, h: 1}", "{c: 4, h: 20, w: 26}"),
        ("kernel: sides", "{c: 4, h: 18, w: 26}"),
        ("kernel: 3, padding: same", "{c: 4, h: 20, w: 30}"),
        ("kernel: 3, padding: valid", "{c: 4, h: 18, w: 28}"),
        ("kernel: 3, padding: same, stride: 2", "{c: 4, h: 10, w: 15}"),
        ("kernel: 3, padding: same, dilation: 2", "{c: 4, h: 20, w: 30}"),
        ("kernel: 4, padding: {before: 1, after: 2}", "{c: 4, h: 20, w: 30}"),
        ("kernel: 3, padding: [1, 0]", "{c: 4, h: 20, w: 28}"),
        ("kernel: 3, padding: {h: [0, 2], w: [1, 1]}", "{c: 4, h: 20, w: 30}"),
        ("kernel: 3, padding: mode", "{c: 4, h: 20, w: 30}"),
    ],
)
def test_kernels_and_paddings(arguments, shape):
    symbols = "{sides: {default: [3, 5]}, mode: {default: same, one_of: [same, valid]}}"
    g = spec(f"- conv: {{out: 4, {arguments}}}", symbols, "{x: {c: 1, h: 20, w: 30}}")
    assert shapes(g) == [shape]


def test_an_even_kernel_cannot_keep_the_size():
    with pytest.raises(ShapeError, match="padding 'same' needs an odd kernel"):
        spec("- conv: {out: 4, kernel: 2, padding: same}")


def test_flatten_is_in_the_order_written_and_concat_adds_a_position():
    steps = """
    - flatten: {axes: [w, h], into: n}
      as: tokens
    - parameter: {shape: {c: C}}
      as: class
    - concat: {axis: n}
      from: [class, tokens]
    """
    g = spec(steps, "{C: 8, H: 4}", "{x: {c: C, h: H, w: 3}}")
    assert [type_.size("n") for type_ in g.outputs.values()] == [3 * g.symbols["H"] + 1]


def test_a_mixture_has_many_weights_and_few_active_ones():
    steps = """
    - linear: {out: 4, bias: false}
      as: scores
    - mixture: {experts: 4, active: 2, do: [linear: {out: C}]}
      from: [x, scores]
    """
    g = spec(steps).at()
    assert g.params == 8 * 4 + 4 * (8 * 8 + 8)
    assert g.macs == 16 * (8 * 4 + 2 * 8 * 8)


def test_a_kernel_that_is_a_symbol_is_held_against_padding_same():
    g = spec("- conv: {out: 8, kernel: k, padding: same}", "{k: {default: 3}}", "{x: {c: 3, h: 9}}")
    assert [str(fact) for fact in g.assumptions] == ["k - 1 is a multiple of 2"]
    assert g.at(k=5).macs == 5 * 3 * 8 * 9
    with pytest.raises(ShapeError, match="padding 'same' needs an odd kernel, and the kernel on axis h is k = 4"):
        _ = g.at(k=4).macs
