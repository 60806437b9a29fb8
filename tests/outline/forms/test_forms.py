"""What trees of forms promise of every graph: nothing is lost or invented, and none is too deep or too slow."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest
from random_graphs import Grown, any_graph, bridges, chain, dag, ladder, nested_skips

from archgraph.outline.forms.dag import Dag
from archgraph.outline.forms.form import (
    Chain,
    Irregular,
    Lanes,
    Leaf,
    Nest,
    OutlinePart,
    Parallel,
    Residual,
    Series,
    Times,
    U,
    leaves_of,
    walked,
)
from archgraph.outline.forms.solve import form_of
from archgraph.outline.forms.text import told

DEEP = 2000
"""Beyond the depth that Python calls itself to, and not so deep that what is quadratic takes long."""
GRAPHS = {"chain": chain, "nest": nested_skips, "bridges": bridges, "ladder": ladder}


def whole(graph: Dag) -> OutlinePart:
    return form_of(graph, range(len(graph.vertices)))


def written(form: OutlinePart) -> str:
    """Series, residuals and parallels as `Grown` writes them."""
    if isinstance(form, Leaf):
        return form.name
    if isinstance(form, Series):
        return ", ".join(map(written, form.steps))
    if isinstance(form, Times):
        return ", ".join(map(written, form.each))
    assert isinstance(form, Parallel) and form.join is not None, form
    branches = [text for branch in form.branches if (text := written(branch))]
    return f"{'residual' if isinstance(form, Residual) else 'parallel'}({' | '.join(branches)} → {form.join.name})"


@pytest.mark.parametrize("seed", range(60))
def test_every_vertex_is_in_one_leaf(seed):
    graph = dag(any_graph(10 + seed, seed), levels=[1 + (seed + number) // 7 % 3 for number in range(10 + seed)])
    found = Counter(leaf.name for leaf in leaves_of(whole(graph)))
    assert found == Counter(str(number) for number in range(10 + seed))


@pytest.mark.parametrize("seed", range(40))
def test_a_tree_made_into_a_graph_gives_the_tree_back(seed):
    grown = Grown(seed)
    _, text = grown.series(0, 3)
    assert written(whole(dag(grown.reads))) == f"0, {text}"


@pytest.mark.parametrize("seed", range(40))
def test_a_way_past_a_body_has_one_source_and_one_end_and_nothing_inside_is_read_outside(seed):
    reads = any_graph(40, seed, near=5)
    for form in walked(whole(dag(reads))):
        if isinstance(form, Residual):
            inside = {int(leaf.name) for branch in form.branches for leaf in leaves_of(branch)}
            assert form.join is not None
            join = int(form.join.name)
            sources = {source for vertex in (*inside, join) for source in reads[vertex]} - inside
            assert len(sources) == 1
            readers = {vertex for vertex, read in enumerate(reads) if inside.intersection(read)} - inside
            assert readers <= {join}


@pytest.mark.parametrize("kind", GRAPHS)
def test_depth_is_no_limit(kind):
    graph = dag(GRAPHS[kind](DEEP), kinds=["same"] * DEEP)
    form = whole(graph)
    assert sum(1 for _ in leaves_of(form)) == DEEP
    assert told(form)


def test_equal_parts_in_a_row_are_told_once():
    kinds = ["in", *(["a", "tanh", "add"] * 60)]
    reads = [[]]
    for _ in range(60):
        last = len(reads) - 1
        reads += [[last], [last + 1], [last, last + 2]]
    form = whole(dag(reads, kinds=kinds))
    assert told(form) == ["0", "60 ×", "| residual (∅ | 1, 2)", "  → 3"]


def test_lanes_exchange_values():
    graph = dag(ladder(41), levels=[1, *([1, 2] * 20)])
    form = whole(graph)
    found = [part for part in walked(form) if isinstance(part, Lanes)]
    assert len(found) == 1 and len(found[0].lanes) == 2


def test_jumps_along_a_chain_are_a_chain():
    found = [part for part in walked(whole(dag(bridges(40)))) if isinstance(part, Chain)]
    assert found and not any(isinstance(part, Irregular) for part in walked(whole(dag(bridges(40)))))


def u_graph(depth: int, skips: int = 1) -> Dag:
    """A U of some levels, each with some layers and as many skips."""
    reads: list[list[int]] = [[]]
    levels, ends = [1], []
    for level in range(depth):
        for _ in range(skips):
            reads.append([len(reads) - 1])
            levels.append(4**level)
            ends.append(len(reads) - 1)
        reads.append([len(reads) - 1])
        levels.append(4 ** (level + 1))
    for level in reversed(range(depth)):
        reads.append([len(reads) - 1])
        levels.append(4**level)
        for _ in range(skips):
            reads.append([len(reads) - 1, ends.pop()])
            levels.append(4**level)
    return dag(reads, levels)


@pytest.mark.parametrize(("depth", "skips"), [(1, 1), (2, 3), (4, 1), (5, 2)])
def test_a_u_has_a_row_per_level_and_all_its_skips(depth, skips):
    form = whole(u_graph(depth, skips))
    assert isinstance(form, U) and not isinstance(form.bottom, U)
    assert [len(row.skips) for row in form.rows] == [skips] * depth
    assert [row.returns for row in form.rows] == [1] * depth
    assert all(first.level < second.level for first, second in pairwise(form.rows))


def test_stages_share_one_end():
    reads = [[], [0], [1], [2], [3], [0, 1, 2, 3, 4]]
    form = whole(dag(reads))
    nests = [part for part in walked(form) if isinstance(part, Nest)]
    assert [type(part).__name__ for part in nests] == ["Collect"] and len(nests[0].stages) == 4


def test_no_u_where_nothing_leads_past():
    reads = chain(5)
    assert not any(isinstance(part, U) for part in walked(whole(dag(reads, levels=[1, 4, 4, 4, 1]))))
