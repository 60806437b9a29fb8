"""Hops of random small networks, against a plain search over all their positions.

The search walks the network without repeats, position by position, by the finite relation of every operation; where a
value is at home it takes from `Framing`, as a search has no opinion on that.
"""

from __future__ import annotations

from collections import deque
from random import Random

import pytest

import archgraph as ag
from archgraph.fields.paths.frames import Framing
from archgraph.fields.rules.links import Every, Joint, Link
from archgraph.fields.rules.node_relations import node_relations

FAR = 10**9


def searched(g: ag.Architecture) -> list[list[int | None]]:
    """The fewest moves from every output position to every input position."""
    graph = g.network.graph.substitute(g.network.values).unroll(experts=True)
    (source,), (end,) = graph.inputs, graph.outputs
    axis, evaluate = source.type.positions[0], g.network.evaluate
    homes = Framing(graph, source, axis, evaluate).frame().homes
    edges = {}
    for node in graph.nodes:
        for index, value in enumerate(node.outputs):
            for operand, relation in node_relations(node, index, evaluate).items():
                read = node.inputs[operand]
                for x in range(1 if homes[value] is None else homes[value].count):
                    found = reads(relation, homes[read], homes[value], x)
                    edges.setdefault((value, x), []).extend(
                        ((read, y), apart(homes[read], homes[value], y, x)) for y in found
                    )
    places = range(evaluate(source.type.size(axis)))
    rows = (search(edges, (end, output)) for output in range(homes[end].count))
    return [[best.get((source, place)) for place in places] for best in rows]


def search(edges, start):
    """The cost of every vertex by a breadth-first search in which an edge may be free."""
    best, queue = {start: 0}, deque([start])
    while queue:
        vertex = queue.popleft()
        for other, cost in edges.get(vertex, ()):
            if best[vertex] + cost < best.get(other, FAR):
                best[other] = best[vertex] + cost
                (queue.append if cost else queue.appendleft)(other)
    return best


def reads(relation, operand, output, x):
    """Which coordinates of the operand one of the output reads."""
    if operand is None:
        return [0]
    if output is None:
        return range(operand.count)
    (group,) = relation.groups
    assert not isinstance(group, Joint)
    if isinstance(group, Every):
        return [y for y in range(operand.count) if y in group.mask]
    assert isinstance(group, Link)
    return [y for y in range(operand.count) if y in group.table[x]]


def apart(operand, output, y, x):
    """1 where the cells do not overlap."""
    if operand is None or output is None:
        return int(output is None and operand is not None)
    (start, stop), (begin, end) = output.cell(x), operand.cell(y)
    return int(stop <= begin or end <= start)


HEAD = "archgraph: 1\ninputs: {x: {c: 4, n: %d}}\nnetwork:\n"
KINDS = ("", ", causal: true", ", causal: true, span: 3", ", causal: true, span: 5")


def keeping(random: Random) -> list[str]:
    """Steps that keep the length."""
    kernel, dilation = random.choice([1, 3, 5]), random.choice([1, 1, 2])
    before = random.choice([0, (kernel - 1) * dilation // 2, (kernel - 1) * dilation])
    after = (kernel - 1) * dilation - before
    mode = random.choice(["zero", "zero", "reflect", "replicate", "circular"])
    return random.choice(
        [
            [f"pad: {{by: {{n: [{before}, {after}]}}, mode: {mode}}}"] * bool(kernel > 1)
            + [f"conv: {{out: 4, kernel: {kernel}, dilation: {dilation}}}"],
            [f"conv: {{out: 4, kernel: {kernel}, dilation: {dilation}, padding: same}}"],
            ["relu"],
            [f"roll: {{by: {{n: {random.choice([1, 2, -3])}}}}}"],
            ["pad: {by: {n: [1, 2]}}", "conv: {out: 4, kernel: 4}"],
            [f"scaled_dot_product_attention: {{heads: 2{random.choice(KINDS)}}}\nfrom: [_, _, _]"],
            [f"scaled_dot_product_attention: {{heads: 2, window: 4, shift: {random.choice([0, 2])}}}\nfrom: [_, _, _]"],
        ]
    )


def shorter(random: Random) -> list[str]:
    """Half the length and back, around something."""
    down = random.choice(["max_pool: {kernel: 2}", "conv: {out: 4, kernel: 3, stride: 2, padding: 1}"])
    up = random.choice(
        [
            "upsample: {factor: 2}",
            "upsample: {factor: 2, mode: linear}",
            "conv_transpose: {out: 4, kernel: 2, stride: 2}",
        ]
    )
    inside = [step for _ in range(random.randint(0, 2)) for step in plain(random)]
    return [down, *inside, up]


def plain(random: Random) -> list[str]:
    """Steps without windows that must fit the length."""
    while True:
        found = keeping(random)
        if not any("window" in step for step in found):
            return found


def stage(random: Random, depth: int = 0) -> list[str]:
    """One step, a residual connection around some, or some of them repeated."""
    how = random.randint(0, 5 if depth < 2 else 2)
    if how <= 1:
        return keeping(random)
    if how == 2:
        return shorter(random)
    inside = [step for _ in range(random.randint(1, 2)) for step in stage(random, depth + 1)]
    if how == 3:
        return ["residual:\n" + listed(inside)]
    return ["do:\n" + listed(inside) + f"\nrepeat: {random.randint(1, 4)}"]


def listed(steps: list[str]) -> str:
    return "\n".join("  - " + step.replace("\n", "\n    ") for step in steps)


def network(seed: int) -> ag.Architecture:
    """A random network along one axis."""
    random = Random(seed)
    steps = [step for _ in range(random.randint(1, 3)) for step in stage(random)]
    steps += [["conv: {out: 4, kernel: 3, stride: 2, padding: 1}"], []][random.randint(0, 1)]
    return ag.loads(HEAD % random.choice([8, 12, 16]) + listed(steps))


def compare(seed: int) -> None:
    g = network(seed)
    paths = g.paths()
    count = paths.home.count
    expected = searched(g)
    every = [hops for row in expected for hops in row if hops is not None]
    assert paths.rows(range(count)) == expected, seed
    assert paths.matrix() == expected, seed
    # From now on rows are those of all outputs, walked together.
    assert paths.rows(range(count)) == expected, seed
    assert paths.max_path() == max(every, default=0), seed
    assert paths.connected * count * paths.extent == pytest.approx(len(every)), seed
    random = Random(seed)
    start, end = random.randrange(paths.extent), random.randrange(count)
    path = paths.path(start, end)
    assert (None if path is None else path.moves) == expected[end][start], seed
    if path is not None:
        follows(g, path)


def follows(g: ag.Architecture, path) -> None:
    """A path leads from operation to operation, and moves where the places of its steps are apart."""
    assert len(path.movers) == path.moves
    graph = g.network.graph.substitute(g.network.values).unroll(experts=True)
    nodes, at = {node.name: node for node in graph.nodes}, graph.inputs
    for step in path.steps:
        assert set(nodes[step.node].inputs) & set(at), step
        at = nodes[step.node].outputs
    assert set(at) & set(graph.outputs)


@pytest.mark.parametrize("seed", range(25))
def test_hops_are_those_of_a_search(seed: int):
    compare(seed)


@pytest.mark.slow
@pytest.mark.parametrize("start", range(1000, 2000, 100))
def test_hops_of_many_networks(start: int):
    for seed in range(start, start + 100):
        compare(seed)


FLATTENED = """
archgraph: 1
name: flattened
inputs: {{x: {{c: 4, h: 8, w: 8}}}}
network:
  - residual:
      - flatten: {{axes: [h, w], into: n}}
{inner}
      - unflatten: {{axis: n, into: {{h: 8, w: 8}}}}
"""


@pytest.mark.parametrize("axis", ["h", "w"])
def test_places_on_several_axes_are_no_way_without_moves(axis):
    """Three convolutions along the rows read three pixels to a side: one move to each would be too few."""
    convolution = "      - conv: {out: 4, kernel: 3, padding: same}\n"
    g = ag.loads(FLATTENED.format(inner=3 * convolution))
    with pytest.raises(ag.QueryError, match=f"lies along {axis} depends on several axes"):
        g.paths(axis=axis).max_path()


def test_what_only_flattens_is_asked_as_before():
    attention = "      - attention: {heads: 1}\n"
    g = ag.loads(FLATTENED.format(inner=attention))
    assert [g.paths(axis=axis).max_path() for axis in "hw"] == [1, 1]
