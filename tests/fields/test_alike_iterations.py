"""Iterations that read further and further, but lie in the same places, are walked through as one."""

from __future__ import annotations

from fractions import Fraction
from random import Random
from typing import ClassVar

import pytest

import archgraph as ag
from archgraph.fields.paths.frames import Frame, Framing
from archgraph.fields.paths.homes import ListedHome, overlap
from archgraph.fields.sets.terms import own_index

HEAD = "archgraph: 1\ninputs: {x: {c: 2, h: 32}}\nnetwork:\n"
CONV = "conv: {out: 2, kernel: 3, padding: 1}"
BODIES = {
    "one": f"[{CONV}]",
    "two": f"[{CONV}, relu, {CONV}]",
    "a repeat in it": f"[{CONV}, {{repeat: 3, do: [{CONV}]}}]",
    "one that ends elsewhere": f"[max_pool: {{kernel: 2}}, {CONV}, upsample: {{factor: 2}}]",
}


def repeated(body: str, count: int) -> ag.Architecture:
    return ag.loads(f"{HEAD}  - {{repeat: {count}, do: {body}}}\n")


def framed(g: ag.Architecture) -> Frame:
    network = g.network
    return Framing(network.graph, network.graph.inputs[0], "h", network.evaluate).frame()


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_iterations_in_the_same_places_have_one_frame(body):
    (iterations,) = framed(repeated(body, 50)).inside.values()
    assert len(set(iterations.frames)) < 4, "those of the first iterations, and one of all others"
    assert iterations.count == 50
    assert iterations.at(49) is iterations.at(20) is iterations.frames[-1]
    assert iterations.since(49) < 4


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_paths_are_those_of_the_unrolled_network(body):
    lines = "".join(f"  - do: {body}\n" for _ in range(9))
    repeats, flat = repeated(body, 9).paths(), ag.loads(HEAD + lines).paths()
    assert repeats.matrix() == flat.matrix()


def test_iterations_that_move_are_not_one():
    """A convolution that looks ahead moves all places: each iteration lies one further."""
    g = repeated("[conv: {out: 2, kernel: 3}, pad: {by: {h: [0, 2]}}]", 20)
    (iterations,) = framed(g).inside.values()
    assert len(set(iterations.frames)) == 20


class Counted(Fraction):
    """A number that counts how often one is compared with another."""

    compared: ClassVar[int] = 0

    def __lt__(self, other):
        Counted.compared += 1
        return Fraction.__lt__(self, other)

    __hash__ = Fraction.__hash__


def listed(starts: list[int], length: int) -> ListedHome:
    """Cells of one length, and of none for what lies nowhere."""
    cells = (
        (Counted(start), Counted(start + length)) if start >= 0 else (Counted(-1), Counted(-1)) for start in starts
    )
    return ListedHome(own_index("n", len(starts))[0], tuple(cells))


@pytest.mark.parametrize("seed", range(20))
def test_cells_that_overlap_are_those_of_a_search_of_all(seed):
    random = Random(seed)
    reader, read = (
        listed([random.randint(-2, 30) for _ in range(random.randint(1, 40))], random.choice([1, 2, 5])) for _ in "ab"
    )
    rule = overlap(reader, read)
    for x in range(reader.count):
        start, stop = reader.cell(x)
        met = [y for y in range(read.count) if read.cell(y)[0] < stop and start < read.cell(y)[1]]
        assert list(rule.at(x)) == met


def test_each_cell_is_compared_with_those_near_it():
    home = listed(list(range(2000, 0, -1)), 1)
    Counted.compared = 0
    overlap(home, home)
    assert Counted.compared < 100 * 2000, "which is no square"
