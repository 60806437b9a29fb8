"""Readings with a set of its own for every position, against products of boolean matrices."""

from __future__ import annotations

import random
from functools import reduce
from types import SimpleNamespace

import pytest

import archgraph as ag
from archgraph.errors import QueryError
from archgraph.fields.rules.axis_maps import rule_of
from archgraph.fields.rules.axis_rule import AxisView
from archgraph.fields.rules.links import Every, Link, Lookup
from archgraph.fields.rules.node_reads import node_reads
from archgraph.fields.sets.at_most import at_most
from archgraph.fields.sets.index_sets import one_index
from archgraph.fields.sets.indices import Indices, indices, interval
from archgraph.fields.sets.pieces import join, placed
from archgraph.fields.sets.readings import PRESENT, HalfLine, Moving, Reading, Rows, Unsettled, Whole
from archgraph.fields.sets.rows import MOST_LISTED_ROWS, listed, row_at
from archgraph.fields.sets.terms import own_index
from archgraph.fields.sets.through import through
from archgraph.fields.sets.windows import IDENTITY, window
from archgraph.graph.ir import Value
from archgraph.ops.position_sets import PositionSets, position_sets
from archgraph.ops.reach import All, AxisMap, Blocks, Causal, Enlarge, Listed, Reach, Window
from archgraph.sizes.symbols import size
from archgraph.sizes.types import tensor

Matrix = list[int]
"""Per output, the positions that are read as bits."""


def random_sets(draw: random.Random, outputs: int, extent: int) -> PositionSets:
    share = draw.choice([0.1, 0.5, 0.95])
    rows = [{j for j in range(extent) if draw.random() < share} for _ in range(outputs)]
    return position_sets([row | {draw.randrange(extent)} for row in rows], extent)


def random_step(draw: random.Random, extent: int) -> tuple[AxisMap, int]:
    """How an axis of some length is read, and by how many outputs."""
    outputs = draw.choice([extent, extent, 5, 9])
    choices: list[tuple[AxisMap, int]] = [
        (Listed(random_sets(draw, outputs, extent)), outputs),
        (Listed(position_sets([[extent - 1 - i] for i in range(extent)], extent)), extent),
        (Window(size(3), size(1), size(1), size(1)), extent),
        (Window(size(2), size(2)), extent // 2),
        (Causal(), extent),
        (Blocks(size(3)), extent),
        (Enlarge(size(2)), 2 * extent),
        (All(), extent),
    ]
    return draw.choice(choices[:3] + choices[:1] if draw.random() < 0.6 else choices[:-1] + choices)


def view_of(extent: int, outputs: int) -> AxisView:
    return AxisView("n", "n", size(extent), tensor(c=1, n=outputs), 0, int, Whole((1,), "step"))


def matrix_of(read: AxisMap, extent: int, outputs: int) -> Matrix:
    found = rule_of(read).relation(view_of(extent, outputs))
    if isinstance(found, Every):
        return [_bits(found.mask)] * outputs
    assert isinstance(found, Link | Lookup)
    return [_bits(next(found.pull((one_index(i),)))[0]) for i in range(outputs)]


def _bits(found: Indices) -> int:
    return sum(1 << index for index in found)


def product(first: Matrix, then: Matrix) -> Matrix:
    return [reduce(int.__or__, (row for j, row in enumerate(first) if mask >> j & 1), 0) for mask in then]


def bits_of(reading: Reading, extent: int, outputs: int) -> Matrix:
    sets = (row_at(reading, {"n": i}) for i in range(outputs))
    return [sum(1 << j for j in found if 0 <= j < extent) for found in sets]


def chain(draw: random.Random, extent: int) -> tuple[Reading, Matrix, int, bool]:
    """Some steps in a row: what they read as a reading, and as a matrix; and whether no step has a border."""
    reading: Reading = Moving(own_index("n", extent), IDENTITY)
    matrix, length, bordered = [1 << i for i in range(extent)], extent, False
    for _ in range(draw.randint(1, 4)):
        read, outputs = random_step(draw, length)
        taken = rule_of(read).reading(view_of(length, outputs))
        reading = through(reading, lambda axis, taken=taken: taken if axis else PRESENT)
        bordered |= isinstance(read, Window | Blocks | Enlarge)
        matrix, length = product(matrix, matrix_of(read, length, outputs)), outputs
        if length < 2:
            break
    return reading, matrix, length, bordered


@pytest.mark.parametrize("seed", range(300))
def test_composition_is_the_product_of_matrices(seed):
    draw = random.Random(seed)
    extent = draw.choice([4, 8, 12])
    reading, matrix, outputs, bordered = chain(draw, extent)
    if isinstance(reading, Unsettled):
        pytest.fail(reading.reason)
    found = bits_of(reading, extent, outputs)
    assert all(a & b == b for a, b in zip(found, matrix, strict=True))
    if not bordered:
        assert found == matrix


@pytest.mark.parametrize("seed", range(300))
def test_union_is_the_sum_of_matrices(seed):
    draw = random.Random(1000 + seed)
    extent = draw.choice([4, 8])
    left, first, outputs, _ = chain(draw, extent)
    right, second, others, _ = chain(draw, extent)
    if outputs != others or not any(isinstance(reading, Rows) for reading in (left, right)):
        return
    expected = [a | b for a, b in zip(bits_of(left, extent, outputs), bits_of(right, extent, outputs), strict=True)]
    assert bits_of(join(left, right), extent, outputs) == expected
    assert all(a | b == (a | b) & c for a, b, c in zip(first, second, expected, strict=True))


def test_equal_sets_are_read_by_all():
    found = listed(own_index("n", 3), dict.fromkeys(range(3), interval(0, 5)), Whole((2,), "attention"))
    assert found == Whole((2,), "attention", interval(0, 5))


def test_what_holds_the_other_stays_what_it_is():
    band = Rows(own_index("n", 3), (interval(0, 1), interval(0, 1), interval(2, 2)))
    itself, before = Moving(own_index("n", 3), IDENTITY), HalfLine(own_index("n", 3), IDENTITY)
    assert join(Rows(own_index("n", 3), (interval(0, 0), interval(0, 1), interval(0, 2))), itself) != itself
    assert join(band, itself) == band
    diagonal = Rows(own_index("n", 3), tuple(interval(i, i) for i in range(3)))
    assert join(diagonal, before) == before


def test_a_stretch_of_an_axis_is_read_by_rows():
    tokens = join(placed(Whole((1,), "a", interval(7, 7)), "n", 4, 0, 1), placed(None, "n", 4, 1, 3))
    image = placed(Moving(own_index("n", 4), window(1, before=1)), "n", 4, 1, 3)
    rows = Rows(own_index("n", 4), (interval(0, 1), interval(2, 3), indices([0, 3]), interval(1, 1)))
    found = through(join(tokens, image), lambda axis: rows)
    assert [list(row_at(found, {"n": i})) for i in range(4)] == [[0, 7], [1, 2], [2, 7], [0]]


def test_bounds_stay_bounds():
    bound = at_most(Rows(own_index("n", 2), (interval(0, 0), interval(0, 1))))
    found = through(bound, lambda axis: Rows(own_index("n", 2), (interval(1, 1), interval(0, 0))))
    assert isinstance(found, Rows)
    assert not any(row.exact for row in found.sets)


def test_outputs_that_read_nothing_do_not_pass_on_what_all_read():
    tokens = Value(tensor(c=4, n=3), "x")
    reach = (Reach((("n", Listed(position_sets([[1], [], [0, 2]], 3))),)),)
    node = SimpleNamespace(op=None, reach=reach, types=(tokens.type,), outputs=(tokens,))
    (row,) = node_reads(node, int, Whole((3,), "masked"))
    found = through(Whole((1,), "attention", interval(0, 2)), lambda axis: row[0].fields[axis].content)
    assert [set(row_at(found, {"n": i})) for i in range(3)] == [{0, 1, 2}, set(), {0, 1, 2}]


def test_too_many_positions_are_not_listed():
    few = Rows(own_index("n", 2), (interval(0, 0), interval(1, 1)))
    assert isinstance(through(few, lambda axis: Moving(own_index("m", MOST_LISTED_ROWS + 1), window(1, 2))), Unsettled)
    assert isinstance(join(Moving(own_index("m", MOST_LISTED_ROWS), IDENTITY), few), Unsettled)


def test_other_lengths_than_the_listed_ones_are_bounds():
    read = Listed(position_sets([[0], [1], [2]], 3))
    found = rule_of(read).reading(view_of(4, 4))
    assert isinstance(found, Whole)
    assert found.span == at_most(Whole(span=interval(0, 3))).span
    assert not rule_of(read).relation(view_of(4, 4)).exact


@pytest.mark.parametrize(("rows", "extent"), [([[3]], 3), ([[-1]], 3)])
def test_positions_lie_on_the_axis(rows, extent):
    with pytest.raises(QueryError, match="position"):
        position_sets(rows, extent)


@pytest.mark.parametrize("wide", [False, True])
def test_what_comes_again_in_every_row_is_read_in_part_before_the_first_row_ends(wide):
    first = "  - conv: {out: 4, kernel: [1, 3], padding: [0, 1]}\n" if wide else ""
    steps = "  - flatten: {axes: [h, w], into: n}\n  - scaled_dot_product_attention: {heads: 1, causal: true}\n"
    text = f"archgraph: 1\ninputs: {{x: {{c: 4, h: 3, w: 5}}}}\nnetwork:\n{first}{steps}    from: [_, _, _]\n"
    field = ag.loads(text).receptive_field()
    read = [{w for _, w in field.probe(n=n)} for n in range(15)]
    assert not field.w.is_global
    assert field.w.global_since is None
    assert field.w.exact
    assert [set(field.w.reads(n)) & set(range(5)) for n in range(15)] == read
