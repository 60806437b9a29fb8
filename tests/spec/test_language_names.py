"""Other names for values, families as operands, values and counters beside rows, groups with a name."""

import pytest

import archgraph as ag
from archgraph.errors import SpecError

HEAD = "archgraph: 1\nsymbols: {C: 4}\ninputs: {x: {c: C, h: 8}}\nnetwork:\n"
LEVELS = HEAD + (
    "  - for: {i: 0..2}\n    do:\n"
    "      - conv: {out: C * (i + 1), kernel: 1}\n        as: skip(i)\n"
)  # fmt: skip


def at(text: str) -> ag.Architecture:
    return ag.loads(text).at()


def channels(text: str) -> int:
    (out,) = at(text).outputs.values()
    return out.channels


def refused(text: str) -> str:
    with pytest.raises(SpecError) as caught:
        ag.loads(text)
    return str(caught.value)


# -- a second name ---------------------------------------------------------------------------------------------


def test_a_value_gets_another_name():
    text = HEAD + "  - {as: kept, from: x}\n  - conv: {out: 6, kernel: 1}\n  - concat: [_, kept]\n"
    assert channels(text) == 10
    assert list(at(text).nodes) == ["conv", "concat"]


def test_the_value_of_the_step_before_gets_another_name():
    assert (
        channels(
            HEAD + "  - conv: {out: 6, kernel: 1}\n  - as: wide\n  - conv: {out: 3, kernel: 1}\n  - concat: [_, wide]\n"
        )
        == 9
    )


@pytest.mark.parametrize(("condition", "found"), [("C == 4", 4), ("C == 5", 7)])
def test_one_of_two_values_gets_a_name(condition, found):
    text = HEAD + f"  - as: chosen\n    from: x\n    when: {condition}\n"
    text += "    else: [{conv: {out: 7, kernel: 1}}]\n  - relu: chosen\n"
    assert channels(text) == found


def test_members_of_a_family_get_other_names():
    text = (
        LEVELS + "  - {for: {i: 0..2}, from: skip(2 - i), as: up(i)}\n  - relu: up(0)\n  - concat: [_, up(1), up(2)]\n"
    )
    assert channels(text) == 24


def test_a_step_needs_an_operation_unless_it_names():
    told = refused(HEAD + "  - relu\n  - {from: x, repeat: 2}\n")
    assert told.startswith("a step needs an operation beside `from` and `repeat`")


# -- families ----------------------------------------------------------------------------------------------------


def test_a_family_in_a_list_stands_for_all_its_members():
    assert channels(LEVELS + "  - concat: [skip]\n") == 4 + 8 + 12
    assert channels(LEVELS + "  - concat: [x, skip]\n") == 4 + 4 + 8 + 12
    assert channels(LEVELS + "  - concat:\n    from: [skip]\n") == 4 + 8 + 12


def test_a_family_alone_is_no_value():
    assert "in a list, as concat: [skip], it stands for all of them" in refused(LEVELS + "  - relu: skip\n")


# -- rows ------------------------------------------------------------------------------------------------------


def test_rows_hold_values_and_families():
    text = LEVELS + (
        "  - for: {each: [{read: 'skip(0)', width: 5}, {read: x, width: 6}], i: 0..}\n    do:\n"
        "      - conv: {out: width + read.c, kernel: 1}\n        from: read\n        as: out(i)\n"
        "  - for: {each: [{all: skip}, {all: out}], i: 0..}\n    do:\n"
        "      - concat: [all]\n        as: whole(i)\n"
        "      - conv: {out: all(1).c, kernel: 1}\n        as: last(i)\n"
        "  - concat: [last]\n"
    )
    assert channels(text) == 8 + 10


def test_rows_are_counted():
    text = HEAD + "  - for: {each: [{w: 5}, {w: 7}], i: 0.., j: 4.. by -2}\n    do:\n"
    text += "      - conv: {out: w + i + j, kernel: 1}\n        as: y(i)\n  - concat: [y]\n"
    assert channels(text) == (5 + 0 + 4) + (7 + 1 + 2)


def test_lists_are_counted():
    text = HEAD + "  - for: {i: 0.., w: [5, 7, 9]}\n    do:\n      - conv: {out: w * i + 1, kernel: 1}\n"
    assert channels(text) == 19


def test_a_count_needs_something_to_count():
    assert "a range without an end goes as far as a list beside it" in refused(
        HEAD + "  - for: {i: 0..}\n    do:\n      - relu\n"
    )


def test_rows_go_in_lockstep_with_lists():
    assert "must have one length: k has 3, each has 2" in refused(
        HEAD + "  - for: {each: [{w: 5}, {w: 7}], k: [1, 2, 3]}\n    do:\n      - conv: {out: w, kernel: k}\n"
    )


# -- groups ----------------------------------------------------------------------------------------------------


def test_a_group_with_a_name_is_a_scope():
    text = (
        HEAD + "  - do:\n      stem:\n        - conv: {out: 6, kernel: 1}\n        - relu\n  - as: y\n  - add: [y, y]\n"
    )
    g = at(text)
    assert list(g.nodes) == ["stem.conv", "stem.relu", "add"]
    assert g["stem"].params == 30


def test_groups_in_loops_have_indexed_names():
    text = (
        HEAD
        + "  - for: {i: 0..1}\n    do:\n      - do: {level(i): [{conv: {out: 4 + i, kernel: 1}}]}\n        as: out(i)\n"
    )
    g = at(text + "  - concat: [out]\n")
    assert list(g.nodes) == ["level(0).conv", "level(1).conv", "concat"]


def test_a_group_reads_what_is_around_it_and_keeps_its_own_names():
    text = HEAD + "  - as: kept\n  - do: {g: [{conv: {out: 4, kernel: 1}, as: inner}, {add: [_, kept]}]}\n"
    assert list(at(text).nodes) == ["g.inner", "g.add"]
    assert "in steps whose names stay inside" in refused(text + "  - relu: inner\n")


def test_a_group_has_one_name():
    assert refused(HEAD + "  - do: {a: [relu], b: [relu]}\n").startswith("a group has one name, and this one has 2")


@pytest.mark.torch
def test_all_of_it_agrees_with_pytorch():
    pytest.importorskip("torch")
    text = LEVELS + "  - do: {g: [{concat: [skip]}, {conv: {out: 4, kernel: 1}}]}\n  - {as: y}\n  - multiply: [y, x]\n"
    assert ag.verify(ag.loads(text)).ok
