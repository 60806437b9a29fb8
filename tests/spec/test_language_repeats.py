"""`repeat` and `share`: bodies that are traced once, and weights that are tied."""

import pytest
from spec_text import nodes, shapes, spec

from archgraph import ShapeError, SpecError

SYMBOLS = "{C: 8, N: 16, L: 4}"


def repeated(count: str):
    return spec(f"- linear: {{out: C}}\n  repeat: {count}\n  as: layers", SYMBOLS)


def test_a_symbolic_count_stays_in_the_laws():
    g = repeated("L - 1")
    assert str(g.params) == "C**2*L - C**2 + C*L - C"
    assert g.at().params == 3 * 72
    assert not g.structural


@pytest.mark.parametrize(("count", "params"), [("0", 0), ("1", 72), ("1000000", 72_000_000), ("4 * L", 1152)])
def test_counts(count, params):
    assert repeated(count).at().params == params


def test_a_count_that_may_be_negative_is_an_assumption():
    g = repeated("L - 3")
    assert [str(fact) for fact in g.assumptions] == ["L >= 3"]
    with pytest.raises(SpecError, match="repeat cannot be negative, and is L - 3 = -1"):
        g.at(L=2)


def test_zero_repeats_are_the_identity_and_still_check_types():
    assert shapes(repeated("0")) == ["{n: N, c: C}"]
    with pytest.raises(ShapeError, match=r"axis c changes from C = 8 to 2\*C = 16"):
        spec("- linear: {out: 2 * C}\n  repeat: 0")


def test_a_group_is_repeated():
    g = spec("- do:\n    - linear: {out: 2 * C}\n    - linear: {out: C}\n  repeat: L\n  as: twice", SYMBOLS)
    assert g.scopes == ("twice",)
    assert nodes(g) == ["twice.linear", "twice.linear_2"]
    assert str(g.macs) == "4*C**2*L*N"


def test_a_residual_is_repeated():
    g = spec("- residual: [linear: {out: C}]\n  repeat: L", SYMBOLS)
    assert g.scopes == ("repeat",)
    assert nodes(g) == ["repeat.linear", "repeat.add"]


SWAP = """\
blocks:
  swap:
    inputs: [a, b, cond]
    do:
      - linear: {out: a.c}
        from: a
      - add: [_, cond]
        as: a2
      - add: [b, cond]
        as: b2
    outputs: [a2, b2]
"""


def test_several_values_are_carried_and_the_rest_is_invariant():
    steps = "- swap:\n  from: [x, y, t]\n  repeat: L\n  as: [p, q]\n- concat: {axis: n}\n  from: [p, q]"
    g = spec(steps, SYMBOLS, "{x: {n: N, c: C}, y: {n: 2*N, c: C}, t: {c: C}}", SWAP)
    (swap, _) = g.graph.nodes
    assert (len(swap.inputs), len(swap.outputs), str(swap.count)) == (3, 2, "L")
    assert shapes(g) == ["{n: 3*N, c: C}"]


def test_values_from_outside_are_captured_as_invariants():
    g = spec("- linear: {out: C}\n  as: y\n- do:\n    - add: [_, y]\n    - add: [_, y, x]\n  repeat: 3\n  as: r")
    assert [value.name for value in g.graph.nodes[1].inputs] == ["y", "y", "x"]
    assert g.flat().nodes[-1].name == "r.2.add_2"


def test_repeats_nest():
    g = spec("- do:\n    - relu\n    - linear: {out: C}\n      repeat: 3\n  repeat: L\n  as: r", SYMBOLS)
    assert str(g.params) == "3*C**2*L + 3*C*L"
    assert g.at().params == 12 * 72


def test_names_inside_a_repeat_stay_there():
    with pytest.raises(SpecError, match="no value is named 'y'"):
        spec("- do:\n    - relu:\n      as: y\n  repeat: 2\n- add: [x, y]")


def test_a_repeat_takes_its_input_as_its_value():
    g = spec("- relu: x\n  repeat: 2\n- silu")
    assert [value.name for value in g.graph.nodes[0].inputs] == ["x"]


# -- share -------------------------------------------------------------------------------------------------


def test_shared_weights_count_once():
    g = spec("- linear: {out: C}\n  share: tower\n" * 3)
    assert g.at().params == 72
    assert g.at().macs == 3 * 16 * 64


def test_blocks_share_their_weights():
    g = spec("- mlp:\n  share: tower\n" * 2 + "- mlp")
    assert g.at().params == 2 * (8 * 32 + 32 + 32 * 8 + 8)


def test_a_repeat_that_shares_has_one_set_of_weights():
    g = spec("- linear: {out: C}\n  repeat: L\n  share: all", SYMBOLS)
    assert str(g.params) == "C**2 + C"
    assert str(g.macs) == "C**2*L*N"
