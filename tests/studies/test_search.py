"""The last value that meets a budget is the same however few values are asked."""

from __future__ import annotations

from random import Random

import pytest

from archgraph.errors import QueryError
from archgraph.laws.search import last

LIMIT = 2**40


def law(random: Random):
    """A rising law with a constant, terms of several degrees, steps, and perhaps a cliff."""
    constant, line, square = (random.choice((0, 10 ** random.uniform(0, 9))) for _ in range(3))
    step, cliff = random.choice((1, 8, 64)), random.choice((LIMIT, random.randrange(1, 10_000)))
    return lambda k: 1 + constant + (line + square * k) * -(-k // step) * step + (1e6 if k > cliff else 0)


@pytest.mark.parametrize("seed", range(200))
def test_a_guess_changes_nothing(seed):
    random = Random(seed)
    need, budget = law(random), 10 ** random.uniform(1, 12)
    found = []
    for excess in (None, lambda k: need(k) / budget):
        try:
            found.append(last(lambda k: need(k) <= budget, LIMIT, excess))
        except QueryError as error:
            found.append(str(error))
    assert found[0] == found[1]


@pytest.mark.parametrize("power", [1, 1.5, 2, 3])
def test_a_guess_asks_few(power):
    asked = []

    def holds(k: int) -> bool:
        asked.append(k)
        return 5e6 + 144 * k**power <= 8e12

    found = last(holds, LIMIT, lambda k: (5e6 + 144 * k**power) / 8e12)
    assert found is not None and holds(found) and not holds(found + 1) and len(asked) < 25


def test_a_budget_that_is_met_up_to_the_limit():
    with pytest.raises(QueryError, match="however large"):
        last(lambda k: True, LIMIT, lambda k: 1e-9)
    assert last(lambda k: False, LIMIT, lambda k: 2.0) is None
