"""Decisions on sizes: exact where they can be, recorded as assumptions where the values decide."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sympy import floor

from archgraph.errors import ArchgraphError, ShapeError, UnboundSymbolError
from archgraph.sizes.symbols import (
    Assumption,
    decide,
    deciding,
    evaluate,
    floor_divide,
    is_multiple,
    require,
    same_size,
    size,
    symbol,
)

C, D = symbol("C"), symbol("D")
small = st.integers(1, 40)


@given(a=st.integers(0, 9), b=st.integers(-9, 9), d=small, e=small, c=small)
def test_floor_division_equals_pythons(a, b, d, e, c):
    law = floor_divide(floor_divide(a * C + b, size(d)), size(e))
    assert evaluate(law + 0 * C, {C: c}) == (a * c + b) // d // e


@given(a=st.integers(0, 9), b=st.integers(-9, 9), d=small, c=small)
def test_a_decided_multiple_is_one_at_every_value(a, b, d, c):
    verdict = is_multiple(a * C + b + 0 * C, size(d))
    if verdict is not None:
        assert verdict == ((a * c + b) % d == 0)


def test_undecidable_is_none():
    assert is_multiple(C, size(2)) is None
    assert same_size(C, D) is None


def test_a_fact_found_true_is_recorded_once():
    with deciding({C: 8, D: 8}) as context:
        assert decide(C, "==", D)
        assert decide(C, "==", D)
        assert decide(C, "multiple of", size(4))
    assert [str(fact) for fact in context.assumptions] == ["C == D", "C is a multiple of 4"]


def test_of_lower_bounds_the_highest_is_kept():
    with deciding({C: 50}) as context:
        for bound in (3, 11, 7):
            assert decide(2 * C - 8, ">=", size(bound))
    assert [str(fact) for fact in context.assumptions] == ["C >= 10"]


def test_a_fact_found_false_is_refused():
    with deciding({C: 9}), pytest.raises(ShapeError, match="9 is odd"):
        require(C, "multiple of", size(2), "{} is odd", 9)


def test_a_decision_against_equality_is_recorded_too():
    with deciding({C: 3, D: 4}) as context:
        assert not decide(C, "==", D)
    (fact,) = context.assumptions
    assert fact == Assumption(C, "!=", D)
    assert fact.holds({C: 3, D: 4})
    assert not fact.holds({C: 4, D: 4})


def test_evaluation_needs_every_symbol():
    with pytest.raises(UnboundSymbolError, match="cannot evaluate D"):
        evaluate(C + D, {C: 1})


def test_evaluation_is_exact_for_large_numbers_and_fractions():
    assert evaluate(C**20 / 2 + C / 2, {C: 10**9 + 1}) == ((10**9 + 1) ** 20 + 10**9 + 1) // 2
    assert evaluate(floor(C / 3), {C: 10**30 + 1}) == (10**30 + 1) // 3
    with pytest.raises(ArchgraphError, match="not an integer"):
        evaluate(C / 2, {C: 3})
