"""Masks made of a length's rest, which no few recordings meet: what may be read elsewhere is said to be a bound."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch

from tests.pytorch.trace.test_other_sizes import N, at_sizes, mask_of  # noqa: E402

LENGTHS = {
    "open at every 24th": (lambda i, j, n: (i == j) | (((i[-1] % 24 + n - 1 - i) * 2) <= (j % 24) // 10), (25, 49)),
    "its own at 21": (lambda i, j, n: (i == j) | ((i[-1] - 12).clamp(min=0) != 8), (21, 22)),
    "closed from 51 on": (lambda i, j, n: (i == j) | ((n - 2 - i).clamp(min=0) // 3 < 16) | (j < 10), (49, 51, 53)),
}


@pytest.mark.parametrize("name", LENGTHS)
def test_a_mask_of_numbers_without_a_law_is_never_wrong_at_lengths_nearby(name):
    test, lengths = LENGTHS[name]
    found = at_sizes(lambda x: mask_of(test, x).to(x) @ x, lengths)
    assert found[N] == {"exact"}
    assert set().union(*found.values()) <= {"exact", "labelled"}, found
