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
