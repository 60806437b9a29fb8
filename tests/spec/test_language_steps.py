"""Steps: what they take, what they are called, groups of them, outputs and variants."""

import pytest
from spec_text import nodes, shapes, spec

from archgraph import SpecError

VARIANTS = """\
variants:
  wide: {at: {C: 16}, expect: {params: 272}}
  34: {doc: a number is a name too, at: {N: 4}}
  exact: {symbols: {N: {default: 20, multiple_of: 10}}}
  coarse: {outputs: [y]}
outputs: [y, z]
expect: {params: {value: 72, reference: table-1, source: page 3}}
"""


def operands(g, node: int = -1) -> list[str]:
    """The names of what a node of the network takes."""
    return [value.name for value in g.graph.nodes[node].inputs]


def test_a_step_is_a_name_or_a_mapping():
    assert nodes(spec("- relu\n- silu:\n- {gelu: }\n- gelu: {approximate: tanh}")) == ["relu", "silu", "gelu", "gelu_2"]


def test_a_step_takes_all_outputs_of_the_one_before():
    g = spec("- split: {parts: 2}\n- concat\n- split: {parts: 4}\n- add")
    assert shapes(g.at()) == ["{n: 16, c: 2}"]


def test_from_names_the_inputs():
    g = spec("- linear: {out: 2 * C}\n  as: y\n- concat:\n  from: [x, y, x]")
    assert shapes(g) == ["{n: N, c: 4*C}"]


def test_the_inputs_may_stand_as_the_value_of_a_step():
    g = spec("- linear: {out: C}\n  as: y\n- relu: x\n- add: [_, y, x]")
    assert shapes(g) == ["{n: N, c: C}"]
    assert operands(g) == ["relu", "y", "x"]


def test_the_previous_step_may_be_several_values():
    assert shapes(spec("- split: {parts: 2}\n- concat: [_, x]").at()) == ["{n: 16, c: 16}"]


def test_values_are_named_and_discarded():
    assert operands(spec("- split: {parts: 4}\n  as: [a, _, b, _]\n- concat: [b, a]")) == ["b", "a"]


FAMILY = """
- for: {i: 0..2}
  do:
    - for: {j: 0..1}
      do:
        - linear: {out: C + i + 10 * j}
          from: x
          as: y(i)(j)
- concat: [y(0)(0), y(2)(1), y(1)(1 - 1)]
  as: z
"""


def test_a_member_of_a_family_has_indices():
    g = spec(FAMILY, more="outputs: [z, y]").at()
    assert shapes(g)[0] == "{n: 16, c: 37}"
    assert list(g.outputs)[1:4] == ["y(0)(0)", "y(0)(1)", "y(1)(0)"]
    with pytest.raises(SpecError, match=r"'y\(0\)\(1\)' reaches no output"):
        spec(FAMILY)


def test_sizes_of_values_stand_in_any_expression():
    g = spec("- linear: {out: 2 * x.c}\n  as: y(0)\n- linear: {out: y(0).c + _.c + x.n}")
    assert shapes(g) == ["{n: N, c: 4*C + N}"]


def test_a_node_is_called_by_its_name_or_its_operation():
    g = spec("- relu\n- relu:\n  as: act\n- relu\n- mlp\n- mlp:\n  as: wide")
    assert nodes(g)[:3] == ["relu", "act", "relu_2"]
    assert g.scopes == ("mlp", "wide")
    assert "wide.up" in g.nodes


def test_steps_in_a_group_share_names_with_those_around_it():
    g = spec("- do:\n    - relu\n    - linear: {out: C}\n      as: y\n  as: z\n- add: [y, z, x]")
    assert nodes(g) == ["relu", "y", "add"]


def test_a_residual_adds_its_steps_to_its_input():
    g = spec("- linear: {out: C}\n- residual:\n    - relu\n    - linear: {out: C}")
    assert nodes(g) == ["linear", "relu", "linear_2", "add"]
    assert operands(g) == ["linear", "linear_2"]


def test_a_residual_takes_from():
    g = spec("- linear: {out: C}\n  as: y\n- residual: [relu]\n  from: x\n  as: z\n- add: [y, z]")
    assert operands(g, 2) == ["x", "relu"]
    assert nodes(g) == ["y", "relu", "z", "add"]


def test_parallel_branches_yield_one_output_each():
    g = spec("- parallel: [[linear: {out: C}], [linear: {out: 3}, relu], relu]\n- concat")
    assert shapes(g) == ["{n: N, c: 2*C + 3}"]


def test_parallel_outputs_have_names():
    g = spec("- parallel: [[linear: {out: C}], [linear: {out: 3}]]\n  as: [a, b]\n- concat: [b, a, b]")
    assert shapes(g) == ["{n: N, c: C + 6}"]


def test_outputs_are_those_of_the_last_step():
    assert shapes(spec("- split: {sizes: [1, C - 1]}")) == ["{n: N, c: 1}", "{n: N, c: C - 1}"]


def test_several_outputs_and_a_whole_family():
    steps = "- for: {i: 1..3}\n  do:\n    - linear: {out: i}\n      as: head(i)\n"
    assert list(spec(steps, more="outputs: [head]").outputs) == ["head(1)", "head(2)", "head(3)"]
    assert list(spec(steps, more="outputs: [head(2), head(1), head(3)]").outputs) == ["head(2)", "head(1)", "head(3)"]


def varied(variant: str = ""):
    return spec("- linear: {out: C}\n  as: y\n- relu:\n  as: z", more=VARIANTS, variant=variant)


def test_variants_bind_symbols():
    assert varied().variants == ("wide", "34", "exact", "coarse")
    assert (varied().at().params, varied("wide").at().params) == (72, 272)
    assert varied("34").at().macs == 4 * 64


def test_variants_restate_symbols():
    assert varied("exact").at().macs == 20 * 64
    with pytest.raises(SpecError, match="must be a multiple of 10, and is 16"):
        varied("exact").at(N=16)


def test_variants_select_outputs():
    assert list(varied().outputs) == ["y", "z"]
    assert list(varied("coarse").outputs) == ["y"]


def test_expectations_have_their_source():
    (expected,) = varied().expectations
    assert (expected.metric, expected.value, expected.reference, expected.source) == ("params", 72, "table-1", "page 3")
