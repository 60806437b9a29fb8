"""Bounds and comparisons of sizes are never wrong, and decide what nets ask."""

from itertools import product
from operator import ge, gt, le, lt

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sympy import Add, Expr, Integer, Max, Min, ceiling, expand, floor

from archgraph.sizes.bounds import is_ordered, lower_bound, same_size
from archgraph.sizes.exact import number_of
from archgraph.sizes.symbols import symbol

C, D = symbol("C"), symbol("D")
LEAVES = st.sampled_from([C, D, Integer(1), Integer(2), Integer(-3), C * D, C**2])


def combined(inner: st.SearchStrategy[Expr]) -> st.SearchStrategy[Expr]:
    pair = st.tuples(inner, inner)
    return st.one_of(
        pair.map(lambda p: p[0] + p[1]),
        pair.map(lambda p: p[0] - p[1]),
        pair.map(lambda p: Max(*p)),
        pair.map(lambda p: Min(*p)),
        inner.map(lambda x: expand(2 * x)),
        inner.map(lambda x: floor(expand(x / 2))),
        inner.map(lambda x: ceiling(expand(x / 3))),
    )


sizes = st.recursive(LEAVES, combined, max_leaves=6)
POINTS = [{C: c, D: d} for c, d in product([1, 2, 3, 7, 50], repeat=2)]


@given(sizes)
def test_a_bound_is_never_above_a_value(expression):
    least = lower_bound(expand(expression))
    if least is not None:
        assert all(number_of(expression, point) >= least for point in POINTS)


@given(sizes, sizes, st.sampled_from(["<", "<=", ">", ">="]))
def test_an_order_holds_at_every_value(left, right, order):
    verdict = is_ordered(left, order, right)
    if verdict is not None:
        compare = {"<": lt, "<=": le, ">": gt, ">=": ge}[order]
        pairs = [(number_of(left, point), number_of(right, point)) for point in POINTS]
        assert all(compare(one, other) == verdict for one, other in pairs)


@given(sizes, sizes)
def test_sizes_that_differ_always_differ(left, right):
    verdict = same_size(left, right)
    if verdict is not None:
        assert all((number_of(left, point) == number_of(right, point)) == verdict for point in POINTS)


@pytest.mark.parametrize(
    ("expression", "least"),
    [
        (4 * C - 4, 0),
        (C * D - C, 0),
        (C**2 * D + D - 2 * D, 0),
        (2**C - 1, 1),
        (floor(C / 2) + 1, 1),
        (floor(C / 2 - 2), -2),
        (1 / C, 0),
        (Max(C - 100, 3), 3),
        (Min(C, 7), 1),
        (Add(C, -11), -10),
        (C - D, None),
        (D - C**2, None),
        (2**-C, None),
    ],
)
def test_what_is_known(expression, least):
    assert lower_bound(expand(expression)) == least
