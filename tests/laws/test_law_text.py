"""Roundings that are written shorter have the same value everywhere."""

from __future__ import annotations

import pytest
from sympy import Integer, Rational, ceiling, floor

from archgraph.sizes.rounding import shortly_rounded
from archgraph.sizes.symbols import symbol

H, W = symbol("h"), symbol("w")


@pytest.mark.parametrize(
    ("law", "shown"),
    [
        (floor(H / 2 - Rational(1, 2)) + 1, "ceiling(h/2)"),
        (
            16 * (floor(H / 2 - Rational(1, 2)) + 1) * (floor(W / 2 - Rational(1, 2)) + 1),
            "16*ceiling(h/2)*ceiling(w/2)",
        ),
        (floor(H / 2), "floor(h/2)"),
        (floor(H / 4 - Rational(3, 4)), "floor(h/4 + 1/4) - 1"),
        (floor(H / 4 + Rational(5, 4)), "floor(h/4 + 1/4) + 1"),
        (floor(floor(H / 2 - Rational(1, 2)) / 2 + Rational(1, 2)), "floor(ceiling(h/2)/2)"),
        (3 * H * W, "3*h*w"),
        (ceiling(H / 16 + Rational(1, 16)), "floor(h/16) + 1"),
        (ceiling(H / 2 + Rational(1, 3)), "floor(h/2) + 1"),
        (ceiling(H / 4 - Rational(1, 2)), "floor(h/4 + 1/4)"),
        (ceiling(H * W / 6 + Rational(3, 2)) * H, "h*floor(h*w/6 + 1/3) + 2*h"),
    ],
)
def test_the_shorter_form_is_the_same(law, shown):
    found = shortly_rounded(law)
    for h in range(1, 40):
        sizes = {H: Integer(h), W: Integer(h + 3)}
        assert found.xreplace(sizes) == law.xreplace(sizes), (h, found)
    assert str(found) == shown
