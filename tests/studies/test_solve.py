"""Sizes that meet budgets, and laws on stated domains."""

import pytest
from sympy import Max, Min, Rational, ceiling, floor, sympify

import archgraph as ag
from archgraph.cli import main
from archgraph.errors import QueryError
from archgraph.laws.domain import Domain, restricted, smooth_in
from archgraph.laws.scaling import degree
from archgraph.laws.search import trend
from archgraph.sizes.symbols import symbol

C, D, H, p = (symbol(name) for name in "CDHp")

STEPPED = """
archgraph: 1
name: Stepped
symbols:
  C: {default: 64}
  H: {default: 100}
inputs:
  x: {c: 3, h: H}
network:
  - conv: {out: "min(4*C, 512)", kernel: 3, stride: 2, padding: 1}
  - conv: {out: "max(C, 32)", kernel: 1}
  - linear: {out: "ceil(8*C/3)"}
"""


# -- budgets -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("budget", [1e9, 1e11, 1e12, 12345678901234])
@pytest.mark.parametrize("multiple", [1, 64, 24])
def test_the_largest_that_fits_fits_and_the_next_does_not(budget, multiple):
    g = ag.load("dit")
    found = g.solve("D", macs=("<=", budget), multiple_of=multiple)
    step = {1: 16, 64: 64, 24: 48}[multiple]
    assert found.value % step == 0 and found.achieved == g.at(D=found.value).macs <= budget
    assert found.slack == budget - found.achieved
    assert g.at(D=found.value + step).macs > budget


def test_the_least_that_reaches():
    g = ag.load("unet:padded-512")
    found = g.solve("C", params=(">=", 1e9))
    assert g.at(C=found.value).params >= 1e9 > g.at(C=found.value - 1).params
    assert repr(found) == f"C = {found.value}: params = {found.achieved:,}, {found.slack:,.0f} above 1,000,000,000"


def test_offsets_are_kept():
    found = ag.load("unet").solve("H", macs=("<=", 2e11))
    assert (found.value - 12) % 16 == 0 and found.achieved <= 2e11


@pytest.mark.parametrize(("sign", "value"), [("<=", 4), (">=", 2), ("<", 4), (">", 1)])
def test_a_law_that_falls_has_its_least_value_within_an_upper_bound(sign, value):
    """MACs at p = 1, 2, 4, 8: 524, 118.6, 29.0, 7.4 G; p divides the side of 32."""
    g = ag.load("dit")
    bound = 118621421568 if sign in (">=", ">") else 118621421567
    assert g.solve("p", macs=(sign, bound)).value == value


def test_a_law_that_falls_and_rises_needs_a_range():
    g = ag.load("dit")
    with pytest.raises(QueryError, match="params neither only rises nor only falls with p") as raised:
        g.solve("p", params=("<=", 675100000))
    assert "within=" in raised.value.hint
    assert g.solve("p", params=("<=", 675100000), within=(1, 32)).value == 4, "p=2 has 675129632, p=8 675683072"
    with pytest.raises(QueryError, match="no p from 1 to 32 has params <= 1,000"):
        g.solve("p", params=("<=", 1000), within=(1, 32))
    with pytest.raises(QueryError, match="values are too many to try one by one"):
        g.solve("D", params=("<=", 1e9), within=(1, 10**8))


def test_several_budgets_hold_at_once():
    g = ag.load("dit")
    found = g.solve("D", macs=("<=", 1e12), params=("<=", 1e9), multiple_of=64)
    assert found.value == 1344 and g.at(D=1344).params <= 1e9 < g.at(D=1408).params
    assert found.tightest.metric == "params"
    with pytest.raises(QueryError, match=r"no D has macs <= 1,000,000,000 and params >= 1,000,000,000,000"):
        g.solve("D", macs=("<=", 1e9), params=(">=", 1e12))
    both = g.solve("D", params=(">=", 5e8), macs=("<=", 1.2e11))
    assert g.at(D=both.value).params >= 5e8 and g.at(D=both.value).macs <= 1.2e11


def test_what_has_no_answer():
    g = ag.load("dit")
    with pytest.raises(QueryError, match=r"no D has macs <= 10: at 16 macs is "):
        g.solve("D", macs=("<=", 10))
    with pytest.raises(QueryError, match="macs does not depend on heads"):
        g.solve("heads", macs=("<=", 1e12))
    with pytest.raises(QueryError, match="there is no comparison '='"):
        g.solve("D", macs=("=", 1e12))
    with pytest.raises(QueryError, match="solve takes a budget"):
        g.solve("D")
    with pytest.raises(QueryError, match="cannot solve for 'N'"):
        g.solve("N", macs=("<=", 1e12))


def test_roundings_are_met_exactly():
    g = ag.loads(STEPPED)
    for name, budget in (("C", 20000), ("C", 10**6)):
        found = g.solve(name, params=("<=", budget))
        assert found.achieved <= budget < g.at(**{name: found.value + 1}).params


def test_whole_budgets_are_exact_beyond_what_a_float_holds(capsys):
    bound = 2**53 + 1
    assert main(["solve", "conv_stack", "C", "--params", f"<={bound}"]) == 0
    assert capsys.readouterr().out.endswith(f" below {bound:,}\n")
    assert ag.load("conv_stack").solve("C", params=("<=", bound)).met[0].budget == bound
    for outside in (10**400, float("nan"), -float("inf")):
        with pytest.raises(QueryError, match="the budget of params is a number"):
            ag.load("conv_stack").solve("C", params=("<=", outside))


def test_the_curve_of_equal_cost():
    g = ag.load("dit")
    table = g.iso("D", over={"L": [6, 12, 28]}, multiple_of=64, macs=("<=", 118621421568))
    for row in table.rows:
        assert row["macs"] <= 118621421568 < g.at(L=row["L"], D=row["D"] + 64).macs
    assert table.rows[-1]["D"] == 1152
    few = g.iso("D", over={"L": [1, 10**6]}, params=("<=", 1e9))
    assert len(few.rows) == 1 and "L = 1000000: no D has params" in few.notes[0]
    with pytest.raises(QueryError, match="no D has params"):
        g.iso("D", over={"L": [10**9]}, params=("<=", 1e9))


def test_the_commands(capsys):
    assert main(["solve", "dit", "D", "--macs", "<=1e12", "--params", "<=1e9", "--multiple-of", "64"]) == 0
    assert capsys.readouterr().out.startswith("D = 1344: params = ")
    assert main(["solve", "dit", "D", "--params", "<=7e8", "--multiple-of", "64", "--over", "L=12,28"]) == 0
    assert "1,728" in capsys.readouterr().out
    assert main(["solve", "dit", "p", "--params", "<=675100000", "--within", "1..32"]) == 0
    assert capsys.readouterr().out.startswith("p = 4: ")
    assert main(["solve", "dit", "D", "--saved-bytes", "<=1e9"]) == 0
    assert "saved_bytes" in capsys.readouterr().out


# -- trends --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("law", "start", "expected"),
    [
        (D**2 - 10 * D, 5, 1),
        (D**2 - 10 * D, 4, None),
        (7 / D**4 + 3 / D, 1, -1),
        (D + 9 / D, 3, 1),
        (floor(D / 3) * ceiling(D / 2), 1, 1),
        (Max(D, 64) + Min(4 * D, 512), 1, 1),
        (floor(D / 3) - D, 1, None),
        (-floor(D / 3), 1, -1),
        (5 + 0 * D, 1, 0),
    ],
    ids=str,
)
def test_trends(law, start, expected):
    assert trend(law, D, start) == expected


# -- domains -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("law", "domain", "expected"),
    [
        (floor(H / 2), Domain(H, 2), H / 2),
        (floor(H / 2), Domain(H, 2, 1), (H - 1) / 2),
        (ceiling(H / 32) * C, Domain(H, 32), H * C / 32),
        (floor(floor(H / 2 + C) / 3), Domain(H, 6), H / 6 + floor(C / 3)),
        (Max(H, 64), Domain(H, at_least=64), H),
        (Max(H, 64), Domain(H, at_most=64), 64),
        (Min(8 * H, 512), Domain(H, at_most=64), 8 * H),
        (Min(8 * H, 512), Domain(H, at_least=64), 512),
        (Max(floor(H / 2), 3) * H, Domain(H, 2, at_least=6), H**2 / 2),
    ],
    ids=str,
)
def test_laws_on_domains(law, domain, expected):
    assert (restricted(law, domain) - expected).expand() == 0
    for value in range(domain.first, 200, domain.multiple):
        if value in domain:
            assert law.xreplace({H: value}) == sympify(expected).xreplace({H: value})


@pytest.mark.parametrize(
    ("law", "rule", "hint"),
    [
        (floor(H / 6 + H / 4) + H, "floor(5*H/12)", 'where("H", multiple_of=12)'),
        (Max(2 * H, 65), "max(65, 2*H)", 'where("H", at_least=33)'),
        (Min(H, C), "min(C, H)", 'where("H", at_least=..., at_most=...)'),
    ],
    ids=str,
)
def test_outside_of_domains_the_error_says_which_domain_would_do(law, rule, hint):
    with pytest.raises(QueryError) as raised:
        smooth_in(law, H)
    assert raised.value.message == f"the law is not a power law in H: it holds {rule}"
    assert raised.value.hint == f"state a domain: {hint}"


def test_queries_on_a_domain():
    g = ag.loads(STEPPED)
    with pytest.raises(QueryError, match=r"it holds ceil\(H/2\) - 1"):
        g.degree("macs", "H")
    even = g.where("H", multiple_of=2)
    assert even.degree("macs", "H") == 1 and even.elasticity("macs", "H") == 1
    small = g.where("C", multiple_of=3, at_least=32, at_most=126)
    assert small.degree("params", "C") == 2
    assert small.leading("params", "C") == Rational(20, 3) * C**2, "4*C*C + C*8*C/3"
    assert repr(small).endswith("where C = 3*k, C >= 32, C <= 126>")
    assert small.where("H", multiple_of=2).macs.has(floor) is False


def test_numbers_outside_of_a_domain_are_refused():
    g = ag.loads(STEPPED)
    assert g.at(H=100).where("H", multiple_of=2).macs == g.at(H=100).macs
    with pytest.raises(QueryError, match=r"H = 101 is outside the domain H = 2\*k"):
        g.at(H=101).where("H", multiple_of=2)
    with pytest.raises(QueryError, match="no value is in the domain"):
        g.where("H", at_least=10, at_most=9)
    with pytest.raises(QueryError, match="there is no symbol 'Q'"):
        g.where("Q", multiple_of=2)


def test_the_degree_of_a_law_without_steps_in_the_symbol_needs_no_domain():
    assert degree(floor(C / 2) * H**2, H) == 2


# -- crossings -----------------------------------------------------------------------------------------------


def test_products_of_attention_equal_the_token_wise_layers_at_six_times_the_width():
    block = ag.load("dit")["blocks"]
    assert block.crossover("D*L*N**2", "D**2*L*N", "N", by="term") == (6 * D,)
    (whole,) = ag.load("dit").at().crossover("scaled_dot_product_attention", "rest", "N")
    roots = 6 * 1152 + 24 / 28, 3 * 1152 + (3 * 1152 + 256) / 56
    by_hand = roots[0] / 2 + (roots[0] ** 2 / 4 + roots[1]) ** 0.5
    assert whole == pytest.approx(by_hand, rel=1e-12)
    assert 6912 < whole < 6915, "a little later on the whole law"


def test_crossings_that_are_no_formula_or_no_term():
    g = ag.load("dit")
    with pytest.raises(QueryError, match="bind D"):
        g.crossover("scaled_dot_product_attention", "rest", "N")
    with pytest.raises(QueryError, match=r"the law has no term 'linera'. Did you mean 'linear'"):
        g.crossover("linera", "rest", "N")


def test_a_budget_with_a_unit_is_told_what_to_write():
    with pytest.raises(QueryError, match="the budget of training_memory is a number, and not '80GB'") as told:
        ag.load("dit").solve("D", training_memory=("<=", "80GB"), batch=32)
    assert told.value.hint == "80e9 for 80 GB: no unit is read here"
