"""Forms of a law: exact ones are equal as expressions, shorter ones are close at the drawn sizes."""

import pytest
from sympy import symbols

from archgraph.figures.content.terms import SHARE, forms, gathered_borders, large_terms, spelled_out, with_common_factor
from archgraph.laws.numeric import value_at
from archgraph.sizes.expansion import expanded

C, D, H, W, N, n = symbols("C D H W N n", integer=True, positive=True)
VALUES = {C: 64, D: 1152, H: 96, W: 80, N: 256, n: 2}
LAWS = [
    18 * D**2 + 15 * D,
    D**2 + 1259 * D,
    9 * C**2 * (H - 4) * (W - 4) + 18 * C**2 * (H - 2) * (W - 2),
    27 * C**2 * H * W * n / 2 - 27 * C**2 * H * W / 4 + 6 * C,
    12 * D**2 * N + 2 * D * N**2 + 7,
    C - 1,
    C * n / D,
]


@pytest.mark.parametrize("law", [expanded(law) for law in LAWS], ids=str)
def test_every_form_is_what_its_sign_says(law):
    true = value_at(law, VALUES)
    for sign, form in forms(law, VALUES):
        if sign == "=":
            assert expanded(form) - law == 0
        assert abs(value_at(form, VALUES) - true) <= (1e-9 if sign == "=" else SHARE) * abs(true)


def test_every_term_above_a_twentieth_is_kept():
    assert large_terms(D**2 + D * N + 70 * D, {D: 1000, N: 100}) == D**2 + D * N + 70 * D
    assert large_terms(D**2 + D * N + 30 * D, {D: 1000, N: 100}) == D**2 + D * N


def test_small_terms_that_together_are_much_are_kept_too():
    law = 100 * C + sum(4 * symbol for symbol in symbols("a:5", positive=True))
    kept = large_terms(law, dict.fromkeys(law.free_symbols, 1))
    assert abs(value_at(kept, {}, other=1) - 120) <= 6


def test_equal_terms_are_kept_together():
    law = C**2 * H * W - 6 * C**2 * H - 6 * C**2 * W
    assert large_terms(law, {C: 8, H: 100, W: 100}) in (law, C**2 * H * W)


def test_borders_are_gathered_where_that_is_close_and_nowhere_else():
    assert gathered_borders(expanded(C * (H - 2) + C * (H - 4)), VALUES) == 2 * C * (H - 3)
    assert gathered_borders(12 * D**2 + 13 * D, VALUES) is None


def test_common_factors_leave_whole_numbers_and_no_common_denominator():
    assert with_common_factor(expanded(2 * D * n * (18 * D + 15) + 4 * D * n / C)).args[-1] == 18 * D + 15 + 2 / C
    assert with_common_factor(D + 1) == D + 1


def test_a_number_in_millions_is_not_spelled_out():
    assert spelled_out(9999999 * C) and not spelled_out(10**7 * C)
    assert next(iter(forms(10**7 * C, VALUES)))[0] == "≈"
