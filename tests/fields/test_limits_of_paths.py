"""A path through very many iterations is refused before it takes memory; what only counts moves is not."""

from __future__ import annotations

import pytest

import archgraph as ag
from archgraph.errors import QueryError

SPEC = """\
archgraph: 1
symbols: {C: 4, L: 2}
inputs: {x: {c: 3, h: 8}}
network:
  - conv: {out: C, kernel: 3, padding: same}
  - residual: [{conv: {out: C, kernel: 3, padding: same}}, relu]
    repeat: L
"""


@pytest.mark.parametrize("count", [100_000, 10**9, 2**63 - 1, 2**63])
def test_a_path_through_very_many_iterations_is_refused(count):
    g = ag.loads(SPEC).at(L=count)
    with pytest.raises(QueryError, match="the path goes through more than 50,000 operations"):
        g.hops(distance=2)
    paths = g.paths()
    assert paths.hops(1, 4) == ag.loads(SPEC).at(L=5).paths().hops(1, 4), "which counts the moves alone"


@pytest.mark.parametrize("count", [2**63 - 1, 2**63])
def test_the_depth_of_any_number_of_iterations(count):
    assert ag.loads(SPEC).at(L=count).depth_to_cover(2) == 2


ENDLESS = """\
archgraph: 1
symbols: {L: 2}
inputs: {x: {c: 2, h: 256}}
network:
  - {repeat: L, do: [{conv: {out: 2, kernel: 3, padding: 1}}]}
"""


@pytest.mark.parametrize("count", [50_001, 10**9])
def test_iterations_that_all_differ_are_refused_before_they_are_walked_through(count):
    """Every one of them reads further than the one before, so that none stands for another."""
    rule = f"paths walk through {count:,} operations, for the iterations of 'repeat' differ in what they read"
    with pytest.raises(QueryError, match=rule) as refused:
        ag.loads(ENDLESS).at(L=count).paths()
    assert "and the limit is 50,000" in refused.value.message
    assert refused.value.hint == "bind fewer iterations; `rf` has a closed form of any number"


def test_iterations_that_differ_are_walked_through_below_the_limit():
    assert ag.loads(ENDLESS).at(L=300).paths().max_path() == 255


def test_a_graph_that_would_be_unrolled_without_an_end_is_refused_at_once():
    with pytest.raises(ag.ArchgraphError, match="the unrolled graph has more than 200,000 nodes") as one:
        ag.loads(ENDLESS).at(L=10**9).flat()
    assert one.value.hint == "bind fewer iterations"
