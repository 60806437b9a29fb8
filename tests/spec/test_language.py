"""Every feature of the language, by what it makes of a small network."""

import pytest
from sympy import Integer

import archgraph as ag
from archgraph.errors import SpecError


def load(network, symbols="C: 8, N: 4", inputs="x: {c: C, n: N}", more="", variant=""):
    return ag.loads(f"archgraph: 1\nsymbols: {{{symbols}}}\ninputs: {{{inputs}}}\n{more}\nnetwork:\n{network}", variant)


def test_multiple_of_and_offset_keep_halves_exact():
    g = load(
        "  - max_pool: {kernel: 2}\n", "C: 8, H: {default: 12, multiple_of: 4, offset: 4}", "x: {c: C, h: H, w: H}"
    )
    assert str(g.outputs["max_pool"].size("h")) == "H/2"
    with pytest.raises(SpecError, match="multiple of 4 plus 4"):
        g.at(H=14)


def test_derived_symbols_can_be_asked_for_and_not_bound():
    g = load("  - linear: {out: W}\n", "C: 8, N: 4, W: 2 * C")
    assert g.outputs["linear"].channels == 2 * g.symbols["C"]
    assert g.defaults["W"] == 16
    with pytest.raises(SpecError, match="derived"):
        g.bind(W=3)


def test_booleans_and_words_choose():
    network = "  - {linear: {out: C, bias: biased}, when: act == relu}\n  - {relu: , when: act == relu}\n"
    g = load(network, "C: 8, N: 4, biased: true, act: {one_of: [relu, none], default: relu}")
    assert g.params == g.symbols["C"] ** 2 + g.symbols["C"]
    assert g.bind(biased=False).params == g.symbols["C"] ** 2


def test_list_entries_stay_symbolic_and_lengths_are_structural():
    network = "  - for: {i: 0..len(widths)-1}\n    do:\n      - linear: {out: widths(i), bias: false}\n"
    g = load(network, "C: 8, N: 4, widths: {default: [2*C, 3*C]}")
    assert g.params == 8 * g.symbols["C"] ** 2
    assert g.bind(widths=[5]).params == 5 * g.symbols["C"]


def test_a_zero_symbol_is_a_switch_and_an_axis_of_size_0_is_absent():
    network = "  - conv: {out: C, kernel: 3, padding: same}\n"
    g = load(network, "C: 8, Z: 4, H: 4", "x: {c: C, d: Z, h: H}")
    assert g.at().params == 9 * 64 + 8
    assert g.bind(Z=0).inputs["x"].names == ("c", "h")
    assert g.bind(Z=0).at().params == 3 * 64 + 8


def test_inputs_may_depend_on_a_condition():
    network = "  - linear: {out: C}\n    from: x\n  - {add: [_, y], when: two}\n"
    inputs = "x: {c: C, n: N}, y: {c: C, n: N, when: two}"
    assert list(load(network, "C: 8, N: 4, two: true", inputs).inputs) == ["x", "y"]
    assert list(load(network, "C: 8, N: 4, two: false", inputs).inputs) == ["x"]


def test_ranges_count_up_down_and_may_be_empty():
    def count(text):
        g = load(f"  - for: {{i: {text}}}\n    do:\n      - linear: {{out: C + i}}\n  - relu\n")
        return [int(row.node.op.out - g.symbols["C"]) for row in g.rows() if row.node.label == "linear"]

    assert count("0..2") == [0, 1, 2]
    assert count("2..0 by -1") == [2, 1, 0]
    assert count("0..6 by 3") == [0, 3, 6]
    assert count("2..1") == []


def test_lists_run_in_lockstep_and_tables_row_by_row():
    lockstep = "  - for: {w: [2, 3], b: [true, false]}\n    do:\n      - linear: {out: w, bias: b}\n"
    table = "  - for: {each: [{w: 2, b: true}, {w: 3, b: false}]}\n    do:\n      - linear: {out: w, bias: b}\n"
    assert load(lockstep).params == load(table).params == 2 * load(table).symbols["C"] + 2 + 6


def test_else_runs_instead_and_a_skipped_step_passes_its_name_on():
    network = "  - {linear: {out: 3}, when: deep, as: y, else: [relu]}\n  - relu: y\n"
    assert load(network, "C: 8, N: 4, deep: true").outputs["relu"].channels == 3
    assert load(network, "C: 8, N: 4, deep: false").params == 0
    skipped = "  - {linear: {out: 3}, when: deep, as: y}\n  - relu: y\n"
    assert load(skipped, "C: 8, N: 4, deep: false").params == 0


def test_an_undecidable_equality_is_decided_and_assumed():
    network = "  - {linear: {out: D}, when: x.c != D}\n  - relu\n"
    g = load(network, "C: 8, D: 9, N: 4")
    assert "C != D" in [str(fact) for fact in g.assumptions]
    assert g.at(D=8).params == 0


def test_residual_adds_and_parallel_branches():
    g = load("  - residual:\n      - linear: {out: C}\n  - parallel: [[relu], [linear: {out: 3}]]\n  - concat\n")
    assert g.outputs["concat"].channels == g.symbols["C"] + 3


def test_indexed_names_outlive_loops_and_plain_ones_do_not():
    loop = "  - for: {i: 0..1}\n    do:\n      - linear: {out: C}\n        as: skip(i)\n      - relu\n        as: y\n"
    loop = loop.replace("      - relu\n        as", "      - relu:\n        as")
    g = load(loop + "  - add: [skip(0), skip(1), _]\n")
    assert g.params == 2 * (g.symbols["C"] ** 2 + g.symbols["C"])
    with pytest.raises(SpecError, match="no value is named 'y'"):
        load(loop + "  - add: [y, _, skip(0), skip(1)]\n")


def test_families_of_two_indices():
    network = (
        "  - for: {i: 0..1}\n    do:\n      - for: {j: 0..1}\n        do:\n          - linear: {out: C + i + j}\n"
        "            as: v(i)(j)\n  - concat: [v(0)(0), v(0)(1), v(1)(0), v(1)(1)]\n"
    )
    assert load(network).outputs["concat"].channels == 4 * load(network).symbols["C"] + 4


def test_outputs_and_variants_select():
    network = "  - linear: {out: C}\n    as: a\n  - linear: {out: 2}\n    as: b\n"
    more = "outputs: [a, b]\nvariants:\n  first: {outputs: [a]}\n  wide: {at: {C: 16}}\n"
    g = load(network, more=more)
    assert list(g.outputs) == ["a", "b"]
    first = load(network, more=more, variant="first")
    assert list(first.outputs) == ["a"]
    assert first.params == g.params
    assert first.macs == g.symbols["C"] ** 2 * g.symbols["N"]
    assert g.select("a").macs == first.macs
    assert load(network, more=more, variant="wide").defaults["C"] == 16


def test_repeat_is_symbolic_identity_or_an_error():
    network = "  - linear: {out: C}\n    repeat: L - 1\n"
    g = load(network, "C: 8, N: 4, L: 3")
    c, length = g.symbols["C"], g.symbols["L"]
    assert g.params == c**2 * length - c**2 + c * length - c
    assert g.at(L=1).params == 0
    with pytest.raises(SpecError, match="negative"):
        load("  - linear: {out: C}\n    repeat: 0 - 1\n")


def test_repeat_carries_several_values_and_keeps_the_rest():
    block = (
        "blocks:\n  swap:\n    inputs: [a, b, k]\n    do:\n      - linear: {out: a.c}\n        from: b\n        as: c\n"
        "      - add: [a, k]\n        as: d\n    outputs: [c, d]\n"
    )
    g = load("  - swap:\n    from: [x, y, z]\n    repeat: 5\n", inputs="x: {c: C}, y: {c: C}, z: {c: C}", more=block)
    assert g.params == 5 * (g.symbols["C"] ** 2 + g.symbols["C"])
    assert len(g.flat().nodes) == 10


def test_a_repeated_group_captures_outer_values():
    g = load("  - linear: {out: C}\n    as: y\n  - do:\n      - add: [_, y]\n      - relu\n    repeat: 3\n")
    assert len(g.flat().nodes) == 7


def test_share_ties_weights():
    g = load("  - linear: {out: C}\n    share: w\n  - linear: {out: C}\n    share: w\n")
    assert g.params == g.symbols["C"] ** 2 + g.symbols["C"]
    assert g.macs == 2 * g.symbols["C"] ** 2 * g.symbols["N"]


def test_blocks_have_defaults_that_use_inputs_and_may_shadow_the_library():
    more = "blocks:\n  mlp:\n    args: {hidden: 2 * x.c, out: hidden + 1}\n    do:\n      - linear: {out: out}\n"
    assert load("  - mlp\n", more=more).outputs["mlp"].channels == 2 * load("  - mlp\n").symbols["C"] + 1
    assert load("  - mlp: {hidden: 3}\n", more=more).outputs["mlp"].channels == 4


@pytest.mark.parametrize("kernel", ["{h: 3, w: 1}", "[3, 1]"])
def test_kernels_by_axis(kernel):
    g = load(f"  - conv: {{out: 2, kernel: {kernel}}}\n", "C: 8", "x: {c: C, h: 6, w: 6}")
    assert g.outputs["conv"].sizes == {"c": 2, "h": 4, "w": 6}


@pytest.mark.parametrize(
    ("padding", "size"),
    [("same", 6), ("valid", 4), ("1", 6), ("{before: 2, after: 0}", 6), ("{h: [2, 1], w: [2, 1]}", 7)],
)
def test_paddings(padding, size):
    g = load(f"  - conv: {{out: 2, kernel: 3, padding: {padding}}}\n", "C: 8", "x: {c: C, h: 6, w: 6}")
    assert g.outputs["conv"].size("h") == size


def test_a_mixture_multiplies_params_by_experts_and_macs_by_the_active_ones():
    network = (
        "  - linear: {out: 4, bias: false}\n    as: scores\n"
        "  - mixture: {experts: 4, active: 2, do: [linear: {out: C, bias: false}]}\n    from: [x, scores]\n"
    )
    g = load(network)
    c, n = g.symbols["C"], g.symbols["N"]
    assert g.params == 4 * c**2 + 4 * c
    assert g.params_active == 2 * c**2 + 4 * c
    assert g.macs == 2 * c**2 * n + 4 * c * n


def test_scalars_are_yaml_1_2():
    assert load("  - linear: {out: 010}\n").outputs["linear"].channels == Integer(10)
    with pytest.raises(SpecError, match="'on'"):
        load("  - linear: {out: 3, bias: on}\n")


def test_binding_then_analysing_is_analysing_then_binding():
    for name, values in (("unet", {"C": 12, "levels": 3}), ("dit", {"D": 96, "heads": 6, "L": 3})):
        g = ag.load(name)
        assert g.bind(**values).at().macs == g.at(**values).macs
