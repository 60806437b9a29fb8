"""The last value that meets a budget is the same however few values are asked."""

from __future__ import annotations

from random import Random

import pytest

from archgraph.errors import QueryError
from archgraph.laws.search import last, last_within

LIMIT = 2**40


def law(random: Random):
    """A rising law with a constant, terms of several degrees, steps, and perhaps a cliff."""
    constant, line, square = (random.choice((0, 10 ** random.uniform(0, 9))) for _ in range(3))
    step, cliff = random.choice((1, 8, 64)), random.choice((2**60, random.randrange(1, 10_000)))
    return lambda k: 1 + constant + (line + square * k) * -(-k // step) * step + (1e6 if k > cliff else 0)


@pytest.mark.parametrize("seed", range(200))
def test_a_guess_changes_nothing(seed):
    random = Random(seed)
    need, budget = law(random), 10 ** random.uniform(1, 12)
    found = []
    for search in (lambda: last(lambda k: need(k) <= budget, LIMIT), lambda: last_within(need, budget, LIMIT)):
        try:
            found.append(search())
        except QueryError as error:
            found.append(str(error))
    assert found[0] == found[1]


@pytest.mark.parametrize("power", [1, 1.5, 2, 3])
def test_a_guess_asks_few(power):
    asked = []

    def need(k: int) -> float:
        asked.append(k)
        return 5e6 + 144 * k**power

    found = last_within(need, 8e12, LIMIT)
    assert found is not None and need(found) <= 8e12 < need(found + 1) and len(set(asked)) < 40


def test_a_budget_that_is_met_up_to_the_limit():
    with pytest.raises(QueryError, match="met as far as the search goes"):
        last_within(lambda k: 0.0, 1.0, LIMIT)
    assert last_within(lambda k: 2.0, 1.0, LIMIT) is None
