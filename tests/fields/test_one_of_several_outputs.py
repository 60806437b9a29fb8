"""A step with several outputs: each has a field of its own, and the name of an output stands for that one."""

from __future__ import annotations

import pytest

import archgraph as ag
from archgraph.errors import QueryError

SPEC = """
archgraph: 1
name: Two
inputs: {x: {n: 40, c: 4}}
blocks:
  two:
    do:
      - conv: {out: 4, kernel: 3, padding: same}
        as: near
      - conv: {out: 4, kernel: 7, padding: same}
        as: far
        from: x
      - avg_pool: {kernel: 2}
        as: coarse
        from: far
    outputs: [near, far, coarse]
network:
  - two: {}
    as: [a, b, c]
  - linear: {out: 2}
    from: a
    as: first
  - linear: {out: 2}
    from: b
    as: second
outputs: [first, second]
"""


@pytest.fixture(scope="module")
def two() -> ag.Architecture:
    return ag.loads(SPEC)


def one_by_one(g: ag.Architecture) -> list:
    (step,) = (member for member in g.graph.nodes if member.name == "two")
    return [g.receptive_fields().at(value) for value in step.outputs]


def test_every_output_has_its_own_field(two):
    assert [field.n.size_max for field in one_by_one(two)] == [3, 7, 8]
    assert [field.n.stride for field in one_by_one(two)] == [1, 1, 2]
    assert [field.title for field in one_by_one(two)] == ["two, output 0", "two, output 1", "two, output 2"]


def test_the_step_is_what_its_outputs_read_together(two):
    field = two.receptive_field("two")
    assert field.output is None
    assert [place for (place,) in field.probe(n=10)] == [*range(7, 14), *range(17, 25)]


def test_every_output_is_probed_by_itself(two):
    probes = [[place for (place,) in field.probe(n=10)] for field in one_by_one(two)]
    assert probes == [[9, 10, 11], list(range(7, 14)), list(range(17, 25))]


def test_a_probe_says_which_output_it_is_of(two):
    field = one_by_one(two)[1]
    assert repr(field.probe(n=10)) == "two, output 1 reads x: n 7..13"
    assert repr(field.interior).startswith("positions of two, output 1 that no border touches")


def test_what_borders_leave_is_asked_of_one(two):
    near, far, coarse = (field.interior.intervals["n"] for field in one_by_one(two))
    assert (near, far, coarse) == ((1, 38), (3, 36), (2, 17))
    with pytest.raises(QueryError, match="'two' has several outputs, with positions of their own: ask for one"):
        _ = two.receptive_field("two").interior


def test_the_table_has_a_row_per_output(two):
    table = two.receptive_field_table(laws=True, effective=True)
    rows = {row["node"]: (row["size_max"], row["law"]) for row in table.rows}
    assert rows["two, output 0"] == (3, "3")
    assert rows["two, output 1"] == (7, "7")
    assert rows["two, output 2"] == (8, "8")
    assert all(row["sigma"] for row in table.rows)


def test_outputs_that_read_the_same_have_one_row():
    g = ag.loads(SPEC.replace("kernel: 7", "kernel: 3").replace("avg_pool: {kernel: 2}", "relu: {}"))
    assert [row["node"] for row in g.receptive_field_table().rows] == ["two", "first", "second"]
